package ingest_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"tidings/internal/fault"
	"tidings/internal/ingest"
	"tidings/internal/source"
	"tidings/provider"
	"tidings/provider/ses"
)

// queued gives a message of a queue to ingest.
func (w *town) queued(id string, body []byte) (string, error) {
	w.tb.Helper()
	return w.handler.TakeQueued(w.tb.Context(), w.src, provider.Queued{ID: id, Body: body})
}

func (w *town) takes(id string, body []byte, code string) {
	w.tb.Helper()
	if got, err := w.queued(id, body); err != nil || got != code {
		w.tb.Errorf("message %s: %q, %v; want %q", id, got, err, code)
	}
}

func TestOneNotificationByHTTPAndByAQueueIsOneReceipt(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	w.expect(w.post(in, w.bounce(1)), http.StatusOK, "")
	w.takes("q1", w.bounce(1), "")
	w.takes("q2", w.bounce(1), "")
	w.takes("q3", w.bounce(2), "")
	w.expect(w.post(in, w.bounce(2)), http.StatusOK, "")
	if got := w.book.stored(); got != "2 receipts, 2 events, 0 problems" {
		t.Error(got)
	}
}

func TestAForgedMessageDoesNotStandInForTheGenuineOne(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	forged := []byte(strings.Replace(string(w.bounce(1)), "Permanent", "Transient", 1))
	w.takes("q1", forged, "bad_signature")
	w.takes("q1", forged, "bad_signature") // it is counted once
	w.takes("q2", w.bounce(1), "")
	if got := w.book.stored(); got != "2 receipts, 1 events, 1 problems" {
		t.Error(got)
	}
	if got := w.refusals(); got["bad_signature"] != 1 {
		t.Errorf("refusals %v", got)
	}
	for _, kept := range w.book.kept {
		if strings.Contains(kept, `"Signature"`) || strings.Contains(kept, "UnsubscribeURL") {
			t.Errorf("what must not be kept is: %s", kept)
		}
	}
}

func TestAMessageWhoseCertificateDoesNotComeIsLeftAloneAndHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := newTown(t, unpinned)
	if _, err := w.queued("q1", w.bounce(1)); err == nil || fault.Retryable(err) {
		t.Errorf("error %v: the queue would be read no further", err)
	}
	if got := w.book.stored(); got != "0 receipts, 0 events, 0 problems" {
		t.Error(got)
	}
	w.takes("q2", []byte("no text of SNS"), "not_json")
	w.sns.publish(pathOf(t, w.signer.CertificateURL(topic)), w.signer.PEM())
	w.clock.pass(time.Minute)
	w.takes("q1", w.bounce(1), "")
}

func TestAMessageIsOfferedAgainWhereNothingCanBeStored(t *testing.T) {
	t.Parallel()
	w := newTown(t, nil)
	w.book.fail(fault.New(fault.Unavailable, "disk_full", "the disk is full"))
	if _, err := w.queued("q1", w.bounce(1)); !fault.Retryable(err) {
		t.Errorf("error %v: the message would be left to its queue", err)
	}
	w.book.fail(errors.New("a row that can't be"))
	if _, err := w.queued("q1", w.bounce(1)); err == nil || fault.Retryable(err) {
		t.Errorf("error %v: it would be tried for ever", err)
	}
	w.book.fail(nil)
	w.takes("q1", w.bounce(1), "")
}

func TestAnAdapterThatCanNotBearAMessageCostsOnlyThatMessage(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(_ *source.Source, o *ingest.Options, _ *ingest.CommitterOptions) {
		adapter := ses.Adapter
		adapter.Queue = func(m provider.Queued, s provider.Source, now time.Time) (provider.Result, *provider.Refusal) {
			if m.ID == "bad" {
				panic("can't bear it")
			}
			return ses.Adapter.Queue(m, s, now)
		}
		o.Adapters = []provider.Adapter{adapter}
	})
	if _, err := w.queued("bad", w.bounce(1)); err == nil || fault.Retryable(err) {
		t.Errorf("error %v", err)
	}
	w.takes("good", w.bounce(1), "")
	w.src.Provider = "postmark"
	if _, err := w.queued("good", w.bounce(1)); err == nil || fault.Retryable(err) {
		t.Errorf("a provider without queues: %v", err)
	}
}
