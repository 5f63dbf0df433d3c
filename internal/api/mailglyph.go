package api

import "tidings/event"

// mailGlyphData makes the data of an event as MailGlyph has it: its keys for the event's name, over the provider's own
// words. What is not known is null. A custom event's data are the user's own and stay as they are.
func mailGlyphData(e *event.Event) object {
	data := objectOf(e.Data)
	if e.Name.Slot() == 0 {
		return data
	}
	mailGlyphBase(data, e)
	if fill, ok := mailGlyphFields[e.Name]; ok {
		fill(data, e)
	}
	return data
}

// MailGlyph's words for where an email came from.
const (
	fromWorkflow = "WORKFLOW"
	fromSend     = "TRANSACTIONAL"
)

func mailGlyphBase(data object, e *event.Event) {
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

// mailGlyphFields are the keys of each name beyond the base. Where MailGlyph repeats the time of the first open or
// click with every later one, these tell the time of the event itself.
var mailGlyphFields = map[event.Name]func(object, *event.Event){
	event.EmailSent:      func(d object, e *event.Event) { d["sentAt"] = e.OccurredAt },
	event.EmailDelivery:  func(d object, e *event.Event) { d["deliveredAt"] = e.OccurredAt },
	event.EmailComplaint: func(d object, e *event.Event) { d["complainedAt"] = e.OccurredAt },
	event.EmailOpen: func(d object, e *event.Event) {
		d["openedAt"], d["isFirstOpen"] = e.OccurredAt, e.Open != nil && e.Open.First
	},
	event.EmailClick: func(d object, e *event.Event) {
		d["clickedAt"], d["isFirstClick"], d["link"] = e.OccurredAt, e.Click != nil && e.Click.First, nil
		if e.Click != nil {
			d["link"] = orNull(e.Click.URL)
		}
	},
	event.EmailBounce: mailGlyphBounce,
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

func mailGlyphBounce(d object, e *event.Event) {
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
