package dispatch

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"
)

// Options are what a runner is made from. All but Log are required.
type Options struct {
	Store Store
	// Read reads the log of a project from a position on.
	Read func(ctx context.Context, project string, after Position) (Log, error)
	// Tell makes of an event what the endpoint is told of it; nil: it is not for the endpoint. Errors are those of the store.
	Tell func(ctx context.Context, project string, x *Endpoint, e *Entry) (*Told, error)
	// Find is the events of a dispatch whose body was not kept, without those that are gone.
	Find   func(ctx context.Context, project string, x *Endpoint, d *Dispatch) ([]Told, error)
	Poster *Poster
	Limits Limits
	Random func() float64 // 0 to 1, of pauses
	Log    *slog.Logger   // nil: nothing is logged
}

// Leases: a node whose endpoints are not held anew in this time is taken to be gone, and another one goes on.
const (
	leaseFor  = 15 * time.Second
	holdEvery = 5 * time.Second
)

// Runner serves the endpoints of this node: each by a worker of its own, so that one which hangs delays no other.
type Runner struct {
	Options
	holder string
	wake   chan struct{}

	workers map[int64]*worker // by endpoint
	group   sync.WaitGroup
}

// NewRunner makes a runner that does nothing before Run.
func NewRunner(o Options) *Runner {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Runner{Options: o, holder: rand.Text(), wake: make(chan struct{}, 1), workers: make(map[int64]*worker)}
}

// Wake lets the runner look at its endpoints now: one was made or changed, or a dispatch is to be sent again. It never blocks.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run serves until ctx is done, then lets what is under way end, and gives the endpoints back.
func (r *Runner) Run(ctx context.Context) error {
	tick := time.NewTicker(holdEvery)
	defer tick.Stop()
	for ill := false; ctx.Err() == nil; {
		err := r.hold(ctx)
		if err != nil && ctx.Err() == nil && !ill {
			r.Log.ErrorContext(ctx, "hold endpoints, and try again", "error", err)
		}
		ill = err != nil
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-r.wake:
		}
	}
	for _, w := range r.workers {
		w.stop()
	}
	r.group.Wait()
	return r.Store.LeaveEndpoints(context.WithoutCancel(ctx), r.holder)
}

// hold begins workers for the endpoints that came to this node or changed, and ends those of the others.
func (r *Runner) hold(ctx context.Context) error {
	now := r.Poster.Now()
	list, err := r.Store.HoldEndpoints(ctx, r.holder, now, now.Add(leaseFor))
	if err != nil {
		return err
	}
	held := make(map[int64]bool, len(list))
	for i := range list {
		h := &list[i]
		held[h.Ref] = true
		w := r.workers[h.Ref]
		if w != nil && w.held.Rev == h.Rev && !w.hasEnded() {
			w.look()
			continue
		}
		if w != nil { // what it had begun ends under the definition that it began with
			w.stop()
			if !w.hasEnded() {
				continue // the next look begins the new one
			}
		}
		if w = r.begin(ctx, h); w != nil {
			r.workers[h.Ref] = w
		}
	}
	for ref, w := range r.workers {
		if !held[ref] {
			w.stop()
			if w.hasEnded() {
				delete(r.workers, ref)
			}
		}
	}
	return nil
}

func (r *Runner) begin(ctx context.Context, h *Held) *worker {
	x, problems := Compile(h.Definition, r.Limits)
	if len(problems) > 0 { // the operator allows less than when it was stored
		r.Log.WarnContext(ctx, "an endpoint can't be served", "endpoint", h.ID, "problem", problems[0].Says)
		return nil
	}
	w := newWorker(r, h, x)
	r.group.Go(func() { w.run(context.WithoutCancel(ctx)) })
	return w
}
