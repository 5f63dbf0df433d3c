package source

import "time"

// QueueNote is how one node does with the queue of a source.
type QueueNote struct {
	SourceRef  int64
	Node       string
	NotedAt    time.Time // by which it is known whether the node still runs
	ReceivedAt time.Time // when SQS last answered, with messages or without; zero: never
	// FailedAt, Code and Message are of what does not work now; zero where all does.
	FailedAt time.Time
	Code     string
	Message  string // for people
}
