package control

import (
	"context"
	"fmt"

	"tidings/internal/send"
	"tidings/internal/store"
)

const opDecideSend = "decideSend"

// SendFilter asks for sends. Zero fields ask for all.
type SendFilter struct {
	Statuses []string
	Contact  string
	Origin   string
	// Broadcast is the id of a broadcast whose sends are meant.
	Broadcast string
	Cursor    string
	Limit     int
}

// SendPage is a page of sends, newest first.
type SendPage struct {
	Sends      []store.SendItem
	NextCursor string // empty: this is the last page
}

// Sends lists what was asked to be sent.
func (c *Control) Sends(ctx context.Context, who Actor, f SendFilter) (SendPage, error) {
	var p problems
	q := store.SendQuery{
		Project: who.Project, Contact: f.Contact, Origin: f.Origin, Broadcast: f.Broadcast,
		Before: p.refCursor(sendCursor, f.Cursor), Limit: f.Limit + 1,
	}
	p.limit(f.Limit)
	p.text("contact", f.Contact, 0, maxFilter)
	p.text("origin", f.Origin, 0, maxFilter)
	p.text("broadcast", f.Broadcast, 0, maxFilter)
	for i, word := range f.Statuses {
		status := send.Status(word)
		if !status.Known() {
			p.add(indexed("status", i), "there is no status %.60q", word)
		}
		q.Statuses = append(q.Statuses, status)
	}
	if err := p.err(); err != nil {
		return SendPage{}, err
	}
	list, err := c.Store.Sends(ctx, q)
	if err != nil {
		return SendPage{}, fmt.Errorf("list sends: %w", err)
	}
	page := SendPage{Sends: list}
	if len(list) > f.Limit {
		page.Sends = list[:f.Limit]
		page.NextCursor = cursorOfRef(sendCursor, list[f.Limit-1].Ref)
	}
	return page, nil
}

// GetSend finds a send by its id.
func (c *Control) GetSend(ctx context.Context, who Actor, id string) (store.SendItem, error) {
	var p problems
	p.text("id", id, 1, maxFilter)
	if err := p.err(); err != nil {
		return store.SendItem{}, err
	}
	x, err := c.Store.Send(ctx, who.Project, id)
	if err != nil {
		return x, fmt.Errorf("find send: %w", err)
	}
	return x, nil
}

// DecideSend does what a person decided of a send that is uncertain, failed, or still waits.
func (c *Control) DecideSend(ctx context.Context, who Actor, id string, to send.Status, note string) (store.SendItem, error) {
	var p problems
	p.text("id", id, 1, maxFilter)
	p.text("note", note, 0, maxNote)
	if err := p.err(); err != nil {
		return store.SendItem{}, err
	}
	x, err := c.Store.DecideSend(ctx, who.Project, id, to, note, c.act(who, opDecideSend, id, note))
	if err != nil {
		return x, fmt.Errorf("decide send: %w", err)
	}
	return x, nil
}
