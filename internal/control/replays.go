package control

import (
	"context"
	"errors"
	"fmt"

	"tidings/internal/fault"
	"tidings/internal/job"
	"tidings/internal/store"
)

// ReplayPage is one page of replays, newest first.
type ReplayPage struct {
	Replays    []store.ReplayRun
	NextCursor string // empty: there is no more
}

// StartReplay begins a replay that a server runs in the background. With dryRun nothing is stored: it tells what would
// be. One at a time runs for a project; a second one is a Conflict that names the first.
func (c *Control) StartReplay(ctx context.Context, who Actor, f ReplayFilter, dryRun bool) (store.ReplayRun, error) {
	q, err := f.query(who)
	if err == nil && f.Source != "" {
		err = c.knownSource(ctx, who, f.Source)
	}
	if err != nil {
		return store.ReplayRun{}, err
	}
	note := f.note()
	if dryRun {
		note = join(note, "dry run")
	}
	x, err := c.Store.CreateReplay(ctx, q, dryRun, c.act(who, opStartReplay, "", note))
	if err != nil {
		return x, fmt.Errorf("start replay: %w", err)
	}
	return x, nil
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}

// knownSource refuses a source that is not there: a replay of nothing would look like a success.
func (c *Control) knownSource(ctx context.Context, who Actor, id string) error {
	_, err := c.Source(ctx, who, id)
	if fault.Is(err, fault.NotFound) {
		return fault.BadField("source", "there is no source %.100q", id)
	}
	return err
}

// Replays lists the replays of a project.
func (c *Control) Replays(ctx context.Context, who Actor, cursor string, limit int) (ReplayPage, error) {
	var p problems
	after := p.refCursor(replayCursor, cursor)
	p.limit(limit)
	if err := p.err(); err != nil {
		return ReplayPage{}, err
	}
	page, err := c.Store.ListReplays(ctx, who.Project, after, limit)
	if err != nil {
		return ReplayPage{}, fmt.Errorf("list replays: %w", err)
	}
	return ReplayPage{Replays: page.Replays, NextCursor: cursorOfRef(replayCursor, page.Next)}, nil
}

// ReplayRun finds a replay by its id (rpl_…).
func (c *Control) ReplayRun(ctx context.Context, who Actor, id string) (store.ReplayRun, error) {
	x, err := c.Store.Replay(ctx, who.Project, id)
	if err != nil {
		return x, fmt.Errorf("find replay: %w", err)
	}
	return x, nil
}

// CancelReplay ends a replay where it is. What it stored stays.
func (c *Control) CancelReplay(ctx context.Context, who Actor, id string) (store.ReplayRun, error) {
	x, err := c.Store.CancelReplay(ctx, who.Project, id, c.act(who, opCancelReplay, id, ""))
	if err != nil {
		return x, fmt.Errorf("cancel replay: %w", err)
	}
	return x, nil
}

// ReplayReceipt parses one receipt again and stores what was missing.
func (c *Control) ReplayReceipt(ctx context.Context, who Actor, id string) (sum Replayed, err error) {
	x, err := c.Store.KeptReceipt(ctx, who.Project, id)
	if err != nil {
		return sum, fmt.Errorf("find receipt: %w", err)
	}
	if err := c.Store.Note(ctx, who.Project, c.act(who, opReplayReceipt, id, "")); err != nil {
		return sum, fmt.Errorf("note the replay: %w", err)
	}
	r := &replay{control: c, commit: c.Commit, saved: func(*replay) error { return nil }}
	if err = r.add(ctx, x); err == nil {
		err = r.flush(ctx)
	}
	if err != nil {
		return sum, fmt.Errorf("replay receipt: %w", err)
	}
	return r.sum, nil
}

// errReplayEnded ends a run whose replay ended meanwhile: somebody cancelled it.
var errReplayEnded = errors.New("the replay ended")

// RunReplay does the work of a replay, from where it was, until its end or that of ctx. A replay that ended is left as
// it is. Where it fails, the replay notes why and can go on; after the last try it has failed.
func (c *Control) RunReplay(ctx context.Context, id string, lastTry bool) error {
	x, err := c.Store.RunningReplay(ctx, id)
	if err != nil {
		return fmt.Errorf("find replay: %w", err)
	}
	if !x.EndedAt.IsZero() {
		return nil
	}
	err = c.runReplay(ctx, &x)
	switch {
	case errors.Is(err, errReplayEnded):
		return nil
	case err == nil:
		x.State, x.EndedAt, x.Problem = store.ReplayDone, c.Now().UTC(), ""
	case ctx.Err() != nil:
		return err // the server stops: it goes on later
	default:
		x.Problem = err.Error()
		if lastTry {
			x.State, x.EndedAt = store.ReplayFailed, c.Now().UTC()
		}
	}
	if _, saving := c.Store.SaveReplay(ctx, x); saving != nil {
		return errors.Join(err, fmt.Errorf("save replay: %w", saving))
	}
	return err
}

// runReplay parses what is left of a replay. It saves its place after every batch: what a crash repeats is known by then.
func (c *Control) runReplay(ctx context.Context, x *store.ReplayRun) error {
	if x.State == store.ReplayWaiting {
		total, err := c.Store.CountReceipts(ctx, x.Query)
		if err != nil {
			return fmt.Errorf("count receipts: %w", err)
		}
		x.State, x.StartedAt, x.Total = store.ReplayRunning, c.Now().UTC(), total
	}
	commit := c.Commit
	if x.DryRun {
		commit = c.Store.Try
	}
	began := c.Now()
	r := &replay{control: c, commit: commit, sum: x.Sums, done: x.Done, place: x.Place}
	r.saved = func(r *replay) error {
		x.Place, x.Done, x.Sums, x.Total = r.place, r.done, r.sum, max(x.Total, r.done)
		// What was committed is noted, also where the server stops.
		goesOn, err := c.Store.SaveReplay(context.WithoutCancel(ctx), *x)
		if err != nil {
			return fmt.Errorf("save replay: %w", err)
		}
		if !goesOn {
			return errReplayEnded
		}
		err = job.Breathe(ctx, c.Now().Sub(began))
		began = c.Now()
		return err
	}
	if err := r.saved(r); err != nil {
		return err
	}
	if err := c.Store.EachReceipt(ctx, x.Query, func(s store.StoredReceipt) error { return r.add(ctx, s) }); err != nil {
		return err
	}
	return r.flush(ctx)
}
