package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tidings/event"
	"tidings/internal/dispatch"
	"tidings/internal/fault"
)

// DispatchRow is a dispatch for people.
type DispatchRow struct {
	Ref          int64
	ID           string // dsp_…
	Endpoint     string // end_…
	EndpointName string
	Event        event.ID // the first of a batch
	Events       int64
	Batch        bool
	Key          string
	State        dispatch.State
	FirstAt      time.Time
	AgainAt      time.Time // zero: nobody wanted it again
	DueAt        time.Time // of Waiting
	Last         Attempt   // its Try is 0 where there was none
}

// Attempt is one try of a dispatch.
type Attempt struct {
	Try     int
	At      time.Time
	Took    time.Duration
	Status  int    // of the answer; 0: there was none
	Problem string // empty: the receiver took it
	Answer  []byte // the first KiB; whoever answered wrote it
}

// DispatchQuery asks for dispatches, newest first.
type DispatchQuery struct {
	Project  string
	Endpoint string           // by id or name; empty: of all
	Event    event.ID         // zero: of all
	States   []dispatch.State // none: all
	After    int64            // DispatchRow.Ref where the page before ended
	Limit    int
}

// DispatchPage is one page of dispatches.
type DispatchPage struct {
	Dispatches []DispatchRow
	Next       int64 // zero: no more
}

const selectDispatchRow = `SELECT d.ref, e.ref, e.name, d.event, d.events, d.batch, d.key, d.state, d.first_at, d.again_at,
	d.due_at,
	d.tries, d.tried_at, d.took, d.status, d.problem, d.answer FROM dispatches d JOIN endpoints e ON e.ref = d.endpoint `

func dispatchRows(ctx context.Context, c conn, where string, args ...any) (list []DispatchRow, err error) {
	err = c.query(ctx, selectDispatchRow+where, args, func(r row) error {
		var x DispatchRow
		var endpoint, batch, state, first, again, due, tried, took, tries, status int64
		err := r.Scan(&x.Ref, &endpoint, &x.EndpointName, &x.Event, &x.Events, &batch, &x.Key, &state, &first, &again, &due,
			&tries, &tried, &took, &status, &x.Last.Problem, &x.Last.Answer)
		if err != nil {
			return err
		}
		if state < 1 || int(state) > len(dispatchStates) {
			return fmt.Errorf("dispatch %d has no state %d", x.Ref, state)
		}
		x.ID, x.Endpoint, x.Batch = publicID(dispatchPrefix, x.Ref), publicID(endpointPrefix, endpoint), batch != 0
		x.State, x.FirstAt, x.AgainAt, x.DueAt = dispatchStates[state-1], at(first), at(again), at(due)
		x.Last.Try, x.Last.At, x.Last.Took = int(tries), at(tried), time.Duration(took)*time.Millisecond
		x.Last.Status = int(status)
		list = append(list, x)
		return nil
	})
	return list, err
}

// Dispatches answers a question about dispatches.
func (s *Store) Dispatches(ctx context.Context, q DispatchQuery) (page DispatchPage, err error) {
	limit := limitOf(q.Limit)
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, q.Project)
		if err != nil {
			return err
		}
		if !q.Event.IsZero() {
			page.Dispatches, err = dispatchesOfEvent(ctx, c, p, q.Event)
			return err
		}
		refs, err := endpointRefs(ctx, c, p, q.Endpoint)
		if err != nil {
			return err
		}
		page.Dispatches, err = newestDispatches(ctx, c, refs, q.States, q.After, limit+1)
		return err
	})
	if err != nil {
		return page, fmt.Errorf("list dispatches: %w", err)
	}
	page.Dispatches, page.Next = cutPage(page.Dispatches, limit, func(x *DispatchRow) int64 { return x.Ref })
	return page, nil
}

func endpointRefs(ctx context.Context, c conn, project int64, one string) (refs []int64, err error) {
	if one != "" {
		x, err := endpointOf(ctx, c, project, one)
		return []int64{x.Ref}, err
	}
	err = c.query(ctx, `SELECT ref FROM endpoints WHERE project = $1 ORDER BY ref`, []any{project}, func(r row) error {
		var ref int64
		err := r.Scan(&ref)
		refs = append(refs, ref)
		return err
	})
	return refs, err
}

// newestDispatches asks for each endpoint and state apart, which the index finds without looking at others.
func newestDispatches(
	ctx context.Context, c conn, endpoints []int64, states []dispatch.State, after int64, limit int,
) (list []DispatchRow, err error) {
	if len(states) == 0 {
		states = dispatchStates
	}
	for _, ref := range endpoints {
		for _, state := range states {
			some, err := dispatchRows(ctx, c, `WHERE d.endpoint = $1 AND d.state = $2 AND (d.ref < $3 OR $3 = 0) ORDER BY d.ref DESC
				LIMIT `+itoa(limit), ref, dispatchStateNumber(state), after)
			if err != nil {
				return nil, err
			}
			list = append(list, some...)
		}
	}
	slices.SortFunc(list, func(a, b DispatchRow) int { return int(b.Ref - a.Ref) })
	return list[:min(len(list), limit)], nil
}

// dispatchesOfEvent are all that told of an event, by themselves or in a batch.
func dispatchesOfEvent(ctx context.Context, c conn, project int64, id event.ID) ([]DispatchRow, error) {
	list, err := dispatchRows(ctx, c, `WHERE d.event = $1 AND d.batch = 0 AND e.project = $2 ORDER BY d.ref DESC`, id, project)
	if err != nil {
		return nil, err
	}
	batches, err := dispatchRows(ctx, c, `JOIN dispatch_events b ON b.dispatch = d.ref WHERE b.event = $1 AND e.project = $2
		ORDER BY d.ref DESC`, id, project)
	return append(list, batches...), err
}

// Dispatch finds a dispatch, with the events of a batch and all its tries, oldest first.
func (s *Store) Dispatch(ctx context.Context, project, id string) (x DispatchRow, events []event.ID, tries []Attempt, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		x, err = dispatchOf(ctx, c, p, id)
		if err != nil {
			return err
		}
		if events, err = eventsOfDispatch(ctx, c, &x); err != nil {
			return err
		}
		tries, err = attemptsOf(ctx, c, &x)
		return err
	})
	return x, events, tries, err
}

func dispatchOf(ctx context.Context, c conn, project int64, id string) (DispatchRow, error) {
	ref, _ := refOf(dispatchPrefix, id)
	list, err := dispatchRows(ctx, c, `WHERE d.ref = $1 AND e.project = $2`, ref, project)
	if err != nil {
		return DispatchRow{}, err
	}
	if len(list) == 0 {
		return DispatchRow{}, fault.Missing("there is no dispatch %q, or it is not kept any more", id)
	}
	return list[0], nil
}

func eventsOfDispatch(ctx context.Context, c conn, x *DispatchRow) (list []event.ID, err error) {
	if !x.Batch {
		return []event.ID{x.Event}, nil
	}
	err = c.query(ctx, `SELECT event FROM dispatch_events WHERE dispatch = $1 ORDER BY event`, []any{x.Ref}, func(r row) error {
		var id event.ID
		err := r.Scan(&id)
		list = append(list, id)
		return err
	})
	return list, err
}

func attemptsOf(ctx context.Context, c conn, x *DispatchRow) (list []Attempt, err error) {
	err = c.query(ctx, `SELECT try, tried_at, took, status, problem, answer FROM attempts WHERE dispatch = $1 ORDER BY try`,
		[]any{x.Ref},
		func(r row) error {
			var a Attempt
			var try, tried, took, status int64
			err := r.Scan(&try, &tried, &took, &status, &a.Problem, &a.Answer)
			a.Try, a.At, a.Took, a.Status = int(try), at(tried), time.Duration(took)*time.Millisecond, int(status)
			list = append(list, a)
			return err
		})
	if err != nil || x.Last.Try == 0 {
		return list, err
	}
	if n := len(list); n > 0 && list[n-1].Try == x.Last.Try { // it waits for the next one
		return list, nil
	}
	return append(list, x.Last), nil
}

// SendAgain lets a dispatch that ended be sent again now, or one that waits be tried now. One that is under way, or behind
// another one, is a Conflict, and so is one of an endpoint that is disabled.
func (s *Store) SendAgain(ctx context.Context, project, id string, a Act) (x DispatchRow, err error) {
	err = s.actOf(ctx, project, &a, func(c conn, p int64) error {
		if x, err = dispatchOf(ctx, c, p, id); err != nil {
			return err
		}
		a.Subject = x.Endpoint
		e, err := endpointOf(ctx, c, p, x.Endpoint)
		if err != nil {
			return err
		}
		if !e.DisabledAt.IsZero() {
			return ErrEndpointDisabled(e.Name)
		}
		n, err := c.exec(ctx, `UPDATE dispatches SET state = 2, due_at = $2, again_at = $2 WHERE ref = $1 AND
			state IN (2, 4, 5, 6)`, x.Ref, ms(a.At))
		if err == nil && n == 0 {
			return fault.New(fault.Conflict, "dispatch_under_way", "the dispatch is %s", x.State).
				WithHint("look again when that has ended")
		}
		if err == nil {
			x, err = dispatchOf(ctx, c, p, id)
		}
		return err
	})
	return x, err
}

// ErrEndpointDisabled is the Conflict of whoever wants something sent to an endpoint that is disabled.
func ErrEndpointDisabled(name string) error {
	return fault.New(fault.Conflict, "endpoint_disabled", "the endpoint %s is disabled", name).WithHint("enable it first")
}

// DropDispatch gives a dispatch up that waits, or takes one that was given up off the list of those. Others are a Conflict.
func (s *Store) DropDispatch(ctx context.Context, project, id string, a Act) (x DispatchRow, err error) {
	err = s.actOf(ctx, project, &a, func(c conn, p int64) error {
		if x, err = dispatchOf(ctx, c, p, id); err != nil {
			return err
		}
		a.Subject = x.Endpoint
		w := &dispatching{ctx: ctx, c: c, step: &dispatch.Step{}, now: ms(a.At)}
		e, err := endpointOf(ctx, c, p, x.Endpoint)
		if err != nil {
			return err
		}
		n, err := c.exec(ctx, `UPDATE dispatches SET state = 6, body = $2 WHERE ref = $1 AND state IN (2, 5)`, x.Ref, []byte{})
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "dispatch_under_way", "the dispatch is %s", x.State).
				WithHint("only what waits or was given up can be dropped")
		}
		w.step.Endpoint = e.Ref
		if err := w.release(x.Key); err != nil {
			return err
		}
		x, err = dispatchOf(ctx, c, p, id)
		return err
	})
	return x, err
}

// EndpointHour is what became of an endpoint's requests in an hour.
type EndpointHour struct {
	Hour                    time.Time
	Delivered, Failed, Dead int64
	Took, Slowest           time.Duration // in all; of the slowest
}

// Average is how long a request took.
func (h *EndpointHour) Average() time.Duration {
	return h.Took / time.Duration(max(h.Delivered+h.Failed, 1))
}

// EndpointCounts are how many of an endpoint's dispatches stand where, each at most MaxCounted.
type EndpointCounts struct{ Sending, Waiting, Behind, Dead int64 }

// MaxCounted is where counting ends: so many or more.
const MaxCounted = 10_000

// EndpointFigures are the hours of an endpoint since a time, oldest first, and what stands where now.
func (s *Store) EndpointFigures(
	ctx context.Context, endpoint int64, since time.Time,
) (list []EndpointHour, counts EndpointCounts, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list = nil
		err := c.query(ctx, `SELECT hour, delivered, failed, dead, took, slowest FROM endpoint_hours WHERE endpoint = $1
			AND hour >= $2 ORDER BY hour`, []any{endpoint, hours(since)}, func(r row) error {
			var x EndpointHour
			var hour, took, slowest int64
			err := r.Scan(&hour, &x.Delivered, &x.Failed, &x.Dead, &took, &slowest)
			x.Hour = time.Unix(hour*3600, 0).UTC()
			x.Took, x.Slowest = time.Duration(took)*time.Millisecond, time.Duration(slowest)*time.Millisecond
			list = append(list, x)
			return err
		})
		if err != nil {
			return err
		}
		for state, n := range map[dispatch.State]*int64{
			dispatch.Sending: &counts.Sending, dispatch.Waiting: &counts.Waiting, dispatch.Behind: &counts.Behind,
			dispatch.Dead: &counts.Dead,
		} {
			if _, err := one(ctx, c, `SELECT count(*) FROM (SELECT 1 FROM dispatches WHERE endpoint = $1 AND state = $2 LIMIT `+
				itoa(MaxCounted)+`) x`, []any{endpoint, dispatchStateNumber(state)}, n); err != nil {
				return err
			}
		}
		return nil
	})
	return list, counts, err
}

// QueueNotice lets an endpoint be told of what is no event of the log, with a body that is ready.
func (s *Store) QueueNotice(
	ctx context.Context, endpoint int64, id event.ID, contentType string, body []byte, now time.Time,
) error {
	return s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `INSERT INTO dispatches (endpoint, event, events, batch, key, state, first_at, due_at, tries, tried_at,
			took, status, problem, answer, kind, body) VALUES ($1, $2, 1, 0, '', 2, $3, $3, 0, 0, 0, 0, '', $4, $5, $6)
			ON CONFLICT (event, endpoint) WHERE batch = 0 DO NOTHING`, endpoint, id, ms(now), []byte{}, contentType, body)
		return err
	})
}
