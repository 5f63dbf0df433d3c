package sender

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"tidings/internal/send"
)

const (
	// patience is how long an email waits for its turn here; a longer wait is the caller's.
	patience = 2 * time.Second

	leastThrottle, mostThrottle = time.Second, 5 * time.Minute
	leastOutage, mostOutage     = 5 * time.Second, time.Minute
)

// Health is how a sender does in this process.
type Health struct {
	Usable      bool
	Problem     string    // why it is not, or what it was last told; empty: nothing went wrong yet
	Since       time.Time // when Usable became what it is; zero: nothing was sent yet
	PausedUntil time.Time // before that nothing is tried; zero or past: it goes
}

// pace lets the emails of a sender out at its rate, and none while it rests. It is safe for concurrent use.
type pace struct {
	limiter *rate.Limiter // nil: no limit
	now     func() time.Time

	mu     sync.Mutex
	health Health
	rest   *send.Failure // why it rests
	streak int           // of failures that made it rest
}

func newPace(perSecond float64, now func() time.Time) *pace {
	p := &pace{now: now, health: Health{Usable: true}}
	if perSecond > 0 {
		p.limiter = rate.NewLimiter(rate.Limit(perSecond), max(1, int(math.Ceil(perSecond))))
	}
	return p
}

// turn waits until an email may go, if that is soon.
func (p *pace) turn(ctx context.Context) error {
	now := p.now()
	p.mu.Lock()
	wait, why := p.health.PausedUntil.Sub(now), p.rest
	p.mu.Unlock()
	if wait > 0 && why != nil {
		f := *why
		f.RetryAfter = wait
		return &f
	}
	if p.limiter == nil {
		return nil
	}
	r := p.limiter.ReserveN(now, 1)
	delay := r.DelayFrom(now)
	if delay > patience {
		r.CancelAt(now)
		return &send.Failure{Kind: send.Throttled, Reason: ReasonPaced, RetryAfter: delay, Detail: "the sender's own rate is reached"}
	}
	if delay <= 0 {
		return nil
	}
	t := time.NewTimer(delay)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		r.CancelAt(p.now())
		return temporary(ReasonStopped, "it was not its turn yet when the work was stopped")
	}
}

// done notes how it ended. What makes the whole sender rest gets the time for which it does.
func (p *pace) done(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	f, failed := errors.AsType[*send.Failure](err)
	switch {
	case !failed:
		p.turnTo(true, now)
		p.health.Problem, p.streak = "", 0
	case f.Kind == send.Unusable:
		p.turnTo(false, now)
		return p.restFor(f, now, leastOutage, mostOutage)
	case f.Kind == send.Throttled:
		p.turnTo(true, now)
		return p.restFor(f, now, leastThrottle, mostThrottle)
	case f.Kind == send.Permanent && f.Reason != ReasonUnwritable:
		p.turnTo(true, now) // it answered
		p.health.Problem, p.streak = f.Detail, 0
	case f.Reason != ReasonStopped && f.Reason != ReasonUnwritable:
		p.health.Problem = f.Detail
	}
	return err
}

func (p *pace) turnTo(usable bool, now time.Time) {
	if p.health.Usable != usable || p.health.Since.IsZero() {
		p.health.Usable, p.health.Since = usable, now
	}
}

func (p *pace) restFor(f *send.Failure, now time.Time, least, most time.Duration) error {
	wait := most
	if p.streak < 10 {
		wait = min(most, least<<p.streak)
	}
	wait = max(f.RetryAfter, wait/2+rand.N(wait/2+1)) // many processes shall not come back at once
	if until := now.Add(wait); until.After(p.health.PausedUntil) {
		p.health.PausedUntil = until
		p.streak++ // those that were under way when it began to rest count once
	}
	p.health.Problem = f.Detail
	told := *f
	told.RetryAfter = p.health.PausedUntil.Sub(now)
	p.rest = &told
	return &told
}

func (p *pace) look() Health {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.health
}
