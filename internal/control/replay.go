package control

import (
	"context"
	"fmt"
	"strings"

	"tidings/internal/pull"
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
type Replayed = store.ReplaySums

// replayBatch is how many receipts one transaction takes: long enough to be quick, short enough for ingest beside it.
const replayBatch = 200

func (f ReplayFilter) query(who Actor) (store.ReplayQuery, error) {
	var p problems
	q := store.ReplayQuery{Project: who.Project, Source: f.Source, OnlyProblems: f.OnlyProblems}
	p.source(f.Source)
	p.text("source", f.Source, 0, maxFilter)
	q.From, q.To = p.span(f.From, f.To)
	return q, p.err()
}

// note says in the audit log what a replay is of.
func (f ReplayFilter) note() string {
	var words []string
	for _, x := range [...]struct{ name, value string }{{"source", f.Source}, {"from", f.From}, {"to", f.To}} {
		if x.value != "" {
			words = append(words, x.name+" "+x.value)
		}
	}
	if f.OnlyProblems {
		words = append(words, "only problems")
	}
	return strings.Join(words, ", ")
}

// Replay parses kept receipts with today's adapters and stores what was missing. progress is called as it goes and may
// be nil. It may be stopped and begun again at any time.
func (c *Control) Replay(
	ctx context.Context, who Actor, f ReplayFilter, progress func(done, total int64),
) (Replayed, error) {
	q, err := f.query(who)
	if err != nil {
		return Replayed{}, err
	}
	if err := c.Store.Note(ctx, who.Project, c.act(who, opReplay, f.Source, f.note())); err != nil {
		return Replayed{}, fmt.Errorf("note the replay: %w", err)
	}
	total, err := c.Store.CountReceipts(ctx, q)
	if err != nil {
		return Replayed{}, fmt.Errorf("count receipts: %w", err)
	}
	r := &replay{control: c, commit: c.Commit, saved: func(*replay) error { return nil }}
	err = c.Store.EachReceipt(ctx, q, func(x store.StoredReceipt) error {
		if progress != nil {
			progress(r.done+1, max(total, r.done+1))
		}
		return r.add(ctx, x)
	})
	if err == nil {
		err = r.flush(ctx)
	}
	if err != nil {
		return r.sum, fmt.Errorf("replay: %w", err)
	}
	return r.sum, nil
}

// replay parses receipts again, a batch at a time.
type replay struct {
	control *Control
	commit  func(context.Context, []*receipt.Entry) error
	saved   func(*replay) error // is called after each batch; its error ends the replay
	batch   []*receipt.Entry
	pending int // receipts since the last batch was committed
	sum     Replayed
	done    int64 // receipts that were looked at
	place   int64 // Ref of the last of them
}

func (r *replay) add(ctx context.Context, x store.StoredReceipt) error {
	entry, readable, err := r.control.parseAgain(x)
	if err != nil {
		return err
	}
	if readable {
		r.batch = append(r.batch, entry)
	} else {
		r.sum.Unreadable++
	}
	r.done, r.place, r.pending = r.done+1, x.Ref, r.pending+1
	if r.pending >= replayBatch {
		return r.flush(ctx)
	}
	return nil
}

// parseAgain makes an entry of a kept receipt, and reports whether today's adapter can read it. The entry asks for
// nothing to be confirmed: that was done, or not, when the request came.
func (c *Control) parseAgain(x store.StoredReceipt) (entry *receipt.Entry, readable bool, err error) {
	if isTracked(x.Keep) {
		entry, readable = rebuildTracked(c.Builder, x)
		return entry, readable, nil
	}
	if isLink(x.Keep) {
		entry, readable = rebuildLink(c.Builder, x)
		return entry, readable, nil
	}
	a, known := c.adapter(x.Source.Provider)
	if !known {
		return nil, false, nil
	}
	if pull.IsImport(x.Keep) {
		return pull.Rebuild(c.Builder, a, receipt.Entry{
			Source: x.Source, Key: x.Key, SHA256: x.SHA256, ReceivedAt: x.ReceivedAt, Replay: x.Ref,
		}, x.Keep), true, nil
	}
	res, err := a.Reparse(x.Keep, x.Source.ForProvider(true, 0))
	if err != nil {
		return nil, false, nil //nolint:nilerr // it is counted, and the receipt stays for a later version
	}
	res.Wishes = nil
	entry = c.Builder.Build(x.Source, res, x.Keep, x.ReceivedAt)
	entry.Changes = nil // others have spoken of the contacts since
	entry.Replay, entry.Key, entry.SHA256 = x.Ref, x.Key, x.SHA256
	return entry, true, nil
}

func (r *replay) flush(ctx context.Context) error {
	if len(r.batch) > 0 {
		if err := r.commit(ctx, r.batch); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
	}
	for _, e := range r.batch {
		addOutcome(&r.sum, e)
	}
	r.batch, r.pending = r.batch[:0], 0
	return r.saved(r)
}

func addOutcome(sum *Replayed, e *receipt.Entry) {
	sum.Receipts++
	if len(e.Problems) > 0 {
		sum.Problems++
	}
	sum.New += int64(e.Outcome.New)
	sum.Known += int64(e.Outcome.Known)
	sum.Upgraded += int64(e.Outcome.Upgraded)
	sum.Conflicts += int64(e.Outcome.Conflicts)
	sum.Expired += int64(e.Outcome.Expired)
}

// Verify recounts the stored events and compares with the counters and states. progress may be nil.
func (c *Control) Verify(ctx context.Context, progress func(done, total int64)) (store.Verification, error) {
	v, err := c.Store.Verify(ctx, progress)
	if err != nil {
		return v, fmt.Errorf("verify: %w", err)
	}
	return v, nil
}
