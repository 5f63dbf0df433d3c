package control

import (
	"context"
	"fmt"

	"tidings/internal/contact"
	"tidings/internal/store"
)

// Reasons lists the reasons of suppressions.
func Reasons() []string {
	return []string{
		string(contact.HardBounce), string(contact.SoftBounceLimit), string(contact.ComplaintReason),
		string(contact.ProviderList), string(contact.Manual),
	}
}

// SuppressionFilter is a question about suppressions. Empty fields do not filter.
type SuppressionFilter struct {
	Reason  string
	Contact string // con_… or an address
	Active  *bool  // nil: those that hold and those that ended
	Cursor  string
	Limit   int // 1 to 1000; 0 means 100
}

// SuppressionPage is one page of suppressions, newest first.
type SuppressionPage struct {
	Rows       []store.SuppressionRow
	NextCursor string // empty: there is no more
}

// ListSuppressions answers a question about suppressions.
func (c *Control) ListSuppressions(ctx context.Context, who Actor, f SuppressionFilter) (SuppressionPage, error) {
	var p problems
	q := store.SuppressionQuery{
		Project: who.Project, Reason: contact.Reason(f.Reason), Contact: f.Contact, Active: f.Active,
		Now: c.Now().UTC(), After: p.refCursor(suppressionCursor, f.Cursor), Limit: f.Limit,
	}
	p.oneOf("reason", f.Reason, Reasons())
	p.text("contact", f.Contact, 0, maxFilter)
	p.contact("contact", f.Contact)
	p.limit(f.Limit)
	if err := p.err(); err != nil {
		return SuppressionPage{}, err
	}
	page, err := c.Store.ListSuppressions(ctx, q)
	if err != nil {
		return SuppressionPage{}, fmt.Errorf("list suppressions: %w", err)
	}
	return SuppressionPage{Rows: page.Rows, NextCursor: cursorOfRef(suppressionCursor, page.Next)}, nil
}

const maxNote = 1000

// Lift ends the suppressions of a contact, all that hold or the one with a reason. The note says why and is required:
// to mail somebody against a standing reason is a decision that has an author.
func (c *Control) Lift(
	ctx context.Context, who Actor, idOrAddress, reason, note string,
) ([]store.SuppressionRow, error) {
	var p problems
	p.text("contact", idOrAddress, 1, maxFilter)
	p.contact("contact", idOrAddress)
	p.oneOf("reason", reason, Reasons())
	p.text("note", note, 1, maxNote)
	if err := p.err(); err != nil {
		return nil, err
	}
	rows, err := c.Store.Lift(ctx, who.Project, idOrAddress, contact.Reason(reason), note,
		c.act(who, opLiftSuppression, idOrAddress, note))
	if err != nil {
		return nil, fmt.Errorf("lift suppression: %w", err)
	}
	return rows, nil
}
