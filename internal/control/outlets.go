package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"tidings/event"
	"tidings/internal/attribute"
	"tidings/internal/dispatch"
	"tidings/internal/fault"
	"tidings/internal/feed"
	"tidings/internal/mailglyph"
	"tidings/internal/message"
	"tidings/internal/rule"
	"tidings/internal/segment"
	"tidings/internal/store"
)

// EventText is an event as the API shows it, in JSON.
type EventText func(*event.Event) ([]byte, error)

// NewOutletLog makes the log that endpoints follow: it is read once for all endpoints of a project. Its entries have no texts:
// the JSON of an event is made where an endpoint wants it.
func NewOutletLog(s *store.Store, log *slog.Logger) *feed.Hub {
	return newHub(s, maxOutlets, log, func(context.Context, []store.Logged, []feed.Entry) error { return nil })
}

// maxOutlets is more than the endpoints of all projects: each follows the log by itself.
const maxOutlets = 1 << 20

// NewOutlets makes the runner that serves endpoints from a log.
func (c *Control) NewOutlets(log *feed.Hub, logger *slog.Logger) *dispatch.Runner {
	o := &outlets{control: c, log: log, logger: logger, sources: make(map[string]sourceName)}
	return dispatch.NewRunner(dispatch.Options{
		Store: o, Read: o.read, Tell: o.tell, Find: o.find, Poster: c.Outlets.Poster, Limits: c.Outlets.Limits,
		Random: rand.Float64, Log: logger,
	})
}

// outlets is what the runner calls.
type outlets struct {
	control *Control
	log     *feed.Hub
	logger  *slog.Logger

	mu      sync.Mutex
	sources map[string]sourceName // by id
	closed  map[int64]int64       // endpoints whose secrets can't be opened, by number: their rev
}

// sourceName is what a source was called a moment ago.
type sourceName struct {
	name string
	at   time.Time
}

// HoldEndpoints implements dispatch.Store. An endpoint whose secrets can't be opened is not served, and that is told once.
func (o *outlets) HoldEndpoints(ctx context.Context, holder string, now, until time.Time) ([]dispatch.Held, error) {
	list, err := o.control.Store.HoldEndpoints(ctx, holder, now, until)
	if err != nil {
		return nil, err
	}
	held := make([]dispatch.Held, 0, len(list))
	for i := range list {
		x := &list[i]
		secrets, err := o.control.openEndpoint(x)
		if err != nil {
			o.cannotOpen(ctx, x, err)
			continue
		}
		x.Headers, x.Keys = secrets.Headers, secrets.Keys
		held = append(held, x.Held)
	}
	return held, nil
}

func (o *outlets) cannotOpen(ctx context.Context, x *store.Endpoint, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed[x.Ref] == x.Rev {
		return
	}
	if o.closed == nil {
		o.closed = make(map[int64]int64)
	}
	o.closed[x.Ref] = x.Rev
	o.logger.ErrorContext(ctx, "an endpoint is not served", "endpoint", x.ID, "error", err)
}

// LeaveEndpoints implements dispatch.Store.
func (o *outlets) LeaveEndpoints(ctx context.Context, holder string) error {
	return o.control.Store.LeaveEndpoints(ctx, holder)
}

// DueDispatches implements dispatch.Store.
func (o *outlets) DueDispatches(
	ctx context.Context, endpoint int64, now time.Time, limit int,
) ([]dispatch.Dispatch, time.Time, error) {
	return o.control.Store.DueDispatches(ctx, endpoint, now, limit)
}

// StepDispatches implements dispatch.Store.
func (o *outlets) StepDispatches(ctx context.Context, x *dispatch.Step) ([]dispatch.Dispatch, error) {
	return o.control.Store.StepDispatches(ctx, x)
}

// outletLog is a reader of the hub as the runner wants it.
type outletLog struct{ *feed.Reader }

func (o *outlets) read(ctx context.Context, project string, after dispatch.Position) (dispatch.Log, error) {
	at := feed.Position(after)
	r, err := o.log.Read(ctx, project, &at, nil)
	if err != nil {
		return nil, err
	}
	return outletLog{r}, nil
}

// Next implements dispatch.Log.
func (l outletLog) Next(ctx context.Context) ([]dispatch.Entry, error) {
	list, err := l.Reader.Next(ctx)
	out := make([]dispatch.Entry, len(list))
	for i, e := range list {
		out[i] = dispatch.Entry{At: dispatch.Position(e.At), Event: e.Event}
	}
	return out, err
}

// At implements dispatch.Log.
func (l outletLog) At() dispatch.Position { return dispatch.Position(l.Reader.At()) }

// tell is what an endpoint is told of an event; nil: the event is not for it.
func (o *outlets) tell(ctx context.Context, project string, x *dispatch.Endpoint, e *dispatch.Entry) (*dispatch.Told, error) {
	wanted, err := o.wants(ctx, project, x, e.Event)
	if err != nil || !wanted {
		return nil, err
	}
	return o.control.toldOf(ctx, project, x, e.Event)
}

func (o *outlets) wants(ctx context.Context, project string, x *dispatch.Endpoint, e *event.Event) (bool, error) {
	name, err := o.sourceName(ctx, project, e)
	if err != nil {
		return false, err
	}
	return o.control.endpointWants(ctx, project, x, &rule.Event{Event: *e, SourceName: name})
}

// sourceKnown is how long a source's name is remembered.
const sourceKnown = 10 * time.Second

func (o *outlets) sourceName(ctx context.Context, project string, e *event.Event) (string, error) {
	if e.Source == nil || e.Source.ID == "" {
		return "", nil
	}
	now := o.control.Now()
	o.mu.Lock()
	known, found := o.sources[e.Source.ID]
	o.mu.Unlock()
	if found && now.Sub(known.at).Abs() < sourceKnown {
		return known.name, nil
	}
	x, err := o.control.ruleEvent(ctx, project, e)
	if err != nil {
		return "", err
	}
	o.mu.Lock()
	o.sources[e.Source.ID] = sourceName{x.SourceName, now}
	o.mu.Unlock()
	return x.SourceName, nil
}

// endpointWants reports whether an endpoint is to be told of an event. What was imported is history, and nobody is told of it.
func (c *Control) endpointWants(ctx context.Context, project string, x *dispatch.Endpoint, e *rule.Event) (bool, error) {
	if isImport(e.SourceName) || !x.Tells(e) {
		return false, nil
	}
	if x.Condition == nil {
		return true, nil
	}
	if e.Recipient == "" {
		return false, nil
	}
	return c.contactFits(ctx, project, x.Condition, e.Recipient)
}

// contactFits reports whether a condition holds for an address, which may be one that nobody knows.
func (c *Control) contactFits(ctx context.Context, project string, condition *segment.Rule, address string) (bool, error) {
	facts, err := c.Store.Facts(ctx, project, address, condition, c.Now().UnixMilli())
	switch {
	case fault.Is(err, fault.NotFound): // it was erased, or a segment is gone
		facts = &segment.Facts{Email: address, Data: map[string][]attribute.Value{}, Member: func(string) bool { return false }}
	case fault.Is(err, fault.Invalid):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("evaluate the condition: %w", err)
	}
	return condition.Eval(facts, c.Now().UnixMilli()) == segment.True, nil
}

// toldOf is what an endpoint is told of an event that is for it.
func (c *Control) toldOf(
	ctx context.Context, project string, x *dispatch.Endpoint, e *event.Event,
) (t *dispatch.Told, err error) {
	public, err := c.Outlets.Public(e)
	if err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	t = &dispatch.Told{
		Event: e.ID, ID: e.ID.String(), Name: string(e.Name), OccurredAt: e.OccurredAt, Public: public,
	}
	if e.Source != nil {
		t.Source = e.Source.ID
	}
	if e.Message != nil {
		t.Message = e.Message.ID
	}
	if x.Ordered {
		t.Key = orderKey(e)
	}
	if x.Raw {
		if t.Raw, err = c.rawFor(ctx, project, e); err != nil {
			return nil, err
		}
	}
	if x.Format == dispatch.MailGlyph {
		if t.Of, err = c.ofMailGlyph(ctx, project, e); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// orderKey is what the events of one email, or of one contact, have in common.
func orderKey(e *event.Event) string {
	if e.Message != nil && e.Message.ID != "" {
		key := message.Key(e.Message.ID)
		return fmt.Sprintf("m%x", key)
	}
	return "c" + e.ContactID
}

// rawFor is what the provider told, without what lets its reader act for the recipient; nil where it is not kept.
func (c *Control) rawFor(ctx context.Context, project string, e *event.Event) ([]byte, error) {
	raw, err := c.EventRaw(ctx, Actor{Project: project}, e.ID.String())
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return withoutTokens(raw), nil
}

// withoutTokens takes the values of headers out of JSON by which whoever has them unsubscribes the recipient.
func withoutTokens(raw []byte) []byte {
	if !bytes.Contains(bytes.ToLower(raw), []byte("list-unsubscribe")) {
		return raw
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return nil // what can't be read can't be cleaned
	}
	blankTokens(value)
	clean, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	return clean
}

func blankTokens(value any) {
	const header, removed = "list-unsubscribe", "[removed]"
	switch x := value.(type) {
	case []any:
		for _, one := range x {
			blankTokens(one)
		}
	case map[string]any:
		if name, is := x["name"].(string); is && strings.EqualFold(name, header) {
			x["value"] = removed
		}
		for key, one := range x {
			if strings.EqualFold(key, header) {
				x[key] = removed
				continue
			}
			blankTokens(one)
		}
	}
}

// ofMailGlyph is an event in the form of MailGlyph's webhooks: no run led to it, so there is no execution.
func (c *Control) ofMailGlyph(ctx context.Context, project string, e *event.Event) (of dispatch.OfMailGlyph, err error) {
	told := mailglyph.Data(e)
	if _, taken := told["name"]; !taken {
		told["name"] = string(e.Name)
	}
	of.Event = told
	if e.Message != nil && e.Message.Workflow != "" {
		of.Workflow = map[string]any{"id": e.Message.Workflow, "name": e.Message.Workflow}
	}
	if e.Recipient == "" {
		return of, nil
	}
	contact := map[string]any{"email": e.Recipient, "subscribed": false, "data": map[string]any{}}
	k, err := c.Store.Contact(ctx, project, e.Recipient)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return of, fmt.Errorf("find contact: %w", err)
	}
	if err == nil {
		in, err := TemplateContext(&k, c.Now())
		if err != nil {
			return of, err
		}
		contact["subscribed"], contact["data"] = in.Subscribed, in.Attributes
	}
	of.Contact = contact
	return of, nil
}

// find makes again what a dispatch told. Events that are gone are left out; what the endpoint wants now does not matter.
func (o *outlets) find(
	ctx context.Context, project string, x *dispatch.Endpoint, d *dispatch.Dispatch,
) (list []dispatch.Told, err error) {
	for _, id := range d.Events {
		e, err := o.control.Store.Event(ctx, project, id)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("find event: %w", err)
		}
		told, err := o.control.toldOf(ctx, project, x, &e)
		if err != nil {
			return nil, err
		}
		list = append(list, *told)
	}
	return list, nil
}
