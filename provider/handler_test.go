package provider_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/ses"
	"tidings/provider/ses/snssign"
)

const (
	topicARN  = "arn:aws:sns:eu-west-1:111122223333:ses"
	messageID = "11111111-2222-4333-8444-555555555555"
	record    = `{"eventType":"Reject","mail":{"timestamp":"2026-05-04T10:11:58.000Z","messageId":"m1","destination":["a@b.test"]},"reject":{"reason":"Bad content"}}`
)

var (
	noon   = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	signer = sync.OnceValue(func() *snssign.Signer {
		s, err := snssign.NewSigner(snssign.Config{})
		if err != nil {
			panic(err)
		}
		return s
	})
)

// sink is a handler under test with what it gave away.
type sink struct {
	http.Handler
	events  []event.Event
	fetched []string
	log     bytes.Buffer
	fail    error // of handle
	offline error // of fetch
}

func newSink(src provider.Source) *sink {
	s := new(sink)
	opt := provider.Options{
		Fetch: func(_ context.Context, url string) ([]byte, error) {
			s.fetched = append(s.fetched, url)
			return signer().PEM(), s.offline
		},
		Now: func() time.Time { return noon },
		Log: slog.New(slog.NewTextHandler(&s.log, nil)),
	}
	s.Handler = opt.Handler(ses.Adapter, src, func(_ context.Context, list []event.Event) error {
		s.events = append(s.events, list...)
		return s.fail
	})
	return s
}

func source() provider.Source {
	return provider.Source{ID: "src_1", Project: "prj_1", Topics: []string{topicARN}}
}

func (s *sink) post(body []byte, change ...func(*http.Request)) *http.Response {
	r := httptest.NewRequest(http.MethodPost, "/in/ses", bytes.NewReader(body))
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func notification() []byte { return signer().Notification(topicARN, messageID, record, noon) }

func TestAProvedRequestIsHandledOnceItsCertificateIsFetched(t *testing.T) {
	t.Parallel()
	s := newSink(source())
	for range 3 {
		if res := s.post(notification()); res.StatusCode != http.StatusOK {
			t.Fatalf("status %d", res.StatusCode)
		}
	}
	if len(s.fetched) != 1 || s.fetched[0] != signer().CertificateURL(topicARN) {
		t.Errorf("fetched %v, want the certificate once", s.fetched)
	}
	if len(s.events) != 3 || s.events[0].ID != s.events[2].ID {
		t.Fatalf("%d events, want one id three times", len(s.events))
	}
	e := s.events[0]
	if e.Name != event.EmailReject || e.Source.ID != "src_1" || e.ProjectID != "prj_1" || string(e.Raw) != record || !e.ReceivedAt.Equal(noon) {
		t.Errorf("event %+v", e)
	}
}

func TestAHandlerAnswersByCause(t *testing.T) {
	t.Parallel()
	big := bytes.Repeat([]byte(" "), int(ses.Adapter.Limit())+1)
	method := func(m string) func(*http.Request) { return func(r *http.Request) { r.Method = m } }
	header := func(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(k, v) } }
	cut := func(r *http.Request) { r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), errReader{})) }
	auth := source()
	auth.BasicAuth = []string{"user:password"}
	cases := []struct {
		name    string
		src     provider.Source
		body    []byte
		change  func(*http.Request)
		fail    error
		offline error
		status  int
		text    string
	}{
		{"genuine", source(), notification(), method("POST"), nil, nil, 200, ""},
		{"identity encoding", source(), notification(), header("Content-Encoding", "identity"), nil, nil, 200, ""},
		{"another method", source(), notification(), method("GET"), nil, nil, 405, "wrong_method"},
		{"compressed", source(), notification(), header("Content-Encoding", "gzip"), nil, nil, 415, "encoded_body"},
		{"too large", source(), big, method("POST"), nil, nil, 413, "body_too_large"},
		{"cut off", source(), nil, cut, nil, nil, 503, "our_fault"},
		{"not JSON", source(), []byte("x"), method("POST"), nil, nil, 400, "not_json"},
		{"forged", source(), bytes.Replace(notification(), []byte("a@b"), []byte("c@b"), 1), method("POST"), nil, nil, 403, "bad_signature"},
		{"no credentials", auth, notification(), method("POST"), nil, nil, 401, "no_credentials"},
		{"wrong credentials", auth, notification(), header("Authorization", "Basic eDp5"), nil, nil, 403, "wrong_credentials"},
		{"credentials", auth, notification(), header("Authorization", "Basic dXNlcjpwYXNzd29yZA=="), nil, nil, 200, ""},
		{"not handled", source(), notification(), method("POST"), errors.New("disk full"), nil, 503, "our_fault"},
		{"no certificate", source(), notification(), method("POST"), nil, errors.New("offline"), 503, "our_fault"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSink(c.src)
			s.fail, s.offline = c.fail, c.offline
			res := s.post(c.body, c.change)
			text, _ := io.ReadAll(res.Body)
			if res.StatusCode != c.status || strings.TrimSpace(string(text)) != c.text {
				t.Errorf("status %d with %q, want %d with %q", res.StatusCode, text, c.status, c.text)
			}
			if got, want := res.Header.Get("WWW-Authenticate") != "", c.status == 401; got != want {
				t.Errorf("WWW-Authenticate: %v", got)
			}
			if got, want := res.Header.Get("Allow"), map[bool]string{true: "POST"}[c.status == 405]; got != want {
				t.Errorf("Allow: %q", got)
			}
			if handled := len(s.events) > 0; handled != (c.status == 200 || c.fail != nil) {
				t.Errorf("handled: %v", handled)
			}
		})
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestSubscriptionsAreConfirmedOnlyWhenTheSourceSaysSo(t *testing.T) {
	t.Parallel()
	confirmation := signer().SubscriptionConfirmation(topicARN, messageID, "aabb", noon)
	auto := source()
	auto.AutoConfirm = true
	s := newSink(auto)
	if res := s.post(confirmation); res.StatusCode != http.StatusOK || len(s.fetched) != 2 || !strings.Contains(s.fetched[1], "Token=aabb") {
		t.Errorf("status %d, fetched %v", res.StatusCode, s.fetched)
	}
	s = newSink(source())
	if res := s.post(confirmation); res.StatusCode != http.StatusOK || len(s.fetched) != 1 || !strings.Contains(s.log.String(), "AutoConfirm") {
		t.Errorf("status %d, fetched %v, log %s", res.StatusCode, s.fetched, s.log.String())
	}
	if strings.Contains(s.log.String(), "aabb") {
		t.Error("the token is logged")
	}
	// A confirmation that did not get through has to come again.
	auto.SigningCertificate = signer().Certificate()
	s = newSink(auto)
	s.offline = errors.New("offline")
	if res := s.post(confirmation); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d for a confirmation that failed", res.StatusCode)
	}
}

func TestMadeUpCertificateNamesAreNotFetchedForEver(t *testing.T) {
	t.Parallel()
	s := newSink(source())
	s.offline = errors.New("not found")
	for i := range 30 {
		s.post(signer().Sign(map[string]string{
			"Type": "Notification", "MessageId": messageID, "TopicArn": topicARN, "Timestamp": snssign.Timestamp(noon), "Message": "{}",
			"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0000000" + string(rune('a'+i%26)) + ".pem",
		}))
	}
	if len(s.fetched) != 10 {
		t.Errorf("fetched %d times within one minute, want 10", len(s.fetched))
	}
}

func TestTheDefaultFetchReachesNoPrivateAddress(t *testing.T) {
	t.Parallel()
	reached := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer server.Close()
	a := ses.Adapter
	a.Open = func(provider.Request, provider.Source, time.Time) (provider.Result, error) {
		return provider.Result{Wishes: []provider.Wish{{Kind: provider.FetchCertificate, Key: "k", URL: server.URL}}}, nil
	}
	w := httptest.NewRecorder()
	h := provider.Handler(a, source(), func(context.Context, []event.Event) error { return nil })
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}")))
	if w.Code != http.StatusServiceUnavailable || reached {
		t.Errorf("status %d, reached %v", w.Code, reached)
	}
}

func TestAnIncompleteAdapterIsNotServed(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	provider.Handler(provider.Adapter{Slug: "x"}, source(), nil)
}
