package ingest

import (
	"time"

	"tidings/internal/fault"
	"tidings/provider"
)

// memorySlack is how far the clocks of a provider and of our nodes may be apart before a receipt could be forgotten
// while its request is still accepted.
const memorySlack = 15 * time.Minute

// remembered holds, whatever adapters and settings allow, that a request which only its receipt proves to be new is
// accepted no longer than receipts are kept. For all others the memory is that of events, see source.ForProvider.
func (h *Handler) remembered(t provider.Transport, now time.Time) error {
	if !t.OneBody {
		return nil
	}
	if t.ID == "" || t.At.IsZero() {
		return fault.New(fault.Internal, CodeInternal, "the adapter says of a request without id or time that it has one body")
	}
	if t.At.Sub(now) > memorySlack {
		return provider.Refuse(provider.Forbidden, "future",
			"the request was signed for %s, which is ahead of our clock: check the clock of this machine",
			t.At.UTC().Format(time.RFC3339))
	}
	if window := h.Receipts - memorySlack; h.Receipts > 0 && now.Sub(t.At) > window {
		return provider.Refuse(provider.Forbidden, "stale",
			"the request was signed at %s, and receipts, which tell what came before, are kept for %s only: "+
				"raise --retention-receipts", t.At.UTC().Format(time.RFC3339), h.Receipts)
	}
	return nil
}

// otherBody refuses a request whose id was stored with another body. Nothing of it is kept.
func otherBody(t provider.Transport) error {
	id := t.ID
	if len(id) > 16 {
		id = id[:16] + "…"
	}
	return provider.Refuse(provider.Unacceptable, CodeOtherBody,
		"the signature with the id %.40q came before with another body: somebody who saw a genuine request made this one. "+
			"Change the signing key and find out where requests can be read", id)
}
