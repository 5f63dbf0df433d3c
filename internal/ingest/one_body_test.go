package ingest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/internal/ingest"
	"tidings/internal/source"
	"tidings/provider"
	"tidings/provider/mailgun"
)

const (
	mailgunKey = "0123456789abcdef0123456789abcdef"
	inMailgun  = "/in/mailgun/" + token
)

// newMailgunTown is a town whose source is of a provider that signs a token and not the body.
func newMailgunTown(t *testing.T, receipts time.Duration) *town {
	t.Helper()
	return newTown(t, func(s *source.Source, o *ingest.Options, _ *ingest.CommitterOptions) {
		s.Provider, s.Settings, s.Certificate = "mailgun", source.Settings{Secrets: []string{mailgunKey}}, nil
		o.Adapters = append(o.Adapters, mailgun.Adapter)
		o.Receipts = receipts
	})
}

// complaint is what Mailgun posts, signed at a time with token number n.
func (w *town) complaint(n int, at time.Time, recipient string) []byte {
	timestamp, token := fmt.Sprint(at.Unix()), fmt.Sprintf("%050x", n)
	mac := hmac.New(sha256.New, []byte(mailgunKey))
	mac.Write([]byte(timestamp + token))
	return fmt.Appendf(nil, `{"signature":{"timestamp":%q,"token":%q,"signature":%q},"event-data":`+
		`{"event":"complained","id":"id-%s","timestamp":1777889520.5,"recipient":%q}}`,
		timestamp, token, hex.EncodeToString(mac.Sum(nil)), recipient, recipient)
}

func TestATokenComesWithOneBodyOnly(t *testing.T) {
	t.Parallel()
	w := newMailgunTown(t, 30*24*time.Hour)
	genuine, forged := w.complaint(1, w.clock.Now(), "ann@acme.test"), w.complaint(1, w.clock.Now(), "bob@acme.test")
	w.expect(w.post(inMailgun, genuine), http.StatusOK, "")
	w.expect(w.post(inMailgun, genuine), http.StatusOK, "")
	w.expect(w.post(inMailgun, forged), http.StatusNotAcceptable, "other_body")
	w.expect(w.post(inMailgun, forged), http.StatusNotAcceptable, "other_body")
	w.expect(w.post(inMailgun, genuine), http.StatusOK, "")
	if got := w.book.stored(); got != "1 receipts, 1 events, 0 problems" {
		t.Error(got)
	}
	if got := w.refusals()["other_body"]; got != 2 {
		t.Errorf("%d refusals are counted, want 2", got)
	}
	if log := w.log.String(); strings.Count(log, "level=ERROR") != 1 || !strings.Contains(log, "code=other_body") {
		t.Errorf("the alarm is not logged once: %s", log)
	}
}

// Many come at once, some in one transaction: one body is stored, and whoever brought another is told so.
func TestOfManyBodiesOfOneTokenAtOnceOneIsTaken(t *testing.T) {
	t.Parallel()
	w := newMailgunTown(t, 0)
	answers := make([]*httptest.ResponseRecorder, 24)
	var all sync.WaitGroup
	for i := range answers {
		body := w.complaint(1, w.clock.Now(), fmt.Sprintf("person%d@acme.test", i%3))
		all.Go(func() { answers[i] = w.post(inMailgun, body) })
	}
	all.Wait()
	taken := map[int]int{}
	for i, a := range answers {
		switch a.Code {
		case http.StatusOK:
			taken[i%3]++
		case http.StatusNotAcceptable:
		default:
			t.Errorf("status %d", a.Code)
		}
	}
	for body, n := range taken {
		if len(taken) != 1 || n != len(answers)/3 {
			t.Errorf("body %d was taken %d times: %v", body, n, taken)
		}
	}
	if got := w.book.stored(); len(taken) == 0 || got != "1 receipts, 1 events, 0 problems" {
		t.Error(got)
	}
}

// The window in which a request is accepted is never wider than the memory of receipts, whatever the adapter allows.
func TestNoTokenIsAcceptedThatMayBeForgotten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		receipts, age time.Duration
		status        int
		code          string
	}{
		{0, 8 * time.Hour, http.StatusOK, ""},
		{0, 10 * time.Hour, http.StatusUnauthorized, "stale"}, // Mailgun does not try that long
		{30 * 24 * time.Hour, 8 * time.Hour, http.StatusOK, ""},
		{2 * time.Hour, 90 * time.Minute, http.StatusOK, ""},
		{2 * time.Hour, 106 * time.Minute, http.StatusUnauthorized, "stale"}, // a quarter of an hour for the clocks
		{2 * time.Hour, 3 * time.Hour, http.StatusUnauthorized, "stale"},
		{time.Minute, 0, http.StatusUnauthorized, "stale"},
		{time.Hour, -4 * time.Minute, http.StatusOK, ""},
	} {
		w := newMailgunTown(t, c.receipts)
		w.expect(w.post(inMailgun, w.complaint(1, w.clock.Now().Add(-c.age), "ann@acme.test")), c.status, c.code)
	}
}

// An adapter that claims one body for a request that it can't name, or dates in the future, is not believed.
func TestAnAdapterThatForgetsTheTimeOfATokenIsNotBelieved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		transport provider.Transport
		status    int
		code      string
	}{
		{provider.Transport{ID: "x", OneBody: true}, http.StatusServiceUnavailable, "internal"},
		{provider.Transport{At: time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC), OneBody: true}, http.StatusServiceUnavailable, "internal"},
		{provider.Transport{ID: "x", At: time.Date(2026, 5, 4, 10, 31, 0, 0, time.UTC), OneBody: true}, http.StatusUnauthorized, "future"},
	} {
		w := newTown(t, func(s *source.Source, o *ingest.Options, _ *ingest.CommitterOptions) {
			a := mailgun.Adapter
			a.Open = func(req provider.Request, _ provider.Source, _ time.Time) (provider.Result, error) {
				return provider.Result{Transport: c.transport, Keep: req.Body, Kind: "notification"}, nil
			}
			s.Provider, s.Settings, s.Certificate = "mailgun", source.Settings{}, nil
			o.Adapters = []provider.Adapter{a}
		})
		w.expect(w.post(inMailgun, []byte("{}")), c.status, c.code)
		if got := w.book.stored(); got != "0 receipts, 0 events, 0 problems" {
			t.Error(got)
		}
	}
}
