package segment

import (
	"slices"
	"time"

	"tidings/event"
)

// Rule is a condition that was checked: it can be asked of one contact, and written as SQL. It is immutable and safe for
// concurrent use.
type Rule struct {
	root  node
	tests []*test
}

// node is a part of a rule: a test, or a join of other parts.
type node struct {
	test  *test
	logic Logic
	parts []node
	at    string // where it stands in the condition
}

// test is a filter that was understood. op is positive; negated tells that the filter asked for its twin.
type test struct {
	filter  Filter
	at      string
	field   field
	op      Operator
	negated bool
	lit     literal
	window  int64 // milliseconds
	min     int64
	max     int64 // -1: no bound
	where   []where
	steps   []step
	segment string
}

type where struct {
	field   string
	op      Operator
	negated bool
	lit     literal
}

type step struct {
	name  event.Name
	where []where
}

// needsLog reports whether the test looks at events one by one rather than at what is known of a contact and a name: there
// is no number of events within a window, nor of emails' events without those of machines.
func (t *test) needsLog() bool {
	if t.op == Sequence {
		return true
	}
	countless := t.op == TriggeredWithin || t.field.ev.Slot() != 0
	return t.field.sort == ofEvent && (len(t.where) > 0 || t.filter.Machines || countless && t.counts())
}

// counts reports whether the test asks how often rather than whether.
func (t *test) counts() bool { return t.min != 1 || t.max != -1 }

func (t *test) names() []event.Name {
	var list []event.Name
	if t.field.sort == ofEvent {
		list = append(list, t.field.ev)
	}
	for _, s := range t.steps {
		list = append(list, s.name)
	}
	return list
}

// Needs is what a rule asks of a contact's facts, so that no more has to be read, and what may change its answer.
type Needs struct {
	Events   []event.Name // what is known of these names (Facts.Seen)
	Log      []event.Name // every event of these names (Facts.Log)
	Segments []string     // membership in these
	// Contact tells that the contact's own fields, attributes, tags, topics, suppressions or segments are asked for.
	Contact bool
	// Activity tells that fields are asked for which every event of the contact moves: updatedAt, lastSeenAt, ….
	Activity bool
	// Timed tells that the answer may change as time goes by.
	Timed bool
}

// activity are the fields that events move.
var activity = map[string]bool{
	"createdAt": true, "updatedAt": true, "firstSeenAt": true, "lastSeenAt": true, "lastOpenAt": true, "lastClickAt": true,
}

// ends are the fields that may turn by themselves: a suppression ends, and a break.
var ends = map[string]bool{"suppressed": true, "subscribed": true, "snoozed": true}

// Needs lists what the rule asks for, sorted, each once.
func (r *Rule) Needs() Needs {
	var n Needs
	for _, t := range r.tests {
		switch {
		case t.field.sort == ofSegment:
			n.Segments, n.Contact = append(n.Segments, t.segment), true
		case t.needsLog():
			n.Log = append(n.Log, t.names()...)
		case t.field.sort == ofEvent:
			n.Events = append(n.Events, t.names()...)
		default:
			n.Contact = true
			n.Activity = n.Activity || activity[t.field.name]
		}
		n.Timed = n.Timed || t.window > 0 && t.op != Sequence || ends[t.field.name]
	}
	for _, list := range []*[]event.Name{&n.Events, &n.Log} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	slices.Sort(n.Segments)
	n.Segments = slices.Compact(n.Segments)
	return n
}

func millis(d time.Duration) int64 { return d.Milliseconds() }
