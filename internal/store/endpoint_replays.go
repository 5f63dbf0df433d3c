package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"tidings/event"
	"tidings/internal/dispatch"
	"tidings/internal/fault"
	"tidings/internal/job"
)

// EndpointReplayKind is the kind of the job that runs the replay of an endpoint. Its payload is the replay's id.
const EndpointReplayKind = "endpoint-replay"

const endpointReplayPrefix = "erp_"

// EndpointReplay is what is sent to an endpoint again.
type EndpointReplay struct {
	Ref       int64
	ID        string // erp_…
	Endpoint  int64
	Project   string
	Since     time.Time // of when events were stored, or first sent where OnlyDead
	Until     time.Time // zero: up to when it was asked for
	OnlyDead  bool      // what was given up, and nothing else
	PerSecond float64   // how many are sent in a second; 0: as fast as the endpoint lets them
	State     ReplayState
	At, End   dispatch.Position // of the log; of OnlyDead At.Seq is a dispatch's number
	Seen      int64             // events or dispatches that were looked at
	Queued    int64             // that are sent again
	Due       time.Time         // of the last that is
	Problem   string
	CreatedAt time.Time
	CreatedBy string
	EndedAt   time.Time // zero: it has not ended
}

// thousandths is how rates are stored.
const thousandths = 1000

const selectEndpointReplay = `SELECT y.ref, y.endpoint, p.id, y.since_at, y.until_at, y.only_dead, y.per_second, y.state,
	y.at_xid,
	y.at_seq, y.end_xid, y.end_seq, y.seen, y.queued, y.due_at, y.problem, y.created_at, y.created_by, y.ended_at
	FROM endpoint_replays y JOIN endpoints e ON e.ref = y.endpoint JOIN projects p ON p.ref = e.project `

func endpointReplaysWhere(ctx context.Context, c conn, where string, args ...any) (list []EndpointReplay, err error) {
	err = c.query(ctx, selectEndpointReplay+where, args, func(r row) error {
		var x EndpointReplay
		var since, until, dead, pace, state, due, created, ended int64
		var from, to string
		err := r.Scan(&x.Ref, &x.Endpoint, &x.Project, &since, &until, &dead, &pace, &state, &from, &x.At.Seq, &to, &x.End.Seq,
			&x.Seen, &x.Queued, &due, &x.Problem, &created, &x.CreatedBy, &ended)
		if err != nil {
			return err
		}
		x.ID, x.Since, x.Until, x.OnlyDead, x.State = publicID(endpointReplayPrefix, x.Ref), at(since), at(until), dead != 0,
			ReplayState(state)
		x.PerSecond = float64(pace) / thousandths
		x.Due, x.CreatedAt, x.EndedAt = at(due), at(created), at(ended)
		if x.At.Transaction, err = strconv.ParseUint(from, 10, 64); err != nil {
			return fmt.Errorf("the place of replay %s: %w", x.ID, err)
		}
		if x.End.Transaction, err = strconv.ParseUint(to, 10, 64); err != nil {
			return fmt.Errorf("the end of replay %s: %w", x.ID, err)
		}
		list = append(list, x)
		return nil
	})
	return list, err
}

// CreateEndpointReplay stores a replay, and the job that runs it. At and End are of whoever asks; End is no later than what
// the endpoint was told already. One at a time runs for an endpoint: where one does, it is a Conflict.
func (s *Store) CreateEndpointReplay(
	ctx context.Context, project, endpoint string, x EndpointReplay, a Act,
) (EndpointReplay, error) {
	err := s.actOf(ctx, project, &a, func(c conn, p int64) error {
		found, err := endpointOf(ctx, c, p, endpoint)
		if err != nil {
			return err
		}
		if !x.OnlyDead && Position(found.At).Before(Position(x.End)) {
			x.End = found.At
		}
		var ref int64
		made, err := one(ctx, c, `INSERT INTO endpoint_replays (endpoint, since_at, until_at, only_dead, per_second, at_xid,
			at_seq, end_xid,
			end_seq, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
			ON CONFLICT (endpoint) WHERE ended_at = 0 DO NOTHING RETURNING ref`, []any{
			found.Ref, ms(x.Since), ms(x.Until), truth(x.OnlyDead), int64(x.PerSecond * thousandths),
			strconv.FormatUint(x.At.Transaction, 10), x.At.Seq,
			strconv.FormatUint(x.End.Transaction, 10), x.End.Seq, ms(a.At), a.By,
		}, &ref)
		if err != nil {
			return err
		}
		if !made {
			return fault.New(fault.Conflict, "replay_running", "a replay of this endpoint has not ended").
				WithHint("wait for its end, or cancel it")
		}
		list, err := endpointReplaysWhere(ctx, c, `WHERE y.ref = $1`, ref)
		if err != nil {
			return err
		}
		x, a.Subject = list[0], found.ID
		_, err = enqueue(ctx, c, a.At, []job.NewJob{{Kind: EndpointReplayKind, Key: x.ID, Payload: []byte(x.ID)}})
		return err
	})
	return x, err
}

// ReplayEvents queues some events at once: the replay that it returns has ended.
func (s *Store) ReplayEvents(
	ctx context.Context, project, endpoint string, x EndpointReplay, list []Again, a Act,
) (EndpointReplay, error) {
	err := s.actOf(ctx, project, &a, func(c conn, p int64) error {
		found, err := endpointOf(ctx, c, p, endpoint)
		if err != nil {
			return err
		}
		queued := int64(0)
		for _, one := range list {
			n, err := queueAgain(ctx, c, found.Ref, one, a.At)
			if err != nil {
				return err
			}
			queued += n
		}
		a.Subject = found.ID
		var ref int64
		_, err = one(ctx, c, `INSERT INTO endpoint_replays (endpoint, since_at, until_at, only_dead, per_second, state, at_xid,
			at_seq,
			end_xid, end_seq, seen, queued, due_at, created_at, created_by, ended_at)
			VALUES ($1, $2, $3, 0, $4, $5, '0', 0, '0', 0, $6, $7, $8, $9, $10, $9) RETURNING ref`, []any{
			found.Ref, ms(x.Since), ms(x.Until), int64(x.PerSecond * thousandths), int64(ReplayDone), len(list), queued, ms(x.Due),
			ms(a.At), a.By,
		}, &ref)
		if err != nil {
			return err
		}
		made, err := endpointReplaysWhere(ctx, c, `WHERE y.ref = $1`, ref)
		if err == nil {
			x = made[0]
		}
		return err
	})
	return x, err
}

// EndpointReplays lists the replays of an endpoint, newest first, at most 100.
func (s *Store) EndpointReplays(ctx context.Context, project, endpoint string) (list []EndpointReplay, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		x, err := endpointOf(ctx, c, p, endpoint)
		if err != nil {
			return err
		}
		list, err = endpointReplaysWhere(ctx, c, `WHERE y.endpoint = $1 ORDER BY y.ref DESC LIMIT 100`, x.Ref)
		return err
	})
	return list, err
}

// EndpointReplay finds a replay for the job that runs it, of whatever project, with its endpoint.
func (s *Store) EndpointReplay(ctx context.Context, id string) (x EndpointReplay, e Endpoint, err error) {
	ref, _ := refOf(endpointReplayPrefix, id)
	err = s.engine.read(ctx, func(c conn) error {
		list, err := endpointReplaysWhere(ctx, c, `WHERE y.ref = $1`, ref)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fault.Missing("there is no replay %q", id)
		}
		x = list[0]
		ends, err := endpointsWhere(ctx, c, `WHERE e.ref = $1`, x.Endpoint)
		if err == nil {
			e = ends[0]
		}
		return err
	})
	return x, e, err
}

// CancelEndpointReplay ends a replay where it is. What it queued is sent.
func (s *Store) CancelEndpointReplay(ctx context.Context, project, endpoint, id string, a Act) (x EndpointReplay, err error) {
	ref, _ := refOf(endpointReplayPrefix, id)
	err = s.actOf(ctx, project, &a, func(c conn, p int64) error {
		e, err := endpointOf(ctx, c, p, endpoint)
		if err != nil {
			return err
		}
		a.Subject = e.ID
		n, err := c.exec(ctx, `UPDATE endpoint_replays SET state = $3, ended_at = $4 WHERE ref = $1 AND endpoint = $2
			AND ended_at = 0`,
			ref, e.Ref, int64(ReplayCancelled), ms(a.At))
		if err != nil {
			return err
		}
		list, err := endpointReplaysWhere(ctx, c, `WHERE y.ref = $1 AND y.endpoint = $2`, ref, e.Ref)
		switch {
		case err != nil:
			return err
		case len(list) == 0:
			return fault.Missing("there is no replay %q of this endpoint", id)
		case n == 0:
			return fault.New(fault.Conflict, "replay_ended", "the replay %s ended before", id)
		}
		x = list[0]
		return nil
	})
	return x, err
}

// Again is a dispatch that is to be sent again, or, where its number is 0, an event that the endpoint is to be told of again.
type Again struct {
	Dispatch int64
	Event    event.ID
	Due      time.Time
}

// QueueReplay queues events that a replay came to, and stores how far it is: At, State, Seen, Due, Problem and EndedAt. Queued is
// counted here: what is under way or waits anyway is not queued. It reports whether the replay goes on; where somebody ended
// it meanwhile nothing is stored.
func (s *Store) QueueReplay(ctx context.Context, x *EndpointReplay, list []Again, now time.Time) (goesOn bool, err error) {
	err = s.engine.write(ctx, func(c conn) error {
		queued := int64(0)
		n, err := c.exec(ctx, `UPDATE endpoint_replays SET state = $2, at_xid = $3, at_seq = $4, seen = $5, due_at = $6, problem = $7,
			ended_at = $8 WHERE ref = $1 AND ended_at = 0`, x.Ref, int64(x.State), strconv.FormatUint(x.At.Transaction, 10), x.At.Seq,
			x.Seen, ms(x.Due), x.Problem, ms(x.EndedAt))
		if goesOn = n > 0 && x.EndedAt.IsZero(); err != nil || n == 0 {
			return err
		}
		for _, one := range list {
			again, err := queueAgain(ctx, c, x.Endpoint, one, now)
			if err != nil {
				return err
			}
			queued += again
		}
		_, err = c.exec(ctx, `UPDATE endpoint_replays SET queued = queued + $2 WHERE ref = $1`, x.Ref, queued)
		return err
	})
	return goesOn, err
}

// ended are the states that a dispatch is sent again from.
const ended = `state IN (4, 5, 6)`

// queueAgain lets an endpoint be told of an event again, by the dispatch that told it, so that the id is the same. It
// returns how many dispatches that made: none where one is under way.
func queueAgain(ctx context.Context, c conn, endpoint int64, x Again, now time.Time) (int64, error) {
	if x.Dispatch != 0 {
		return sendAgain(ctx, c, endpoint, x.Dispatch, x.Due)
	}
	n, err := c.exec(ctx, `UPDATE dispatches SET state = 2, due_at = $3, again_at = $3 WHERE event = $1 AND endpoint = $2
		AND batch = 0 AND `+ended, x.Event, endpoint, ms(x.Due))
	if err != nil || n > 0 {
		return n, err
	}
	var batch int64
	known, err := one(ctx, c, `SELECT dispatch FROM dispatch_events WHERE event = $1 AND endpoint = $2`, []any{
		x.Event, endpoint,
	}, &batch)
	if err != nil {
		return 0, err
	}
	if known {
		return sendAgain(ctx, c, endpoint, batch, x.Due)
	}
	return c.exec(ctx, `INSERT INTO dispatches (endpoint, event, events, batch, key, state, first_at, again_at, due_at, tries,
		tried_at,
		took, status, problem, answer, kind, body) VALUES ($1, $2, 1, 0, '', 2, $3, $4, $4, 0, 0, 0, 0, '', $5, '', $5)
		ON CONFLICT (event, endpoint) WHERE batch = 0 DO NOTHING`, endpoint, x.Event, ms(now), ms(x.Due), []byte{})
}

// sendAgain lets a dispatch that ended be sent again, and reports how many those are.
func sendAgain(ctx context.Context, c conn, endpoint, ref int64, due time.Time) (int64, error) {
	return c.exec(ctx, `UPDATE dispatches SET state = 2, due_at = $3, again_at = $3 WHERE ref = $1 AND endpoint = $2 AND `+ended,
		ref,
		endpoint, ms(due))
}

// DeadDispatches are the numbers of an endpoint's dispatches that were given up and that a replay has not come to, oldest first.
func (s *Store) DeadDispatches(ctx context.Context, x *EndpointReplay, limit int) (refs []int64, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		refs = nil
		return c.query(ctx, `SELECT ref FROM dispatches WHERE endpoint = $1 AND state = 5 AND ref > $2 AND first_at >= $3
			AND (first_at < $4 OR $4 = 0) ORDER BY ref LIMIT `+itoa(limit), []any{x.Endpoint, x.At.Seq, ms(x.Since), ms(x.Until)},
			func(r row) error {
				var ref int64
				err := r.Scan(&ref)
				refs = append(refs, ref)
				return err
			})
	})
	return refs, err
}
