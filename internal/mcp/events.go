package mcp

import (
	"context"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/event"
	"tidings/internal/control"
)

// EventRow is an event, with Mailshot's keys first.
type EventRow struct {
	EventType    string     `json:"eventType" jsonschema:"delivery, open, click, bounce, complaint, reply, …"`
	TemplateKey  *Untrusted `json:"templateKey,omitempty"`
	SequenceID   *Untrusted `json:"sequenceId,omitempty"`
	Subject      *Untrusted `json:"subject,omitempty"`
	LinkURL      *Untrusted `json:"linkUrl,omitempty" jsonschema:"of a click, without its query"`
	UserAgent    *Untrusted `json:"userAgent,omitempty"`
	SESMessageID string     `json:"sesMessageId,omitempty" jsonschema:"the provider's message id"`
	Timestamp    string     `json:"timestamp" jsonschema:"when it happened, UTC"`

	ID        string     `json:"id" jsonschema:"the event's id"`
	Email     string     `json:"email,omitempty" jsonschema:"the recipient; masked unless the key may see addresses"`
	ContactID string     `json:"contactId,omitempty"`
	MessageID string     `json:"messageId,omitempty" jsonschema:"msg_…: the email to this recipient"`
	Provider  string     `json:"provider,omitempty"`
	By        string     `json:"by,omitempty" jsonschema:"of opens and clicks: human, machine, proxy or unknown"`
	Unsure    bool       `json:"unsure,omitempty" jsonschema:"it may have been another recipient of the same email"`
	Bus       *Untrusted `json:"bus,omitempty" jsonschema:"of a custom event that came over an event bus: which"`
	App       *Untrusted `json:"app,omitempty" jsonschema:"the app that put it there"`
	Reason    *Reason    `json:"reason,omitempty" jsonschema:"why it bounced, was put off, refused or failed"`
}

// Reason is why an email did not go through.
type Reason struct {
	Class        string     `json:"class,omitempty" jsonschema:"of bounces: hard, soft, block, suppressed, auto_reply or undetermined"`
	Reason       *Untrusted `json:"reason,omitempty"`
	SMTPCode     int        `json:"smtpCode,omitempty"`
	EnhancedCode *Untrusted `json:"enhancedCode,omitempty"`
	Diagnostic   *Untrusted `json:"diagnostic,omitempty" jsonschema:"the remote server's words"`
}

func (v view) event(e *event.Event) EventRow {
	row := EventRow{
		EventType: id(strings.TrimPrefix(string(e.Name), "email.")), Timestamp: stamp(e.OccurredAt), ID: e.ID.String(),
		Email: v.address(e.Recipient), ContactID: e.ContactID, MessageID: e.EmailID, Unsure: e.Attribution == event.Candidates,
		Reason: v.reason(e),
	}
	if m := e.Message; m != nil {
		row.TemplateKey, row.SequenceID, row.Subject = v.text(m.Template), v.text(m.Workflow), v.text(m.Subject)
		row.SESMessageID = id(m.ID)
	}
	if e.Click != nil {
		row.LinkURL = v.link(e.Click.URL)
	}
	if e.Client != nil {
		row.UserAgent = v.text(e.Client.UserAgent)
	}
	if e.Bus != nil {
		row.Bus, row.App = v.text(e.Bus.Name), v.text(e.Bus.App)
	}
	if e.Source != nil {
		row.Provider = e.Source.Provider
	}
	if e.Name == event.EmailOpen || e.Name == event.EmailClick {
		row.By = string(e.VerdictOf())
	}
	return row
}

func (v view) reason(e *event.Event) *Reason {
	switch {
	case e.Bounce != nil:
		b := e.Bounce
		return &Reason{string(b.Class), v.text(b.Reason), b.SMTPCode, v.text(b.EnhancedCode), v.text(b.Diagnostic)}
	case e.Delay != nil:
		d := e.Delay
		return &Reason{"", v.text(d.Reason), d.SMTPCode, v.text(d.EnhancedCode), v.text(d.Diagnostic)}
	case e.Reject != nil:
		return &Reason{Reason: v.text(e.Reject.Reason), Diagnostic: v.text(e.Reject.Detail)}
	case e.Failure != nil:
		return &Reason{Reason: v.text(e.Failure.Reason), Diagnostic: v.text(e.Failure.Detail)}
	case e.Complaint != nil && e.Complaint.FeedbackType != "":
		return &Reason{Reason: v.text(e.Complaint.FeedbackType)}
	}
	return nil
}

// Events is a page of events, the newest first.
type Events struct {
	Events     []EventRow `json:"events"`
	NextCursor string     `json:"nextCursor,omitempty" jsonschema:"absent: there is no more"`
}

// matchIn is what every tool that lists events takes.
type matchIn struct {
	EventType string `json:"eventType,omitempty" jsonschema:"only events of this name: delivery, open, click, bounce, complaint, reply, sent, delay, unsubscribe, …"`
	StartDate string `json:"startDate,omitempty" jsonschema:"not before this day (2026-05-04, UTC) or time (2026-05-04T10:00:00Z)"`
	EndDate   string `json:"endDate,omitempty" jsonschema:"up to the end of this day, or before this time"`
	Limit     int    `json:"limit,omitempty" jsonschema:"1 to 100, default 20"`
	Cursor    string `json:"cursor,omitempty" jsonschema:"nextCursor of the page before"`
}

func (in matchIn) filter() (f control.EventFilter, err error) {
	f = control.EventFilter{From: in.StartDate, To: endOf(in.EndDate), Cursor: in.Cursor}
	if in.EventType != "" {
		f.Names = []string{nameOf(in.EventType)}
	}
	f.Limit, err = limit(in.Limit)
	return f, err
}

// nameOf makes a name of an assistant's word: "bounce" is email.bounce.
func nameOf(word string) string {
	if full := event.Name("email." + word); slices.Contains(event.EmailNames(), full) {
		return string(full)
	}
	return word
}

type subscriberEventsIn struct {
	emailIn
	matchIn
}

type templateEventsIn struct {
	TemplateKey string `json:"templateKey" jsonschema:"the template's name, exactly"`
	matchIn
}

type sequenceEventsIn struct {
	SequenceID string `json:"sequenceId" jsonschema:"the sequence's (workflow's) name, exactly"`
	matchIn
}

type searchIn struct {
	Email        string `json:"email,omitempty" jsonschema:"an address, or a contact's id (con_…)"`
	MessageID    string `json:"messageId,omitempty" jsonschema:"the provider's message id, or ours (msg_…)"`
	TemplateKey  string `json:"templateKey,omitempty" jsonschema:"the template's name, exactly"`
	SequenceID   string `json:"sequenceId,omitempty" jsonschema:"the sequence's (workflow's) name, exactly"`
	Source       string `json:"source,omitempty" jsonschema:"a source's id (src_…)"`
	Provider     string `json:"provider,omitempty" jsonschema:"ses, sendgrid, postmark, …"`
	Tag          string `json:"tag,omitempty" jsonschema:"a tag of the email"`
	SenderDomain string `json:"senderDomain,omitempty" jsonschema:"the domain that sent the email"`
	Bus          string `json:"bus,omitempty" jsonschema:"the event bus that a custom event was put on, its name or ARN"`
	App          string `json:"app,omitempty" jsonschema:"the app that put a custom event on a bus"`
	matchIn
}

func (x *session) eventTools() {
	const paged = " The newest first, at most 100 at once. For figures use get_delivery_stats instead of counting events."
	add(x, definition[subscriberEventsIn, Events]{
		name: "get_subscriber_events", title: "Get a subscriber's events",
		description: "What happened with the emails to one contact." + paged,
		target:      func(in subscriberEventsIn) string { return in.Email }, plain: plainEvents, more: moreEvents,
		run: func(ctx context.Context, _ *mcp.CallToolRequest, in subscriberEventsIn) (Events, error) {
			return x.events(in.matchIn, func(f control.EventFilter) (control.EventPage, error) {
				return x.Control.ContactEvents(ctx, x.who, in.Email, f)
			})
		},
	})
	add(x, definition[templateEventsIn, Events]{
		name: "get_template_events", title: "Get a template's events",
		description: "What happened with the emails of one template. The template's name is matched exactly." + paged,
		target:      func(in templateEventsIn) string { return in.TemplateKey }, plain: plainEvents, more: moreEvents,
		run: func(ctx context.Context, _ *mcp.CallToolRequest, in templateEventsIn) (Events, error) {
			return x.search(ctx, searchIn{TemplateKey: in.TemplateKey, matchIn: in.matchIn})
		},
	})
	add(x, definition[sequenceEventsIn, Events]{
		name: "get_sequence_events", title: "Get a sequence's events",
		description: "What happened with the emails of one sequence (workflow). Its name is matched exactly." + paged,
		target:      func(in sequenceEventsIn) string { return in.SequenceID }, plain: plainEvents, more: moreEvents,
		run: func(ctx context.Context, _ *mcp.CallToolRequest, in sequenceEventsIn) (Events, error) {
			return x.search(ctx, searchIn{SequenceID: in.SequenceID, matchIn: in.matchIn})
		},
	})
	add(x, definition[searchIn, Events]{
		name: "search_events", title: "Search events",
		description: "Events by any of contact, email, template, sequence, source, provider, tag, sender domain, bus, app, name " +
			"and time; " +
			"every filter narrows, none is required. A page may hold fewer than its limit while there is more." + paged,
		target: func(in searchIn) string {
			for _, s := range []string{in.Email, in.MessageID, in.TemplateKey, in.SequenceID, in.Source} {
				if s != "" {
					return s
				}
			}
			return ""
		},
		plain: plainEvents, more: moreEvents,
		run: func(ctx context.Context, _ *mcp.CallToolRequest, in searchIn) (Events, error) {
			return x.search(ctx, in)
		},
	})
}

func plainEvents(p Events) any   { return p.Events }
func moreEvents(p Events) string { return p.NextCursor }

func (x *session) search(ctx context.Context, in searchIn) (Events, error) {
	return x.events(in.matchIn, func(f control.EventFilter) (control.EventPage, error) {
		f.Contact, f.Message, f.Template, f.Workflow = in.Email, in.MessageID, in.TemplateKey, in.SequenceID
		f.Source, f.Provider, f.Tag, f.SenderDomain = in.Source, in.Provider, in.Tag, in.SenderDomain
		f.Bus, f.App = in.Bus, in.App
		return x.Control.ListEvents(ctx, x.who, f)
	})
}

func (x *session) events(
	in matchIn, list func(control.EventFilter) (control.EventPage, error),
) (out Events, err error) {
	f, err := in.filter()
	if err != nil {
		return out, err
	}
	page, err := list(f)
	if err != nil {
		return out, err
	}
	out = Events{Events: make([]EventRow, 0, len(page.Events)), NextCursor: page.NextCursor}
	for i := range page.Events {
		out.Events = append(out.Events, x.view.event(&page.Events[i]))
	}
	return out, nil
}
