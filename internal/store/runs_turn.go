package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tidings/event"
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

// WorkflowEvents returns the oldest events of a shard that workflows were not told of yet.
func (s *Store) WorkflowEvents(ctx context.Context, shard int64, limit int) (list []WorkflowEvent, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list = nil
		return c.query(ctx, `SELECT x.ref, p.id, x.project, x.event, coalesce(e.seq, 0),
			coalesce(CASE WHEN c.merged_into <> 0 THEN c.merged_into ELSE e.contact END, 0), x.run FROM workflow_events x
			JOIN projects p ON p.ref = x.project LEFT JOIN events e ON e.id = x.event LEFT JOIN contacts c ON c.ref = e.contact
			WHERE x.shard = $1 ORDER BY x.ref LIMIT `+itoa(limit), []any{shard}, func(r row) error {
			var x WorkflowEvent
			err := r.Scan(&x.Ref, &x.Project, &x.ProjectRef, &x.ID, &x.Place, &x.Contact, &x.Run)
			list = append(list, x)
			return err
		})
	})
	return list, err
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

// DueRuns returns the runs of a shard whose time has come, the longest due first.
func (s *Store) DueRuns(ctx context.Context, shard int64, now time.Time, limit int) (list []Run, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list, err = runsWhere(ctx, c, `WHERE r.shard = $1 AND r.due_at > 0 AND r.due_at <= $2 ORDER BY r.due_at, r.ref LIMIT `+
			itoa(limit), shard, ms(now))
		return err
	})
	return list, err
}

// WakeWorkflows lets the work begin on the shards where a run is due, or an event waits that nobody was told of. It is asked every
// second: what is due is found by an index alone.
func (s *Store) WakeWorkflows(ctx context.Context) error {
	ready := make(map[int64]bool)
	err := s.engine.read(ctx, func(c conn) error {
		clear(ready)
		return c.query(ctx, readyShards, []any{ms(s.now())}, func(r row) error {
			var shard int64
			err := r.Scan(&shard)
			ready[shard] = true
			return err
		})
	})
	if err != nil || len(ready) == 0 {
		return err
	}
	return s.engine.write(ctx, func(c conn) error { return wakeWorkflows(ctx, c, s.now(), ready) })
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

// ScheduleNext notes up to which contact the entries of a schedule's turn were made, or, with next, that its turn is over.
func (s *Store) ScheduleNext(ctx context.Context, x *Workflow, after int64, next time.Time) error {
	err := s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `UPDATE workflows SET after = $3, next_at = CASE WHEN $4 > 0 THEN $4 ELSE next_at END
			WHERE ref = $1 AND next_at = $2`, x.Ref, ms(x.NextAt), after, ms(next))
		return err
	})
	if err != nil {
		return fmt.Errorf("note the turn of a schedule: %w", err)
	}
	return nil
}
