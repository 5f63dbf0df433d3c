package api_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tidings/internal/api"
	"tidings/internal/control"
	"tidings/internal/send"
	"tidings/test/smtppeer"
)

// newSender makes a sender that writes into the outbox.
func (s *server) newSender() string {
	s.t.Helper()
	name := "first"
	x, err := s.control.CreateSender(s.t.Context(), operator, send.KindFile, control.SenderEdit{Name: &name})
	must(s.t, err)
	return x.ID
}

// written writes a mail into the outbox and returns its id there.
func (s *server) written() string {
	s.t.Helper()
	_, err := s.control.TestSender(s.t.Context(), operator, send.ImplicitSender, "ann@acme.test")
	must(s.t, err)
	return s.firstID("/outbox", "mails")
}

// signingKey is always the same, in PEM.
func signingKey(t testing.TB) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32)))
	must(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// senderDeeds are calls of every operation on senders that changes something.
func senderDeeds() map[string]deed {
	return map[string]deed{
		"createSender": {made("/senders", map[string]any{
			"name": "main", "kind": "smtp", "url": "smtps://lea:canary@mail.acme.test", "from": map[string]any{"email": "app@acme.test"},
		}), "name →main, kind →smtp, from.email →app@acme.test, default →true, settings.host →mail.acme.test, " +
			"settings.port →465, settings.tls →implicit, settings.user →lea, settings.secrets →"},
		"updateSender": {func(s *server, _ string) string {
			id := s.newSender()
			s.call(http.MethodPatch, "/senders/"+id, `{"name":"other","rate":2.5,"disabled":true}`).want(http.StatusOK)
			return id
		}, "name first→other, rate →2.5, disabled →true"},
		"deleteSender": {func(s *server, _ string) string {
			id := s.newSender()
			s.call(http.MethodDelete, "/senders/"+id, nil).want(http.StatusNoContent)
			return id
		}, "name first→, kind file→, default true→"},
		"testSender": {func(s *server, _ string) string {
			id := s.newSender()
			s.call(http.MethodPost, "/senders/"+id+"/test", `{"to":"ann@acme.test"}`).want(http.StatusOK)
			return id
		}, ""},
	}
}

func badSenders() []badRequest {
	const post = http.MethodPost
	bad := func(name string, body any, status int) badRequest {
		return badRequest{name: name, method: post, target: "/senders", body: body, status: status}
	}
	return []badRequest{
		bad("sender of nothing", `{}`, 422),
		bad("sender of no kind", `{"name":"a","kind":"pigeon"}`, 422),
		bad("sender without a host", `{"name":"a","kind":"smtp"}`, 422),
		bad("sender with a URL of another kind", `{"name":"a","kind":"smtp","url":"https://lea:canary@acme.test"}`, 422),
		bad("sender with an unknown field", `{"name":"a","kind":"smtp","password":"canary"}`, 422),
		bad("smtp sender with everything wrong", `{"name":"snr_a","kind":"smtp","rate":-1,"replyTo":"x","from":{"email":"a@b\r\nBcc: c@d"},
			"settings":{"preset":"pigeon","host":"a b","port":70000,"tls":"maybe","auth":"ntlm","user":"lea","helo":"_ _","ca":"x",
			"connections":51,"perConnection":-1,"timeoutSeconds":601,"stream":"x","region":"r","accessKeyId":"x","configurationSet":"a b",
			"dkim":[{"domain":"","selector":"a b","privateKey":"x"}]}}`, 422),
		bad("ses sender with everything wrong", `{"name":"a","kind":"ses","settings":{"host":"a.test","region":"mars","accessKeyId":"x",
			"configurationSet":"a b","untrackedSet":"é"}}`, 422),
		bad("file sender with settings", `{"name":"a","kind":"file","settings":{"host":"a.test","region":"eu-west-1"}}`, 422),
		bad("sender that signs what its service signs",
			`{"name":"a","kind":"smtp","settings":{"preset":"postmark","dkim":[{"domain":"a.test","selector":"s"}]}}`, 422),
		bad("smtp sender for everybody to read", `{"name":"a","kind":"smtp","settings":{"host":"a.test","tls":"none"}}`, 422),
		{name: "sender that is not there", method: http.MethodGet, target: "/senders/snr_none", status: 404},
		{name: "change of the implicit sender", method: http.MethodPatch, target: "/senders/snr_outbox", body: `{"name":"a"}`, status: 409},
		{name: "delete of the implicit sender", method: http.MethodDelete, target: "/senders/snr_outbox", status: 409},
		{name: "test mail to nowhere", method: post, target: "/senders/snr_outbox/test", body: `{"to":"ann"}`, status: 422},
		{name: "outbox with a wrong cursor", method: http.MethodGet, target: "/outbox?cursor=ZQ&limit=0", status: 422},
		{name: "mail that is not in the outbox", method: http.MethodGet, target: "/outbox/..%2f..%2fetc%2fpasswd", status: 404},
		{name: "raw mail that is not in the outbox", method: http.MethodGet, target: "/outbox/20260504T101200.120000000Z-snd_1/raw", status: 404},
	}
}

func TestSecretsOfASenderAreNeverShownAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	key, _ := json.Marshal(signingKey(t))
	var made api.Sender
	a := s.call(http.MethodPost, "/senders", `{"name":"main","kind":"smtp","from":{"email":"app@acme.test","name":"Acme"},"rate":14,
		"settings":{"host":"mail.acme.test","user":"lea","password":"canary","dkim":[{"domain":"Acme.test","selector":"s1",
		"privateKey":`+string(key)+`}]}}`).want(http.StatusCreated)
	a.into(&made)
	if !made.Settings.PasswordSet || !made.Default || made.Settings.DKIM[0].Record != "s1._domainkey.acme.test" ||
		!strings.HasPrefix(made.Settings.DKIM[0].Text, "v=DKIM1; k=ed25519; p=") {
		t.Errorf("made %+v", made)
	}
	// A change of another setting, and of a key's neighbours, keeps what is not said.
	changed := s.call(http.MethodPatch, "/senders/main", `{"settings":{"user":"max","dkim":[{"domain":"acme.test","selector":"s1"}]}}`).
		want(http.StatusOK)
	for _, x := range []answer{a, changed, s.call(http.MethodGet, "/senders", nil), s.call(http.MethodGet, "/audit", nil)} {
		if bytes.Contains(x.body, []byte("canary")) || bytes.Contains(x.body, []byte("PRIVATE")) {
			t.Errorf("a secret is shown: %s", x.body)
		}
	}
	x, err := s.control.Sender(t.Context(), operator, "main")
	must(t, err)
	if x.Settings.Password != "canary" || x.Settings.User != "max" || x.Settings.DKIM[0].PrivateKey == "" {
		t.Errorf("stored %+v", x.Settings)
	}
}

func TestOneSenderOfAProjectIsTheDefaultAsLongAsThereAreAny(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	defaults := func() (names []string) {
		var list struct{ Senders []api.Sender }
		s.call(http.MethodGet, "/senders", nil).want(http.StatusOK).into(&list)
		for _, x := range list.Senders {
			if x.Default {
				names = append(names, x.Name)
			}
		}
		return names
	}
	want := func(name string) {
		t.Helper()
		if got := defaults(); len(got) != 1 || got[0] != name {
			t.Errorf("default %q, want %s", got, name)
		}
	}
	want("outbox")
	s.newSender()
	want("first")
	s.call(http.MethodPost, "/senders", `{"name":"second","kind":"console"}`).want(http.StatusCreated)
	want("first")
	s.call(http.MethodPost, "/senders", `{"name":"second","kind":"file"}`).want(http.StatusConflict)
	s.call(http.MethodDelete, "/senders/first", nil).want(http.StatusConflict)
	s.call(http.MethodPatch, "/senders/first", `{"default":false}`).want(http.StatusUnprocessableEntity)
	s.call(http.MethodPatch, "/senders/second", `{"default":true}`).want(http.StatusOK)
	want("second")
	s.call(http.MethodDelete, "/senders/first", nil).want(http.StatusNoContent)
	s.call(http.MethodDelete, "/senders/second", nil).want(http.StatusNoContent)
	want("outbox")
}

func TestASenderIsTriedWithAndWithoutAMail(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	p := smtppeer.Start(t, smtppeer.Options{Users: map[string]string{"lea": "secret"}})
	s.call(http.MethodPost, "/senders", fmt.Sprintf(`{"name":"main","kind":"smtp","url":"smtp://lea:secret@127.0.0.1:%d?tls=none",
		"from":{"email":"app@acme.test"}}`, p.Port)).want(http.StatusCreated)
	try := func(body any) (got api.SenderTest) {
		s.call(http.MethodPost, "/senders/main/test", body).want(http.StatusOK).into(&got)
		return got
	}
	if got := try(nil); !got.OK || !strings.Contains(got.Detail, "takes mail as lea") || len(p.Mails()) != 0 {
		t.Errorf("without a mail: %+v", got)
	}
	if got := try(`{"to":"lea@acme.test"}`); !got.OK || got.MessageID == "" || got.Provider != "smtp" || len(p.Mails()) != 1 {
		t.Errorf("with a mail: %+v", got)
	}
	s.call(http.MethodPatch, "/senders/main", `{"settings":{"password":"other"}}`).want(http.StatusOK)
	if got := try(nil); got.OK || !strings.Contains(got.Detail, "535") || !strings.Contains(got.Remedy, "password") {
		t.Errorf("with a wrong password: %+v", got)
	}
	_, err := s.control.Suppress(t.Context(), operator, control.NewSuppression{Address: "lea@acme.test"})
	must(t, err)
	s.call(http.MethodPost, "/senders/main/test", `{"to":"lea@acme.test"}`).want(http.StatusConflict)
}

func TestTheOutboxIsListedSearchedAndRead(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, to := range []string{"ann@acme.test", "bob@acme.test", "cid@acme.test"} {
		s.call(http.MethodPost, "/senders/snr_outbox/test", map[string]any{"to": to}).want(http.StatusOK)
		s.pass(1)
	}
	var page struct {
		Mails      []api.OutboxRow
		HasMore    bool
		NextCursor string
	}
	s.call(http.MethodGet, "/outbox?limit=2", nil).want(http.StatusOK).into(&page)
	if len(page.Mails) != 2 || page.Mails[0].To != "cid@acme.test" || !page.HasMore {
		t.Fatalf("first page %+v", page)
	}
	s.call(http.MethodGet, "/outbox?limit=2&cursor="+page.NextCursor, nil).want(http.StatusOK).into(&page)
	if len(page.Mails) != 1 || page.Mails[0].To != "ann@acme.test" || page.HasMore {
		t.Errorf("second page %+v", page)
	}
	s.call(http.MethodGet, "/outbox?search=BOB@", nil).want(http.StatusOK).into(&page)
	if len(page.Mails) != 1 || page.Mails[0].To != "bob@acme.test" {
		t.Fatalf("search %+v", page)
	}
	var m api.OutboxMail
	s.call(http.MethodGet, "/outbox/"+page.Mails[0].ID, nil).want(http.StatusOK).into(&m)
	if !strings.Contains(m.Text, "to try the sender outbox") || m.Subject != "A test of the sender outbox" || len(m.Headers) < 8 {
		t.Errorf("mail %+v", m)
	}
	raw := s.call(http.MethodGet, "/outbox/"+m.ID+"/raw", nil).want(http.StatusOK)
	if !bytes.HasPrefix(raw.body, []byte("From: tidings@localhost.localdomain\r\n")) || int64(len(raw.body)) != m.Size {
		t.Errorf("raw %s", raw.body)
	}
}

func TestErasingAPersonTakesTheirMailOutOfTheOutbox(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call(http.MethodPost, "/contacts", `{"email":"ann@acme.test"}`).want(http.StatusCreated)
	s.written()
	s.call(http.MethodPost, "/senders/snr_outbox/test", `{"to":"bob@acme.test"}`).want(http.StatusOK)
	s.call(http.MethodPost, "/erasures", `{"email":"Ann@ACME.test","note":"asked"}`).want(http.StatusAccepted)
	a := s.call(http.MethodGet, "/outbox", nil).want(http.StatusOK)
	if bytes.Contains(a.body, []byte("ann@")) || !bytes.Contains(a.body, []byte("bob@")) {
		t.Errorf("left: %s", a.body)
	}
}
