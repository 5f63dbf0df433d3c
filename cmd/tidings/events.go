package main

import (
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/internal/control"
)

type eventsCommand struct {
	List  eventsList  `cmd:"" default:"withargs" help:"List events, newest first (this is also what events alone does)."`
	Get   eventsGet   `cmd:"" help:"Print one event."`
	Raw   eventsRaw   `cmd:"" help:"Print what an event was made from, as the provider sent it."`
	Names eventsNames `cmd:"" help:"List the names that events have had."`
}

// eventMatch are the filters of everything that lists events.
type eventMatch struct {
	Name         []string `placeholder:"NAME" help:"Name, ours or another system's word (opened); may be repeated."`
	Contact      string   `placeholder:"ADDRESS|ID" help:"Of this contact."`
	Message      string   `placeholder:"ID" help:"Of this message: the provider's id, or msg_…."`
	Template     string   `placeholder:"KEY" help:"Of this template."`
	Workflow     string   `placeholder:"ID" help:"Of this workflow."`
	Source       string   `placeholder:"ID" help:"That came to this source (src_…)."`
	Provider     string   `placeholder:"SLUG" help:"Of this provider: ${providers}."`
	Tag          string   `placeholder:"TAG" help:"Of messages with this tag."`
	SenderDomain string   `placeholder:"DOMAIN" help:"Of mail from this domain."`
	Account      string   `placeholder:"ID" help:"Of this sending account."`
	Bus          string   `placeholder:"NAME" help:"Put on this event bus: its name or its ARN."`
	App          string   `placeholder:"NAME" help:"Put there by this app: EventBridge's source."`
}

// filter asks for the events that match.
func (m *eventMatch) filter() control.EventFilter {
	return control.EventFilter{
		Names: m.Name, Contact: m.Contact, Message: m.Message, Template: m.Template, Workflow: m.Workflow, Source: m.Source,
		Provider: m.Provider, Tag: m.Tag, SenderDomain: m.SenderDomain, Account: m.Account, Bus: m.Bus, App: m.App,
	}
}

type eventsList struct {
	database   `embed:""`
	printing   `embed:""`
	eventMatch `embed:""`
	Receipt    string `placeholder:"ID" help:"That this receipt (rcp_…) was the first to tell."`
	From       string `placeholder:"TIME" help:"Not before this time or date."`
	To         string `placeholder:"TIME" help:"Before this time or date."`
	Cursor     string `placeholder:"CURSOR" help:"Go on where a page ended."`
	Limit      int    `default:"50" placeholder:"N" help:"Length of the page, 1 to 1000."`
}

// Help is the long help.
func (*eventsList) Help() string {
	return `Examples:

  tidings events --name bounced --from 2026-05-01
  tidings events --contact ann@acme.test --json
  tidings events --message 0102019a-two-000000
  tidings events --receipt rcp_1`
}

// Run lists events.
func (e *eventsList) Run(c *console) error {
	return e.local(c, func(ops *control.Control, who control.Actor) error {
		f := e.filter()
		f.Receipt, f.From, f.To, f.Cursor, f.Limit = e.Receipt, e.From, e.To, e.Cursor, e.Limit
		page, err := ops.ListEvents(c.ctx, who, f)
		if err != nil {
			return err
		}
		view := struct {
			Events     []event.Event `json:"events"`
			NextCursor string        `json:"nextCursor,omitempty"`
		}{page.Events, page.NextCursor}
		if view.Events == nil {
			view.Events = []event.Event{}
		}
		return e.print(c, view, func(w io.Writer) {
			printEvents(w, page.Events)
			if page.NextCursor != "" {
				fmt.Fprintf(w, "\nThere is more: --cursor %s\n", page.NextCursor)
			}
		})
	})
}

func printEvents(w io.Writer, events []event.Event) {
	rows := make([][]string, 0, len(events))
	for i := range events {
		e := &events[i]
		template := ""
		if e.Message != nil {
			template = e.Message.Template
		}
		rows = append(rows, []string{when(e.OccurredAt), string(e.Name), e.Recipient, template, summaryOf(e), e.ID.String()})
	}
	table(w, []string{"occurred", "name", "recipient", "template", "what", "id"}, rows)
}

// summaryOf says in a few words what is special about an event.
func summaryOf(e *event.Event) string {
	switch {
	case e.Bounce != nil:
		return string(e.Bounce.Class) + " " + e.Bounce.Reason
	case e.Complaint != nil:
		return e.Complaint.FeedbackType
	case e.Delay != nil:
		return e.Delay.Reason
	case e.Reject != nil:
		return e.Reject.Reason
	case e.Failure != nil:
		return e.Failure.Reason
	case e.Click != nil:
		return string(e.VerdictOf()) + " " + e.Click.URL
	case e.Open != nil:
		return string(e.VerdictOf())
	}
	return ""
}

type eventsGet struct {
	database `embed:""`
	ID       string `arg:"" help:"The event's id."`
}

// Help is the long help.
func (*eventsGet) Help() string {
	return `  tidings events get 019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11`
}

// Run prints one event; an event is JSON in any case.
func (e *eventsGet) Run(c *console) error {
	return e.local(c, func(ops *control.Control, who control.Actor) error {
		found, err := ops.Event(c.ctx, who, e.ID)
		if err != nil {
			return err
		}
		return writeJSON(c.out, found, jsontext.WithIndent("  "))
	})
}

type eventsRaw struct {
	database `embed:""`
	ID       string `arg:"" help:"The event's id."`
}

// Help is the long help.
func (*eventsRaw) Help() string {
	return `They are kept as long as the receipt is (--retention-receipts of the server).

  tidings events raw 019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11`
}

// Run prints the provider's bytes as they are.
func (e *eventsRaw) Run(c *console) error {
	return e.local(c, func(ops *control.Control, who control.Actor) error {
		raw, err := ops.EventRaw(c.ctx, who, e.ID)
		if err != nil {
			return err
		}
		_, err = c.out.Write(append(raw, '\n'))
		return err
	})
}

type eventsNames struct {
	database `embed:""`
	printing `embed:""`
}

// Help is the long help.
func (*eventsNames) Help() string {
	return `  tidings events names`
}

// Run lists the names.
func (e *eventsNames) Run(c *console) error {
	return e.local(c, func(ops *control.Control, who control.Actor) error {
		names, err := ops.EventNames(c.ctx, who)
		if err != nil {
			return err
		}
		if names == nil {
			names = []event.Name{}
		}
		return e.print(c, names, func(w io.Writer) {
			for _, n := range names {
				fmt.Fprintln(w, plain(string(n)))
			}
		})
	})
}
