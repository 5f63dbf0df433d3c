package control

import (
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"tidings/internal/fault"
)

// Rates bound how often something is done for each key, source, …: so many at once, and as many again within a time. It is
// safe for concurrent use. What it knows is this process's alone. A nil one bounds nothing.
type Rates struct {
	count int
	each  time.Duration

	mu    sync.Mutex
	known map[string]*rate.Limiter
}

// maxRated is how many keys or sources are remembered; those that were not busy lately go first.
const maxRated = 10_000

// NewRates makes one that lets count pass at once, and count again within each; a count of 0 makes nil.
func NewRates(count int, each time.Duration) *Rates {
	if count == 0 {
		return nil
	}
	return &Rates{count: count, each: each, known: make(map[string]*rate.Limiter)}
}

// take counts one more for a key. Where there were too many it counts nothing, and the error is RateLimited and says when
// to come back.
func (r *Rates) take(key string, now time.Time, code, what string) error {
	if _, wait := r.takeN(key, 1, now); wait > 0 {
		return r.tooMany(code, what, "", wait)
	}
	return nil
}

// Allowance is what is left of the tightest limit that a caller has. The zero value: there is none.
type Allowance struct {
	Limit     int           // at once
	Remaining int           // now
	Reset     time.Duration // until all of Limit are there again
}

// takeN counts n more for a key, and tells what is left. Where there are not so many it counts nothing, and wait is when
// there will be. More than the limit at once count as the limit.
func (r *Rates) takeN(key string, n int, now time.Time) (left Allowance, wait time.Duration) {
	if r == nil {
		return left, 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	limiter := r.known[key]
	if limiter == nil {
		r.room(now)
		limiter = rate.NewLimiter(rate.Limit(float64(r.count)/r.each.Seconds()), r.count)
		r.known[key] = limiter
	}
	taken := limiter.ReserveN(now, min(n, r.count))
	if wait = max(0, taken.DelayFrom(now)); wait > 0 {
		taken.CancelAt(now)
	}
	tokens := max(0, limiter.TokensAt(now))
	gone := 1 - tokens/float64(r.count)
	return Allowance{Limit: r.count, Remaining: int(tokens), Reset: time.Duration(gone * float64(r.each))}, wait
}

// tooMany is the error of a take that has to wait; more ends its hint.
func (r *Rates) tooMany(code, what, more string, wait time.Duration) error {
	return fault.New(fault.RateLimited, code, "%s: %d within %s are allowed", what, r.count, short(r.each)).
		WithHint("come back in %s%s", (wait + time.Second - 1).Truncate(time.Second), more).WithAfter(wait)
}

// short writes a length of time without zeros at its end: 1m, not 1m0s.
func short(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"0s", "0m"} {
		if before, found := strings.CutSuffix(text, zero); found && strings.HasSuffix(before, nextUnit[zero]) {
			text = before
		}
	}
	return text
}

// nextUnit is the letter before which a zero stands.
var nextUnit = map[string]string{"0s": "m", "0m": "h"}

// room forgets those that may do all they ever could, which is what a new one may.
func (r *Rates) room(now time.Time) {
	if len(r.known) < maxRated {
		return
	}
	for key, limiter := range r.known {
		if limiter.TokensAt(now) >= float64(r.count) {
			delete(r.known, key)
		}
	}
}
