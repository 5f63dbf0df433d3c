package control

import (
	"context"
	"fmt"
	"slices"

	"github.com/aymanbagabas/go-udiff"

	"tidings/internal/auth"
	"tidings/internal/rule"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// fileWorkflow is a workflow of a file.
type fileWorkflow struct {
	readWorkflow
	path  string
	lined func(rule.Problem) rule.Problem // where in the file a problem of the workflow is
}

// readWorkflows reads a file of workflows, in any of the formats. Mailshot's may have emails for events, which are rules.
func (a *applying) readWorkflows(f ApplyFile) {
	file := workflow.Read([]byte(f.Text))
	for _, p := range file.Problems {
		a.problem(f.Path, p)
	}
	for _, p := range file.Warnings {
		a.plan.Warnings = append(a.plan.Warnings, fileProblem(f.Path, p))
	}
	for i, g := range file.Graphs {
		a.workflows = append(a.workflows, fileWorkflow{
			readWorkflow: readWorkflow{Graph: g}, path: f.Path, lined: func(p rule.Problem) rule.Problem { return file.Lined(i, p) },
		})
	}
	for _, d := range file.Rules {
		r, problems := rule.Compile(d)
		for _, p := range problems {
			a.problem(f.Path, rule.Problem{At: "events: " + p.At, Says: p.Says})
		}
		if r != nil {
			a.rules = append(a.rules, fileRule{Rule: r, path: f.Path, lined: func(p rule.Problem) rule.Problem {
				return rule.Problem{At: fmt.Sprintf("events (%s): %s", r.Name, p.At), Says: p.Says}
			}})
		}
	}
}

func (a *applying) checkWorkflows(ctx context.Context) error {
	seen := make(map[string]string) // the path of each key
	for i := range a.workflows {
		w := &a.workflows[i]
		if other, there := seen[w.Key]; there {
			a.problem(w.path, w.lined(rule.Problem{At: "key", Says: fmt.Sprintf("%.100q is a workflow of %s, too", w.Key, other)}))
		}
		seen[w.Key] = w.path
		wrong, templates, err := a.check.references(ctx, w.Graph)
		if err != nil {
			return err
		}
		for _, p := range wrong {
			a.problem(w.path, w.lined(p))
		}
		w.templates = templates
	}
	return nil
}

// decideWorkflows compares the workflows that are there with those of the files. A new one is enabled; of one that is there it
// stays as people want it.
func (a *applying) decideWorkflows(have []store.Workflow) (changes []store.WorkflowChange, err error) {
	left := slices.Clone(have)
	for i := range a.workflows {
		w := &a.workflows[i]
		item := PlanItem{Kind: workflowKind, Name: w.Key, Path: w.path, Action: PlanSame}
		at := indexOfWorkflow(left, w.Key)
		var change store.WorkflowChange
		changed, before := true, ""
		if at < 0 {
			item.Action = PlanCreate
			change = a.control.newWorkflow(a.who, auth.NewID(workflowPrefix), store.WorkflowOfFiles, &w.readWorkflow, true, opApply)
		} else {
			x := left[at]
			left = slices.Delete(left, at, at+1)
			item.ID = x.ID
			change, changed = a.control.changedWorkflow(a.who, &x, store.WorkflowOfFiles, &w.readWorkflow, x.Enabled, opApply)
			if changed {
				item.Action = PlanUpdate
			}
			if before, err = workflow.Write(&x.Definition); err != nil {
				return nil, err
			}
		}
		if changed {
			changes = append(changes, change)
			after, err := workflow.Write(&w.Definition)
			if err != nil {
				return nil, err
			}
			item.Diff = udiff.Unified("now", "then", before, after)
		}
		a.plan.Items = append(a.plan.Items, item)
	}
	gone, err := a.pruneWorkflows(left)
	if err != nil {
		return nil, err
	}
	if len(have)+len(changes) > 2*maxWorkflows || len(a.workflows) > maxWorkflows {
		return nil, tooManyWorkflows()
	}
	return append(gone, changes...), nil
}

// pruneWorkflows removes the workflows of files that no file has any more.
func (a *applying) pruneWorkflows(left []store.Workflow) (changes []store.WorkflowChange, err error) {
	for i := range left {
		x := &left[i]
		if x.Origin != store.WorkflowOfFiles || a.in.Keep {
			continue
		}
		before, err := workflow.Write(&x.Definition)
		if err != nil {
			return nil, err
		}
		a.plan.Items = append(a.plan.Items, PlanItem{
			Kind: workflowKind, Name: x.Definition.Key, ID: x.ID, Action: PlanDelete, Diff: udiff.Unified("now", "then", before, ""),
		})
		changes = append(changes, a.control.removedWorkflow(a.who, x, opApply))
	}
	return changes, nil
}
