package control

import (
	"context"
	"fmt"

	"tidings/internal/store"
)

// externalID begins what names a contact by the id that the user's own system knows it by.
const externalID = "ext:"

// Contact finds a contact by its id (con_…), its address or its external id (ext:…).
func (c *Control) Contact(ctx context.Context, who Actor, idOrAddress string) (store.Contact, error) {
	var p problems
	p.text("id", idOrAddress, 1, maxFilter)
	p.contact("id", idOrAddress)
	if err := p.err(); err != nil {
		return store.Contact{}, err
	}
	k, err := c.Store.Contact(ctx, who.Project, idOrAddress)
	if err != nil {
		return k, fmt.Errorf("find contact: %w", err)
	}
	return k, nil
}

// ContactEvents is the timeline of a contact, narrowed by a filter. A contact that nobody knows is a NotFound.
func (c *Control) ContactEvents(ctx context.Context, who Actor, idOrAddress string, f EventFilter) (EventPage, error) {
	k, err := c.Contact(ctx, who, idOrAddress)
	if err != nil {
		return EventPage{}, err
	}
	f.Contact = k.ID
	return c.ListEvents(ctx, who, f)
}

// Messages finds what became of an email: one message for each recipient, by the provider's message id, or the one
// that has our id (msg_…).
func (c *Control) Messages(ctx context.Context, who Actor, id string) ([]store.Message, error) {
	var p problems
	p.text("id", id, 1, maxFilter)
	if err := p.err(); err != nil {
		return nil, err
	}
	list, err := c.Store.Messages(ctx, who.Project, id)
	if err != nil {
		return nil, fmt.Errorf("find message: %w", err)
	}
	return list, nil
}

// MessageEvents is the timeline of an email, narrowed by a filter. A message that nobody knows is a NotFound.
func (c *Control) MessageEvents(ctx context.Context, who Actor, id string, f EventFilter) (EventPage, error) {
	if _, err := c.Messages(ctx, who, id); err != nil {
		return EventPage{}, err
	}
	f.Message = id
	return c.ListEvents(ctx, who, f)
}
