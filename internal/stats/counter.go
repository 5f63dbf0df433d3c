// Package stats provides the counters that answer questions about events without scanning them: what one event adds
// to which counter, when a unique moves, and which opens and clicks are a machine's. It is pure.
package stats

import "tidings/event"

// Class is who acted, as counters keep it apart. It is stored: values never change.
type Class uint8

// The classes. Plain is for every event that is neither an open nor a click.
const (
	Plain Class = iota
	ByHuman
	ByMachine
	ByProxy
	ByUnknown
	OfCandidates // attribution candidates: counted apart from all others, never unique
)

// ClassOf returns the class of an event.
func ClassOf(e *event.Event) Class {
	if e.Attribution == event.Candidates {
		return OfCandidates
	}
	if e.Name != event.EmailOpen && e.Name != event.EmailClick {
		return Plain
	}
	switch e.VerdictOf() {
	case event.Human:
		return ByHuman
	case event.Machine:
		return ByMachine
	case event.Proxy:
		return ByProxy
	default:
		return ByUnknown
	}
}

var verdicts = [...]event.Verdict{"", event.Human, event.Machine, event.Proxy, event.Unsure, ""}

// Verdict is the inverse of ClassOf for opens and clicks; other classes have none.
func (c Class) Verdict() event.Verdict {
	if int(c) >= len(verdicts) {
		return ""
	}
	return verdicts[c]
}

// Kind says what a counter is cut by. It is stored: values never change.
type Kind uint8

// The kinds of counters. BySource is kept by hour, the others by day (UTC).
const (
	BySource Kind = iota + 1
	ByTemplate
	ByWorkflow
	ByDomain // the recipient's domain
)

// Key names one counter. Dim is the store's integer for the source, template, workflow or domain, Name the store's
// integer for the event name. Bucket is hours (BySource) or days since 1970-01-01 UTC.
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

// IsZero reports whether adding the count changes nothing.
func (c Count) IsZero() bool { return c == Count{} }

// Dims are the dimensions of one event. 0 means that the event has none of the kind.
type Dims struct {
	Name     int64
	Template int64
	Workflow int64
	Domain   int64
}

// Point is where an event stands in its message: its time and its source. Of two points the earlier is first; at the
// same millisecond the lower source, so that the order of arrival does not matter.
type Point struct {
	At     int64 // Unix milliseconds
	Source int64 // the store's integer, 0 for none
}

// Before reports whether p comes first.
func (p Point) Before(q Point) bool { return p.At < q.At || p.At == q.At && p.Source < q.Source }
