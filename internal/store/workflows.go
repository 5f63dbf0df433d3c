package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tidings/internal/fault"
	"tidings/internal/workflow"
)

// Where workflows come from.
const (
	WorkflowOfAPI   = "api"
	WorkflowOfFiles = "files" // of a folder that was applied: applying it again brings them back as they stand there
)

// Workflow is a stored workflow with the version that contacts enter now.
type Workflow struct {
	Ref        int64
	ID         string // wfl_…
	Project    string // prj_…
	ProjectRef int64
	Origin     string
	Enabled    bool
	Version    int64 // of the definition, from 1
	Changes    int64 // counts every change, for ETags
	Definition workflow.Definition
	Open       int64     // the runs of any version that go on
	NextAt     time.Time // when its schedule is due; zero: it has none, or is not enabled
	CreatedAt  time.Time
	UpdatedAt  time.Time
	// After is the contact up to which its schedule's turn that is due was taken; 0: the turn did not begin.
	After int64
}

// WorkflowVersion is one definition that a workflow has or had.
type WorkflowVersion struct {
	Version    int64
	Definition workflow.Definition
	Open       int64 // the runs of it that go on
	CreatedAt  time.Time
	CreatedBy  string
	ByName     string // the name of the person; empty: it was a program, or the person is not known
}

// WorkflowChange is what becomes of one workflow. A new one has no Ref.
type WorkflowChange struct {
	Workflow
	Deleted   bool
	Edited    bool    // the definition is another one: a new version
	Templates []int64 // Template.Ref of those that it needs
	NextAt    time.Time
	Act       Act
}

// workflowsVersion is the row of meta that changes with every workflow, and when the first run of a version begins or its last
// ends.
const workflowsVersion = "workflows"

const selectWorkflow = `SELECT w.ref, w.id, p.id, w.project, w.origin, w.enabled, w.version, w.changes, w.next_at,
w.after, w.created_at,
	w.updated_at, v.definition, (SELECT CAST(coalesce(sum(o.open), 0) AS BIGINT) FROM workflow_versions o WHERE o.workflow = w.ref)
	FROM workflows w JOIN projects p ON p.ref = w.project
	JOIN workflow_versions v ON v.workflow = w.ref AND v.version = w.version `

func workflowsWhere(ctx context.Context, c conn, where string, args ...any) (list []Workflow, err error) {
	err = c.query(ctx, selectWorkflow+where, args, func(r row) error {
		var x Workflow
		var definition string
		var enabled, next, created, updated int64
		err := r.Scan(&x.Ref, &x.ID, &x.Project, &x.ProjectRef, &x.Origin, &enabled, &x.Version, &x.Changes, &next, &x.After,
			&created,
			&updated, &definition, &x.Open)
		if err != nil {
			return err
		}
		x.Enabled, x.NextAt, x.CreatedAt, x.UpdatedAt = enabled != 0, at(next), at(created), at(updated)
		if err := json.Unmarshal([]byte(definition), &x.Definition); err != nil {
			return fmt.Errorf("definition of workflow %s: %w", x.ID, err)
		}
		list = append(list, x)
		return nil
	})
	return list, err
}

// Workflows lists the workflows of a project by key.
func (s *Store) Workflows(ctx context.Context, project string) (list []Workflow, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list, err = workflowsWhere(ctx, c, `WHERE p.id = $1 ORDER BY w.key`, project)
		return err
	})
	return list, err
}

// Workflow finds a workflow by its id or key.
func (s *Store) Workflow(ctx context.Context, project, idOrKey string) (x Workflow, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		x, err = workflowOf(ctx, c, p, idOrKey)
		return err
	})
	return x, err
}

func workflowOf(ctx context.Context, c conn, project int64, idOrKey string) (Workflow, error) {
	list, err := workflowsWhere(ctx, c, `WHERE w.project = $1 AND (w.id = $2 OR w.key = $2)`, project, idOrKey)
	if err != nil {
		return Workflow{}, err
	}
	if len(list) == 0 {
		return Workflow{}, fault.Missing("there is no workflow %.100q", idOrKey)
	}
	return list[0], nil
}

// WorkflowVersions lists the definitions of a workflow, newest first.
func (s *Store) WorkflowVersions(ctx context.Context, project, idOrKey string) (list []WorkflowVersion, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		x, err := workflowOf(ctx, c, p, idOrKey)
		if err != nil {
			return err
		}
		list, err = versionsWhere(ctx, c, `WHERE v.workflow = $1 ORDER BY v.version DESC`, x.Ref)
		return err
	})
	return list, err
}

// WorkflowVersion finds one definition of a workflow.
func (s *Store) WorkflowVersion(ctx context.Context, project, idOrKey string, version int64) (x WorkflowVersion, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		w, err := workflowOf(ctx, c, p, idOrKey)
		if err != nil {
			return err
		}
		list, err := versionsWhere(ctx, c, `WHERE v.workflow = $1 AND v.version = $2`, w.Ref, version)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fault.Missing("the workflow %q has no version %d", w.Definition.Key, version)
		}
		x = list[0]
		return nil
	})
	return x, err
}

func versionsWhere(ctx context.Context, c conn, where string, args ...any) (list []WorkflowVersion, err error) {
	err = c.query(ctx, `SELECT v.version, v.definition, v.open, v.created_at, v.created_by,
		coalesce((SELECT name FROM people h WHERE h.id = v.created_by), '') FROM workflow_versions v `+where, args,
		func(r row) error {
			var x WorkflowVersion
			var definition string
			var created int64
			if err := r.Scan(&x.Version, &definition, &x.Open, &created, &x.CreatedBy, &x.ByName); err != nil {
				return err
			}
			x.CreatedAt = at(created)
			list = append(list, x)
			return json.Unmarshal([]byte(definition), &list[len(list)-1].Definition)
		})
	return list, err
}

// LiveWorkflow is a definition that events may concern: the one of an enabled workflow that contacts enter, or one that runs
// are still on.
type LiveWorkflow struct {
	Workflow
	Live    int64 // the version of Definition
	Current bool  // contacts enter it
}

// LiveWorkflows lists them for every project, and the version of the list: another one means that something changed.
func (s *Store) LiveWorkflows(ctx context.Context) (list []LiveWorkflow, version string, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		v, err := readVersions(ctx, c)
		if err != nil {
			return err
		}
		version = v.workflows
		list, err = liveWorkflows(ctx, c)
		return err
	})
	return list, version, err
}

func liveWorkflows(ctx context.Context, c conn) (list []LiveWorkflow, err error) {
	err = c.query(ctx, `SELECT w.ref, w.id, p.id, w.project, w.enabled, w.version, v.version, v.definition FROM workflow_versions v
		JOIN workflows w ON w.ref = v.workflow JOIN projects p ON p.ref = w.project
		WHERE v.open > 0 OR w.enabled <> 0 AND v.version = w.version ORDER BY w.ref, v.version`, nil, func(r row) error {
		var x LiveWorkflow
		var enabled int64
		var definition string
		if err := r.Scan(&x.Ref, &x.ID, &x.Project, &x.ProjectRef, &enabled, &x.Version, &x.Live, &definition); err != nil {
			return err
		}
		x.Enabled = enabled != 0
		x.Current = x.Enabled && x.Live == x.Version
		list = append(list, x)
		return json.Unmarshal([]byte(definition), &list[len(list)-1].Definition)
	})
	return list, err
}

// WorkflowsVersion changes whenever LiveWorkflows does.
func (s *Store) WorkflowsVersion(ctx context.Context) (version string, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		v, err := readVersions(ctx, c)
		version = v.workflows
		return err
	})
	return version, err
}

// ChangeWorkflows lets decide say what becomes of a project's workflows, and does all of it in one transaction. Where decide
// returns no change nothing is stored. A workflow that is deleted takes its runs with it.
func (s *Store) ChangeWorkflows(
	ctx context.Context, project string, decide func(have []Workflow) ([]WorkflowChange, error),
) (changes []WorkflowChange, err error) {
	err = s.engine.write(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		have, err := workflowsWhere(ctx, c, `WHERE w.project = $1 ORDER BY w.key`, ref)
		if err != nil {
			return err
		}
		if changes, err = decide(have); err != nil {
			return err
		}
		return changeWorkflows(ctx, c, ref, changes)
	})
	return changes, err
}

func changeWorkflows(ctx context.Context, c conn, project int64, changes []WorkflowChange) error {
	if len(changes) == 0 {
		return nil
	}
	for i := range changes {
		if err := changeWorkflow(ctx, c, project, &changes[i]); err != nil {
			return err
		}
		if err := record(ctx, c, project, changes[i].Act); err != nil {
			return err
		}
	}
	return touchMeta(ctx, c, workflowsVersion)
}

// workflowUse is the kind of template_uses of workflows.
const workflowUse = "workflow"

func changeWorkflow(ctx context.Context, c conn, project int64, x *WorkflowChange) error {
	if x.Deleted {
		if err := workflowInRules(ctx, c, project, x.ID, x.Definition.Key); err != nil {
			return err
		}
		return removeWorkflow(ctx, c, x)
	}
	if err := putWorkflow(ctx, c, project, x); err != nil || !x.Edited {
		return err
	}
	definition, err := json.Marshal(x.Definition)
	if err != nil {
		return fmt.Errorf("encode workflow: %w", err)
	}
	_, err = c.exec(ctx, `INSERT INTO workflow_versions (workflow, version, definition, created_at, created_by)
		VALUES ($1, $2, $3, $4, $5)`, x.Ref, x.Version, string(definition), ms(x.Act.At), x.Act.By)
	if err != nil {
		return err
	}
	if _, err := c.exec(ctx, `DELETE FROM template_uses WHERE kind = $1 AND id = $2`, workflowUse, x.ID); err != nil {
		return err
	}
	for _, t := range x.Templates {
		_, err := c.exec(ctx, `INSERT INTO template_uses (template, kind, id, name) VALUES ($1, $2, $3, $4)
			ON CONFLICT (template, kind, id) DO NOTHING`, t, workflowUse, x.ID, x.Definition.Key)
		if err != nil {
			return err
		}
	}
	return nil
}

func putWorkflow(ctx context.Context, c conn, project int64, x *WorkflowChange) error {
	key := x.Definition.Key
	var other string
	taken, err := one(ctx, c, `SELECT id FROM workflows WHERE project = $1 AND key = $2 AND id <> $3`, []any{
		project, key,
		x.ID,
	}, &other)
	if err != nil {
		return err
	}
	if taken {
		return fault.New(fault.Conflict, "name_taken", "the workflow %s has the key %q", other, key).WithField("key")
	}
	x.UpdatedAt, x.Workflow.NextAt = x.Act.At, x.NextAt
	if x.Ref == 0 {
		x.Version, x.Changes, x.CreatedAt, x.Edited = 1, 1, x.Act.At, true
		_, err = one(ctx, c, `INSERT INTO workflows (id, project, key, origin, enabled, version, changes, next_at, created_at,
			updated_at)
			VALUES ($1, $2, $3, $4, $5, 1, 1, $6, $7, $7) RETURNING ref`,
			[]any{x.ID, project, key, x.Origin, truth(x.Enabled), ms(x.NextAt), ms(x.Act.At)}, &x.Ref)
		return err
	}
	var before string
	if _, err := one(ctx, c, `SELECT key FROM workflows WHERE ref = $1`, []any{x.Ref}, &before); err != nil {
		return err
	}
	if before != key {
		if err := workflowInRules(ctx, c, project, before); err != nil {
			return err
		}
	}
	x.Changes++
	if x.Edited {
		x.Version++
	}
	_, err = c.exec(ctx, `UPDATE workflows SET key = $2, origin = $3, enabled = $4, version = $5, changes = $6, next_at = $7,
		after = 0,
		updated_at = $8 WHERE ref = $1`, x.Ref, key, x.Origin, truth(x.Enabled), x.Version, x.Changes, ms(x.NextAt), ms(x.Act.At))
	return err
}

func removeWorkflow(ctx context.Context, c conn, x *WorkflowChange) error {
	if _, err := c.exec(ctx, `DELETE FROM template_uses WHERE kind = $1 AND id = $2`, workflowUse, x.ID); err != nil {
		return err
	}
	for _, sql := range [...]string{
		`DELETE FROM workflows WHERE ref = $1`, // first: whoever saves runs has it, and is done before
		`DELETE FROM run_steps WHERE run IN (SELECT ref FROM runs WHERE workflow = $1)`, `DELETE FROM runs WHERE workflow = $1`,
		`DELETE FROM run_counts WHERE workflow = $1`, `DELETE FROM workflow_versions WHERE workflow = $1`,
	} {
		if _, err := c.exec(ctx, sql, x.Ref); err != nil {
			return err
		}
	}
	return nil
}

func truth(x bool) int64 {
	if x {
		return 1
	}
	return 0
}
