package ingest_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/internal/ingest"
	"tidings/internal/source"
	"tidings/provider"
)

func TestAGenuineNotificationIsStoredBeforeItIsAnswered(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	w.expect(w.post(in, w.bounce(1)), http.StatusOK, "")
	if got := w.book.stored(); got != "1 receipts, 1 events, 0 problems" {
		t.Error(got)
	}
	if len(w.book.kept) != 1 || strings.Contains(w.book.kept[0], "UnsubscribeURL") {
		t.Errorf("kept %q", w.book.kept)
	}
}

func TestWhatIsNotAcceptableIsRefusedAndNothingIsStored(t *testing.T) {
	t.Parallel()
	flip := func(b []byte) []byte {
		return bytes.Replace(b, []byte("ghost@acme.test"), []byte("guest@acme.test"), 1)
	}
	for _, c := range []struct {
		name    string
		method  string
		path    string
		body    func(w *town) []byte
		headers []string
		status  int
		code    string
	}{
		{name: "a token that nobody has", path: "/in/ses/ffffffffffffffffffffffffffffffff", status: 403, code: "unknown_source"},
		{name: "a source of another provider", path: "/in/sendgrid/" + token, status: 404, code: "unknown_provider"},
		{name: "no token", path: "/in/ses/", status: 404, code: "unknown_provider"},
		{name: "another base path", path: "/out/ses/" + token, status: 404, code: "unknown_provider"},
		{name: "GET", method: http.MethodGet, status: 405, code: "wrong_method"},
		{name: "HEAD", method: http.MethodHead, status: 405},
		{name: "PUT", method: http.MethodPut, status: 405, code: "wrong_method"},
		{name: "compressed", headers: []string{"Content-Encoding", "gzip"}, status: 415, code: "encoded_body"},
		{name: "an unknown encoding", headers: []string{"Content-Encoding", "br, gzip"}, status: 415, code: "encoded_body"},
		{name: "over the limit", body: func(*town) []byte { return make([]byte, 2<<20+1) }, status: 413, code: "body_too_large"},
		{name: "nothing", body: func(*town) []byte { return nil }, status: 400},
		{name: "truncated", body: func(w *town) []byte { return w.bounce(1)[:200] }, status: 400},
		{name: "not JSON", body: func(*town) []byte { return []byte("hello") }, status: 400},
		{name: "another shape", body: func(*town) []byte { return []byte(`["a"]`) }, status: 400},
		{name: "deep", body: func(*town) []byte { return bytes.Repeat([]byte(`[`), 1<<20) }, status: 400},
		{name: "wide", body: func(*town) []byte {
			return []byte(`{"Type":"Notification"` + strings.Repeat(`,"k":1`, 1<<18) + `}`)
		}, status: 400},
		{name: "a key twice", body: func(w *town) []byte {
			return bytes.Replace(w.bounce(1), []byte(`{`), []byte(`{"Type":"Notification",`), 1)
		}, status: 400},
		{name: "bad UTF-8", body: func(w *town) []byte { return bytes.Replace(w.bounce(1), []byte("ghost"), []byte("gh\xffst"), 1) }, status: 400},
		{name: "a NUL", body: func(w *town) []byte { return bytes.Replace(w.bounce(1), []byte("ghost"), []byte("gh\x00st"), 1) }, status: 400},
		{name: "a changed byte", body: func(w *town) []byte { return flip(w.bounce(1)) }, status: 403, code: "bad_signature"},
		{name: "a stranger's topic", body: func(w *town) []byte {
			return w.signer.Notification("arn:aws:sns:eu-west-1:210987654321:theirs", uuid(1), bounceMessage(1), w.clock.Now())
		}, status: 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, nil)
			body := w.bounce(1)
			if c.body != nil {
				body = c.body(w)
			}
			method, path := c.method, c.path
			if method == "" {
				method = http.MethodPost
			}
			if path == "" {
				path = in
			}
			rec := w.request(method, path, body, c.headers...)
			w.expect(rec, c.status, c.code)
			if got := rec.Header().Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("content type %q", got)
			}
			if c.status == http.StatusMethodNotAllowed && rec.Header().Get("Allow") != "POST" {
				t.Errorf("allow %q", rec.Header().Get("Allow"))
			}
			if got := w.book.stored(); got != "0 receipts, 0 events, 0 problems" {
				t.Error(got)
			}
			if strings.Contains(w.log.String(), token) {
				t.Errorf("the log tells the token: %s", w.log)
			}
		})
	}
}

func TestAnyContentTypeWillDo(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	for i, kind := range []string{"text/plain; charset=UTF-8", "application/json", "application/octet-stream", "nonsense", ""} {
		w.expect(w.post(in, w.bounce(i), "Content-Type", kind, "Content-Encoding", "identity"), http.StatusOK, "")
	}
}

func TestHostileTextInAProvedMessageIsKeptWithItsReceipt(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	for i, message := range []string{
		"Successfully validated SNS topic for Amazon SES event publishing.\n", "not JSON", `{"eventType":"Bounce"`,
		strings.Repeat("[", 100_000), strings.Replace(bounceMessage(1), "no such user", `\u0000\ud800`, 1), `{"eventType":"New"}`,
	} {
		w.expect(w.post(in, w.notification(i, message)), http.StatusOK, "")
	}
	if got := w.book.stored(); !strings.HasPrefix(got, "6 receipts, ") {
		t.Error(got)
	}
}

func TestADisabledSourceIsToldSo(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(s *source.Source, _ *ingest.Options, _ *ingest.CommitterOptions) { s.DisabledAt = time.Unix(1, 0) })
	w.expect(w.post(in, w.bounce(1)), http.StatusForbidden, "source_disabled")
	if d := cmp.Diff(map[string]int64{"source_disabled": 1}, w.refusals()); d != "" {
		t.Error(d)
	}
}

func TestMissingBasicAuthIsAskedForAndAWrongOneRefused(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(s *source.Source, _ *ingest.Options, _ *ingest.CommitterOptions) {
		s.Settings.BasicAuth = []string{"ann:secret"}
	})
	rec := w.post(in, w.bounce(1))
	w.expect(rec, http.StatusUnauthorized, "")
	if got := rec.Header().Get("WWW-Authenticate"); got != `Basic realm="tidings"` {
		t.Errorf("asked with %q", got)
	}
	w.expect(w.post(in, w.bounce(1), "Authorization", "Basic YW5uOndyb25n"), http.StatusForbidden, "")
	w.expect(w.post(in, w.bounce(1), "Authorization", "Basic YW5uOnNlY3JldA=="), http.StatusOK, "")
}

func TestAFixedPathNeedsNoToken(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(s *source.Source, o *ingest.Options, _ *ingest.CommitterOptions) {
		s.Path, o.BasePath = "main", "/hooks/in"
	})
	w.expect(w.post("/hooks/in/ses/main", w.bounce(1)), http.StatusOK, "")
	w.expect(w.post("/hooks/in/ses/other", w.bounce(1)), http.StatusForbidden, "unknown_source")
}

func TestAPathIsNotATokenWhereOnlyTheTokenProves(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(s *source.Source, _ *ingest.Options, _ *ingest.CommitterOptions) {
		s.Path, s.Settings.AllowRaw = "main", true
	})
	raw := []string{"X-Amz-Sns-Rawdelivery", "true", "X-Amz-Sns-Topic-Arn", topic}
	w.expect(w.post("/in/ses/main", []byte(bounceMessage(1)), raw...), http.StatusForbidden, "raw_not_proved")
	w.expect(w.post(in, []byte(bounceMessage(1)), raw...), http.StatusOK, "")
}

func TestAChangeOfASourceIsNoticedWithinASecond(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	for i := range 5 {
		w.expect(w.post(in, w.bounce(i)), http.StatusOK, "")
		w.expect(w.post("/in/ses/guess", w.bounce(i)), http.StatusForbidden, "unknown_source")
	}
	if w.book.lookups != 3 { // one for the token, two for the guess: as a token and as a path
		t.Errorf("the store was asked %d times, want 3", w.book.lookups)
	}
	off := *w.src
	off.DisabledAt = w.clock.Now()
	guess := source.Source{Ref: 2, ID: "src_2", Provider: "ses", Path: "guess", Settings: w.src.Settings, Certificate: w.src.Certificate}
	w.book.set(&off, &guess)
	w.clock.pass(time.Second)
	w.expect(w.post(in, w.bounce(1)), http.StatusForbidden, "source_disabled")
	w.expect(w.post("/in/ses/guess", w.bounce(1)), http.StatusOK, "")
}

func TestAnOldTokenWorksUntilItsEnd(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	w.src.TokenHash, w.src.PreviousTokenHash = sha256.Sum256([]byte("new")), sha256.Sum256([]byte(token))
	w.src.PreviousUntil = w.clock.Now().Add(time.Hour)
	w.expect(w.post(in, w.bounce(1)), http.StatusOK, "")
	w.clock.pass(time.Hour)
	w.expect(w.post(in, w.bounce(2)), http.StatusForbidden, "unknown_source")
	w.expect(w.post("/in/ses/new", w.bounce(3)), http.StatusOK, "")
}

func TestGuessedTokensDoNotFillTheMemory(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	for i := range 10_001 {
		if rec := w.post(fmt.Sprintf("/in/ses/%d", i), nil); rec.Code != http.StatusForbidden {
			t.Fatalf("status %d", rec.Code)
		}
	}
	before := w.book.lookups
	w.post("/in/ses/0", nil)
	w.post("/in/ses/10000", nil)
	if got := w.book.lookups - before; got != 2 {
		t.Errorf("%d look-ups, want 2: the first guess was forgotten, the last is remembered", got)
	}
	if n := strings.Count(w.log.String(), "unknown_source"); n != 1 {
		t.Errorf("%d lines of log, want 1", n)
	}
}

func TestADatabaseThatIsAwayMakesTheProviderComeAgain(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	w.expect(w.post(in, w.bounce(1)), http.StatusOK, "")
	w.book.fail(fault.New(fault.Unavailable, "database", "the database does not answer"))
	w.clock.pass(2 * time.Second)
	for _, path := range []string{in, "/in/ses/never-seen"} {
		rec := w.post(path, w.bounce(2))
		w.expect(rec, http.StatusServiceUnavailable, "database")
		if rec.Header().Get("Retry-After") == "" {
			t.Error("it does not say when")
		}
	}
	w.book.fail(errors.New("dial tcp 10.0.0.1: secret detail"))
	rec := w.post(in, w.bounce(2))
	if rec.Code != http.StatusServiceUnavailable || strings.Contains(rec.Body.String(), "secret") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	w.book.fail(nil)
	w.clock.pass(2 * time.Second)
	w.expect(w.post(in, w.bounce(2)), http.StatusOK, "")
	if got := w.book.stored(); got != "2 receipts, 2 events, 0 problems" {
		t.Error(got)
	}
	if d := cmp.Diff(map[string]int64{"database": 1, "unstorable": 1}, w.refusals()); d != "" {
		t.Error(d)
	}
}

func TestAShutDownTellsProvidersToComeAgain(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	if err := w.commits.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.expect(w.post(in, w.bounce(1)), http.StatusServiceUnavailable, "shutting_down")
}

func TestAProvidersOwnWordForOverloadIsUsed(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}, 2), make(chan struct{})
	w := newTown(t, func(s *source.Source, o *ingest.Options, _ *ingest.CommitterOptions) {
		s.Provider, o.MaxRequests = "slow", 1
		o.Adapters = []provider.Adapter{{
			Slug: "slow", Answers: provider.Answers{provider.Overloaded: 429, provider.Stored: 202},
			Open: func(r provider.Request, _ provider.Source, _ time.Time) (provider.Result, error) {
				entered <- struct{}{}
				<-leave
				return provider.Result{Keep: r.Body}, nil
			},
		}}
	})
	var wg sync.WaitGroup
	wg.Go(func() { w.expect(w.post("/in/slow/"+token, []byte("1")), http.StatusAccepted, "") })
	<-entered
	rec := w.post("/in/slow/"+token, []byte("2"))
	w.expect(rec, http.StatusTooManyRequests, "overloaded")
	if rec.Header().Get("Retry-After") != "1" {
		t.Errorf("headers %v", rec.Header())
	}
	close(leave)
	wg.Wait()
	w.expect(w.post("/in/slow/"+token, []byte("2")), http.StatusAccepted, "")
}

func TestBodiesAreBoundedInSum(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(_ *source.Source, o *ingest.Options, _ *ingest.CommitterOptions) { o.MaxBytes = 10 })
	w.expect(w.post(in, w.bounce(1)), http.StatusOK, "") // alone, it may be larger than the bound
	reading, writing := io.Pipe()
	slow := httptest.NewRequestWithContext(t.Context(), http.MethodPost, in, reading)
	slow.ContentLength = 8
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.handler.ServeHTTP(httptest.NewRecorder(), slow)
	}()
	if _, err := writing.Write([]byte("{")); err != nil { // somebody reads, so it was let in
		t.Fatal(err)
	}
	w.expect(w.post(in, w.bounce(2)), http.StatusServiceUnavailable, "overloaded")
	writing.Close()
	<-done
	w.expect(w.post(in, w.bounce(2)), http.StatusOK, "")
}

func TestAnAdapterThatPanicsCostsOnlyThatRequest(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(s *source.Source, o *ingest.Options, _ *ingest.CommitterOptions) {
		s.Provider = "bad"
		o.Adapters = []provider.Adapter{{Slug: "bad", Open: func(r provider.Request, _ provider.Source, _ time.Time) (provider.Result, error) {
			if len(r.Body) == 0 {
				panic("index out of range")
			}
			return provider.Result{Keep: r.Body}, nil
		}}}
	})
	w.expect(w.post("/in/bad/"+token, nil), http.StatusServiceUnavailable, "internal")
	if !strings.Contains(w.log.String(), "index out of range") {
		t.Errorf("log: %s", w.log)
	}
	w.expect(w.post("/in/bad/"+token, []byte("x")), http.StatusOK, "")
}

func TestTenThousandPostsOfOneMessageAreOneReceipt(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(s *source.Source, o *ingest.Options, c *ingest.CommitterOptions) {
		o.MaxRequests, c.QueueEntries, c.MaxWait = 20_000, 20_000, time.Minute
		s.Provider = "plain" // a signature would only make the test slow
		o.Adapters = []provider.Adapter{{Slug: "plain", Open: func(r provider.Request, _ provider.Source, at time.Time) (provider.Result, error) {
			d := event.Draft{
				Event: event.Event{Name: event.EmailOpen, Recipient: "ann@acme.test"}, IdentityAt: at, Key: []string{"1"},
			}
			return provider.Result{Transport: provider.Transport{ID: "1"}, Drafts: []event.Draft{d}, Keep: r.Body}, nil
		}}}
	})
	var wg sync.WaitGroup
	for range 10_000 {
		wg.Go(func() { w.expect(w.post("/in/plain/"+token, []byte("{}")), http.StatusOK, "") })
	}
	wg.Wait()
	if got := w.book.stored(); got != "1 receipts, 1 events, 0 problems" {
		t.Error(got)
	}
}

func TestRefusalsAreCountedByCauseAndLoggedSparingly(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	for range 50 {
		w.post(in, []byte("no"))
		w.post(in, w.bounce(1), "Content-Encoding", "gzip")
	}
	w.book.fail(errors.New("locked"))
	w.clock.pass(time.Minute)
	w.post(in, []byte("no"))
	w.book.fail(nil)
	counts := w.refusals()
	var sum int64
	for _, n := range counts {
		sum += n
	}
	if sum != 51 { // an encoded body is refused before its source is known
		t.Errorf("counted %v", counts)
	}
	if n := strings.Count(w.log.String(), "request refused"); n != 3 {
		t.Errorf("%d lines of log, want 3:\n%s", n, w.log)
	}
	if !strings.Contains(w.log.String(), "more=49") {
		t.Errorf("the log does not tell how many more there were:\n%s", w.log)
	}
}
