package api

import (
	"context"
	"time"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/store"
)

// Message is what became of one email for one recipient.
type Message struct {
	ID        string         `json:"id" example:"msg_2b"`
	Provider  string         `json:"provider" example:"ses"`
	ContactID string         `json:"contactId" example:"con_4f"`
	Recipient string         `json:"recipient" example:"ghost@acme.test"`
	Status    string         `json:"status,omitempty" doc:"The event that tells most of it" example:"email.bounce"`
	Counts    []MessageCount `json:"counts" nullable:"false" doc:"How often each event happened to it"`
	Message   event.Message  `json:"message" doc:"What is known of the email"`

	Latest     *LatestEvent `json:"latest,omitempty" doc:"What happened to it last; absent: no event of it is kept"`
	Recipients int64        `json:"recipients" doc:"How many recipients of the same email are known, this one among them" example:"1"`
}

// LatestEvent is what happened to an email last.
type LatestEvent struct {
	Name       string    `json:"name" example:"email.open"`
	OccurredAt time.Time `json:"occurredAt" doc:"When it happened, in the provider's words"`
	Verdict    string    `json:"verdict,omitempty" doc:"Of opens and clicks, who acted: human, machine, proxy, unknown"`
	Candidates bool      `json:"candidates,omitempty" doc:"It is not sure that it was this recipient"`
}

func latestOf(e store.LatestEvent) *LatestEvent {
	if e.Name == "" {
		return nil
	}
	out := &LatestEvent{Name: string(e.Name), OccurredAt: e.At, Candidates: e.Candidates}
	if e.Name == event.EmailOpen || e.Name == event.EmailClick {
		out.Verdict = string(e.Verdict)
	}
	return out
}

// MessageCount is how often a name happened to an email.
type MessageCount struct {
	Name       string    `json:"name" example:"email.open"`
	Verdict    string    `json:"verdict,omitempty" doc:"Who acted: human, machine, proxy, unknown"`
	Candidates bool      `json:"candidates,omitempty" doc:"It is not sure that it was this recipient"`
	Count      int64     `json:"count"`
	FirstAt    time.Time `json:"firstAt" doc:"When it happened for the first time"`
}

// MessageTimeline is an email: its recipients and its newest events.
type MessageTimeline struct {
	Messages []Message `json:"messages" nullable:"false" doc:"One for each recipient"`
	EventPage
}

func messageOf(m *store.Message) Message {
	out := Message{
		ID: m.ID, Provider: m.Provider, ContactID: m.ContactID, Recipient: m.Recipient, Status: string(m.Status),
		Message: m.Info, Counts: make([]MessageCount, len(m.Counts)), Latest: latestOf(m.Latest), Recipients: m.Recipients,
	}
	for i, c := range m.Counts {
		out.Counts[i] = MessageCount{
			Name: string(c.Name), Candidates: c.Candidates, Count: c.Count, FirstAt: c.FirstAt,
		}
		if c.Name == event.EmailOpen || c.Name == event.EmailClick {
			out.Counts[i].Verdict = string(c.Verdict)
		}
	}
	return out
}

// MessagePath names an email in a path.
type MessagePath struct {
	ID string `path:"id" doc:"The provider's message id, or ours (msg_…)" example:"0102019a-two"`
}

type messageOut struct{ Body MessageTimeline }

func (a *api) getMessage(ctx context.Context, in *MessagePath) (*messageOut, error) {
	list, err := a.Control.Messages(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	page, err := a.Control.ListEvents(ctx, who(ctx), control.EventFilter{Message: in.ID})
	if err != nil {
		return nil, err
	}
	return &messageOut{MessageTimelineOf(list, page)}, nil
}

// MessageTimelineOf makes the public form of an email: its recipients, and a page of its events.
func MessageTimelineOf(list []store.Message, page control.EventPage) MessageTimeline {
	out := MessageTimeline{Messages: make([]Message, len(list)), EventPage: eventPageOf(page)}
	for i := range list {
		out.Messages[i] = messageOf(&list[i])
	}
	return out
}

type messageEventsIn struct {
	MessagePath
	Contact string `query:"contact" doc:"A contact's id or address" example:"ghost@acme.test"`
	EventFilters
}

func (a *api) listMessageEvents(ctx context.Context, in *messageEventsIn) (*eventPageOut, error) {
	f := in.filter()
	f.Contact = in.Contact
	page, err := a.Control.MessageEvents(ctx, who(ctx), in.ID, f)
	if err != nil {
		return nil, err
	}
	return &eventPageOut{eventPageOf(page)}, nil
}
