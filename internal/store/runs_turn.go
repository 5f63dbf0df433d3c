package store

import (
	"context"
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/job"
	"tidings/internal/workflow"
)

// WorkflowEvent is an event that a workflow may want.
type WorkflowEvent struct {
	Ref        int64
	Project    string
	ProjectRef int64
	ID         event.ID
	Place      int64 // in the log; 0: the event is gone
	Contact    int64 // 0: it is about none
	Run        int64 // the one run that is to be told; 0: all
}

// LastWorkflowEvent is the Ref of the newest event of a shard that workflows were not told of yet; 0: there is none.
func (s *Store) LastWorkflowEvent(ctx context.Context, shard int64) (ref int64, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		_, err := one(ctx, c, `SELECT coalesce(max(ref), 0) FROM workflow_events WHERE shard = $1`, []any{shard}, &ref)
		return err
	})
	return ref, err
}

// WorkflowEvents returns the oldest events of a shard that workflows were not told of yet, up to one's Ref.
func (s *Store) WorkflowEvents(ctx context.Context, shard, last int64, limit int) (list []WorkflowEvent, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list = nil
		return c.query(ctx, `SELECT x.ref, p.id, x.project, x.event, coalesce(e.seq, 0),
			coalesce(CASE WHEN c.merged_into <> 0 THEN c.merged_into ELSE e.contact END, 0), x.run FROM workflow_events x
			JOIN projects p ON p.ref = x.project LEFT JOIN events e ON e.id = x.event LEFT JOIN contacts c ON c.ref = e.contact
			WHERE x.shard = $1 AND x.ref <= $2 ORDER BY x.ref LIMIT `+itoa(limit), []any{shard, last}, func(r row) error {
			var x WorkflowEvent
			err := r.Scan(&x.Ref, &x.Project, &x.ProjectRef, &x.ID, &x.Place, &x.Contact, &x.Run)
			list = append(list, x)
			return err
		})
	})
	return list, err
}

// EventPlace is the place of an event in the log; 0: it is gone.
func (s *Store) EventPlace(ctx context.Context, id event.ID) (place int64, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		place = 0
		_, err := one(ctx, c, `SELECT seq FROM events WHERE id = $1`, []any{id}, &place)
		return err
	})
	return place, err
}

// OpenRuns returns the runs of a contact that go on, and those that failed, which a person may let go on: oldest first.
func (s *Store) OpenRuns(ctx context.Context, contact int64) (list []Run, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list, err = runsWhere(ctx, c, `WHERE r.contact = $1 AND (`+openRuns+` OR r.status = $2) ORDER BY r.ref`, contact,
			runStatusNumber(workflow.Failed))
		return err
	})
	return list, err
}

// DueRuns returns the runs of a shard whose time has come, the longest due first, but for those whose contact has events that
// workflows were not told of yet: such an event may be the one that a run waits for, or end it.
func (s *Store) DueRuns(ctx context.Context, shard int64, now time.Time, limit int) (list []Run, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list, err = runsWhere(ctx, c, `WHERE r.shard = $1 AND r.due_at > 0 AND r.due_at <= $2
			AND NOT EXISTS (SELECT 1 FROM workflow_events x WHERE x.contact = r.contact) ORDER BY r.due_at, r.ref LIMIT `+itoa(limit),
			shard, ms(now))
		return err
	})
	return list, err
}

// ScheduleKind is the kind of the job that lets the contacts of schedules enter.
const ScheduleKind = "workflow-schedules"

// WakeWorkflows lets the work begin on the shards where a run is due, or an event waits that nobody was told of, and on
// schedules that are due. It is asked several times a second: what is due is found by an index alone.
func (s *Store) WakeWorkflows(ctx context.Context) error {
	ready := make(map[int64]bool)
	scheduled := false
	err := s.engine.read(ctx, func(c conn) error {
		clear(ready)
		var there int64
		var err error
		scheduled, err = one(ctx, c, `SELECT 1 FROM workflows WHERE next_at > 0 AND next_at <= $1 LIMIT 1`, []any{ms(s.now())},
			&there)
		if err != nil {
			return err
		}
		return c.query(ctx, readyShards, []any{ms(s.now())}, func(r row) error {
			var shard int64
			err := r.Scan(&shard)
			ready[shard] = true
			return err
		})
	})
	if err != nil || len(ready) == 0 && !scheduled {
		return err
	}
	return s.engine.write(ctx, func(c conn) error {
		if scheduled {
			if _, err := enqueue(ctx, c, s.now(), []job.NewJob{{Kind: ScheduleKind, Key: ScheduleKind}}); err != nil {
				return err
			}
		}
		if err := hurryWorkflows(ctx, c, s.now()); err != nil {
			return err
		}
		return wakeWorkflows(ctx, c, s.now(), ready)
	})
}

// farAhead is longer than any job waits that failed.
const farAhead = 2 * time.Hour

// hurryWorkflows lets the jobs of workflows run now that were stored while the clock was ahead: no other one is stored beside
// them, and all runs would wait until the clock has caught up.
func hurryWorkflows(ctx context.Context, c conn, now time.Time) error {
	_, err := c.exec(ctx, `UPDATE jobs SET due_at = $1 WHERE kind IN ($2, $3) AND state = 0 AND due_at > $4`, ms(now), WorkflowKind,
		ScheduleKind, ms(now.Add(farAhead)))
	return err
}

// readyShards finds the shards with something to do.
var readyShards = func() string {
	var parts []string
	for shard := range WorkflowShards {
		n := itoa(shard)
		parts = append(parts, `SELECT `+n+` WHERE EXISTS (SELECT 1 FROM runs WHERE shard = `+n+` AND due_at > 0 AND due_at <= $1)
			OR EXISTS (SELECT 1 FROM workflow_events WHERE shard = `+n+`)`)
	}
	return strings.Join(parts, " UNION ALL ")
}()

// DueSchedules returns the enabled workflows whose schedule is due.
func (s *Store) DueSchedules(ctx context.Context, now time.Time) (list []Workflow, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list, err = workflowsWhere(ctx, c, `WHERE w.next_at > 0 AND w.next_at <= $1 AND w.enabled <> 0 ORDER BY w.next_at`, ms(now))
		return err
	})
	return list, err
}

// ScheduleTaken notes up to which contact those of a schedule's turn entered. going: the turn goes on, nobody changed the
// workflow.
func (s *Store) ScheduleTaken(ctx context.Context, x *Workflow, after int64) (going bool, err error) {
	err = s.engine.write(ctx, func(c conn) error {
		n, err := c.exec(ctx, `UPDATE workflows SET after = $3 WHERE ref = $1 AND next_at = $2`, x.Ref, ms(x.NextAt), after)
		going = n > 0
		return err
	})
	return going, wrapStep("note how far a schedule's turn is", err)
}

// ScheduleNext notes that a schedule's turn is over, and when it has the next; zero: never.
func (s *Store) ScheduleNext(ctx context.Context, x *Workflow, next time.Time) error {
	err := s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `UPDATE workflows SET after = 0, next_at = $3 WHERE ref = $1 AND next_at = $2`, x.Ref, ms(x.NextAt),
			ms(next))
		return err
	})
	return wrapStep("note the end of a schedule's turn", err)
}
