package control

import (
	"context"
	"fmt"
	"strings"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/internal/pull"
	"tidings/internal/store"
)

// EventFilter is a question about events as a person asks it. Empty fields do not filter.
type EventFilter struct {
	Names        []string // ours or the words of other systems; any of them
	Contact      string   // con_… or an address
	Message      string   // the provider's message id, or msg_…
	Receipt      string   // rcp_…: events that this request was the first to tell; not of WatchEvents
	Template     string
	Workflow     string
	Source       string // src_…
	Provider     string // an adapter's slug
	Tag          string
	SenderDomain string
	Account      string
	Bus          string // that a custom event was put on: its name or its ARN
	App          string // who put it there
	From, To     string // a time or a date; From inclusive, To exclusive
	Cursor       string // EventPage.NextCursor of the page before
	Limit        int    // 1 to 1000; 0 means 100
}

// EventPage is one page of events, newest first.
type EventPage struct {
	Events     []event.Event
	NextCursor string // empty: there is no more
}

// ListEvents answers a question about events.
func (c *Control) ListEvents(ctx context.Context, who Actor, f EventFilter) (EventPage, error) {
	q, err := c.eventQuery(f)
	if err != nil {
		return EventPage{}, err
	}
	q.Project = who.Project
	page, err := c.Store.ListEvents(ctx, q)
	if err != nil {
		return EventPage{}, fmt.Errorf("list events: %w", err)
	}
	if err := c.showLinks(ctx, who, page.Events); err != nil {
		return EventPage{}, err
	}
	return EventPage{Events: page.Events, NextCursor: cursorOfEvent(page.Next)}, nil
}

func (c *Control) eventQuery(f EventFilter) (store.EventQuery, error) {
	var p problems
	q := store.EventQuery{
		Names: p.eventNames(f.Names), Contact: f.Contact, Message: f.Message, Template: f.Template,
		Workflow: f.Workflow, Source: f.Source, Provider: f.Provider, Tag: f.Tag, SenderDomain: f.SenderDomain,
		Account: f.Account, Bus: event.BusName(f.Bus), App: f.App, Receipt: f.Receipt, Limit: f.Limit, After: p.eventCursor(f.Cursor),
	}
	for _, x := range [...]struct{ field, value string }{
		{"contact", f.Contact},
		{"message", f.Message},
		{"receipt", f.Receipt},
		{"template", f.Template},
		{"workflow", f.Workflow},
		{"source", f.Source},
		{"provider", f.Provider},
		{"tag", f.Tag},
		{"senderDomain", f.SenderDomain},
		{"account", f.Account},
		{"bus", f.Bus},
		{"app", f.App},
	} {
		p.text(x.field, x.value, 0, maxFilter)
	}
	p.contact("contact", f.Contact)
	p.source(f.Source)
	p.receipt(f.Receipt)
	p.oneOf("provider", f.Provider, c.slugs())
	p.limit(f.Limit)
	q.From, q.To = p.span(f.From, f.To)
	return q, p.err()
}

// eventNames makes names of words. A word that looks like a built-in name but is none is a slip of the pen, and would
// match nothing for ever.
func (p *problems) eventNames(words []string) []event.Name {
	names := make([]event.Name, 0, len(words))
	for _, w := range words {
		n := event.Canonical(w)
		p.text("name", w, 1, maxFilter)
		if strings.HasPrefix(string(n), "email.") && n.Slot() == 0 {
			p.add("name", "%.100q is not an event name: want one of %s", w, joinNames(event.EmailNames()))
		}
		names = append(names, n)
	}
	return names
}

func joinNames(names []event.Name) string {
	words := make([]string, len(names))
	for i, n := range names {
		words[i] = string(n)
	}
	return strings.Join(words, ", ")
}

// contact checks that a text can name a contact.
func (p *problems) contact(field, s string) {
	if s != "" && !strings.HasPrefix(s, "con_") && !strings.HasPrefix(s, externalID) && !strings.Contains(s, "@") {
		p.add(field, "%.100q is neither a contact's id (con_…) nor an address", s)
	}
}

func (p *problems) source(id string) {
	if id != "" && !strings.HasPrefix(id, "src_") {
		p.add("source", "%.100q is not a source's id (src_…)", id)
	}
}

func (p *problems) receipt(id string) {
	if id != "" && !strings.HasPrefix(id, "rcp_") {
		p.add("receipt", "%.100q is not a receipt's id (rcp_…)", id)
	}
}

// EventNames lists the names that events of the project have had, sorted.
func (c *Control) EventNames(ctx context.Context, who Actor) ([]event.Name, error) {
	names, err := c.Store.EventNames(ctx, who.Project)
	if err != nil {
		return nil, fmt.Errorf("list event names: %w", err)
	}
	return names, nil
}

// Event finds an event by its id.
func (c *Control) Event(ctx context.Context, who Actor, id string) (event.Event, error) {
	parsed, err := parseEventID(id)
	if err != nil {
		return event.Event{}, err
	}
	e, err := c.Store.Event(ctx, who.Project, parsed)
	if err != nil {
		return e, fmt.Errorf("find event: %w", err)
	}
	one := []event.Event{e}
	err = c.showLinks(ctx, who, one)
	return one[0], err
}

// EventRaw finds the provider's element that an event was made from, while its receipt is kept.
func (c *Control) EventRaw(ctx context.Context, who Actor, id string) ([]byte, error) {
	parsed, err := parseEventID(id)
	if err != nil {
		return nil, err
	}
	raw, err := c.Store.EventRaw(ctx, who.Project, parsed)
	if err != nil {
		return nil, fmt.Errorf("find raw event: %w", err)
	}
	if pull.IsImport(raw.Keep) {
		return pull.Element(raw.Keep, raw.Element)
	}
	if isTracked(raw.Keep) {
		return trackedElement(raw.Keep, raw.Element)
	}
	if isLink(raw.Keep) {
		return raw.Keep, nil
	}
	a, ok := c.adapter(raw.Provider)
	if !ok {
		return nil, fault.New(fault.NotFound, "no_adapter", "this version has no adapter for provider %s", raw.Provider)
	}
	element, err := a.Element(raw.Keep, raw.Element)
	if err != nil {
		return nil, fmt.Errorf("element %d of receipt %s: %w", raw.Element, raw.ReceiptID, err)
	}
	return element, nil
}

func parseEventID(id string) (event.ID, error) {
	parsed, err := event.ParseID(id)
	if err != nil {
		return parsed, fault.BadField("id", "%.60q is %v", id, err)
	}
	return parsed, nil
}
