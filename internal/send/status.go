package send

import (
	"math"
	"slices"
	"time"
)

// Status is where a send is.
type Status string

// The statuses. A crash leaves a send at StatusHanding; it becomes StatusUncertain.
const (
	StatusQueued    Status = "queued"    // it waits for its time, or for another try
	StatusHanding   Status = "handing"   // a transport has it
	StatusSent      Status = "sent"      // it was handed over
	StatusFailed    Status = "failed"    // it never will be
	StatusSkipped   Status = "skipped"   // it must not be: see Reason
	StatusUncertain Status = "uncertain" // it may have been handed over; it is not tried again by itself
	StatusCanceled  Status = "canceled"  // a person took it back before it was handed over
	StatusHeld      Status = "held"      // it waits until its broadcast goes on
)

// Statuses returns all of them, in the order of a send's life.
func Statuses() []Status {
	return []Status{
		StatusQueued, StatusHanding, StatusSent, StatusFailed, StatusSkipped, StatusUncertain, StatusCanceled,
		StatusHeld,
	}
}

// Known reports whether it is one of Statuses.
func (s Status) Known() bool { return slices.Contains(Statuses(), s) }

// Patience is how a send is tried again.
type Patience struct {
	Tries int           // how often it is tried at most, failures of the sender itself left out
	Until time.Duration // how long after it was due it is tried
}

// DefaultPatience tries for a day.
var DefaultPatience = Patience{Tries: 40, Until: 24 * time.Hour}

const (
	firstPause   = 30 * time.Second
	longestPause = time.Hour
)

// Pause is how long a send waits after its attempt-th try failed (1: the first), with full jitter above half: random is in
// [0, 1).
func Pause(attempt int, asked time.Duration, random float64) time.Duration {
	d := time.Duration(math.Min(float64(firstPause)*math.Pow(2, float64(max(attempt, 1)-1)), float64(longestPause)))
	d = d/2 + time.Duration(float64(d/2)*random)
	return max(d, asked)
}

// GivesUp reports whether a send that failed for now is not tried again.
func (p Patience) GivesUp(attempt int, due, now time.Time) bool {
	return attempt >= p.Tries || now.Sub(due) >= p.Until
}
