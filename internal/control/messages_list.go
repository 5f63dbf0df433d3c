package control

import (
	"context"
	"fmt"

	"tidings/internal/store"
)

// MessageFilter is a question about emails. Empty fields do not filter.
type MessageFilter struct {
	Contact  string // con_… or an address
	Template string
	Source   string // src_…
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
