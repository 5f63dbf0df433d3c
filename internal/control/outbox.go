package control

import (
	"context"
	"fmt"

	"tidings/internal/fault"
	"tidings/internal/sender"
)

const outboxCursor = 'o'

// OutboxPage is one page of the outbox.
type OutboxPage struct {
	Mails      []sender.OutboxMail
	NextCursor string // empty: there is none
}

// ListOutbox lists the emails that were written instead of sent, newest first; search looks into sender, recipient and
// subject. A page may be shorter than its limit and have a next one.
func (c *Control) ListOutbox(ctx context.Context, who Actor, search, cursor string, limit int) (OutboxPage, error) {
	var p problems
	p.text("search", search, 0, maxFilter)
	p.limit(limit)
	after := ""
	if cursor != "" {
		b, ok := decodeAnyCursor(outboxCursor, cursor)
		if !ok || len(b) == 0 {
			p.badCursor()
		}
		after = string(b)
	}
	if err := p.err(); err != nil {
		return OutboxPage{}, err
	}
	box, err := c.outbox()
	if err != nil {
		return OutboxPage{}, err
	}
	if limit == 0 {
		limit = 100
	}
	list, next, err := box.List(ctx, who.Project, after, search, limit)
	if err != nil {
		return OutboxPage{}, fmt.Errorf("list the outbox: %w", err)
	}
	page := OutboxPage{Mails: list}
	if next != "" {
		page.NextCursor = encodeCursor(outboxCursor, []byte(next))
	}
	return page, nil
}

// OutboxMail finds an email of the outbox.
func (c *Control) OutboxMail(_ context.Context, who Actor, id string) (sender.OutboxMail, error) {
	box, err := c.outbox()
	if err != nil {
		return sender.OutboxMail{}, err
	}
	return box.Mail(who.Project, id)
}

// OutboxRaw is an email of the outbox as it was written.
func (c *Control) OutboxRaw(_ context.Context, who Actor, id string) ([]byte, error) {
	box, err := c.outbox()
	if err != nil {
		return nil, err
	}
	return box.Raw(who.Project, id)
}

func (c *Control) outbox() (*sender.Outbox, error) {
	if c.Outbox == nil {
		return nil, fault.New(fault.Unavailable, "no_outbox", "there is no outbox here")
	}
	return c.Outbox, nil
}
