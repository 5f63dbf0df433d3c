package segment

import (
	"slices"
	"strings"

	"tidings/event"
	"tidings/internal/attribute"
)

// sort says what a field holds, and so which operators it takes.
type sort int

const (
	ofText sort = iota + 1
	ofBool
	ofTime
	ofData // whatever the user put there
	ofEvent
	ofSegment
	ofEvents
)

var orders = []Operator{GreaterThan, LessThan, GreaterThanOrEqual, LessThanOrEqual}

var presence = []Operator{Exists, NotExists}

// operators are those of each sort, in the order in which they are named to people.
var operators = map[sort][]Operator{
	ofText:    slices.Concat([]Operator{Equals, NotEquals, Contains, NotContains}, orders, presence),
	ofBool:    slices.Concat([]Operator{Equals, NotEquals}, presence),
	ofTime:    slices.Concat([]Operator{Equals, NotEquals}, orders, presence, []Operator{Within, OlderThan}),
	ofData:    slices.Concat([]Operator{Equals, NotEquals, Contains, NotContains}, orders, presence, []Operator{Within, OlderThan}),
	ofEvent:   {Triggered, TriggeredWithin, TriggeredOlderThan, NotTriggered, NotTriggeredWithin},
	ofSegment: {MemberOf, NotMemberOf},
	ofEvents:  {Sequence},
}

// fixed are the fields of a contact that have names of their own.
var fixed = map[string]sort{
	"email": ofText, "externalId": ofText, "tags": ofText,
	"subscribed": ofBool, "unsubscribed": ofBool, "suppressed": ofBool, "snoozed": ofBool,
	"createdAt": ofTime, "updatedAt": ofTime, "firstSeenAt": ofTime, "lastSeenAt": ofTime, "lastOpenAt": ofTime,
	"lastClickAt": ofTime, "snoozedUntil": ofTime,
	"segment": ofSegment, "events": ofEvents,
}

// The prefixes of fields that have a name behind them.
const (
	dataPrefix  = "data."
	topicPrefix = "topics."
	eventPrefix = "event."
	emailPrefix = "email."
)

// Fields lists the fields of a contact by name, sorted; beside them there are data.<path>, topics.<slug>, event.<name> and
// email.<activity>.
func Fields() []string {
	var list []string
	for f := range fixed {
		list = append(list, f)
	}
	slices.Sort(list)
	return list
}

// field is a Filter.Field that was understood.
type field struct {
	sort sort
	name string     // of a fixed field
	path string     // of data and topics
	ev   event.Name // of events
}

func parseField(s string) (field, bool) {
	if k, ok := fixed[s]; ok {
		return field{sort: k, name: s}, true
	}
	if p, ok := strings.CutPrefix(s, dataPrefix); ok && p != "" && len(p) <= attribute.MaxPath {
		return field{sort: ofData, path: p}, true
	}
	if p, ok := strings.CutPrefix(s, topicPrefix); ok && p != "" && len(p) <= attribute.MaxPath {
		return field{sort: ofBool, name: "topics", path: p}, true
	}
	if p, ok := strings.CutPrefix(s, eventPrefix); ok {
		n, ok := eventName(p)
		return field{sort: ofEvent, ev: n}, ok
	}
	if strings.HasPrefix(s, emailPrefix) {
		n := event.Canonical(s)
		return field{sort: ofEvent, ev: n}, n.Slot() != 0
	}
	return field{}, false
}

// eventName reads the name of an event of any kind: built in, by another system's word, or custom.
func eventName(s string) (event.Name, bool) {
	if n := event.Name(s); n.Builtin() {
		n = event.Canonical(s)
		return n, n.Slot() != 0 || !strings.HasPrefix(string(n), emailPrefix)
	}
	if n := event.Canonical(s); n.Slot() != 0 {
		return n, true
	}
	n, err := event.CustomName(s)
	return n, err == nil
}

// whereSorts are the fields of a Where but data.<path>.
var whereSorts = map[string]sort{
	attribute.EventURL: ofText, attribute.EventClass: ofText, attribute.EventReason: ofText,
	"template": ofText, "workflow": ofText, "source": ofText,
}

func parseWhere(s string) (sort, bool) {
	if p, ok := strings.CutPrefix(s, dataPrefix); ok && p != "" && len(p) <= attribute.MaxPath {
		return ofData, true
	}
	k, ok := whereSorts[s]
	return k, ok
}
