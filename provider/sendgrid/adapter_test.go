package sendgrid_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/providertest"
	"tidings/provider/sendgrid"
)

// A key pair of OpenSSL, for these tests alone:
//
//	openssl ecparam -name prime256v1 -genkey -noout -out k.pem
//	openssl ec -in k.pem -pubout -outform DER | base64 -w0
//	openssl pkcs8 -topk8 -nocrypt -in k.pem -outform DER | base64 -w0
const (
	publicKey = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmOTwRzxEO2kO7sBDTyv8pOQtyaIj0YdpJh97yzLyug6sROVZ/Hg1rLIpC67rVDrnq6KZYGJa6VArqPUmSvz5Dg=="

	privateKey = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgGCAk4ZGhDvRQ12de3pHCECMzu5Zi7ARurXDo9Uxg2lWhRANCAASY5PBHPEQ7aQ7uwENPK" +
		"/yk5C3JoiPRh2kmH3vLMvK6DqxE5Vn8eDWssikLrutUOueroplgYlrpUCuo9SZK/PkO"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func signingKey() *ecdsa.PrivateKey {
	der, _ := base64.StdEncoding.DecodeString(privateKey)
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		panic(err)
	}
	k, _ := key.(*ecdsa.PrivateKey)
	return k
}

// request makes what SendGrid posts.
func request(h http.Header, payload []byte, at time.Time) provider.Request {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	sum := sha256.Sum256(append([]byte(timestamp), payload...))
	signature, err := signingKey().Sign(nil, sum[:], crypto.SHA256) // without randomness: the same every time
	if err != nil {
		panic(err)
	}
	r := provider.Request{Method: http.MethodPost, Header: h.Clone(), Body: payload}
	r.Header.Set("X-Twilio-Email-Event-Webhook-Timestamp", timestamp)
	r.Header.Set("X-Twilio-Email-Event-Webhook-Signature", base64.StdEncoding.EncodeToString(signature))
	return r
}

func suite() providertest.Suite {
	good := request(http.Header{}, []byte("[]"), noon)
	without := func(name string) provider.Request {
		r := good
		r.Header = good.Header.Clone()
		r.Header.Del(name)
		return r
	}
	with := func(name, value string) provider.Request {
		r := without(name)
		r.Header.Set(name, value)
		return r
	}
	const timestamp, signature = "X-Twilio-Email-Event-Webhook-Timestamp", "X-Twilio-Email-Event-Webhook-Signature"
	byGet := good
	byGet.Method = http.MethodGet
	return providertest.Suite{
		Adapter:     sendgrid.Adapter,
		Source:      provider.Source{ID: "src_1", Project: "prj_1", Secrets: []string{publicKey}},
		Now:         noon,
		Request:     request,
		Folder:      "testdata",
		Sample:      "bounce",
		UnknownWord: []byte(`[{"event":"snoozed","email":"a@b.test","timestamp":1777888800,"sg_event_id":"x"}]`),
		BadElement:  []byte(`[{"event":"open","email":"a@b.test","timestamp":1777888800,"sg_event_id":"x"},{"event":1e999},null]`),
		Signed:      true,
		Dated:       true,
		Strangers: map[string]provider.Request{
			"no signature":               without(signature),
			"no timestamp":               without(timestamp),
			"another time":               with(timestamp, "1777888801"),
			"a time that is none":        with(timestamp, "noon"),
			"a signature that is none":   with(signature, "?"),
			"a signature of another key": with(signature, "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0="),
			"another method":             byGet,
		},
	}
}

func TestTheSharedQuestions(t *testing.T) {
	t.Parallel()
	providertest.Run(t, suite())
}

func FuzzOpen(f *testing.F) { providertest.Fuzz(f, suite()) }

// batch is a batch as SendGrid sends it.
func batch(n int) []byte {
	var b bytes.Buffer
	b.WriteString("[")
	for i := range n {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, `{"email":"person-%d@acme.test","timestamp":1777888800,"smtp-id":"<14c5d75ce93.dfd.64b469@ismtpd-555>",`+
			`"event":"click","category":["cat facts"],"sg_event_id":"kCAi1KttyQdEKHhdC-%d","sg_message_id":"14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",`+
			`"useragent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_4) AppleWebKit/537.36","ip":"203.0.113.9","url":"https://app.test/pay?x=1","order":"17"}`, i, i)
	}
	b.WriteString("]\r\n")
	return b.Bytes()
}

func BenchmarkOpen(b *testing.B) { providertest.Bench(b, suite(), batch(500), 500) }

func TestABatchOfTenThousandIsReadAndItsBadElementsAreTold(t *testing.T) {
	t.Parallel()
	body := bytes.ReplaceAll(batch(10_000), []byte(`"person-77@acme.test"`), []byte(`{}`))
	body = bytes.Replace(body, []byte(`"event":"click","category":["cat facts"],"sg_event_id":"kCAi1KttyQdEKHhdC-4242"`), []byte(`"event":"click","event":"x"`), 1)
	s := suite()
	if int64(len(body)) > s.Adapter.Limit() {
		t.Errorf("%d bytes are over the limit", len(body))
	}
	r := s.MustOpen(t, request(http.Header{}, body, noon))
	if len(r.Drafts) != 9998 || len(r.Problems) != 2 {
		t.Fatalf("%d drafts and %d problems", len(r.Drafts), len(r.Problems))
	}
	if r.Problems[0].Element != 77 || r.Problems[1].Element != 4242 || r.Drafts[9997].Element != 9999 {
		t.Errorf("problems %+v, the last draft's element is %d", r.Problems, r.Drafts[9997].Element)
	}
	if raw := r.Drafts[9997].Raw; !strings.Contains(string(raw), "person-9999@") {
		t.Errorf("raw of the last is %s", raw)
	}
}

// A library user gets each event with the element that it was made from, and a batch costs no more than its length.
func TestAHandlerGivesEachEventOfABatchItsElement(t *testing.T) {
	t.Parallel()
	const n = 10_000
	var got []event.Event
	options := provider.Options{Now: func() time.Time { return noon }}
	handler := options.Handler(sendgrid.Adapter, suite().Source, func(_ context.Context, events []event.Event) error {
		got = events
		return nil
	})
	signed := request(http.Header{}, batch(n), noon)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/sendgrid", bytes.NewReader(signed.Body))
	r.Header = signed.Header
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK || len(got) != n {
		t.Fatalf("answered %d with %d events", w.Code, len(got))
	}
	for i, e := range got {
		if want := fmt.Sprintf(`{"email":"person-%d@acme.test"`, i); !strings.HasPrefix(string(e.Raw), want) || e.Raw[len(e.Raw)-1] != '}' {
			t.Fatalf("event %d is made from %s", i, e.Raw)
		}
	}
}

// open opens a request at a time that fits it.
func open(secrets []string, timestamp, signature, body string) error {
	seconds, _ := strconv.ParseInt(timestamp, 10, 64)
	_, err := sendgrid.Adapter.Open(provider.Request{
		Method: http.MethodPost, Body: []byte(body),
		Header: http.Header{
			"X-Twilio-Email-Event-Webhook-Timestamp": {timestamp},
			"X-Twilio-Email-Event-Webhook-Signature": {signature},
		},
	}, provider.Source{Secrets: secrets}, time.Unix(seconds, 0))
	return err
}

func TestSignaturesOfOthersVerify(t *testing.T) {
	t.Parallel()
	// From the tests of https://github.com/sendgrid/sendgrid-go, helpers/eventwebhook.
	const theirs = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA=="
	const signed = "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0="
	if err := open([]string{publicKey, theirs}, "1588788367", signed, `{"category":"example_payload","event":"test_event","message_id":"message_id"}`); err != nil {
		t.Error(err)
	}
	// printf '1777888800[]\r\n' | openssl dgst -sha256 -sign k.pem | base64 -w0
	const ours = "MEUCIQC/nTZbhpc+m3AHfxMFCsGIG68WU38wns/XVJrG+wxhTQIgVOhk1ru7pQ76MAs7sMP1RTMs7QarX3j9BSxByzY9+cY="
	pem := "-----BEGIN PUBLIC KEY-----\n" + publicKey[:64] + "\n" + publicKey[64:] + "\n-----END PUBLIC KEY-----\n"
	for _, key := range []string{publicKey, " " + publicKey[:60] + "\n" + publicKey[60:], pem} {
		if err := open([]string{key}, "1777888800", ours, "[]\r\n"); err != nil {
			t.Errorf("key %q: %v", key, err)
		}
	}
	for what, err := range map[string]error{
		"without the line end": open([]string{publicKey}, "1777888800", ours, "[]"),
		"another key":          open([]string{theirs}, "1777888800", ours, "[]\r\n"),
		"no key":               open(nil, "1777888800", ours, "[]\r\n"),
		"an empty key":         open([]string{""}, "1777888800", ours, "[]\r\n"),
		"an RSA key":           open([]string{"MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ=="}, "1777888800", ours, "[]\r\n"),
	} {
		var refusal *provider.Refusal
		if !errors.As(err, &refusal) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestBasicAuthAloneProvesASourceWithoutAKey(t *testing.T) {
	t.Parallel()
	req := provider.Request{Method: http.MethodPost, Header: http.Header{"Authorization": {"Basic dTpw"}}, Body: []byte("[]")}
	if _, err := sendgrid.Adapter.Open(req, provider.Source{BasicAuth: []string{"u:p"}}, noon); err != nil {
		t.Error(err)
	}
	if _, err := sendgrid.Adapter.Open(req, provider.Source{BasicAuth: []string{"u:p"}, Secrets: []string{publicKey}}, noon); err == nil {
		t.Error("a source with both takes an unsigned request")
	}
	if _, err := sendgrid.Adapter.Open(req, provider.Source{BasicAuth: []string{"u:other"}}, noon); err == nil {
		t.Error("another password is taken")
	}
}

func TestThePageSaysWhatBecomesOfEachWord(t *testing.T) {
	t.Parallel()
	providertest.Words(t, suite(), "../../docs/providers/sendgrid.md", func(word string) []byte {
		return []byte(`[{"event":"` + word + `","email":"a@b.test","timestamp":1777888800,"sg_event_id":"x"}]`)
	})
}
