package control

import (
	"context"
	"fmt"

	"tidings/event"
	"tidings/internal/dispatch"
	"tidings/internal/store"
)

// The names of operations on dispatches that change something.
const (
	opRetryDispatch = "retryDispatch"
	opDropDispatch  = "dropDispatch"
)

// DispatchFilter asks for dispatches. Empty fields ask for all.
type DispatchFilter struct {
	Endpoint string   // id or name
	Event    string   // an event's id: those of one event are not in pages, and nothing else is asked
	States   []string // dispatch.State
	Cursor   string
	Limit    int
}

// DispatchPage is one page of dispatches, newest first.
type DispatchPage struct {
	Dispatches []store.DispatchRow
	NextCursor string // empty: there is no more
}

// DispatchStates are the words for where a dispatch stands.
func DispatchStates() []string {
	return []string{
		string(dispatch.Sending), string(dispatch.Waiting), string(dispatch.Behind), string(dispatch.Delivered),
		string(dispatch.Dead),
		string(dispatch.Dropped),
	}
}

// Dispatches lists what was sent to endpoints, or waits.
func (c *Control) Dispatches(ctx context.Context, who Actor, f DispatchFilter) (page DispatchPage, err error) {
	var p problems
	q := store.DispatchQuery{
		Project: who.Project, Endpoint: f.Endpoint, After: p.refCursor(dispatchCursor, f.Cursor),
		Limit: f.Limit,
	}
	p.limit(f.Limit)
	p.text("endpoint", f.Endpoint, 0, maxFilter)
	for i, state := range f.States {
		p.oneOf(indexed("state", i), state, DispatchStates())
		q.States = append(q.States, dispatch.State(state))
	}
	if f.Event != "" {
		id, err := event.ParseID(f.Event)
		if err != nil {
			p.add("event", "%.60q is %v", f.Event, err)
		}
		q.Event = id
	}
	if err := p.err(); err != nil {
		return page, err
	}
	found, err := c.Store.Dispatches(ctx, q)
	if err != nil {
		return page, fmt.Errorf("list dispatches: %w", err)
	}
	return DispatchPage{found.Dispatches, cursorOfRef(dispatchCursor, found.Next)}, nil
}

// DispatchDetail is a dispatch with all its tries, oldest first.
type DispatchDetail struct {
	store.DispatchRow
	Events []event.ID
	Tries  []store.Attempt
}

// Dispatch finds a dispatch.
func (c *Control) Dispatch(ctx context.Context, who Actor, id string) (d DispatchDetail, err error) {
	if d.DispatchRow, d.Events, d.Tries, err = c.Store.Dispatch(ctx, who.Project, id); err != nil {
		return d, fmt.Errorf("find dispatch: %w", err)
	}
	return d, nil
}

// RetryDispatch sends again now what was given up, dropped or even delivered, under the id that it had.
func (c *Control) RetryDispatch(ctx context.Context, who Actor, id string) (store.DispatchRow, error) {
	x, err := c.Store.SendAgain(ctx, who.Project, id, c.act(who, opRetryDispatch, "", id))
	if err != nil {
		return x, fmt.Errorf("send again: %w", err)
	}
	c.endpointsChanged()
	return x, nil
}

// DropDispatch gives up what waits, or takes what was given up off the list.
func (c *Control) DropDispatch(ctx context.Context, who Actor, id string) (store.DispatchRow, error) {
	x, err := c.Store.DropDispatch(ctx, who.Project, id, c.act(who, opDropDispatch, "", id))
	if err != nil {
		return x, fmt.Errorf("drop dispatch: %w", err)
	}
	return x, nil
}
