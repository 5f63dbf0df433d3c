// Package stats provides the counters that answer questions about events without scanning them: what one event adds
// to which counter, when a unique moves, and which opens and clicks are a machine's. It is pure.
package stats

import "slices"

// Kind says what a counter is cut by. It is stored: values never change.
type Kind uint8

// The kinds of counters. BySource is kept by hour, the others by day (UTC).
const (
	BySource Kind = iota + 1
	ByTemplate
	ByWorkflow
	ByDomain       // the recipient's domain
	ByName         // all events of the project; Dim is the project
	BySenderDomain // the domain that sent
	ByTag          // each tag of the message
	ByReason       // why a bounce bounced, what kind of complaint; see ReasonOf. Without uniques
	ByLink         // clicks by template and link; Dim is Pair(template, link)
	BySending      // messages by the day they were sent and what became of them; Dim is Pair(project, template)
	ByDelay        // messages by template and time from sending to the first open or click of a person; Dim is
	// Pair(template, DelayBucket)
)

// Pair makes one dimension of two, both below 2³¹. All pairs of one first are one range: Pair(a, 0) to Pair(a+1, 0).
func Pair(first, second int64) int64 { return first<<32 | second }

// Unpair is the inverse of Pair.
func Unpair(dim int64) (first, second int64) { return dim >> 32, dim & (1<<32 - 1) }

// Key names one counter. Dim is the store's integer for what the kind says, Name the store's integer for the event
// name. Bucket is hours (BySource) or days since 1970-01-01 UTC.
type Key struct {
	Kind   Kind
	Dim    int64
	Name   int64
	Class  Class
	Bucket int64
}

// Count is the value of a counter, or what is added to one.
type Count struct {
	N      int64 // events
	Unique int64 // messages whose first event of this name and class is in this bucket
	Any    int64 // messages whose first event of this name, whatever its class, is in this bucket
}

// Plus adds two counts.
func (c Count) Plus(d Count) Count { return Count{c.N + d.N, c.Unique + d.Unique, c.Any + d.Any} }

// Minus is the count that takes c back.
func (c Count) Minus() Count { return Count{-c.N, -c.Unique, -c.Any} }

// IsZero reports whether adding the count changes nothing.
func (c Count) IsZero() bool { return c == Count{} }

// Dims are the dimensions of one event. 0 means that the event has none of the kind.
type Dims struct {
	Project int64
	Name    int64
	Reason  int64 // of a bounce or complaint
	Link    int64 // of a click

	Template     int64
	Workflow     int64
	Domain       int64
	SenderDomain int64
	Tags         []int64
}

// Equal reports whether two messages' dimensions are the same.
func (d Dims) Equal(o Dims) bool {
	return d.Template == o.Template && d.Workflow == o.Workflow && d.Domain == o.Domain &&
		d.SenderDomain == o.SenderDomain && slices.Equal(d.Tags, o.Tags)
}

// Point is where an event stands in its message: its time and its source. Of two points the earlier is first; at the
// same millisecond the lower source, so that the order of arrival does not matter.
type Point struct {
	At     int64 // Unix milliseconds
	Source int64 // the store's integer, 0 for none
}

// Before reports whether p comes first.
func (p Point) Before(q Point) bool { return p.At < q.At || p.At == q.At && p.Source < q.Source }
