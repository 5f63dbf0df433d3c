package dispatch

import (
	"context"
	"time"

	"tidings/event"
)

// Position is a place in the log of events. The zero position is before the first one.
type Position struct {
	Transaction uint64
	Seq         int64
}

// Held is an endpoint that a node serves: of all nodes one does, under a lease.
type Held struct {
	Ref     int64
	ID      string // end_…
	Project string
	Rev     int64 // of the definition: it grows with every change
	Definition
	Keys   []Key // the newest first
	Health Health
	At     Position // everything before it was begun, or is not for the endpoint
}

// Dispatch is an event, or a batch of them, on its way to an endpoint.
type Dispatch struct {
	Ref         int64
	ID          string // webhook-id: the same in every try, and when it is sent again
	Events      []event.ID
	Try         int // the one that began, from 1
	First       time.Time
	ContentType string
	Body        []byte // what was sent before; nil: it is made of the events
}

// Begun is a dispatch that begins to be sent.
type Begun struct {
	Ref    int64 // of one that waited; 0: a new one
	Events []event.ID
	Batch  bool
	Key    string // those with the same key go one after the other; empty: each for itself
}

// State is where a dispatch stands.
type State string

// The states.
const (
	Sending   State = "sending"   // a try is under way, or the node ended amid it
	Waiting   State = "waiting"   // for its next try
	Behind    State = "behind"    // another one goes before it
	Delivered State = "delivered" // the receiver took it
	Dead      State = "dead"      // given up: a person may send it again
	Dropped   State = "dropped"   // it is not sent any more: the event is gone, or a person said so
)

// Ended is how a try ended.
type Ended struct {
	Ref    int64
	Try    int
	Took   time.Duration
	Answer []byte // the first KiB of what the receiver answered
	Outcome
	State       State
	Due         time.Time // of Waiting
	ContentType string
	Body        []byte // kept for the next try
}

// Step is what becomes of the dispatches of an endpoint, in one transaction.
type Step struct {
	Endpoint int64
	Holder   string
	Now      time.Time
	Ended    []Ended
	Back     []int64 // those that began and were not tried after all
	Begun    []Begun
	At       *Position // everything before it was begun; nil: as it was
	Health   Health
	Disabled string // why the endpoint is disabled; empty: it is not
}

// Store keeps endpoints and dispatches. Every call is one transaction.
type Store interface {
	// HoldEndpoints gives a holder its endpoints until a time: those it holds, and those that nobody does, as it were. What
	// had begun of those waits again. Endpoints that are disabled or gone are not among them.
	HoldEndpoints(ctx context.Context, holder string, now, until time.Time) ([]Held, error)
	// LeaveEndpoints gives them back.
	LeaveEndpoints(ctx context.Context, holder string) error
	// DueDispatches returns those of an endpoint that are due, the longest first, and when the next is; zero: none waits.
	DueDispatches(ctx context.Context, endpoint int64, now time.Time, limit int) (list []Dispatch, next time.Time, err error)
	// StepDispatches stores a step, and returns what began of Begun. An event that the endpoint was told of already does not
	// begin again, nor one that is behind another. A holder that lost the endpoint gets a Conflict, and nothing is stored.
	StepDispatches(ctx context.Context, s *Step) ([]Dispatch, error)
}

// Entry is an event of the log.
type Entry struct {
	At    Position
	Event *event.Event
}

// Log is read in the order of commits, from a position on.
type Log interface {
	// Next waits for the next entries. It may return none, and no error.
	Next(ctx context.Context) ([]Entry, error)
	// At is up to where everything was returned.
	At() Position
	Close()
}
