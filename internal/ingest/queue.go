package ingest

import (
	"context"
	"crypto/x509"
	"fmt"
	"runtime/debug"

	"tidings/internal/fault"
	"tidings/internal/source"
	"tidings/provider"
)

// TakeQueued takes in a message of a source's queue: it is proved, read and committed as a request is, and returns once
// it is on disk. A message that is refused is stored too, with the refusal as its problem, counted among the source's
// refusals, and its code returned, because whoever took it from the queue removes it next.
//
// An error that is fault.Retryable means that nothing can be stored now: the same message may be
// given again after a pause. Every other error is of this message alone, which is to stay in its queue.
func (h *Handler) TakeQueued(ctx context.Context, src *source.Source, m provider.Queued) (code string, err error) {
	defer func() {
		if p := recover(); p != nil {
			h.Log.ErrorContext(ctx, "panic while a message of a queue was read", "source", src.ID, "message", m.ID, "panic", p,
				"stack", string(debug.Stack()))
			err = fault.New(fault.Internal, CodeInternal, "internal error")
		}
	}()
	ctx, end := h.traced(ctx, "take in queued "+src.Provider)
	code, err = h.takeQueued(ctx, src, m)
	end(err)
	return code, err
}

func (h *Handler) takeQueued(ctx context.Context, src *source.Source, m provider.Queued) (code string, err error) {
	adapter := h.adapters[src.Provider]
	if adapter.Queue == nil {
		return "", fault.New(fault.Internal, CodeUnknownProvider, "events of %q do not come by queues", src.Provider)
	}
	now := h.Now()
	var refusal *provider.Refusal
	proving, end := h.traced(ctx, stepProve)
	res, err := h.granting(proving, func(certificates map[string]*x509.Certificate) (res provider.Result, _ error) {
		m.Certificates = certificates
		res, refusal = adapter.Queue(m, src.ForProvider(true, h.Retention), now)
		return res, nil
	})
	end(err)
	if err != nil {
		// Another message may need no certificate, or another one, so this is of this message alone.
		return "", fault.Wrap(fault.Internal, CodeCertificate, err, "the certificate of a queued message could not be fetched")
	}
	_, end = h.traced(ctx, stepBuild)
	entry := h.Builder.Build(src, res, m.Body, now)
	end(nil)
	entry.Confirm = nil // SNS asks a queue for none
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerWithin)
	defer cancel()
	committing, end := h.traced(ctx, stepCommit)
	err = h.Submit(committing, entry)
	end(err)
	if err != nil {
		return "", fmt.Errorf("store queued message: %w", err)
	}
	h.Meter.Accepted(src.Provider, entry.Outcome)
	if refusal == nil {
		return "", nil
	}
	if !entry.Outcome.Duplicate {
		h.Meter.Refused(src.Provider, refusal.Code)
		h.Refusals.Add(ctx, src.Provider, src, adapter.Status(refusal.Cause), refusal.Code, refusal.Message)
	}
	return refusal.Code, nil
}
