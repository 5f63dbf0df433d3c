package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tidings/internal/fault"
	"tidings/internal/workflow"
)

const runPrefix = "exe_"

// Run is a stored run.
type Run struct {
	workflow.Run
	Ref        int64
	Rev        int64 // counts its changes
	Workflow   int64 // Workflow.Ref
	WorkflowID string
	Key        string // of the workflow
	Version    int64
	Project    string
	Contact    int64
	ContactID  string
	Address    string
	TimeZone   string // the contact's attribute timezone; empty: it has none
	BegunBy    string
	Place      int64 // in the log, of what began it: what the contact did before is not waited for
	EndedAt    time.Time
}

// runStatuses are stored as numbers, which are their places here from 1 on. They never change.
var runStatuses = []workflow.Status{
	workflow.Running, workflow.Waiting, workflow.Completed, workflow.Exited, workflow.Failed, workflow.Canceled,
}

func runStatusNumber(x workflow.Status) int64 { return int64(slices.Index(runStatuses, x) + 1) }

// openRuns is the condition of a run that goes on, in SQL.
const openRuns = "r.status <= 2"

const selectRun = `SELECT r.ref, r.rev, r.workflow, w.id, w.key, r.version, p.id, r.contact, coalesce(c.address, ''),
	coalesce(c.attributes, ''), r.begun_by, r.place, r.status, r.step, r.visit, r.phase, r.tries, r.due_at, r.started_at,
	r.entered_at,
	r.ended_at, r.unmailed, r.reason, r.vars FROM runs r JOIN workflows w ON w.ref = r.workflow JOIN projects p ON p.ref = w.project
	LEFT JOIN contacts c ON c.ref = r.contact `

func runsWhere(ctx context.Context, c conn, where string, args ...any) (list []Run, err error) {
	err = c.query(ctx, selectRun+where, args, func(r row) error {
		var x Run
		var attributes, vars string
		var status, due, started, entered, ended, unmailed int64
		err := r.Scan(&x.Ref, &x.Rev, &x.Workflow, &x.WorkflowID, &x.Key, &x.Version, &x.Project, &x.Contact, &x.Address, &attributes,
			&x.BegunBy, &x.Place, &status, &x.Step, &x.Visit, &x.Phase, &x.Try, &due, &started, &entered, &ended, &unmailed, &x.Reason,
			&vars)
		if err != nil {
			return err
		}
		x.ID, x.ContactID = publicID(runPrefix, x.Ref), publicID(contactPrefix, x.Contact)
		x.Status, x.Due, x.StartedAt, x.EnteredAt, x.EndedAt = runStatuses[status-1], at(due), at(started), at(entered), at(ended)
		x.Unmailed, x.TimeZone = unmailed != 0, timeZoneIn(attributes)
		if err := json.Unmarshal([]byte(vars), &x.Vars); err != nil {
			return fmt.Errorf("what run %s knows: %w", x.ID, err)
		}
		list = append(list, x)
		return nil
	})
	return list, err
}

// TimeZoneOf is the time zone among a contact's attributes, which are JSON; empty: it has none.
func TimeZoneOf(attributes json.RawMessage) string { return timeZoneIn(string(attributes)) }

// timeZoneIn is the time zone among a contact's attributes.
func timeZoneIn(attributes string) string {
	var some struct {
		TimeZone json.RawMessage `json:"timezone"`
	}
	var zone string
	if json.Unmarshal([]byte(attributes), &some) != nil || json.Unmarshal(some.TimeZone, &zone) != nil {
		return ""
	}
	return zone
}

// RunQuery asks for runs, newest first.
type RunQuery struct {
	Project  string
	Workflow string // id or key; empty: of every one
	Contact  string // id or address; empty: of everybody
	Step     string // where they are; empty: anywhere
	Version  int64  // of the workflow; 0: of every one
	Except   int64  // a version that is not meant; 0: none
	Statuses []workflow.Status
	Before   int64 // only runs with a lower Ref, for the next page; 0: from the newest
	Offset   int   // how many are passed over first
	Limit    int
}

// Runs lists runs. A contact or workflow that is not there has none.
func (s *Store) Runs(ctx context.Context, q RunQuery) (list []Run, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		if q.Workflow != "" && q.Contact == "" && q.Offset <= maxRunsMerged {
			refs, err := newestRuns(ctx, c, q)
			if err != nil || len(refs) == 0 {
				list = nil
				return err
			}
			list, err = runsWhere(ctx, c, `WHERE r.ref IN (`+marks(1, len(refs))+`) ORDER BY r.ref DESC`, refs...)
			return err
		}
		where, args, err := runCondition(ctx, c, &q)
		if err != nil || where == "" {
			return err
		}
		list, err = runsWhere(ctx, c, where+" ORDER BY r.ref DESC LIMIT "+itoa(q.Limit)+" OFFSET "+itoa(q.Offset), args...)
		return err
	})
	return list, err
}

// CountRuns counts what Runs would list, of which it looks at most at a number.
func (s *Store) CountRuns(ctx context.Context, q RunQuery, most int) (n int64, err error) {
	q.Before = 0 // of all pages
	err = s.engine.read(ctx, func(c conn) error {
		where, args, err := runCondition(ctx, c, &q)
		if err != nil || where == "" {
			return err
		}
		_, err = one(ctx, c, `SELECT count(*) FROM (SELECT 1 FROM runs r JOIN workflows w ON w.ref = r.workflow `+where+` LIMIT `+
			itoa(most)+`) x`, args, &n)
		return err
	})
	return n, err
}

// runCondition is the WHERE of a query; empty: it can have no result.
func runCondition(ctx context.Context, c conn, q *RunQuery) (where string, args []any, err error) {
	p, err := projectRef(ctx, c, q.Project)
	if err != nil {
		return "", nil, err
	}
	args, where = []any{p}, `WHERE w.project = $1`
	and := func(column string, value int64) {
		args = append(args, value)
		where += " AND " + column + " = $" + itoa(len(args))
	}
	if q.Workflow != "" {
		x, err := workflowOf(ctx, c, p, q.Workflow)
		if err != nil {
			return "", nil, err
		}
		and("r.workflow", x.Ref)
	}
	if q.Contact != "" {
		ref, err := contactRef(ctx, c, p, q.Contact)
		if err != nil || ref == 0 {
			return "", nil, err
		}
		and("r.contact", ref)
	}
	if q.Version != 0 {
		and("r.version", q.Version)
	}
	if q.Except != 0 {
		args = append(args, q.Except)
		where += " AND r.version <> $" + itoa(len(args))
	}
	if len(q.Statuses) > 0 {
		where += " AND r.status IN (" + marks(len(args)+1, len(q.Statuses)) + ")"
		for _, x := range q.Statuses {
			args = append(args, runStatusNumber(x))
		}
	}
	if q.Step != "" {
		args = append(args, q.Step)
		where += " AND r.step = $" + itoa(len(args))
	}
	if q.Before > 0 {
		args = append(args, q.Before)
		where += " AND r.ref < $" + itoa(len(args))
	}
	return where, args, nil
}

// Run finds a run by its id.
func (s *Store) Run(ctx context.Context, project, id string) (x Run, steps []workflow.Mark, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		ref, _ := refOf(runPrefix, id)
		list, err := runsWhere(ctx, c, `WHERE r.ref = $1 AND w.project = $2`, ref, p)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fault.Missing("there is no run %.100q", id)
		}
		x = list[0]
		steps, err = stepsOf(ctx, c, ref)
		return err
	})
	return x, steps, err
}

func stepsOf(ctx context.Context, c conn, run int64) (list []workflow.Mark, err error) {
	err = c.query(ctx, `SELECT visit, step, entered_at, left_at, outcome, detail, variant, send FROM run_steps WHERE run = $1
		ORDER BY visit`, []any{run}, func(r row) error {
		var m workflow.Mark
		var entered, left int64
		err := r.Scan(&m.Visit, &m.Step, &entered, &left, &m.Outcome, &m.Detail, &m.Variant, &m.Send)
		m.Entered, m.Left = at(entered), at(left)
		list = append(list, m)
		return err
	})
	return list, err
}

// RunCount is how often runs of a version did something.
type RunCount struct {
	Version int64
	Step    string // empty: the whole
	Word    string
	N       int64
}

// The words of RunCount. Of a step that was left the outcome follows LeftWord.
const (
	EnteredWord = "entered"
	LeftWord    = "left:"
	StartedWord = "started"
)

// RunCounts are those of a workflow.
func (s *Store) RunCounts(ctx context.Context, workflow int64) (list []RunCount, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		return c.query(ctx, `SELECT version, step, word, n FROM run_counts WHERE workflow = $1 ORDER BY version, step, word`,
			[]any{workflow}, func(r row) error {
				var x RunCount
				err := r.Scan(&x.Version, &x.Step, &x.Word, &x.N)
				list = append(list, x)
				return err
			})
	})
	return list, err
}
