// Package segment provides filters of contacts: how a condition is read and checked, what is true of one contact and why,
// when time alone may change that, and the same condition as SQL over all contacts. It is pure.
//
// The logic has three values and is written down once, here. A test of a field that a contact has not, or whose value
// can't be compared with the one asked for, is Unknown. AND is the least of its parts and OR the greatest, where False <
// Unknown < True (Kleene). A negative operator (notEquals, notContains, notExists, notTriggered, notTriggeredWithin,
// notMemberOf) is True unless its positive twin is True, so that contacts without the field are among them, as in
// MailGlyph's segments. A contact is in a segment, and a workflow takes the way "yes", where the whole is True.
package segment

import (
	"encoding/json"
	"time"
)

// Condition joins groups. It is the JSON of MailGlyph's FilterCondition; Parse checks it.
type Condition struct {
	Logic  Logic   `json:"logic"`
	Groups []Group `json:"groups"`
}

// Logic says how the groups of a condition are joined.
type Logic string

// The two ways to join.
const (
	All Logic = "AND"
	Any Logic = "OR"
)

// Group holds when all its filters do, and its conditions.
type Group struct {
	Filters    []Filter   `json:"filters"`
	Conditions *Condition `json:"conditions,omitempty"`
}

// Filter is one test of a contact. Field, Operator, Value and Unit are MailGlyph's; what follows is ours.
type Filter struct {
	// Field is email, subscribed, createdAt, updatedAt, data.<path>, event.<name>, email.<activity>, or one of ours: see
	// Fields.
	Field    string          `json:"field"`
	Operator Operator        `json:"operator"`
	Value    json.RawMessage `json:"value,omitempty"` // what is compared with, or how many units
	Unit     Unit            `json:"unit,omitempty"`  // of within, olderThan, and the windows of events

	Count    *Count  `json:"count,omitempty"`    // of events: how often; nil: once or more
	Where    []Where `json:"where,omitempty"`    // of events: only those of which all of this holds
	Machines bool    `json:"machines,omitempty"` // of events: opens and clicks of machines count, too
	Steps    []Step  `json:"steps,omitempty"`    // of sequence: the events, in their order
}

// Count bounds how often events happened. At least one of them is set.
type Count struct {
	Min *int64 `json:"min,omitempty"`
	Max *int64 `json:"max,omitempty"`
}

// Where is a test of one event: of data.<path>, url, template, workflow, source, class or reason.
type Where struct {
	Field    string          `json:"field"`
	Operator Operator        `json:"operator"`
	Value    json.RawMessage `json:"value,omitempty"`
}

// Step is one event of a sequence.
type Step struct {
	Event string  `json:"event"`
	Where []Where `json:"where,omitempty"`
}

// Operator is what a filter asks.
type Operator string

// The operators: MailGlyph's sixteen, then ours.
const (
	Equals             Operator = "equals"
	NotEquals          Operator = "notEquals"
	Contains           Operator = "contains"
	NotContains        Operator = "notContains"
	GreaterThan        Operator = "greaterThan"
	LessThan           Operator = "lessThan"
	GreaterThanOrEqual Operator = "greaterThanOrEqual"
	LessThanOrEqual    Operator = "lessThanOrEqual"
	Exists             Operator = "exists"
	NotExists          Operator = "notExists"
	Within             Operator = "within"
	OlderThan          Operator = "olderThan"
	Triggered          Operator = "triggered"
	TriggeredWithin    Operator = "triggeredWithin"
	TriggeredOlderThan Operator = "triggeredOlderThan"
	NotTriggered       Operator = "notTriggered"

	NotTriggeredWithin Operator = "notTriggeredWithin"
	MemberOf           Operator = "memberOf"
	NotMemberOf        Operator = "notMemberOf"
	Sequence           Operator = "sequence"
)

// positive maps each negative operator to its twin.
var positive = map[Operator]Operator{
	NotEquals: Equals, NotContains: Contains, NotExists: Exists, NotTriggered: Triggered,
	NotTriggeredWithin: TriggeredWithin, NotMemberOf: MemberOf,
}

// Unit is a unit of time.
type Unit string

// The units.
const (
	Days    Unit = "days"
	Hours   Unit = "hours"
	Minutes Unit = "minutes"
)

var units = map[Unit]time.Duration{Days: 24 * time.Hour, Hours: time.Hour, Minutes: time.Minute}

// Truth is one of three values.
type Truth int8

// The values, in their order.
const (
	False   Truth = -1
	Unknown Truth = 0
	True    Truth = 1
)

func (t Truth) String() string {
	return map[Truth]string{False: "false", Unknown: "unknown", True: "true"}[t]
}

// MarshalText writes the word.
func (t Truth) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

func truthOf(b bool) Truth {
	if b {
		return True
	}
	return False
}
