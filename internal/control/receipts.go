package control

import (
	"context"
	"fmt"
	"strings"

	"tidings/internal/store"
)

// ReceiptFilter is a question about receipts. Empty fields do not filter.
type ReceiptFilter struct {
	Source   string // src_…
	Problem  string // a problem's code, or "any"
	Kind     string // what the request was: "notification"
	From, To string // when it came: a time or a date; From inclusive, To exclusive
	Cursor   string
	Limit    int // 1 to 1000; 0 means 100
}

// ReceiptPage is one page of receipts, newest first.
type ReceiptPage struct {
	Receipts   []store.Receipt
	NextCursor string // empty: there is no more
}

// ListReceipts answers a question about receipts.
func (c *Control) ListReceipts(ctx context.Context, who Actor, f ReceiptFilter) (ReceiptPage, error) {
	var p problems
	q := store.ReceiptQuery{
		Project: who.Project, Source: f.Source, Problem: f.Problem, Kind: f.Kind,
		After: p.refCursor(receiptCursor, f.Cursor), Limit: f.Limit,
	}
	p.source(f.Source)
	p.text("source", f.Source, 0, maxFilter)
	p.code("problem", f.Problem)
	p.code("kind", f.Kind)
	p.limit(f.Limit)
	q.From, q.To = p.span(f.From, f.To)
	if err := p.err(); err != nil {
		return ReceiptPage{}, err
	}
	page, err := c.Store.ListReceipts(ctx, q)
	if err != nil {
		return ReceiptPage{}, fmt.Errorf("list receipts: %w", err)
	}
	return ReceiptPage{Receipts: page.Receipts, NextCursor: cursorOfRef(receiptCursor, page.Next)}, nil
}

// code checks a word for programs: lower-case letters, digits and underscores.
func (p *problems) code(field, s string) {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || len(s) > maxCode {
		p.add(field, "%.100q is not a code, which has only lower-case letters, digits and underscores", s)
	}
}

// maxCode is the longest code, in bytes.
const maxCode = 64

// Receipt finds a receipt by its id (rcp_…).
func (c *Control) Receipt(ctx context.Context, who Actor, id string) (store.Receipt, error) {
	r, err := c.Store.Receipt(ctx, who.Project, id)
	if err != nil {
		return r, fmt.Errorf("find receipt: %w", err)
	}
	return r, nil
}

// ReceiptRaw is what is kept of a receipt's body.
func (c *Control) ReceiptRaw(ctx context.Context, who Actor, id string) ([]byte, error) {
	b, err := c.Store.ReceiptBody(ctx, who.Project, id)
	if err != nil {
		return nil, fmt.Errorf("find receipt body: %w", err)
	}
	return b, nil
}
