package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Store is what the runner asks of the database. Every call is one transaction.
type Store interface {
	// Enqueue adds jobs and says how many were added.
	Enqueue(ctx context.Context, jobs []NewJob) (added int, err error)
	// ClaimJobs leases jobs that are due.
	ClaimJobs(ctx context.Context, q ClaimQuery) ([]Job, error)
	// ExtendLease moves the end of a lease on jobs, and names those that it does not hold any more.
	ExtendLease(ctx context.Context, lease string, until time.Time, refs []int64) (lost []int64, err error)
	// SettleJobs stores how runs ended: all, or none with a fault.Conflict where a lease was lost.
	SettleJobs(ctx context.Context, lease string, outcomes []Outcome) error
}

// Handler does the work of one kind.
type Handler struct {
	// Run does one job. It must be idempotent, and return soon after ctx ends. An error, or a panic, is a failed attempt;
	// an error that Cancel made is the last one. Required.
	Run func(ctx context.Context, j Job) error
	// MaxAttempts is how often a job is tried before it is parked. 0: 20, in about four hours.
	MaxAttempts int
	// Timeout ends the context of one run. 0: ten minutes.
	Timeout time.Duration
	// Concurrency is how many of the kind run at once on this node. 0: as many as there are workers.
	Concurrency int
	// Interruptible says that Stop cancels a run at once instead of waiting for its end: it goes on later.
	Interruptible bool
}

// Every is periodic work: of all nodes one runs it, then nobody for Interval after it ended. When it is due is stored,
// so a restart does not run it early. One that was parked goes on after Interval, too.
type Every struct {
	Kind     string // also the Key of its job
	Interval time.Duration
}

// Options are what a runner is made from.
type Options struct {
	Store    Store              // required
	Handlers map[string]Handler // by kind; at most 100
	Periodic []Every
	Workers  int              // how many jobs run at once; 0: 8
	Poll     time.Duration    // how long a job that nobody announced with Wake waits at most; 0: 1 s
	Lease    time.Duration    // how long after the death of a node its jobs run elsewhere; 0: 1 min
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: nothing is logged
}

const (
	defaultWorkers     = 8
	defaultPoll        = time.Second
	defaultLease       = time.Minute
	defaultMaxAttempts = 20
	defaultTimeout     = 10 * time.Minute
	maxHandlers        = 100
	// patience is how long Stop waits for handlers that it cancelled.
	patience = 5 * time.Second
)

// Runner runs jobs. Its methods are safe for concurrent use, in any order and any number of times.
type Runner struct {
	o        Options
	kinds    []string // sorted, so that the statement of a claim is always the same
	periodic map[string]time.Duration
	wake     chan struct{}

	mu   sync.Mutex
	life *life // nil: not running
}

// NewRunner makes a runner that does nothing before Start. Options that can't work are an error.
func NewRunner(o Options) (*Runner, error) {
	o.Workers = cmp.Or(o.Workers, defaultWorkers)
	o.Poll = cmp.Or(o.Poll, defaultPoll)
	o.Lease = cmp.Or(o.Lease, defaultLease)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	handlers := make(map[string]Handler, len(o.Handlers))
	for kind, h := range o.Handlers {
		h.MaxAttempts = cmp.Or(h.MaxAttempts, defaultMaxAttempts)
		h.Timeout = cmp.Or(h.Timeout, defaultTimeout)
		h.Concurrency = cmp.Or(h.Concurrency, o.Workers)
		handlers[kind] = h
	}
	o.Handlers = handlers
	r := &Runner{
		o: o, kinds: slices.Sorted(maps.Keys(handlers)), periodic: make(map[string]time.Duration, len(o.Periodic)),
		wake: make(chan struct{}, 1),
	}
	for _, e := range o.Periodic {
		r.periodic[e.Kind] = e.Interval
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Runner) check() error {
	var problems []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	wrong(r.o.Store == nil, "jobs: there is no store")
	wrong(r.o.Workers < 0, "jobs: %d workers", r.o.Workers)
	wrong(r.o.Poll < 0 || r.o.Lease < 0, "jobs: poll every %s, lease for %s", r.o.Poll, r.o.Lease)
	wrong(len(r.o.Handlers) > maxHandlers, "jobs: %d handlers, more than %d", len(r.o.Handlers), maxHandlers)
	for kind, h := range r.o.Handlers {
		wrong(h.Run == nil, "jobs: the handler of %q does nothing", kind)
		wrong(h.MaxAttempts < 0 || h.Timeout < 0 || h.Concurrency < 0, "jobs: the handler of %q has a limit below zero", kind)
	}
	for kind, interval := range r.periodic {
		wrong(r.o.Handlers[kind].Run == nil, "jobs: periodic %q has no handler", kind)
		wrong(interval <= 0, "jobs: periodic %q has the interval %s", kind, interval)
	}
	return errors.Join(problems...)
}

// Wake lets the runner look for jobs now: somebody in this process stored one. It never blocks.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Start begins to run jobs. It does nothing where they run already. The end of ctx cancels the handlers and ends the
// runner, without the patience of Stop; ctx's values reach the handlers.
func (r *Runner) Start(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.life != nil && !r.life.hasEnded() {
		return
	}
	r.life = newLife(ctx, r)
	go r.life.loop()
}

// Stop claims no more jobs, waits until those that run have ended, and stores how. It does not wait for those that are
// Interruptible, and when ctx ends for none: it cancels their contexts. What is cancelled runs again later, here or on
// another node, without losing an attempt. An error means that handlers ignored that, or that results could not be
// stored: those jobs run again when their lease ends.
func (r *Runner) Stop(ctx context.Context) error {
	r.mu.Lock()
	l := r.life
	r.mu.Unlock()
	if l == nil {
		return nil
	}
	return l.stop(ctx)
}

// jitter is the random part of a pause.
func jitter() float64 { return rand.Float64() }
