package api

import (
	"bytes"
	"context"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/mailglyph"
)

// Event is an event as the API shows it: MailGlyph's keys first, then all of ours.
type Event struct {
	ID        string    `json:"id" doc:"The same however often the fact comes in" example:"019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11"`
	Name      string    `json:"name" doc:"What happened" example:"email.bounce"`
	Data      object    `json:"data" doc:"MailGlyph's data over the provider's words; of a custom event the user's own"`
	ProjectID string    `json:"projectId" example:"prj_default"`
	ContactID *string   `json:"contactId" doc:"The contact; null where the event is about none" example:"con_4f"`
	EmailID   *string   `json:"emailId" doc:"The email to this one recipient; null without one" example:"msg_2b"`
	CreatedAt time.Time `json:"createdAt" doc:"The same as occurredAt"`

	OccurredAt  time.Time      `json:"occurredAt" doc:"When it happened, in the provider's words"`
	ReceivedAt  time.Time      `json:"receivedAt" doc:"When it came in"`
	Source      *event.Source  `json:"source,omitempty" doc:"The stream that it came from"`
	Recipient   string         `json:"recipient,omitempty" doc:"The normalised address" example:"ghost@acme.test"`
	RecipientAs string         `json:"recipientAs,omitempty" doc:"As received, where it differs" example:"Ghost@Acme.test"`
	Attribution string         `json:"attribution,omitempty" enum:"exact,candidates" doc:"candidates: perhaps another recipient's"`
	Message     *event.Message `json:"message,omitempty" doc:"What is known of the email"`
	Bus         *event.Bus     `json:"bus,omitempty" doc:"Of a custom event that was put on an event bus: which, and by whom"`

	Bounce       *event.Bounce       `json:"bounce,omitempty"`
	Complaint    *event.Complaint    `json:"complaint,omitempty"`
	Delay        *event.Delay        `json:"delay,omitempty"`
	Delivery     *event.Delivery     `json:"delivery,omitempty"`
	Subscription *event.Subscription `json:"subscription,omitempty"`
	Reject       *event.Refusal      `json:"reject,omitempty"`
	Failure      *event.Refusal      `json:"failure,omitempty"`
	Open         *event.Engagement   `json:"open,omitempty"`
	Click        *event.Engagement   `json:"click,omitempty"`
	Client       *event.Client       `json:"client,omitempty" doc:"The program that caused the event, as far as it told"`
	Automation   *event.Automation   `json:"automation,omitempty" doc:"Whether a person or a program acted"`
}

// EventOf makes the public form of an event.
func EventOf(e *event.Event) Event {
	return Event{
		ID: e.ID.String(), Name: string(e.Name), Data: mailglyph.Data(e), ProjectID: e.ProjectID,
		ContactID: pointer(e.ContactID), EmailID: pointer(e.EmailID), CreatedAt: e.OccurredAt,
		OccurredAt: e.OccurredAt, ReceivedAt: e.ReceivedAt, Source: e.Source, Recipient: e.Recipient,
		RecipientAs: e.RecipientAs, Attribution: string(e.Attribution), Message: e.Message,
		Bounce: e.Bounce, Complaint: e.Complaint, Delay: e.Delay, Delivery: e.Delivery, Subscription: e.Subscription,
		Reject: e.Reject, Failure: e.Failure, Open: e.Open, Click: e.Click, Client: e.Client, Automation: e.Automation,
		Bus: e.Bus,
	}
}

func pointer(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Page is what every list answers beside its rows.
type Page struct {
	HasMore    bool   `json:"hasMore" doc:"Whether there is another page"`
	NextCursor string `json:"nextCursor,omitempty" doc:"The cursor of the next page" example:"ZQGaH26NL4xBmx5vDCp9XhE"`
}

func pageOf(next string) Page { return Page{HasMore: next != "", NextCursor: next} }

// EventPage is one page of events.
type EventPage struct {
	Events []Event `json:"events" nullable:"false" doc:"Newest first"`
	Page
}

func eventPageOf(p control.EventPage) EventPage {
	out := EventPage{Events: make([]Event, len(p.Events)), Page: pageOf(p.NextCursor)}
	for i := range p.Events {
		out.Events[i] = EventOf(&p.Events[i])
	}
	return out
}

// Paging is how every list is paged.
type Paging struct {
	Cursor string `query:"cursor" doc:"nextCursor of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"The most rows in the answer"`
}

// limit is the limit for control, which takes 0 for the default: whoever asks for 0 rows makes a mistake.
func (p Paging) limit() int {
	if p.Limit == 0 {
		return -1
	}
	return p.Limit
}

// Span bounds a list in time.
type Span struct {
	From string `query:"from" doc:"Not before this time (RFC 3339) or date (UTC), to the second" example:"2026-05-04T10:00:00Z"`
	To   string `query:"to" doc:"Before this time or date" example:"2026-05-05"`
}

// EventFilters are the filters that every list of events takes.
type EventFilters struct {
	EventMatch
	Paging
}

func (f EventFilters) filter() control.EventFilter {
	c := f.EventMatch.filter()
	c.Cursor, c.Limit = f.Cursor, f.limit()
	return c
}

// EventMatch is what events are filtered by, whether they are listed or watched.
type EventMatch struct {
	EventName    []string `query:"eventName,explode" doc:"A name, ours or another system's; may be repeated" example:"email.bounce"`
	Name         []string `query:"name,explode" doc:"The same as eventName"`
	Template     string   `query:"template" doc:"The email's template" example:"onboarding/welcome"`
	Workflow     string   `query:"workflow" doc:"The email's workflow" example:"onboarding"`
	Source       string   `query:"source" doc:"The source it came from" example:"src_01jq7z9f3v8k2m5n"`
	Provider     string   `query:"provider" doc:"The provider it came from" example:"ses"`
	Tag          string   `query:"tag" doc:"A tag of the email" example:"may"`
	SenderDomain string   `query:"senderDomain" doc:"The domain that sent the email" example:"send.test"`
	Account      string   `query:"account" doc:"The provider's account that sent the email" example:"123456789012"`
	Bus          string   `query:"bus" doc:"The event bus that a custom event was put on, its name or its ARN" example:"orders"`
	App          string   `query:"app" doc:"The app that put a custom event on a bus, EventBridge's source" example:"com.acme.shop"`
	Span
}

func (f EventMatch) filter() control.EventFilter {
	return control.EventFilter{
		Names: append(f.EventName, f.Name...), Template: f.Template, Workflow: f.Workflow, Source: f.Source,
		Provider: f.Provider, Tag: f.Tag, SenderDomain: f.SenderDomain, Account: f.Account, Bus: f.Bus, App: f.App,
		From: f.From, To: f.To,
	}
}

type listEventsIn struct {
	Contact string `query:"contact" doc:"A contact's id or address" example:"ghost@acme.test"`
	Message string `query:"message" doc:"The provider's message id" example:"0102019a-two"`
	Receipt string `query:"receipt" doc:"The request that was the first to tell of it" example:"rcp_3"`
	EventFilters
}

type eventPageOut struct{ Body EventPage }

func (a *api) listEvents(ctx context.Context, in *listEventsIn) (*eventPageOut, error) {
	f := in.filter()
	f.Contact, f.Message, f.Receipt = in.Contact, in.Message, in.Receipt
	page, err := a.Control.ListEvents(ctx, who(ctx), f)
	if err != nil {
		return nil, err
	}
	return &eventPageOut{eventPageOf(page)}, nil
}

// EventNames are the names that events have had.
type EventNames struct {
	EventNames []string `json:"eventNames" nullable:"false" doc:"Sorted"`
}

type eventNamesOut struct{ Body EventNames }

type nothingIn struct{}

func (a *api) listEventNames(ctx context.Context, _ *nothingIn) (*eventNamesOut, error) {
	names, err := a.Control.EventNames(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	out := &eventNamesOut{EventNames{EventNames: make([]string, len(names))}}
	for i, n := range names {
		out.Body.EventNames[i] = string(n)
	}
	return out, nil
}

type eventIn struct {
	ID string `path:"id" doc:"The event's id" example:"019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11"`
}

type eventOut struct{ Body Event }

func (a *api) getEvent(ctx context.Context, in *eventIn) (*eventOut, error) {
	e, err := a.Control.Event(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &eventOut{EventOf(&e)}, nil
}

type rawOut struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (a *api) getEventRaw(ctx context.Context, in *eventIn) (*rawOut, error) {
	b, err := a.Control.EventRaw(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return rawOf(b), nil
}

// rawOf says what kind of bytes they are, so that nobody has to guess.
func rawOf(b []byte) *rawOut {
	kind := "application/octet-stream"
	if jsontext.Value(bytes.Clone(b)).IsValid() {
		kind = "application/json"
	}
	return &rawOut{ContentType: kind, Body: b}
}
