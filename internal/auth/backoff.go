package auth

import (
	"sync"
	"time"
)

// Backoff makes whoever guesses wait, twice as long after each wrong guess. It is safe for concurrent use. What it knows is
// this process's alone, and is forgotten when it ends.
type Backoff struct {
	free int // guesses without a wait

	mu    sync.Mutex
	known map[string]guesses
}

// guesses are those of one name or address.
type guesses struct {
	n     int
	last  time.Time
	until time.Time // the next guess waits for it
}

const (
	firstWait   = 2 * time.Second
	longestWait = 5 * time.Minute
	forgotten   = time.Hour // without a guess
	maxKnown    = 20_000    // names and addresses; 3 MiB
)

// NewBackoff makes one that lets free wrong guesses pass before the first wait, of 2 seconds; the longest is 5 minutes. An
// hour without a guess forgets them.
func NewBackoff(free int) *Backoff { return &Backoff{free: free, known: make(map[string]guesses)} }

// Take counts a guess before it is known whether it is right, so that many at once get no further than one after another.
// Where it must wait it is not counted, and wait says how long.
func (b *Backoff) Take(key string, now time.Time) (wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	g := b.known[key]
	if now.Sub(g.last) >= forgotten {
		g = guesses{}
	}
	if wait = g.until.Sub(now); wait > 0 {
		return wait
	}
	b.room(now)
	g.n, g.last = g.n+1, now
	if over := g.n - b.free; over >= 0 {
		g.until = now.Add(min(longestWait, firstWait<<min(over, 10)))
	}
	b.known[key] = g
	return 0
}

// Return takes a guess back that was no guess: it was right, or nobody looked at it.
func (b *Backoff) Return(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	g, ok := b.known[key]
	if !ok {
		return
	}
	if g.n--; g.n < b.free { // past it, a right guess between wrong ones does not shorten the wait
		g.until = time.Time{}
	}
	if b.known[key] = g; g.n <= 0 {
		delete(b.known, key)
	}
}

// Forget takes back all guesses.
func (b *Backoff) Forget(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.known, key)
}

// room forgets what is over where there is too much. Where all of it is fresh, all is forgotten: whoever has that many
// addresses is not held up by a count of each, and the work itself is bounded.
func (b *Backoff) room(now time.Time) {
	if len(b.known) < maxKnown {
		return
	}
	for key, g := range b.known {
		if now.Sub(g.last) >= forgotten {
			delete(b.known, key)
		}
	}
	if len(b.known) >= maxKnown {
		clear(b.known)
	}
}
