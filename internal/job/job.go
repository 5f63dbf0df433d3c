// Package job provides durable background work: jobs that wait in the database, are claimed in batches under a lease, run,
// and are retried, parked or removed.
//
// What it guarantees: a job that was stored runs at least once, on any one of the nodes. It runs again when its worker dies
// before the result is stored, so a handler must be idempotent: a second run of the same job must do no harm. Two nodes
// never hold a lease on one job at the same time; a worker that lost its lease is told by the end of its context, and its
// result changes nothing. Order is by priority, then by the time that a job is due, among the jobs that wait at that
// moment; jobs that run at once may end in any order. A job that fails is tried again after a pause that grows, and after
// its last attempt it is parked: it stays, with its problem, until a person lets it run again.
//
// The package knows no database. It imports nothing of the stages whose work it runs.
package job

import "time"

// Priority orders the jobs that are due. The zero value is Normal.
type Priority int8

const (
	Urgent Priority = -1 // somebody waits for it
	Normal Priority = 0
	Later  Priority = 1 // after everything else: clean-up, imports
)

// NewJob is work to be done.
type NewJob struct {
	// Kind names the handler: "retention". Required. A kind that no node handles waits.
	Kind string
	// Key makes the job unique: while one of the same kind and key waits, to run first or again, another one is not
	// added. One that already runs does not count, since it may have read what it works on before this job was wished
	// for. Jobs of one kind and key are therefore taken to be the same work, whatever their payloads. Empty: not unique.
	Key string
	// Alone widens the rule of Key: the job is not added while one of the same kind and key runs, either.
	Alone    bool
	Priority Priority
	DueAt    time.Time // not before; zero: at once
	Payload  []byte    // the handler's own; nil: empty
}

// Job is a stored job.
type Job struct {
	Ref       int64 // never used again
	Kind      string
	Key       string
	Priority  Priority
	DueAt     time.Time // when it may run; of a parked job: when it was parked
	Attempt   int       // how often it was claimed, this time included: 1 at the first
	Payload   []byte
	Problem   string // how the last attempt failed; empty: there was none
	CreatedAt time.Time
}

// Room is how many jobs of a kind a claimer takes at most.
type Room struct {
	Kind  string
	Limit int // 0: none
}

// ClaimQuery asks for jobs to run.
type ClaimQuery struct {
	Rooms []Room    // one for each kind that the claimer handles, at most 100
	Limit int       // how many jobs in all
	Lease string    // names the claimer: no other one, in any process, has the same
	Until time.Time // when the lease ends, unless it is extended
	Now   time.Time // jobs that are due by then, and running ones whose lease ended by then, are claimed
}

// Ending is what becomes of a job that was run. The zero value is Done.
type Ending uint8

const (
	Done     Ending = iota // it is removed
	Retried                // it waits until Outcome.At
	Released               // as Retried, but the attempt is not counted
	Parked                 // it stays as a dead letter; one of the same kind and key that was parked before is removed
)

// Outcome is the end of one run.
type Outcome struct {
	Ref    int64
	Ending Ending
	// At is when the job is due again, or when it was parked. Done does not need it.
	At      time.Time
	Problem string // why it did not succeed; cut to 2,000 bytes
	// Next is added in the same transaction, as NewJob says.
	Next []NewJob
}

// ParkedQuery asks for parked jobs, newest first.
type ParkedQuery struct {
	Kind   string // empty: every kind
	Before int64  // only jobs with a lower Ref, for the next page; 0: from the newest
	Limit  int    // 0: 100
}
