package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tidings/event"
	"tidings/internal/segment"
	"tidings/internal/stats"
	"tidings/internal/workflow"
)

// FactsOf reads of a contact what is needed, as of now, in Unix milliseconds. It knows of no segments.
func (s *Store) FactsOf(
	ctx context.Context, project string, contact int64, needs segment.Needs, now int64,
) (f *segment.Facts, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		f, err = s.factsOf(ctx, c, &rules{project: p, needs: needs}, contact, now)
		return err
	})
	return f, err
}

// MailedWhat is what is asked of the emails that a contact got.
type MailedWhat uint8

// What can be asked. Machines neither open nor click.
const (
	MailSent MailedWhat = iota
	MailOpened
	MailClicked
)

var mailedNames = map[MailedWhat][]event.Name{
	MailSent: {event.EmailQueued, event.EmailSent}, MailOpened: {event.EmailOpen}, MailClicked: {event.EmailClick},
}

// MailedQuery asks whether a contact was mailed.
type MailedQuery struct {
	Contact  int64
	What     MailedWhat
	Template string // as events call it; "*": any
	Run      string // exe_…: emails of this run alone; empty: of everything
}

// WasMailed answers a MailedQuery.
func (s *Store) WasMailed(ctx context.Context, project string, q MailedQuery) (was bool, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		args := []any{q.Contact, p}
		names := mailedNames[q.What]
		for _, n := range names {
			args = append(args, string(n))
		}
		where := ` AND e.name IN (SELECT ref FROM terms WHERE project = $2 AND kind = ` + itoa(termName) + ` AND text IN (` +
			marks(3, len(names)) + `))`
		if q.Template != "*" {
			args = append(args, q.Template)
			where += ` AND e.template IN (SELECT ref FROM terms WHERE project = $2 AND kind = ` + itoa(termTemplate) + ` AND text = $` +
				itoa(len(args)) + `)`
		}
		if q.Run != "" {
			args = append(args, "run:"+q.Run+":%")
			where += ` AND e.message IN (SELECT message FROM sends WHERE contact = $1 AND message <> 0 AND intent LIKE $` +
				itoa(len(args)) + `)`
		}
		var there int64
		was, err = one(ctx, c, `SELECT 1 FROM events e WHERE e.contact = $1 AND e.class NOT IN (`+itoa(int(stats.ByMachine))+`, `+
			itoa(int(stats.OfCandidates))+`)`+where+` LIMIT 1`, args, &there)
		return err
	})
	return was, err
}

// MailTimes returns when the newest emails to a contact were queued, newest first, as many as limit and not before since.
func (s *Store) MailTimes(ctx context.Context, contact int64, since time.Time, limit int) (list []time.Time, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list = nil
		return c.query(ctx, `SELECT created_at FROM sends WHERE contact = $1 AND created_at > $2 AND status NOT IN
			(`+itoa(skippedSend)+`, `+
			itoa(failedSend)+`, `+itoa(canceledSend)+`) ORDER BY ref DESC LIMIT `+itoa(limit), []any{
			contact,
			ms(since),
		}, func(r row) error {
			var v int64
			err := r.Scan(&v)
			list = append(list, at(v))
			return err
		})
	})
	return list, err
}

// WorkflowSettings are those of a project; zero: nothing was said.
func (s *Store) WorkflowSettings(ctx context.Context, project string) (x workflow.Settings, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		var text string
		found, err := one(ctx, c, `SELECT s.settings FROM workflow_settings s JOIN projects p ON p.ref = s.project WHERE p.id = $1`,
			[]any{project}, &text)
		if err != nil || !found {
			return err
		}
		return json.Unmarshal([]byte(text), &x)
	})
	return x, err
}

// SetWorkflowSettings stores them.
func (s *Store) SetWorkflowSettings(ctx context.Context, project string, x workflow.Settings, act Act) error {
	raw, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	err = s.engine.write(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		_, err = c.exec(ctx, `INSERT INTO workflow_settings (project, settings) VALUES ($1, $2)
			ON CONFLICT (project) DO UPDATE SET settings = excluded.settings`, p, string(raw))
		if err != nil {
			return err
		}
		return record(ctx, c, p, act)
	})
	if err != nil {
		return fmt.Errorf("set workflow settings: %w", err)
	}
	return nil
}
