package control

import (
	"context"
	"fmt"

	"tidings/internal/receipt"
	"tidings/internal/store"
)

// ReplayFilter says which receipts to parse again. Empty fields do not filter.
type ReplayFilter struct {
	Source       string // src_…
	From, To     string // when it came: a time or a date; From inclusive, To exclusive
	OnlyProblems bool
}

// Replayed is what parsing receipts again came to.
type Replayed struct {
	Receipts   int64 // that were parsed
	Unreadable int64 // that today's adapter can't read; they stay as they are
	Problems   int64 // that have problems still
	New        int64 // events that were missing
	Known      int64 // events that were there
	Upgraded   int64 // events that were email.unknown and are now understood
	Conflicts  int64 // events that were there with another content; the first stays
	Expired    int64 // events older than what is kept
}

// replayBatch is how many receipts one transaction takes: long enough to be quick, short enough for ingest beside it.
const replayBatch = 200

// Replay parses kept receipts with today's adapters and stores what was missing. progress is called as it goes and may
// be nil. It may be stopped and begun again at any time.
func (c *Control) Replay(
	ctx context.Context, who Actor, f ReplayFilter, progress func(done, total int64),
) (Replayed, error) {
	var p problems
	q := store.ReplayQuery{Project: who.Project, Source: f.Source, OnlyProblems: f.OnlyProblems}
	p.source(f.Source)
	q.From, q.To = p.span(f.From, f.To)
	if err := p.err(); err != nil {
		return Replayed{}, err
	}
	total, err := c.Store.CountReceipts(ctx, q)
	if err != nil {
		return Replayed{}, fmt.Errorf("count receipts: %w", err)
	}
	r := &replay{control: c, total: total, progress: progress}
	err = c.Store.EachReceipt(ctx, q, func(x store.StoredReceipt) error { return r.add(ctx, x) })
	if err == nil {
		err = r.flush(ctx)
	}
	if err != nil {
		return r.sum, fmt.Errorf("replay: %w", err)
	}
	return r.sum, nil
}

type replay struct {
	control     *Control
	batch       []*receipt.Entry
	sum         Replayed
	done, total int64
	progress    func(done, total int64)
}

func (r *replay) add(ctx context.Context, x store.StoredReceipt) error {
	if r.done++; r.progress != nil {
		r.progress(r.done, max(r.total, r.done))
	}
	entry, readable, err := r.control.parseAgain(x)
	if err != nil {
		return err
	}
	if !readable {
		r.sum.Unreadable++
		return nil
	}
	if r.batch = append(r.batch, entry); len(r.batch) >= replayBatch {
		return r.flush(ctx)
	}
	return nil
}

// parseAgain makes an entry of a kept receipt, and reports whether today's adapter can read it. The entry asks for
// nothing to be confirmed: that was done, or not, when the request came.
func (c *Control) parseAgain(x store.StoredReceipt) (entry *receipt.Entry, readable bool, err error) {
	a, known := c.adapter(x.Source.Provider)
	if !known {
		return nil, false, nil
	}
	res, err := a.Reparse(x.Keep, x.Source.ForProvider(true, 0))
	if err != nil {
		return nil, false, nil //nolint:nilerr // it is counted, and the receipt stays for a later version
	}
	res.Wishes = nil
	entry = c.Builder.Build(x.Source, res, x.Keep, x.ReceivedAt)
	entry.Replay, entry.Key, entry.SHA256 = x.Ref, x.Key, x.SHA256
	return entry, true, nil
}

func (r *replay) flush(ctx context.Context) error {
	if len(r.batch) == 0 {
		return nil
	}
	if err := r.control.Commit(ctx, r.batch); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	for _, e := range r.batch {
		r.sum.Receipts++
		if len(e.Problems) > 0 {
			r.sum.Problems++
		}
		r.sum.New += int64(e.Outcome.New)
		r.sum.Known += int64(e.Outcome.Known)
		r.sum.Upgraded += int64(e.Outcome.Upgraded)
		r.sum.Conflicts += int64(e.Outcome.Conflicts)
		r.sum.Expired += int64(e.Outcome.Expired)
	}
	r.batch = r.batch[:0]
	return nil
}

// Verify recounts the stored events and compares with the counters and states. progress may be nil.
func (c *Control) Verify(ctx context.Context, progress func(done, total int64)) (store.Verification, error) {
	v, err := c.Store.Verify(ctx, progress)
	if err != nil {
		return v, fmt.Errorf("verify: %w", err)
	}
	return v, nil
}
