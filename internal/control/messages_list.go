package control

import (
	"context"
	"fmt"

	"tidings/event"
	"tidings/internal/message"
	"tidings/internal/store"
)

// MessageFilter is a question about emails. Empty fields do not filter.
type MessageFilter struct {
	Contact  string // con_… or an address
	Template string
	Source   string // src_…
	Status   string // an event's name, ours or another system's word: store.Message.Status
	From, To string // of an event: a time or a date; From inclusive, To exclusive
	Cursor   string
	Limit    int // 1 to 1000; 0 means 100
}

// MessagePage is one page of emails, by the newest of their events that match.
type MessagePage struct {
	Messages   []store.Message
	NextCursor string // empty: there is no more
}

// ListMessages answers a question about emails, one row for each recipient.
func (c *Control) ListMessages(ctx context.Context, who Actor, f MessageFilter) (MessagePage, error) {
	var p problems
	q := store.MessageQuery{
		Project: who.Project, Contact: f.Contact, Template: f.Template, Source: f.Source, Limit: f.Limit,
		After: p.messageCursor(f.Cursor),
	}
	q.Status = p.status(f.Status)
	p.text("contact", f.Contact, 0, maxFilter)
	p.text("template", f.Template, 0, maxFilter)
	p.text("source", f.Source, 0, maxFilter)
	p.contact("contact", f.Contact)
	p.source(f.Source)
	p.limit(f.Limit)
	q.From, q.To = p.span(f.From, f.To)
	if err := p.err(); err != nil {
		return MessagePage{}, err
	}
	page, err := c.Store.ListMessages(ctx, q)
	if err != nil {
		return MessagePage{}, fmt.Errorf("list messages: %w", err)
	}
	return MessagePage{Messages: page.Messages, NextCursor: cursorOfID(messageCursor, page.Next)}, nil
}

// status makes a name of a word. A word that no email can have would match nothing for ever.
func (p *problems) status(word string) event.Name {
	if word == "" {
		return ""
	}
	p.text("status", word, 0, maxFilter)
	n := event.Canonical(word)
	if message.RankNamed(n) == message.NoRank {
		p.add("status", "%.100q is not a status: want one of %s", word, joinNames(message.Statuses()))
	}
	return n
}
