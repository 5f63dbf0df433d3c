package control

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"

	"tidings/event"
	"tidings/internal/dispatch"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// The names of notices: what endpoints are told that is no event of a contact. Endpoints want them by the same words.
const (
	NoticeEndpointDisabled = "endpoint.disabled"
	NoticeAlertRaised      = "alert.raised"
	NoticeAlertResolved    = "alert.resolved"
)

// TellEndpoints tells the endpoints of a project that want a notice of it. data is what stands in it, as JSON is made of it.
// An endpoint that asks for anything but names wants no notices, and MailGlyph's form has none.
func (c *Control) TellEndpoints(ctx context.Context, project, name string, data any) error {
	list, err := c.Store.Endpoints(ctx, project)
	if err != nil {
		return fmt.Errorf("list endpoints: %w", err)
	}
	now := c.Now().UTC()
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode a notice: %w", err)
	}
	id := event.NewID(now, project, "notice", rand.Text())
	told := dispatch.Told{Event: id, ID: id.String(), Name: name, OccurredAt: now, Public: raw}
	for i := range list {
		x, _ := dispatch.Compile(list[i].Definition, c.Outlets.Limits)
		if x == nil || !list[i].DisabledAt.IsZero() || !x.WantsNotice(name) {
			continue
		}
		kind, body, err := x.Body([]dispatch.Told{told})
		if err != nil {
			return err
		}
		if err := c.Store.QueueNotice(ctx, list[i].Ref, id, kind, body, now); err != nil {
			return fmt.Errorf("queue a notice: %w", err)
		}
	}
	c.endpointsChanged()
	return nil
}

// endpointNotice is what is told of an endpoint that the server disabled.
type endpointNotice struct {
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
	return c.TellEndpoints(ctx, x.Project, NoticeEndpointDisabled, endpointNotice{
		Endpoint: endpointNamed{e.ID, e.Name}, Reason: x.Reason, At: x.At.UTC().Format("2006-01-02T15:04:05.000Z07:00"),
	})
}
