package control_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider"
	"tidings/provider/all"
	"tidings/provider/ses"
	"tidings/test/database"
)

const topic = "arn:aws:sns:eu-west-1:111122223333:ses"

var (
	now      = time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)
	operator = control.Actor{Project: store.DefaultProject, By: "cli", Door: "cli"}
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newControl(t testing.TB) *control.Control {
	t.Helper()
	c, _ := newControlAt(t)
	return c
}

// newControlAt is newControl, and tells where its database is.
func newControlAt(t testing.TB) (c *control.Control, path string) {
	t.Helper()
	return newControlOn(t, "sqlite")
}

// newControlOn is newControlAt on an engine.
func newControlOn(t testing.TB, engine string) (c *control.Control, path string) {
	t.Helper()
	return newControlWith(t, engine, func() time.Time { return now })
}

// newControlWith is newControlOn with a clock.
func newControlWith(t testing.TB, engine string, clock func() time.Time) (c *control.Control, path string) {
	t.Helper()
	path = database.New(t, engine)
	s, err := store.Open(t.Context(), store.Options{
		URL: path, Soft: contact.DefaultSoftPolicy, Now: clock,
	})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	codec, err := receipt.NewCodec()
	must(t, err)
	return &control.Control{
		Store: s, Adapters: all.Adapters(), Now: clock,
		PublicURL: "https://tidings.test/", BasePath: "/in",
		Builder: receipt.Builder{Codec: codec}, Commit: s.Commit,
		Confirm: func(context.Context, source.Confirmation) error { return nil },
	}, path
}

func TestOperationsAreNamedOnceAndDescribed(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, o := range control.Operations() {
		if o.Name == "" || seen[o.Name] || o.Group == "" || o.Scope == "" || o.Summary == "" || strings.HasSuffix(o.Summary, ".") {
			t.Errorf("operation %+v", o)
		}
		seen[o.Name] = true
	}
}

// fields lists what an error complains of.
func fields(err error) []string {
	list := []string{}
	for _, e := range fault.Fields(err) {
		list = append(list, e.Field)
	}
	slices.Sort(list)
	return list
}

func certificate(t *testing.T, key any, until time.Time) string {
	t.Helper()
	var public any
	switch k := key.(type) {
	case *rsa.PrivateKey:
		public = k.Public()
	case *ecdsa.PrivateKey:
		public = k.Public()
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.AddDate(-1, 0, 0), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	must(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestASourceIsRefusedForAllThatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	good := certificate(t, rsaKey, now.AddDate(1, 0, 0))
	for _, x := range []struct {
		name   string
		change func(*control.NewSource)
		want   []string
	}{
		{"nothing is wrong", func(*control.NewSource) {}, []string{}},
		{"a pinned certificate", func(s *control.NewSource) { s.Settings.SigningCertificate = good }, []string{}},
		{"a first-in-first-out topic in China", func(s *control.NewSource) {
			s.Settings.Topics = []string{"arn:aws-cn:sns:cn-north-1:111122223333:ses_1.fifo"}
		}, []string{}},
		{"raw delivery without topics", func(s *control.NewSource) {
			s.Settings.Topics, s.Settings.AllowRaw = nil, true
		}, []string{"settings.topics"}},
		{"raw delivery on a path with a password", func(s *control.NewSource) {
			s.Path, s.Settings.AllowRaw, s.Settings.BasicAuth = "main", true, []string{"aws:pass:word"}
		}, []string{}},
		{"no name", func(s *control.NewSource) { s.Name = "  " }, []string{"name"}},
		{"a long name", func(s *control.NewSource) { s.Name = strings.Repeat("é", 101) }, []string{"name"}},
		{"a name that is no text", func(s *control.NewSource) { s.Name = "\xff" }, []string{"name"}},
		{"paths that climb", func(s *control.NewSource) { s.Path = "../x" }, []string{"path"}},
		{"no topic", func(s *control.NewSource) { s.Settings.Topics = nil }, []string{"settings.topics"}},
		{"an API key in place of topics", func(s *control.NewSource) {
			s.Settings.Topics, s.Settings.Secrets = nil, []string{"key"}
		}, []string{}},
		{"user and password in place of topics", func(s *control.NewSource) {
			s.Settings.Topics, s.Settings.BasicAuth = nil, []string{"u:p"}
		}, []string{}},
		{"an API key in place of topics for raw delivery", func(s *control.NewSource) {
			s.Settings.Topics, s.Settings.Secrets, s.Settings.AllowRaw = nil, []string{"key"}, true
		}, []string{"settings.topics"}},
		{"too many topics", func(s *control.NewSource) {
			s.Settings.Topics = nil
			for i := range 101 {
				s.Settings.Topics = append(s.Settings.Topics, fmt.Sprintf("%s%d", topic, i))
			}
		}, []string{"settings.topics"}},
		{"a topic with a wildcard", func(s *control.NewSource) {
			s.Settings.Topics = []string{"arn:aws:sns:*:111122223333:ses"}
		}, []string{"settings.topics[0]"}},
		{"a topic with a line end", func(s *control.NewSource) { s.Settings.Topics = []string{topic + "\n"} }, []string{"settings.topics[0]"}},
		{"two certificates", func(s *control.NewSource) { s.Settings.SigningCertificate = good + good }, []string{"settings.signingCertificate"}},
		{"a huge certificate", func(s *control.NewSource) {
			s.Settings.SigningCertificate = strings.Repeat(good, 100)
		}, []string{"settings.signingCertificate"}},
		{"an expired certificate", func(s *control.NewSource) {
			s.Settings.SigningCertificate = certificate(t, rsaKey, now.Add(-time.Second))
		}, []string{"settings.signingCertificate"}},
		{"a certificate of another kind of key", func(s *control.NewSource) {
			s.Settings.SigningCertificate = certificate(t, ecKey, now.AddDate(1, 0, 0))
		}, []string{"settings.signingCertificate"}},
		{"passwords without users", func(s *control.NewSource) { s.Settings.BasicAuth = []string{"a:b", ":b", "a:"} }, []string{"settings.basicAuth[1]", "settings.basicAuth[2]"}},
		{"too many secrets", func(s *control.NewSource) {
			s.Settings.Secrets = []string{"1", "2", "3", "4", ""}
		}, []string{"settings.secrets", "settings.secrets[4]"}},
		{"numbers and names out of range", func(s *control.NewSource) {
			s.Settings.MaxAgeSeconds, s.Settings.Account = -1, "1234"
			s.Settings.TemplateTag, s.Settings.WorkflowTag = "a b", "é"
		}, []string{"settings.account", "settings.maxAgeSeconds", "settings.templateTag", "settings.workflowTag"}},
		{"another provider", func(s *control.NewSource) { s.Provider = "pigeon" }, []string{"provider"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			in := control.NewSource{Name: "a", Provider: "ses", Settings: source.Settings{Topics: []string{topic}}}
			x.change(&in)
			_, err := c.CreateSource(t.Context(), operator, in)
			if diff := cmp.Diff(x.want, fields(err)); diff != "" || err != nil && !fault.Is(err, fault.Invalid) {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

func TestASlashAtTheEndOfThePublicURLDoesNotDouble(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	s, err := c.CreateSource(t.Context(), operator, control.NewSource{
		Name: "a", Provider: "ses", Settings: source.Settings{Topics: []string{topic}},
	})
	must(t, err)
	if want := "https://tidings.test/in/ses/" + s.Token; s.URL != want {
		t.Errorf("url %s, want %s", s.URL, want)
	}
}

const unknownRecord = `{"eventType":"Delivery","mail":{"timestamp":"2026-05-04T10:11:58.000Z","messageId":"0102019a-one",` +
	`"destination":["lea@acme.test"]},"delivery":{"timestamp":"2026-05-04T10:11:59.700Z","recipients":["lea@acme.test"]}}`

// younger is the adapter of an earlier version: it could read nothing yet.
func younger() provider.Adapter {
	a := ses.Adapter
	a.Reparse = func(keep []byte, _ provider.Source) (provider.Result, error) {
		return provider.Result{
			Kind: "notification", Keep: keep, Transport: provider.Transport{ID: "m1"},
			Problems: []provider.Problem{{Element: -1, Code: "unreadable", Message: "not known yet"}},
		}, nil
	}
	return a
}

func TestReplayAddsWhatAnEarlierVersionCouldNotRead(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	s, err := c.CreateSource(t.Context(), operator, control.NewSource{
		Name: "a", Provider: "ses", Settings: source.Settings{Topics: []string{topic}},
	})
	must(t, err)
	body, err := json.Marshal(map[string]string{
		"Type": "Notification", "MessageId": "11111111-2222-4333-8444-555555555555", "TopicArn": topic,
		"Message": unknownRecord, "Timestamp": "2026-05-04T10:12:01.000Z", "SignatureVersion": "2",
	})
	must(t, err)
	res, err := younger().Reparse(body, s.ForProvider(true, 0))
	must(t, err)
	must(t, c.Store.Commit(t.Context(), []*receipt.Entry{c.Builder.Build(s.Source, res, body, now)}))

	replay := func(f control.ReplayFilter) control.Replayed {
		t.Helper()
		var last int64
		got, err := c.Replay(t.Context(), operator, f, func(done, total int64) {
			if last = done; done > total {
				t.Errorf("%d of %d", done, total)
			}
		})
		must(t, err)
		if last != got.Receipts+got.Unreadable {
			t.Errorf("progress told %d of %+v", last, got)
		}
		return got
	}
	if got := replay(control.ReplayFilter{OnlyProblems: true}); got != (control.Replayed{Receipts: 1, New: 1}) {
		t.Errorf("the first replay: %+v", got)
	}
	if got := replay(control.ReplayFilter{}); got != (control.Replayed{Receipts: 1, Known: 1}) {
		t.Errorf("the second replay: %+v", got)
	}
	if got := replay(control.ReplayFilter{OnlyProblems: true}); got != (control.Replayed{}) {
		t.Errorf("a problem stayed: %+v", got)
	}
	c.Adapters = nil
	if got := replay(control.ReplayFilter{Source: s.ID}); got != (control.Replayed{Unreadable: 1}) {
		t.Errorf("without the adapter: %+v", got)
	}
	page, err := c.ListEvents(t.Context(), operator, control.EventFilter{})
	must(t, err)
	if len(page.Events) != 1 || page.Events[0].Name != event.EmailDelivery || !page.Events[0].ReceivedAt.Equal(now) {
		t.Errorf("events %+v", page.Events)
	}
	list, err := c.ListReceipts(t.Context(), operator, control.ReceiptFilter{})
	must(t, err)
	raw, err := c.ReceiptRaw(t.Context(), operator, list.Receipts[0].ID)
	must(t, err)
	if list.Receipts[0].Count != 1 || !bytes.Equal(raw, body) {
		t.Errorf("the receipt changed: %+v, %s", list.Receipts[0], raw)
	}
}

func TestReplayRefusesWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	_, err := newControl(t).Replay(t.Context(), operator, control.ReplayFilter{Source: "main", From: "x", To: "y"}, nil)
	if diff := cmp.Diff([]string{"from", "source", "to"}, fields(err)); diff != "" {
		t.Error(diff)
	}
}

func TestAFailingCommitEndsAReplayWithItsCause(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	s, err := c.CreateSource(t.Context(), operator, control.NewSource{
		Name: "a", Provider: "ses", Settings: source.Settings{Topics: []string{topic}},
	})
	must(t, err)
	entry := c.Builder.Build(s.Source, provider.Result{Keep: []byte(unknownRecord)}, []byte(unknownRecord), now)
	must(t, c.Store.Commit(t.Context(), []*receipt.Entry{entry}))
	full := errors.New("disk full")
	c.Commit = func(context.Context, []*receipt.Entry) error { return full }
	if _, err := c.Replay(t.Context(), operator, control.ReplayFilter{}, nil); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}
