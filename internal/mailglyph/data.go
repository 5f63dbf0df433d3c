// Package mailglyph provides what events tell in MailGlyph's words: to those who ask for them, to templates and to webhooks.
package mailglyph

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
)

// Data makes the data of an event as MailGlyph has it: its keys for the event's name, over the provider's own words. What is
// not known is null. A custom event's data are the user's own and stay as they are: each a jsontext.Value.
func Data(e *event.Event) map[string]any {
	data := dataOf(e)
	if e.Name.Slot() == 0 {
		return data
	}
	if e.Name == event.EmailReceived && e.Message == nil {
		return data // it is in MailGlyph's words as it is
	}
	base(data, e)
	if fill, ok := fields[e.Name]; ok {
		fill(data, e)
	}
	return data
}

func dataOf(e *event.Event) map[string]any {
	var values map[string]jsontext.Value
	if len(e.Data) == 0 || json.Unmarshal(e.Data, &values, jsontext.AllowDuplicateNames(true)) != nil {
		return map[string]any{}
	}
	data := make(map[string]any, len(values))
	for k, v := range values {
		data[k] = v
	}
	return data
}

// MailGlyph's words for where an email came from.
const (
	fromWorkflow = "WORKFLOW"
	fromSend     = "TRANSACTIONAL"
)

func base(data map[string]any, e *event.Event) {
	m := e.Message
	if m == nil {
		m = &event.Message{}
	}
	data["subject"], data["from"] = orNull(m.Subject), orNull(m.From)
	data["fromName"] = nil // events name the sender's address alone
	data["messageId"], data["emailId"] = orNull(m.ID), orNull(e.EmailID)
	data["templateId"], data["campaignId"] = orNull(m.Template), nil
	data["sourceType"] = fromSend
	if m.Workflow != "" {
		data["sourceType"] = fromWorkflow
	}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// fields are the keys of each name beyond the base. Where MailGlyph repeats the time of the first open or
// click with every later one, these tell the time of the event itself.
var fields = map[event.Name]func(map[string]any, *event.Event){
	event.EmailSent:      func(d map[string]any, e *event.Event) { d["sentAt"] = e.OccurredAt },
	event.EmailDelivery:  func(d map[string]any, e *event.Event) { d["deliveredAt"] = e.OccurredAt },
	event.EmailComplaint: func(d map[string]any, e *event.Event) { d["complainedAt"] = e.OccurredAt },
	event.EmailOpen: func(d map[string]any, e *event.Event) {
		d["openedAt"], d["isFirstOpen"], d["opens"] = e.OccurredAt, e.Open != nil && e.Open.First, countOf(e.Open)
	},
	event.EmailClick: func(d map[string]any, e *event.Event) {
		d["clickedAt"], d["isFirstClick"], d["clicks"] = e.OccurredAt, e.Click != nil && e.Click.First, countOf(e.Click)
		d["link"] = nil
		if e.Click != nil {
			d["link"] = orNull(e.Click.URL)
		}
	},
	event.EmailBounce: bounce,
}

// countOf is how many opens or clicks the email had with this one. MailGlyph's may be off under load; these are counted in
// the transaction that stores the event.
func countOf(g *event.Engagement) any {
	if g == nil || g.Count == 0 {
		return nil
	}
	return g.Count
}

// SES's words for bounces, which MailGlyph hands on.
const (
	permanent    = "Permanent"
	transient    = "Transient"
	undetermined = "Undetermined"
)

var bounceTypes = map[event.BounceClass]string{
	event.Hard: permanent, event.Suppressed: permanent,
	event.Soft: transient, event.Block: transient, event.AutoReply: transient,
	event.Undetermined: undetermined,
}

func bounce(d map[string]any, e *event.Event) {
	kind := undetermined
	if e.Bounce != nil && bounceTypes[e.Bounce.Class] != "" {
		kind = bounceTypes[e.Bounce.Class]
	}
	d["bounceType"] = kind
	if kind == transient {
		d["transientBounce"] = true
		return
	}
	d["bouncedAt"] = e.OccurredAt
}
