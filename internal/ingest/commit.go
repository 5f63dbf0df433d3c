package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"tidings/internal/fault"
	"tidings/internal/receipt"
)

const (
	maxTries  = 4
	firstWait = 20 * time.Millisecond // before the second try, at most; doubled for each further one
)

// commit stores a batch and tells everyone in it how it ended. An element that can't be stored costs only itself.
func (c *Committer) commit(ctx context.Context, batch []*waiting) {
	ctx, cancel := context.WithTimeout(ctx, c.Deadline)
	defer cancel()
	c.settle(ctx, batch)
}

// settle commits a batch, or its halves where that can't work: the bad element is alone in the end.
func (c *Committer) settle(ctx context.Context, batch []*waiting) {
	err := c.try(ctx, batch)
	if err == nil || fault.Retryable(err) {
		for _, w := range batch {
			w.done <- err
		}
		return
	}
	if len(batch) > 1 {
		half := len(batch) / 2
		c.settle(ctx, batch[:half])
		c.settle(ctx, batch[half:])
		return
	}
	// The provider will send it again; until this is repaired it is in nobody's database, so say it loudly.
	w := batch[0]
	c.Log.ErrorContext(ctx, "a request can't be stored", "source", w.entry.Source.ID,
		"receipt", fmt.Sprintf("%x", w.entry.Key), "events", len(w.entry.Events), "error", err)
	w.done <- fault.Wrap(fault.Internal, CodeUnstorable, err, "this request could not be stored")
}

// try commits a batch, again where that may help.
func (c *Committer) try(ctx context.Context, batch []*waiting) error {
	entries := make([]*receipt.Entry, len(batch))
	for i, w := range batch {
		entries[i] = w.entry
	}
	wait := firstWait
	for n := 1; ; n++ {
		err := c.once(ctx, entries)
		if err == nil || !fault.Retryable(err) || n == maxTries {
			return err
		}
		c.Log.LogAttrs(ctx, slog.LevelWarn, "storing did not work, it is tried again",
			slog.Int("try", n), slog.Int("entries", len(entries)), slog.Any("error", err))
		select {
		case <-ctx.Done():
			return err
		case <-time.After(rand.N(wait)): // full jitter: several nodes must not meet again
		}
		wait *= 2
	}
}

// once commits a batch. A panic in the store is an error like any other: the entry that made it is found by halves.
func (c *Committer) once(ctx context.Context, entries []*receipt.Entry) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, "panic", "panic while storing: %v", p)
		}
	}()
	return c.Commit(ctx, entries)
}
