package ingest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/ingest"
	"tidings/internal/netguard"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/provider"
	"tidings/provider/ses"
	"tidings/provider/ses/snssign"
)

const (
	topic = "arn:aws:sns:eu-west-1:123456789012:ses-events"
	token = "0123456789abcdef0123456789abcdef"
	in    = "/in/ses/" + token
)

// oneSigner is shared, because making a key takes longer than a test.
var oneSigner = sync.OnceValues(func() (*snssign.Signer, error) { return snssign.NewSigner(snssign.Config{}) })

// town is a handler with everything around it.
type town struct {
	tb      testing.TB
	book    *book
	sns     *sns
	signer  *snssign.Signer
	src     *source.Source
	handler *ingest.Handler
	refused *ingest.RefusalLog
	confirm *ingest.Confirmer
	commits *ingest.Committer
	log     *lines
	clock   *clock
}

// lines is what was logged.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// newTown builds a town with one source that trusts signer by its pinned certificate, unless change says otherwise.
func newTown(tb testing.TB, change func(*source.Source, *ingest.Options, *ingest.CommitterOptions)) *town {
	tb.Helper()
	signer, err := oneSigner()
	if err != nil {
		tb.Fatal(err)
	}
	codec, err := receipt.NewCodec()
	if err != nil {
		tb.Fatal(err)
	}
	w := &town{
		tb: tb, signer: signer, log: &lines{}, clock: &clock{at: time.Date(2026, 5, 4, 10, 15, 0, 0, time.UTC)},
		book: &book{receipts: map[receipt.Key]int{}, bodies: map[receipt.Key][32]byte{}, events: map[event.ID]int{}, refusals: map[string]int64{}, codec: codec},
		src: &source.Source{
			Ref: 1, ID: "src_1", Project: "prj_1", Name: "main", Provider: "ses", TokenHash: sha256.Sum256([]byte(token)),
			Settings: source.Settings{Topics: []string{topic}}, Certificate: signer.Certificate(),
		},
	}
	var guard *netguard.Guard
	w.sns, guard = newSNS(tb)
	client := guard.Client(5 * time.Second)
	tb.Cleanup(client.HTTP.CloseIdleConnections)
	log := slog.New(slog.NewTextHandler(w.log, nil))
	w.refused = ingest.NewRefusalLog(w.book, w.clock.Now, log)
	w.confirm = ingest.NewConfirmer(client, w.book, w.clock.Now, log)
	o := ingest.Options{
		Adapters: []provider.Adapter{ses.Adapter}, Sources: w.book, Builder: receipt.Builder{Codec: codec},
		Certificates: ingest.NewCertificates(client, w.clock.Now), Confirmer: w.confirm, Refusals: w.refused,
		Retention: 365 * 24 * time.Hour, Log: log, Now: w.clock.Now,
	}
	co := ingest.CommitterOptions{Commit: w.book.Commit, Log: log}
	if change != nil {
		change(w.src, &o, &co)
	}
	w.book.set(w.src)
	w.commits = ingest.NewCommitter(co)
	o.Submit = w.commits.Submit
	w.handler = ingest.NewHandler(o)
	tb.Cleanup(w.close)
	return w
}

func (w *town) close() {
	ctx := context.Background() // the test's own has ended by now
	if err := w.commits.Close(ctx); err != nil {
		w.tb.Error(err)
	}
	w.confirm.Close(ctx)
	w.refused.Close(ctx)
}

// refusals are the counts that the store has after everything in memory was stored.
func (w *town) refusals() map[string]int64 {
	w.refused.Close(w.tb.Context())
	w.book.mu.Lock()
	defer w.book.mu.Unlock()
	return w.book.refusals
}

// bounce is a signed notification of a bounce; n makes it another one.
func (w *town) bounce(n int) []byte { return w.notification(n, bounceMessage(n)) }

func (w *town) notification(n int, message string) []byte {
	return w.signer.Notification(topic, uuid(n), message, w.clock.Now())
}

func uuid(n int) string { return fmt.Sprintf("22b80b92-fdea-4c2c-8f9d-%012x", n) }

func bounceMessage(n int) string {
	return fmt.Sprintf(`{"eventType":"Bounce","mail":{"timestamp":"2026-05-04T10:12:00.120Z","messageId":"m%d",`+
		`"source":"app@send.test","destination":["ghost@acme.test"]},"bounce":{"bounceType":"Permanent","bounceSubType":"General",`+
		`"bouncedRecipients":[{"emailAddress":"ghost@acme.test","action":"failed","status":"5.1.1",`+
		`"diagnosticCode":"smtp; 550 5.1.1 no such user"}],"timestamp":"2026-05-04T10:12:02.000Z","feedbackId":"f%d"}}`, n, n)
}

func (w *town) post(path string, body []byte, headers ...string) *httptest.ResponseRecorder {
	w.tb.Helper()
	return w.request(http.MethodPost, path, body, headers...)
}

func (w *town) request(method, path string, body []byte, headers ...string) *httptest.ResponseRecorder {
	w.tb.Helper()
	r := httptest.NewRequestWithContext(w.tb.Context(), method, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "text/plain; charset=UTF-8")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

// expect checks an answer's status and code and that the token is nowhere in it.
func (w *town) expect(rec *httptest.ResponseRecorder, status int, code string) {
	w.tb.Helper()
	body := rec.Body.String()
	if rec.Code != status || code != "" && !strings.Contains(body, `"code":"`+code+`"`) {
		w.tb.Errorf("status %d and %s, want %d and code %q", rec.Code, body, status, code)
	}
	if strings.Contains(body, token) {
		w.tb.Errorf("the answer tells the token: %s", body)
	}
}
