package job

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tidings/internal/fault"
)

// life is a runner from a Start to its end. One goroutine owns its fields below; each job has one more.
type life struct {
	*Runner
	lease     string
	ctx       context.Context // of the handlers
	cancel    context.CancelCauseFunc
	quit      chan struct{} // closed: claim no more
	abandon   chan struct{} // closed: wait for nobody
	ended     chan struct{}
	quitting  sync.Once
	forsaking sync.Once
	results   chan result // has room for all workers: none of them ever waits

	running  map[int64]*run // until their outcome is stored
	used     map[string]int // how many of each kind are in running
	finished []result
	look     bool // there may be jobs to claim
	planned  bool // the periodic jobs are stored
	unsaved  int  // outcomes that were left when it ended
}

// run is a job under our lease.
type run struct {
	kind   string
	until  time.Time // the end of the lease
	cancel context.CancelCauseFunc
}

type result struct {
	Outcome
	kind string
}

var (
	errStopped   = errors.New("the runner stops")
	errLeaseLost = errors.New("the lease on the job ended")
)

func newLife(ctx context.Context, r *Runner) *life {
	l := &life{
		Runner: r, lease: rand.Text(), quit: make(chan struct{}), abandon: make(chan struct{}), ended: make(chan struct{}),
		results: make(chan result, r.o.Workers), running: make(map[int64]*run), used: make(map[string]int), look: true,
	}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	return l
}

func (l *life) hasEnded() bool {
	select {
	case <-l.ended:
		return true
	default:
		return false
	}
}

func (l *life) stop(ctx context.Context) error {
	l.quitting.Do(func() { close(l.quit) })
	select {
	case <-l.ended:
		return l.left()
	case <-ctx.Done():
	}
	l.cancel(errStopped)
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-l.ended:
	case <-late.C:
		l.forsaking.Do(func() { close(l.abandon) })
		<-l.ended
	}
	return l.left()
}

// left is the error of a life that ended with jobs under its lease.
func (l *life) left() error {
	if l.unsaved == 0 {
		return nil
	}
	return fmt.Errorf("stop jobs: %d still run or could not be stored; they run again after their lease", l.unsaved)
}

// loop is the one goroutine that talks to the store. What ends while it does is settled together afterwards, so the
// slower the database, the larger the transactions.
func (l *life) loop() {
	defer close(l.ended)
	defer l.cancel(errStopped)
	poll := time.NewTicker(l.o.Poll)
	defer poll.Stop()
	renew := time.NewTicker(max(l.o.Lease/3, 1))
	defer renew.Stop()
	quit, done := (<-chan struct{})(l.quit), l.ctx.Done()
	for {
		l.settle()
		switch {
		case quit != nil:
			l.plan()
			l.claim()
		case len(l.running) == 0:
			return
		}
		select {
		case x := <-l.results:
			l.finish(x)
		case <-l.wake:
			l.look = true
		case <-poll.C:
			l.look = true
		case <-renew.C:
			l.renew()
		case <-quit:
			quit = nil
			l.interrupt()
		case <-done:
			quit, done = nil, nil
		case <-l.abandon:
			l.unsaved = len(l.running)
			return
		}
	}
}

// interrupt cancels the runs that need no patience.
func (l *life) interrupt() {
	for _, x := range l.running {
		if l.o.Handlers[x.kind].Interruptible {
			x.cancel(errStopped)
		}
	}
}

// call bounds one call of the store: a database that hangs must not outlast the lease.
func (l *life) call() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(l.ctx), max(l.o.Lease/3, time.Second))
}

// plan stores the periodic jobs where they do not wait or run already.
func (l *life) plan() {
	if l.planned || len(l.periodic) == 0 {
		return
	}
	var jobs []NewJob
	for kind := range l.periodic {
		jobs = append(jobs, l.turn(kind, l.o.Now()))
	}
	ctx, cancel := l.call()
	defer cancel()
	if _, err := l.o.Store.Enqueue(ctx, jobs); err != nil {
		l.o.Log.ErrorContext(l.ctx, "store periodic jobs", "error", err)
		return
	}
	l.planned = true
}

func (l *life) turn(kind string, due time.Time) NewJob {
	return NewJob{Kind: kind, Key: kind, Alone: true, DueAt: due}
}

// claimTimeout is short: background work must not stand in line for a busy database before what people wait for.
const claimTimeout = time.Second

// claim starts as many jobs as there is room for.
func (l *life) claim() {
	room := l.o.Workers - len(l.running)
	if !l.look || room <= 0 {
		return
	}
	now := l.o.Now()
	q := ClaimQuery{Limit: room, Lease: l.lease, Now: now, Until: now.Add(l.o.Lease)}
	for _, kind := range l.kinds {
		q.Rooms = append(q.Rooms, Room{Kind: kind, Limit: max(l.o.Handlers[kind].Concurrency-l.used[kind], 0)})
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), claimTimeout)
	defer cancel()
	jobs, err := l.o.Store.ClaimJobs(ctx, q)
	if err != nil {
		l.o.Log.WarnContext(l.ctx, "claim jobs: trying again at the next look", "error", err)
	}
	l.look = len(jobs) > 0
	for _, j := range jobs {
		l.start(j, q.Until)
	}
}

// start runs a claimed job in a goroutine of its own.
func (l *life) start(j Job, until time.Time) {
	if x, runs := l.running[j.Ref]; runs {
		// Its lease had ended, and it was nobody but us who claimed it again: the run goes on.
		x.until = until
		return
	}
	x := &run{kind: j.Kind, until: until}
	var ctx context.Context
	ctx, x.cancel = context.WithCancelCause(l.ctx)
	l.running[j.Ref] = x
	l.used[j.Kind]++
	go func() {
		defer x.cancel(nil)
		l.results <- result{Outcome: l.do(ctx, j), kind: j.Kind}
	}()
}

// finish takes a result, and all others that are there.
func (l *life) finish(x result) {
	for {
		l.finished = append(l.finished, x)
		select {
		case x = <-l.results:
		default:
			return
		}
	}
}

// renew extends the leases of what runs, and cancels what was lost.
func (l *life) renew() {
	if len(l.running) == 0 {
		return
	}
	refs := make([]int64, 0, len(l.running))
	for ref := range l.running {
		refs = append(refs, ref)
	}
	until := l.o.Now().Add(l.o.Lease)
	ctx, cancel := l.call()
	defer cancel()
	lost, err := l.o.Store.ExtendLease(ctx, l.lease, until, refs)
	if err != nil {
		l.o.Log.ErrorContext(l.ctx, "extend the leases of jobs", "error", err)
	}
	now := l.o.Now()
	for ref, x := range l.running {
		held := err == nil && !slices.Contains(lost, ref)
		if held {
			x.until = until
		}
		if !now.Before(x.until) || err == nil && !held {
			x.cancel(errLeaseLost)
		}
	}
}

// settle stores how runs ended.
func (l *life) settle() {
	if len(l.finished) > 0 {
		l.finished = l.store(l.finished)
	}
}

// store settles a list in one transaction, and where it is refused each result alone, so that one does not hold up the
// others. It returns what is to be tried again.
func (l *life) store(list []result) (again []result) {
	outcomes := make([]Outcome, len(list))
	for i, x := range list {
		outcomes[i] = x.Outcome
	}
	ctx, cancel := l.call()
	defer cancel()
	err := l.o.Store.SettleJobs(ctx, l.lease, outcomes)
	switch {
	case fault.Retryable(err):
		l.o.Log.ErrorContext(l.ctx, "store how jobs ended", "jobs", len(list), "error", err)
		return list
	case err != nil && len(list) > 1:
		for _, x := range list {
			again = append(again, l.store([]result{x})...)
		}
		return again
	case err != nil:
		l.o.Log.WarnContext(l.ctx, "a job's result was not stored", "kind", list[0].kind, "job", list[0].Ref, "error", err)
	}
	for _, x := range list {
		delete(l.running, x.Ref)
		l.used[x.kind]--
	}
	return nil
}
