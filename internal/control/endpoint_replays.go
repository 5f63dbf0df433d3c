package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tidings/event"
	"tidings/internal/dispatch"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// The names of operations on replays of endpoints that change something.
const (
	opReplayEndpoint       = "replayEndpoint"
	opCancelEndpointReplay = "cancelEndpointReplay"
)

// The bounds of replays of endpoints.
const (
	maxReplayEvents    = 1000
	defaultReplayRate  = 50
	maxReplayRate      = 10_000
	endpointReplayPage = 500
	// orderSlack is how far apart the order of the log and that of the clock may be.
	orderSlack = 2 * time.Minute
)

// EndpointReplayWish says what is to be sent to an endpoint again: some events, or what was stored in a span.
type EndpointReplayWish struct {
	Events    []string  // ids; then nothing else is said
	Since     time.Time // of when it was stored
	Until     time.Time // zero: up to now
	OnlyDead  bool      // what was given up, and nothing else
	PerSecond *float64  // nil: 50; 0: as fast as the endpoint lets it
}

// ReplayEndpoint sends events again that an endpoint wants, under the ids that they had, whether it took them before or not.
// Some events are queued at once; a span is worked through in the background, one at a time for each endpoint.
func (c *Control) ReplayEndpoint(
	ctx context.Context, who Actor, idOrName string, w EndpointReplayWish,
) (x store.EndpointReplay, err error) {
	now := c.Now().UTC()
	var p problems
	p.replayWish(&w, now)
	ids := p.eventIDs("events", w.Events)
	if err := p.err(); err != nil {
		return x, err
	}
	e, err := c.storedEndpoint(ctx, who, idOrName)
	if err != nil {
		return x, err
	}
	if !e.DisabledAt.IsZero() {
		return x, store.ErrEndpointDisabled(e.Name)
	}
	x = store.EndpointReplay{Since: w.Since, Until: w.Until, OnlyDead: w.OnlyDead, PerSecond: defaultReplayRate}
	if w.PerSecond != nil {
		x.PerSecond = *w.PerSecond
	}
	act := c.act(who, opReplayEndpoint, "", w.note())
	if len(ids) > 0 {
		return c.replayEvents(ctx, who, &e, x, ids, act)
	}
	if x.Until.IsZero() {
		x.Until = now.Add(time.Millisecond) // with what came at this moment
	}
	if !x.OnlyDead {
		if err := c.replaySpan(ctx, &x); err != nil {
			return x, err
		}
	}
	if x, err = c.Store.CreateEndpointReplay(ctx, who.Project, e.ID, x, act); err != nil {
		return x, fmt.Errorf("replay endpoint: %w", err)
	}
	return x, nil
}

// replaySpan finds the part of the log that was written in the span.
func (c *Control) replaySpan(ctx context.Context, x *store.EndpointReplay) error {
	from, err := c.Store.PlaceAt(ctx, x.Since.Add(-orderSlack))
	if err != nil {
		return err
	}
	to, err := c.Store.PlaceAt(ctx, x.Until.Add(orderSlack))
	x.At, x.End = dispatch.Position(from), dispatch.Position(to)
	return err
}

func (p *problems) replayWish(w *EndpointReplayWish, now time.Time) {
	if len(w.Events) > maxReplayEvents {
		p.add("events", "has %d ids, at most %d are taken: say since and until", len(w.Events), maxReplayEvents)
	}
	switch spanned := !w.Since.IsZero() || !w.Until.IsZero() || w.OnlyDead; {
	case len(w.Events) > 0 && spanned:
		p.add("events", "stands alone: not with since, until or onlyDead")
	case len(w.Events) == 0 && w.Since.IsZero():
		p.add("since", "is required, or events: what is to be sent again")
	case !w.Until.IsZero() && !w.Until.After(w.Since):
		p.add("until", "must be after since")
	case w.Since.After(now):
		p.add("since", "is in the future")
	}
	if r := w.PerSecond; r != nil && (*r < 0 || *r > maxReplayRate) {
		p.add("perSecond", "must be 0, for as fast as the endpoint lets it, to %d", maxReplayRate)
	}
}

func (p *problems) eventIDs(field string, list []string) []event.ID {
	ids := make([]event.ID, 0, len(list))
	for i, text := range list {
		id, err := event.ParseID(text)
		if err != nil {
			p.add(indexed(field, i), "%.60q is %v", text, err)
			continue
		}
		ids = append(ids, id)
	}
	return ids
}

func (w *EndpointReplayWish) note() string {
	if len(w.Events) > 0 {
		return fmt.Sprintf("%d events", len(w.Events))
	}
	note := "since " + w.Since.UTC().Format(time.RFC3339)
	if !w.Until.IsZero() {
		note += " until " + w.Until.UTC().Format(time.RFC3339)
	}
	if w.OnlyDead {
		note += ", what was given up"
	}
	return note
}

// replayEvents queues some events at once. All have to be there, whatever the endpoint wants.
func (c *Control) replayEvents(
	ctx context.Context, who Actor, e *store.Endpoint, x store.EndpointReplay, ids []event.ID, act store.Act,
) (store.EndpointReplay, error) {
	var p problems
	for i, id := range ids {
		_, err := c.Store.Event(ctx, who.Project, id)
		if fault.Is(err, fault.NotFound) {
			p.add(indexed("events", i), "there is no event %s", id)
			continue
		}
		if err != nil {
			return x, fmt.Errorf("find event: %w", err)
		}
	}
	if err := p.err(); err != nil {
		return x, err
	}
	x.Since, x.Until = act.At, act.At
	pace := &pacing{x: &x, from: act.At}
	list := make([]store.Again, len(ids))
	for i, id := range ids {
		list[i] = store.Again{Event: id, Due: pace.next()}
	}
	done, err := c.Store.ReplayEvents(ctx, who.Project, e.ID, x, list, act)
	if err != nil {
		return x, fmt.Errorf("replay events: %w", err)
	}
	c.endpointsChanged()
	return done, nil
}

// pacing spreads what is sent again over time.
type pacing struct {
	x    *store.EndpointReplay
	from time.Time
}

// next is when the next one is due.
func (p *pacing) next() time.Time {
	if p.x.PerSecond <= 0 {
		return p.from
	}
	if p.x.Due.Before(p.from) {
		p.x.Due = p.from
		return p.from
	}
	p.x.Due = p.x.Due.Add(time.Duration(float64(time.Second) / p.x.PerSecond))
	return p.x.Due
}

// EndpointReplays lists the newest replays of an endpoint.
func (c *Control) EndpointReplays(ctx context.Context, who Actor, idOrName string) ([]store.EndpointReplay, error) {
	list, err := c.Store.EndpointReplays(ctx, who.Project, idOrName)
	if err != nil {
		return nil, fmt.Errorf("list replays of an endpoint: %w", err)
	}
	return list, nil
}

// CancelEndpointReplay ends a replay where it is. What it queued is sent.
func (c *Control) CancelEndpointReplay(ctx context.Context, who Actor, idOrName, id string) (store.EndpointReplay, error) {
	x, err := c.Store.CancelEndpointReplay(ctx, who.Project, idOrName, id, c.act(who, opCancelEndpointReplay, "", id))
	if err != nil {
		return x, fmt.Errorf("cancel replay: %w", err)
	}
	return x, nil
}

// RunEndpointReplay does the work of a replay from where it was. Where it fails the replay notes why and goes on later; after
// the last try it has failed.
func (c *Control) RunEndpointReplay(ctx context.Context, id string, lastTry bool) error {
	x, e, err := c.Store.EndpointReplay(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return nil // its endpoint was deleted
	}
	if err != nil {
		return fmt.Errorf("find replay: %w", err)
	}
	if !x.EndedAt.IsZero() {
		return nil
	}
	x.State = store.ReplayRunning
	err = c.runEndpointReplay(ctx, &x, &e)
	if err == nil || ctx.Err() != nil {
		return err
	}
	x.Problem = err.Error()
	if lastTry {
		x.State, x.EndedAt = store.ReplayFailed, c.Now().UTC()
	}
	_, saving := c.Store.QueueReplay(ctx, &x, nil, c.Now())
	return errors.Join(err, saving)
}

func (c *Control) runEndpointReplay(ctx context.Context, x *store.EndpointReplay, e *store.Endpoint) error {
	compiled, wrong := dispatch.Compile(e.Definition, c.Outlets.Limits)
	if compiled == nil {
		return fault.New(fault.Conflict, "endpoint_problem", "%s %s", wrong[0].At, wrong[0].Says)
	}
	next := c.nextOfLog
	if x.OnlyDead {
		next = c.nextDead
	}
	x.Problem = ""
	for {
		list, more, err := next(ctx, x, compiled)
		if err != nil {
			return err
		}
		if !more {
			x.State, x.EndedAt = store.ReplayDone, c.Now().UTC()
		}
		goesOn, err := c.Store.QueueReplay(context.WithoutCancel(ctx), x, list, c.Now())
		if err != nil {
			return fmt.Errorf("queue what is sent again: %w", err)
		}
		c.endpointsChanged()
		if !goesOn {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// nextOfLog is what the endpoint wants of the next page of the log.
func (c *Control) nextOfLog(
	ctx context.Context, x *store.EndpointReplay, e *dispatch.Endpoint,
) (list []store.Again, more bool, err error) {
	page, err := c.Store.Follow(ctx, x.Project, store.Position(x.At), endpointReplayPage)
	if err != nil {
		return nil, false, fmt.Errorf("follow the log: %w", err)
	}
	names, err := c.sourceNames(ctx, x.Project)
	if err != nil {
		return nil, false, err
	}
	pace := &pacing{x: x, from: c.Now().UTC()}
	for i := range page {
		at := dispatch.Position(page[i].At)
		if store.Position(x.End).Before(page[i].At) {
			return list, false, nil
		}
		one := &page[i].Event
		x.At, x.Seen = at, x.Seen+1
		if one.ReceivedAt.Before(x.Since) || !one.ReceivedAt.Before(x.Until) {
			continue
		}
		wanted, err := c.endpointWants(ctx, x.Project, e, withSource(one, names))
		if err != nil {
			return nil, false, err
		}
		if wanted {
			list = append(list, store.Again{Event: one.ID, Due: pace.next()})
		}
	}
	return list, len(page) == endpointReplayPage, nil
}

// nextDead are the next dispatches that were given up.
func (c *Control) nextDead(
	ctx context.Context, x *store.EndpointReplay, _ *dispatch.Endpoint,
) (list []store.Again, more bool, err error) {
	refs, err := c.Store.DeadDispatches(ctx, x, endpointReplayPage)
	if err != nil {
		return nil, false, fmt.Errorf("find what was given up: %w", err)
	}
	pace := &pacing{x: x, from: c.Now().UTC()}
	for _, ref := range refs {
		list = append(list, store.Again{Dispatch: ref, Due: pace.next()})
		x.At.Seq, x.Seen = ref, x.Seen+1
	}
	return list, len(refs) == endpointReplayPage, nil
}
