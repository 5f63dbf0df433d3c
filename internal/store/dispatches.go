package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"tidings/event"
	"tidings/internal/dispatch"
	"tidings/internal/fault"
	"tidings/internal/job"
)

const dispatchPrefix = "dsp_"

// dispatchStates are the states by their number, from 1.
var dispatchStates = []dispatch.State{
	dispatch.Sending, dispatch.Waiting, dispatch.Behind, dispatch.Delivered, dispatch.Dead, dispatch.Dropped,
}

func dispatchStateNumber(x dispatch.State) int { return slices.Index(dispatchStates, x) + 1 }

// errEndpointLost says that another node serves the endpoint.
func errEndpointLost() error {
	return fault.New(fault.Conflict, "endpoint_lost", "another node serves the endpoint, or it is gone")
}

// HoldEndpoints implements what dispatch.Store says, but for what is sealed.
func (s *Store) HoldEndpoints(ctx context.Context, holder string, now, until time.Time) (list []Endpoint, err error) {
	err = s.engine.write(ctx, func(c conn) error {
		list = nil
		var came []int64
		err := c.query(ctx, `SELECT ref FROM endpoints WHERE disabled_at = 0 AND holder <> $1 AND held_until <= $2 ORDER BY ref`,
			[]any{holder, ms(now)}, func(r row) error {
				var ref int64
				err := r.Scan(&ref)
				came = append(came, ref)
				return err
			})
		if err != nil {
			return err
		}
		for _, ref := range came {
			n, err := c.exec(ctx, `UPDATE endpoints SET holder = $1, held_until = $3 WHERE ref = $4
				AND held_until <= $2`, holder, ms(now),
				ms(until), ref)
			if err != nil || n == 0 {
				return err
			}
			if err := freeDispatches(ctx, c, ref, now); err != nil {
				return err
			}
		}
		if _, err := c.exec(ctx, `UPDATE endpoints SET held_until = $2 WHERE holder = $1
			AND disabled_at = 0`, holder, ms(until)); err != nil {
			return err
		}
		list, err = endpointsWhere(ctx, c, `WHERE e.holder = $1 AND e.disabled_at = 0 ORDER BY e.ref`, holder)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("hold endpoints: %w", err)
	}
	return list, nil
}

// cutOff is what is said of a try that was under way when its node ended: whether the receiver had it is not known.
const cutOff = "the server ended before it was answered: the receiver may have had it"

// freeDispatches lets what a node that ended had begun be tried again.
func freeDispatches(ctx context.Context, c conn, endpoint int64, now time.Time) error {
	_, err := c.exec(ctx, `UPDATE dispatches SET state = 2, due_at = $2, problem = $3 WHERE endpoint = $1
		AND state = 1`, endpoint, ms(now),
		cutOff)
	return err
}

// LeaveEndpoints gives back what a holder has.
func (s *Store) LeaveEndpoints(ctx context.Context, holder string) error {
	return s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `UPDATE endpoints SET holder = '', held_until = 0 WHERE holder = $1`, holder)
		return err
	})
}

// FreeEndpoints gives back what every node has: for a process that alone has the database.
func (s *Store) FreeEndpoints(ctx context.Context) error {
	return s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `UPDATE endpoints SET held_until = 0 WHERE held_until > 0`)
		return err
	})
}

// A dispatch that somebody wanted again counts its time from then.
const selectDispatch = `SELECT d.ref, d.event, d.events, d.batch, d.tries,
	CASE WHEN d.again_at > d.first_at THEN d.again_at ELSE d.first_at END, d.kind, d.body, d.due_at FROM dispatches d `

// dispatchesWhere reads what is to be sent; due has when each is.
func dispatchesWhere(
	ctx context.Context, c conn, where string, args ...any,
) (list []dispatch.Dispatch, due []time.Time, err error) {
	var batches []int
	err = c.query(ctx, selectDispatch+where, args, func(r row) error {
		var x dispatch.Dispatch
		var id event.ID
		var events, batch, first, when int64
		if err := r.Scan(&x.Ref, &id, &events, &batch, &x.Try, &first, &x.ContentType, &x.Body, &when); err != nil {
			return err
		}
		if x.First, x.Events, x.ID = at(first), []event.ID{id}, id.String(); batch != 0 {
			x.ID = publicID(dispatchPrefix, x.Ref)
			batches = append(batches, len(list))
		}
		if len(x.Body) == 0 {
			x.Body = nil
		}
		list, due = append(list, x), append(due, at(when))
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	for _, i := range batches {
		x := &list[i]
		x.Events = nil
		err := c.query(ctx, `SELECT event FROM dispatch_events WHERE dispatch = $1
			ORDER BY event`, []any{x.Ref}, func(r row) error {
			var id event.ID
			err := r.Scan(&id)
			x.Events = append(x.Events, id)
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return list, due, nil
}

// DueDispatches implements dispatch.Store.
func (s *Store) DueDispatches(
	ctx context.Context, endpoint int64, now time.Time, limit int,
) (list []dispatch.Dispatch, next time.Time, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		var due []time.Time
		var err error
		if list, due, err = dispatchesWhere(ctx, c, `WHERE d.endpoint = $1 AND d.state = 2 ORDER BY d.due_at, d.ref
			LIMIT `+itoa(limit+1),
			endpoint); err != nil {
			return err
		}
		for i := range list {
			if i == limit || due[i].After(now) {
				list, next = list[:i], due[i]
				break
			}
		}
		return nil
	})
	if err != nil {
		return nil, next, fmt.Errorf("find due dispatches: %w", err)
	}
	return list, next, nil
}

// StepDispatches implements dispatch.Store.
func (s *Store) StepDispatches(ctx context.Context, x *dispatch.Step) (begun []dispatch.Dispatch, err error) {
	err = s.engine.write(ctx, func(c conn) error {
		w := &dispatching{ctx: ctx, c: c, step: x, now: ms(x.Now)}
		if err := w.run(); err != nil {
			return err
		}
		begun = w.begun
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("store dispatches: %w", err)
	}
	return begun, nil
}

// dispatching is a step on its way into the store.
type dispatching struct {
	ctx   context.Context //nolint:containedctx // it lives for one transaction
	c     conn
	step  *dispatch.Step
	now   int64
	begun []dispatch.Dispatch
}

func (w *dispatching) run() error {
	disabled, err := w.endpoint()
	if err != nil {
		return err
	}
	for i := range w.step.Ended {
		if err := w.end(&w.step.Ended[i]); err != nil {
			return err
		}
	}
	for _, ref := range w.step.Back {
		if _, err := w.c.exec(w.ctx, `UPDATE dispatches SET state = 2, due_at = $2, tries = tries - 1 WHERE ref = $1
			AND state = 1`, ref,
			w.now); err != nil {
			return err
		}
	}
	if disabled { // what would begin is left for when it is enabled again
		return w.count()
	}
	for i := range w.step.Begun {
		if err := w.begin(&w.step.Begun[i]); err != nil {
			return err
		}
	}
	return w.count()
}

// endpoint stores how the endpoint does, where this holder has it, locks it, and tells whether it is disabled. The place of one
// that is disabled stays: what lies after it goes out when it is enabled.
func (w *dispatching) endpoint() (disabled bool, err error) {
	x := w.step
	_, health, err := endpointTexts(&Endpoint{Held: dispatch.Held{Health: x.Health}})
	if err != nil {
		return false, err
	}
	var before int64
	held, err := one(w.ctx, w.c, `UPDATE endpoints SET health = $3 WHERE ref = $1 AND holder = $2 RETURNING disabled_at`,
		[]any{x.Endpoint, x.Holder, health}, &before)
	switch {
	case err != nil:
		return false, err
	case !held:
		return false, errEndpointLost()
	case before != 0:
		return true, nil
	}
	if x.At != nil {
		_, err = w.c.exec(w.ctx, `UPDATE endpoints SET at_xid = $2, at_seq = $3 WHERE ref = $1`, x.Endpoint,
			strconv.FormatUint(x.At.Transaction, 10), x.At.Seq)
	}
	if err == nil && x.Disabled != "" {
		err = w.disable()
	}
	return false, err
}

// EndpointDisabledKind is the kind of the job that tells of an endpoint that the server disabled. Its payload is an EndpointEnd.
const EndpointDisabledKind = "endpoint-disabled"

// bySelf is who and where for acts of the server itself in the audit log, as control has it.
const bySelf = "server"

// EndpointEnd is that the server disabled an endpoint.
type EndpointEnd struct {
	Project  string    `json:"project"`
	Endpoint string    `json:"endpoint"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
}

// disable ends an endpoint, notes that in the audit log, and lets it be told.
func (w *dispatching) disable() error {
	x := w.step
	var project int64
	end := EndpointEnd{Endpoint: publicID(endpointPrefix, x.Endpoint), Reason: x.Disabled, At: x.Now.UTC()}
	_, err := one(w.ctx, w.c, `UPDATE endpoints SET disabled_at = $2, disabled = $3 WHERE ref = $1 RETURNING project,
		(SELECT id FROM projects p WHERE p.ref = endpoints.project)`, []any{x.Endpoint, w.now, x.Disabled}, &project, &end.Project)
	if err != nil {
		return err
	}
	payload, err := json.Marshal(end)
	if err != nil {
		return fmt.Errorf("encode that an endpoint was disabled: %w", err)
	}
	if _, err := enqueue(w.ctx, w.c, x.Now, []job.NewJob{{Kind: EndpointDisabledKind, Payload: payload}}); err != nil {
		return err
	}
	return record(w.ctx, w.c, project, Act{
		At: x.Now, Project: end.Project, By: bySelf, Door: bySelf, Operation: "disableEndpoint", Subject: end.Endpoint,
		Note: x.Disabled,
	})
}

func (w *dispatching) end(e *dispatch.Ended) error {
	var key string
	changed, err := one(w.ctx, w.c, `UPDATE dispatches SET state = $2, due_at = $3, tried_at = $4, took = $5,
		status = $6, problem = $7,
		answer = $8, kind = $9, body = $10 WHERE ref = $1 AND state = 1 RETURNING key`, []any{
		e.Ref, dispatchStateNumber(e.State), ms(e.Due), ms(e.At), e.Took.Milliseconds(), e.Status,
		event.CleanText(e.Problem, maxProblem),
		notNil(e.Answer), e.ContentType, notNil(e.Body),
	}, &key)
	if err != nil || !changed || e.State == dispatch.Waiting {
		return err
	}
	return w.release(key)
}

// release lets the next of a key go; an empty key has none.
func (w *dispatching) release(key string) error {
	if key == "" {
		return nil
	}
	_, err := w.c.exec(w.ctx, `UPDATE dispatches SET state = 2, due_at = $3 WHERE ref = (SELECT ref FROM dispatches
		WHERE endpoint = $1
		AND key = $2 AND key <> '' AND state <= 3 AND state = 3 ORDER BY ref LIMIT 1)`, w.step.Endpoint, key, w.now)
	return err
}

func (w *dispatching) begin(b *dispatch.Begun) error {
	if b.Ref != 0 {
		return w.beginAgain(b)
	}
	state := dispatch.Sending
	if b.Key != "" {
		var there int64
		behind, err := one(w.ctx, w.c, `SELECT ref FROM dispatches WHERE endpoint = $1 AND key = $2 AND key <> ''
			AND state <= 3 LIMIT 1`,
			[]any{w.step.Endpoint, b.Key}, &there)
		if err != nil {
			return err
		}
		if behind {
			state = dispatch.Behind
		}
	}
	fresh, err := w.fresh(b)
	if err != nil || len(fresh) == 0 {
		return err
	}
	x := dispatch.Dispatch{Events: fresh, First: w.step.Now, Try: 1}
	if state == dispatch.Behind {
		x.Try = 0
	}
	stored, err := one(w.ctx, w.c, `INSERT INTO dispatches (endpoint, event, events, batch, key, state, first_at,
		due_at, tries, tried_at,
		took, status, problem, answer, kind, body) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $7, 0, 0, '', $9, '', $9)
		ON CONFLICT (event, endpoint) WHERE batch = 0 DO NOTHING RETURNING ref`, []any{
		w.step.Endpoint, fresh[0], len(fresh), truth(b.Batch), b.Key, dispatchStateNumber(state), w.now, x.Try, []byte{},
	}, &x.Ref)
	if err != nil || !stored {
		return err
	}
	x.ID = fresh[0].String()
	if b.Batch {
		x.ID = publicID(dispatchPrefix, x.Ref)
		for _, id := range fresh {
			if _, err := w.c.exec(w.ctx, `INSERT INTO dispatch_events (event, endpoint, dispatch)
				VALUES ($1, $2, $3)`, id, w.step.Endpoint,
				x.Ref); err != nil {
				return err
			}
		}
	}
	if state == dispatch.Sending {
		w.begun = append(w.begun, x)
	}
	return nil
}

// fresh are the events of a batch that the endpoint was not told of; of a single one the index of dispatches knows.
func (w *dispatching) fresh(b *dispatch.Begun) (list []event.ID, err error) {
	if !b.Batch {
		return b.Events, nil
	}
	for _, id := range b.Events {
		var there int64
		known, err := one(w.ctx, w.c, `SELECT dispatch FROM dispatch_events WHERE event = $1
			AND endpoint = $2`, []any{id, w.step.Endpoint}, &there)
		if err != nil {
			return nil, err
		}
		if !known {
			list = append(list, id)
		}
	}
	return list, nil
}

// beginAgain keeps the last try as one that was before.
func (w *dispatching) beginAgain(b *dispatch.Begun) error {
	_, err := w.c.exec(w.ctx, `INSERT INTO attempts (dispatch, try, tried_at, took, status, problem, answer)
		SELECT ref, tries, tried_at, took, status, problem, answer FROM dispatches WHERE ref = $1 AND state = 2 AND tries > 0
		AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.dispatch = dispatches.ref AND a.try = dispatches.tries)`, b.Ref)
	if err != nil {
		return err
	}
	changed, err := w.c.exec(w.ctx, `UPDATE dispatches SET state = 1, tries = tries + 1, tried_at = $2, took = 0,
		status = 0, problem = '',
		answer = $3 WHERE ref = $1 AND state = 2`, b.Ref, w.now, []byte{})
	if err != nil || changed == 0 {
		return err
	}
	list, _, err := dispatchesWhere(w.ctx, w.c, `WHERE d.ref = $1`, b.Ref)
	w.begun = append(w.begun, list...)
	return err
}

// count adds what ended to the endpoint's hour.
func (w *dispatching) count() error {
	type sums struct{ delivered, failed, dead, took, slowest int64 }
	hoursOf := make(map[int64]*sums)
	for i := range w.step.Ended {
		e := &w.step.Ended[i]
		h := hours(e.At)
		if hoursOf[h] == nil {
			hoursOf[h] = &sums{}
		}
		n, took := hoursOf[h], e.Took.Milliseconds()
		n.took, n.slowest = n.took+took, max(n.slowest, took)
		switch e.State {
		case dispatch.Delivered:
			n.delivered++
		case dispatch.Dead:
			n.failed++
			n.dead++
		case dispatch.Waiting:
			n.failed++
		case dispatch.Dropped, dispatch.Sending, dispatch.Behind:
		}
	}
	for h, n := range hoursOf {
		_, err := w.c.exec(w.ctx, `INSERT INTO endpoint_hours AS t (endpoint, hour, delivered, failed, dead, took, slowest)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (endpoint, hour)
				DO UPDATE SET delivered = t.delivered + excluded.delivered,
			failed = t.failed + excluded.failed, dead = t.dead + excluded.dead, took = t.took + excluded.took,
			slowest = CASE WHEN excluded.slowest > t.slowest THEN excluded.slowest ELSE t.slowest END`, w.step.Endpoint, h, n.delivered,
			n.failed, n.dead, n.took, n.slowest)
		if err != nil {
			return err
		}
	}
	return nil
}
