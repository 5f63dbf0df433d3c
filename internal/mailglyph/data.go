// Package mailglyph provides what events tell in MailGlyph's words: to those who ask for them, to templates and to webhooks.
package mailglyph

import (
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
)

// Value is one value of an event's data. The zero value is null.
type Value struct {
	Kind   Kind
	Text   string
	Time   time.Time
	Number int64          // 1 for true
	JSON   jsontext.Value // as it was stored
}

// Kind says which field of a Value it is.
type Kind uint8

// The kinds of values.
const (
	Null Kind = iota
	Text
	Time
	Number
	Bool
	JSON
)

// any is the value as encoders know it.
func (v Value) any() any {
	switch v.Kind {
	case Text:
		return v.Text
	case Time:
		return v.Time
	case Number:
		return v.Number
	case Bool:
		return v.Number == 1
	case JSON:
		return v.JSON
	default:
		return nil
	}
}

// Data makes the data of an event as MailGlyph has it: its keys for the event's name, over the provider's own words. What is
// not known is null. A custom event's data are the user's own and stay as they are: each a jsontext.Value.
func Data(e *event.Event) map[string]any {
	data := make(map[string]any)
	Each(e, func(key string, v Value) { data[key] = v.any() })
	return data
}

// Each tells the keys of Data with their values, sorted. It is for those who write many events.
func Each(e *event.Event, tell func(key string, v Value)) {
	own := ownData(e)
	keys := slices.Sorted(maps.Keys(own))
	ours := members
	if e.Name.Slot() == 0 || e.Name == event.EmailReceived && e.Message == nil {
		ours = nil // it is in MailGlyph's words as it is
	}
	m := e.Message
	if m == nil {
		m = &event.Message{}
	}
	for i := range ours {
		x := &ours[i]
		if x.of != "" && x.of != e.Name {
			continue
		}
		v, there := x.value(e, m)
		if !there {
			continue
		}
		for len(keys) > 0 && keys[0] < x.key {
			tell(keys[0], Value{Kind: JSON, JSON: own[keys[0]]})
			keys = keys[1:]
		}
		if len(keys) > 0 && keys[0] == x.key {
			keys = keys[1:]
		}
		tell(x.key, v)
	}
	for _, k := range keys {
		tell(k, Value{Kind: JSON, JSON: own[k]})
	}
}

// ownData are the values of an event's own data.
func ownData(e *event.Event) (values map[string]jsontext.Value) {
	if len(e.Data) <= len("{}") || json.Unmarshal(e.Data, &values, jsontext.AllowDuplicateNames(true)) != nil {
		return nil
	}
	return values
}

// member is a key that MailGlyph has.
type member struct {
	key   string
	of    event.Name // the events that have it; empty: all of emails
	value func(*event.Event, *event.Message) (v Value, there bool)
}

// MailGlyph's words for where an email came from.
const (
	fromWorkflow = "WORKFLOW"
	fromSend     = "TRANSACTIONAL"
)

// SES's words for bounces, which MailGlyph hands on.
const (
	permanent    = "Permanent"
	transient    = "Transient"
	undetermined = "Undetermined"
)

// members are the keys, sorted. Where MailGlyph repeats the time of the first open or click with every later one, these tell
// the time of the event itself.
var members = []member{
	{"bounceType", event.EmailBounce, func(e *event.Event, _ *event.Message) (Value, bool) { return textOf(bounceType(e)), true }},
	{"bouncedAt", event.EmailBounce, func(e *event.Event, _ *event.Message) (Value, bool) {
		return Value{Kind: Time, Time: e.OccurredAt}, bounceType(e) != transient
	}},
	{"campaignId", "", unknown},
	{"clickedAt", event.EmailClick, moment},
	{"clicks", event.EmailClick, func(e *event.Event, _ *event.Message) (Value, bool) { return countOf(e.Click), true }},
	{"complainedAt", event.EmailComplaint, moment},
	{"deliveredAt", event.EmailDelivery, moment},
	{"emailId", "", func(e *event.Event, _ *event.Message) (Value, bool) { return textOf(e.EmailID), true }},
	{"from", "", func(_ *event.Event, m *event.Message) (Value, bool) { return textOf(m.From), true }},
	{"fromName", "", unknown}, // events name the sender's address alone
	{"isFirstClick", event.EmailClick, func(e *event.Event, _ *event.Message) (Value, bool) { return isFirst(e.Click), true }},
	{"isFirstOpen", event.EmailOpen, func(e *event.Event, _ *event.Message) (Value, bool) { return isFirst(e.Open), true }},
	{"link", event.EmailClick, func(e *event.Event, _ *event.Message) (Value, bool) {
		if e.Click == nil {
			return Value{}, true
		}
		return textOf(e.Click.URL), true
	}},
	{"messageId", "", func(_ *event.Event, m *event.Message) (Value, bool) { return textOf(m.ID), true }},
	{"openedAt", event.EmailOpen, moment},
	{"opens", event.EmailOpen, func(e *event.Event, _ *event.Message) (Value, bool) { return countOf(e.Open), true }},
	{"sentAt", event.EmailSent, moment},
	{"sourceType", "", func(_ *event.Event, m *event.Message) (Value, bool) {
		if m.Workflow != "" {
			return textOf(fromWorkflow), true
		}
		return textOf(fromSend), true
	}},
	{"subject", "", func(_ *event.Event, m *event.Message) (Value, bool) { return textOf(m.Subject), true }},
	{"templateId", "", func(_ *event.Event, m *event.Message) (Value, bool) { return textOf(m.Template), true }},
	{"transientBounce", event.EmailBounce, func(e *event.Event, _ *event.Message) (Value, bool) {
		return Value{Kind: Bool, Number: 1}, bounceType(e) == transient
	}},
}

func unknown(*event.Event, *event.Message) (Value, bool) { return Value{}, true }

func moment(e *event.Event, _ *event.Message) (Value, bool) {
	return Value{Kind: Time, Time: e.OccurredAt}, true
}

func textOf(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{Kind: Text, Text: s}
}

func isFirst(g *event.Engagement) Value {
	v := Value{Kind: Bool}
	if g != nil && g.First {
		v.Number = 1
	}
	return v
}

// countOf is how many opens or clicks the email had with this one. MailGlyph's may be off under load; these are counted in
// the transaction that stores the event.
func countOf(g *event.Engagement) Value {
	if g == nil || g.Count == 0 {
		return Value{}
	}
	return Value{Kind: Number, Number: g.Count}
}

var bounceTypes = map[event.BounceClass]string{
	event.Hard: permanent, event.Suppressed: permanent,
	event.Soft: transient, event.Block: transient, event.AutoReply: transient,
	event.Undetermined: undetermined,
}

func bounceType(e *event.Event) string {
	if e.Bounce != nil && bounceTypes[e.Bounce.Class] != "" {
		return bounceTypes[e.Bounce.Class]
	}
	return undetermined
}
