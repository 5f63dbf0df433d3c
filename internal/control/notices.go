package control

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tidings/event"
	"tidings/internal/dispatch"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// Notices are what endpoints are told that is no event of a contact. They want them by the same words as events.
const NoticeEndpointDisabled = "endpoint.disabled"

// endpointNotice is a notice on its way to endpoints.
type endpointNotice struct {
	project, name string
	key           string // what it is of: a notice of the same key and time is told once, however often that is tried
	at            time.Time
	data          any // what stands in it, as JSON is made of it
}

// tellEndpoints tells the endpoints of a project that want a notice of it.
func (c *Control) tellEndpoints(ctx context.Context, n *endpointNotice) error {
	list, err := c.noticedEndpoints(ctx, n.project, n.name)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(n.data)
	if err != nil {
		return fmt.Errorf("encode a notice: %w", err)
	}
	id := event.NewID(n.at, n.project, "notice", n.name, n.key)
	told := dispatch.Told{Event: id, ID: id.String(), Name: n.name, OccurredAt: n.at, Public: raw}
	for ref, x := range list {
		kind, body, err := x.Body([]dispatch.Told{told})
		if err != nil {
			return err
		}
		if err := c.Store.QueueNotice(ctx, ref, id, kind, body, c.Now()); err != nil {
			return fmt.Errorf("queue a notice: %w", err)
		}
	}
	c.endpointsChanged()
	return nil
}

// noticedEndpoints are the endpoints that want notices of a name, by their numbers. One that asks for anything but names
// wants none.
func (c *Control) noticedEndpoints(ctx context.Context, project, name string) (map[int64]*dispatch.Endpoint, error) {
	list, err := c.Store.Endpoints(ctx, project)
	if err != nil {
		return nil, fmt.Errorf("list endpoints: %w", err)
	}
	out := make(map[int64]*dispatch.Endpoint, len(list))
	for i := range list {
		x, _ := dispatch.Compile(list[i].Definition, c.Outlets.Limits)
		if x != nil && list[i].DisabledAt.IsZero() && x.WantsNotice(name) {
			out[list[i].Ref] = x
		}
	}
	return out, nil
}

// endpointEnded is what is told of an endpoint that the server disabled.
type endpointEnded struct {
	Endpoint endpointNamed `json:"endpoint"`
	Reason   string        `json:"reason"`
	At       string        `json:"disabledAt"`
}

type endpointNamed struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// EndpointDisabled tells the other endpoints of one that the server disabled. payload is a store.EndpointEnd.
func (c *Control) EndpointDisabled(ctx context.Context, payload []byte) error {
	var x store.EndpointEnd
	if err := json.Unmarshal(payload, &x); err != nil {
		return fmt.Errorf("read which endpoint was disabled: %w", err)
	}
	e, err := c.Store.Endpoint(ctx, x.Project, x.Endpoint)
	if fault.Is(err, fault.NotFound) {
		return nil // it was deleted since
	}
	if err != nil {
		return fmt.Errorf("find endpoint: %w", err)
	}
	return c.tellEndpoints(ctx, &endpointNotice{
		project: x.Project, name: NoticeEndpointDisabled, key: e.ID, at: x.At, data: endpointEnded{
			Endpoint: endpointNamed{e.ID, e.Name}, Reason: x.Reason, At: x.At.UTC().Format("2006-01-02T15:04:05.000Z07:00"),
		},
	})
}
