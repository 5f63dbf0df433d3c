package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"tidings/internal/fault"
	"tidings/internal/workflow"
)

// ChangeDefinitions lets decide say what becomes of a project's rules and workflows together, and does all of it in one
// transaction. Where decide returns no change nothing is stored.
func (s *Store) ChangeDefinitions(
	ctx context.Context, project string, decide func(rules []Rule, workflows []Workflow) ([]RuleChange, []WorkflowChange, error),
) error {
	return s.engine.write(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		rules, err := rulesWhere(ctx, c, `WHERE r.project = $1 ORDER BY r.name`, ref)
		if err != nil {
			return err
		}
		workflows, err := workflowsWhere(ctx, c, `WHERE w.project = $1 ORDER BY w.key`, ref)
		if err != nil {
			return err
		}
		ofRules, ofWorkflows, err := decide(rules, workflows)
		if err != nil {
			return err
		}
		if err := changeRules(ctx, c, ref, ofRules); err != nil { // before a workflow that a rule started goes
			return err
		}
		return changeWorkflows(ctx, c, ref, ofWorkflows)
	})
}

// inWorkflow is the Conflict that a workflow names something that is to be deleted: in the version that contacts enter, or in
// one that runs are still on.
func inWorkflow(ctx context.Context, c conn, project int64, code string, kind workflow.ReferenceKind, names ...string) error {
	return namedInWorkflow(ctx, c, project, code, string(kind), func(x workflow.Reference) bool {
		return x.Kind == kind && x.Name != "" && slices.Contains(names, x.Name)
	})
}

// segmentEnters is the Conflict that who enters a segment enters a workflow.
func segmentEnters(ctx context.Context, c conn, project int64, x *Segment) error {
	return namedInWorkflow(ctx, c, project, "segment_in_use", "segment tracked", func(r workflow.Reference) bool {
		return r.At == workflow.AtTriggerSegment && (r.Name == x.ID || r.Name == x.Slug)
	})
}

func namedInWorkflow(
	ctx context.Context, c conn, project int64, code, what string, is func(workflow.Reference) bool,
) (found error) {
	err := c.query(ctx, `SELECT w.id, w.version, v.version, v.definition FROM workflow_versions v
		JOIN workflows w ON w.ref = v.workflow WHERE w.project = $1 AND (v.open > 0 OR v.version = w.version) ORDER BY w.ref,
		v.version`, []any{project}, func(r row) error {
		var id, definition string
		var current, version int64
		if err := r.Scan(&id, &current, &version, &definition); err != nil {
			return err
		}
		var d workflow.Definition
		if err := json.Unmarshal([]byte(definition), &d); err != nil {
			return fmt.Errorf("definition of workflow %s: %w", id, err)
		}
		g, problems := workflow.Compile(d)
		if len(problems) > 0 || found != nil {
			return nil //nolint:nilerr // found is what is looked for
		}
		switch {
		case !slices.ContainsFunc(g.References(), is):
		case version == current:
			found = fault.New(fault.Conflict, code, "the workflow %q (%s) needs this %s", d.Key, id, what).
				WithHint("change or delete the workflow first")
		default:
			found = fault.New(fault.Conflict, code, "runs of version %d of the workflow %q (%s) need this %s", version, d.Key, id,
				what).
				WithHint("move these runs to another version, or end them")
		}
		return nil
	})
	if err != nil {
		return err
	}
	return found
}

// workflowInRules is the Conflict that a rule starts a workflow, or ends its runs, by one of these names.
func workflowInRules(ctx context.Context, c conn, project int64, names ...string) error {
	list, err := rulesWhere(ctx, c, `WHERE r.project = $1 ORDER BY r.name`, project)
	if err != nil {
		return err
	}
	for i := range list {
		for _, a := range list[i].Definition.Do {
			if a.Start != nil && slices.Contains(names, a.Start.Workflow) || a.Exit != nil && slices.Contains(names, a.Exit.Workflow) {
				return fault.New(fault.Conflict, "workflow_in_use", "the rule %q (%s) names the workflow",
					list[i].Definition.Name, list[i].ID).WithHint("change or delete the rule first")
			}
		}
	}
	return nil
}

// RunsAt is how many runs of a version are at a step and go on, or failed there.
type RunsAt struct {
	Version int64
	Step    string // empty: at none yet
	Status  workflow.Status
	N       int64
}

func (s *Store) whereRunsAre() string {
	by := ""
	if s.Engine() == "sqlite" { // whose planner may walk all runs with a status, and read each
		by = " INDEXED BY runs_at"
	}
	return `SELECT version, step, status, count(*) FROM runs` + by + ` WHERE workflow = $1 AND status IN (1, 2, 5)
		GROUP BY version, step, status ORDER BY version, step, status`
}

// WhereRunsAre counts the runs of a workflow that go on, by version, step and status; they are found by an index. Those that
// failed are among them.
func (s *Store) WhereRunsAre(ctx context.Context, of int64) (list []RunsAt, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list = nil
		return c.query(ctx, s.whereRunsAre(), []any{of}, func(r row) error {
			var x RunsAt
			var status int64
			err := r.Scan(&x.Version, &x.Step, &status, &x.N)
			if err == nil {
				x.Status = runStatuses[status-1]
			}
			list = append(list, x)
			return err
		})
	})
	return list, err
}
