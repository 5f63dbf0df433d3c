package postmark_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/postmark"
	"tidings/provider/providertest"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// request makes what Postmark posts to a source with the password of suite.
func request(h http.Header, payload []byte, _ time.Time) provider.Request {
	r := provider.Request{Method: http.MethodPost, Header: h.Clone(), Body: payload}
	r.Header.Set("User-Agent", "Postmark")
	withBasicAuth(&r, "user:password")
	return r
}

func withBasicAuth(req *provider.Request, pair string) {
	user, password, _ := strings.Cut(pair, ":")
	r := http.Request{Header: req.Header}
	r.SetBasicAuth(user, password)
}

func suite() providertest.Suite {
	const body = `{"RecordType":"Delivery","MessageID":"m-1","Recipient":"a@b.test","DeliveredAt":"2026-05-04T10:00:00Z"}`
	bare := provider.Request{Method: http.MethodPost, Header: http.Header{}, Body: []byte(body)}
	wrong := bare
	wrong.Header = http.Header{}
	withBasicAuth(&wrong, "user:other")
	byGet := request(http.Header{}, bare.Body, noon)
	byGet.Method = http.MethodGet
	return providertest.Suite{
		Adapter:     postmark.Adapter,
		Source:      provider.Source{ID: "src_1", Project: "prj_1", BasicAuth: []string{"user:password"}, TokenProved: true},
		Now:         noon,
		Request:     request,
		Folder:      "testdata",
		Sample:      "bounce_HardBounce",
		UnknownWord: []byte(strings.Replace(body, "Delivery", "Snooze", 1)),
		Strangers: map[string]provider.Request{
			"nothing to know it by": bare, "another password": wrong, "another method": byGet,
		},
		NeverKept: []string{"Secret text", "Abuse report dump"},
		Credentials: &providertest.Credentials{
			Accept: func(src *provider.Source, secrets []string) { src.BasicAuth = secrets },
			Show:   withBasicAuth,
		},
	}
}

func TestTheSharedQuestions(t *testing.T) {
	t.Parallel()
	providertest.Run(t, suite())
}

func TestATokenInACustomHeaderIsASecretToo(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Source.BasicAuth, s.Source.Secrets = nil, []string{"new", "old"}
	_, payload := s.Fixture(t, s.Sample)
	for secret, ok := range map[string]bool{"new": true, "old": true, "older": false, "": false} {
		req := provider.Request{Header: http.Header{"X-Webhook-Token": {secret}}, Body: payload}
		if _, err := s.Open(req); (err == nil) != ok {
			t.Errorf("token %q: %v", secret, err)
		}
	}
}

func TestAWrongPasswordIsNeverAnsweredWithTheStatusThatStopsPostmark(t *testing.T) {
	t.Parallel()
	for cause, want := range map[provider.Cause]int{
		provider.Forbidden: 401, provider.Unauthenticated: 401, provider.Unacceptable: 403, provider.TooLarge: 403, provider.OurFault: 503,
	} {
		if got := postmark.Adapter.Status(cause); got != want {
			t.Errorf("%s: %d, want %d", cause, got, want)
		}
	}
}

func FuzzOpen(f *testing.F) { providertest.Fuzz(f, suite()) }

func BenchmarkOpen(b *testing.B) {
	text, err := os.ReadFile("testdata/click.http")
	if err != nil {
		b.Fatal(err)
	}
	_, payload, _ := strings.Cut(string(text), "\n\n")
	providertest.Bench(b, suite(), []byte(payload), 1)
}

func TestThePageSaysWhatBecomesOfEachWord(t *testing.T) {
	t.Parallel()
	const page = "../../docs/providers/postmark.md"
	providertest.Words(t, suite(), page, func(word string) []byte {
		record, more, _ := strings.Cut(word, " ")
		return []byte(`{"RecordType":"` + record + `","Type":"` + more + `","SuppressSending":` + suppresses(more) + `,"SuppressionReason":"` + more +
			`","MessageID":"m-1","Recipient":"a@b.test","DeliveredAt":"2026-05-04T10:00:00Z"}`)
	})
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, class := range []event.BounceClass{event.Hard, event.Soft, event.Block, event.AutoReply, event.Undetermined, event.Suppressed} {
		if !strings.Contains(string(text), " "+string(class)) {
			t.Errorf("the page does not name the class %s", class)
		}
	}
}

// suppresses is the SuppressSending that goes with a reason.
func suppresses(reason string) string {
	if reason == "" || reason == "none" {
		return "false"
	}
	return "true"
}
