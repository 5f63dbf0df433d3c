package ingest_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/internal/fault"
	"tidings/internal/ingest"
	"tidings/internal/source"
	"tidings/provider/ses/snssign"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// unpinned makes the source trust what SNS serves.
func unpinned(s *source.Source, _ *ingest.Options, _ *ingest.CommitterOptions) { s.Certificate = nil }

func pathOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}

func TestACertificateIsFetchedOnceAndUsedForADay(t *testing.T) {
	t.Parallel()
	w := newTown(t, unpinned)
	w.sns.publish(pathOf(t, w.signer.CertificateURL(topic)), w.signer.PEM())
	var wg sync.WaitGroup
	for i := range 50 {
		body := w.bounce(i)
		wg.Go(func() { w.expect(w.post(in, body), http.StatusOK, "") })
	}
	wg.Wait()
	if got := w.sns.requests(); len(got) != 1 {
		t.Errorf("asked %d times: %v", len(got), got)
	}
	w.clock.pass(25 * time.Hour)
	w.expect(w.post(in, w.bounce(51)), http.StatusOK, "")
	if got := w.sns.requests(); len(got) != 2 {
		t.Errorf("a day later: asked %d times", len(got))
	}
}

func TestTheLastGoodCertificateServesWhileNoNewOneComes(t *testing.T) {
	t.Parallel()
	w := newTown(t, unpinned)
	path := pathOf(t, w.signer.CertificateURL(topic))
	w.sns.publish(path, w.signer.PEM())
	w.expect(w.post(in, w.bounce(1)), http.StatusOK, "")
	w.sns.publish(path, []byte("down for maintenance"))
	w.clock.pass(25 * time.Hour)
	for i := range 5 {
		w.expect(w.post(in, w.bounce(10+i)), http.StatusOK, "")
	}
	if got := w.sns.requests(); len(got) != 2 {
		t.Errorf("asked %d times, want a second time and then not for a minute", len(got))
	}
}

func TestAnExpiredCertificateIsNotUsed(t *testing.T) {
	t.Parallel()
	w := newTown(t, unpinned)
	end := w.clock.Now().Add(time.Hour)
	signer, err := snssign.NewSigner(snssign.Config{NotAfter: end})
	if err != nil {
		t.Fatal(err)
	}
	w.signer = signer
	w.sns.publish(pathOf(t, signer.CertificateURL(topic)), signer.PEM())
	w.expect(w.post(in, w.bounce(1)), http.StatusOK, "")
	w.clock.pass(time.Hour + time.Second)
	if rec := w.post(in, w.bounce(2)); rec.Code == http.StatusOK {
		t.Errorf("a message of after the end of its certificate was taken")
	}
}

func TestACertificateThatDoesNotComeIsOurFaultAndLaterItWorks(t *testing.T) {
	t.Parallel()
	w := newTown(t, unpinned)
	path := pathOf(t, w.signer.CertificateURL(topic))
	for range 3 {
		w.expect(w.post(in, w.bounce(1)), http.StatusServiceUnavailable, "no_certificate")
	}
	if got := w.sns.requests(); len(got) != 1 {
		t.Errorf("asked %d times within a minute, want once", len(got))
	}
	w.sns.publish(path, w.signer.PEM())
	w.clock.pass(time.Minute)
	w.expect(w.post(in, w.bounce(1)), http.StatusOK, "")
	if got := w.book.stored(); got != "1 receipts, 1 events, 0 problems" {
		t.Error(got)
	}
}

func TestAFloodOfCertificatesIsNotPassedOn(t *testing.T) {
	t.Parallel()
	w := newTown(t, unpinned)
	good := w.bounce(0)
	w.sns.publish(pathOf(t, w.signer.CertificateURL(topic)), w.signer.PEM())
	w.expect(w.post(in, good), http.StatusOK, "")
	own := w.signer.CertificateURL(topic)
	for i := range 200 {
		name := strings.ReplaceAll(uuid(i), "-", "")
		other := own[:strings.LastIndex(own, "-")+1] + name + ".pem"
		w.expect(w.post(in, []byte(strings.ReplaceAll(string(w.bounce(i)), own, other))), http.StatusServiceUnavailable, "no_certificate")
	}
	if got := len(w.sns.requests()); got != 10 {
		t.Errorf("asked %d times, want 10", got)
	}
	w.expect(w.post(in, w.bounce(1)), http.StatusOK, "") // who is known is not held up
	foreign := w.signer.Notification("arn:aws:sns:eu-west-1:210987654321:theirs", uuid(7), bounceMessage(7), w.clock.Now())
	w.clock.pass(time.Minute)
	w.expect(w.post(in, foreign), http.StatusForbidden, "")
	if got := len(w.sns.requests()); got != 10 {
		t.Errorf("a stranger's topic made us ask: %d", got)
	}
}

func (w *town) confirmation(n int) []byte {
	return w.signer.SubscriptionConfirmation(topic, uuid(n), "abcdef0123", w.clock.Now())
}

func TestASubscriptionOfAListedTopicIsConfirmed(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	w.expect(w.post(in, w.confirmation(1)), http.StatusOK, "")
	w.confirm.Close(t.Context())
	got := w.sns.requests()
	if len(got) != 1 || !strings.Contains(got[0], "Action=ConfirmSubscription") || !strings.Contains(got[0], "Token=abcdef0123") {
		t.Errorf("asked %q", got)
	}
	if c := w.book.confirms; len(c) != 1 || !c[0].ConfirmedAt.Equal(w.clock.Now()) || c[0].Problem != "" || c[0].Topic != topic {
		t.Errorf("noted %+v", c)
	}
}

func TestASubscriptionIsConfirmedOnceHoweverOftenItAsks(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	for range 3 {
		w.expect(w.post(in, w.confirmation(1)), http.StatusOK, "")
	}
	w.confirm.Close(t.Context())
	w.expect(w.post(in, w.confirmation(1)), http.StatusOK, "")
	w.confirm.Close(t.Context())
	if c := w.book.confirms; len(c) != 1 || c[0].ConfirmedAt.IsZero() {
		t.Errorf("noted %+v", c)
	}
	if n := len(w.sns.requests()); n > 3 {
		t.Errorf("the fourth made us ask again: %d", n)
	}
}

func TestASubscriptionThatWaitsForAPersonIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(s *source.Source, _ *ingest.Options, _ *ingest.CommitterOptions) { s.Settings.ConfirmByHand = true })
	w.expect(w.post(in, w.confirmation(1)), http.StatusOK, "")
	w.confirm.Close(t.Context())
	if len(w.sns.requests()) != 0 || len(w.book.confirms) != 1 || !w.book.confirms[0].ConfirmedAt.IsZero() {
		t.Errorf("asked %v, noted %+v", w.sns.requests(), w.book.confirms)
	}
	if err := w.confirm.Fetch(t.Context(), w.book.confirms[0]); err != nil {
		t.Errorf("by hand: %v", err)
	}
	if n := len(w.sns.requests()); n != 1 {
		t.Errorf("by hand: asked %d times", n)
	}
}

func TestARefusedConfirmationIsNotedForAPerson(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]fault.Kind{400: fault.Conflict, 302: fault.Conflict, 500: fault.Unavailable} {
		w := newTown(t, nil)
		w.sns.code = status
		w.expect(w.post(in, w.confirmation(1)), http.StatusOK, "")
		w.confirm.Close(t.Context())
		c := w.book.confirms
		if len(c) != 1 || !c[0].ConfirmedAt.IsZero() || c[0].Problem == "" || strings.Contains(c[0].Problem, "abcdef0123") {
			t.Errorf("noted %+v", c)
		}
		if err := w.confirm.Fetch(t.Context(), c[0]); !fault.Is(err, want) {
			t.Errorf("status %d: %v", status, err)
		}
		if strings.Contains(w.log.String(), "abcdef0123") {
			t.Errorf("the log tells the token:\n%s", w.log)
		}
	}
}

func TestTooManyConfirmationsAtOnceAreLeftForAPersonAndTheEndBreaksThemOff(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	w.sns.hold = make(chan struct{}) // nobody ever answers
	for i := range 6 {
		w.expect(w.post(in, w.confirmation(i)), http.StatusOK, "")
	}
	if got := strings.Count(w.log.String(), "waits for a person"); got != 2 {
		t.Errorf("%d are left for a person, want 2:\n%s", got, w.log)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w.confirm.Close(ctx)
	for _, c := range w.book.confirms {
		if !c.ConfirmedAt.IsZero() {
			t.Errorf("confirmed without an answer: %+v", c)
		}
	}
}
