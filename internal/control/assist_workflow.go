package control

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tidings/internal/store"
	"tidings/internal/workflow"
)

// AskedRuns are runs that an assistant asks for.
type AskedRuns struct {
	Workflow string // id or key; empty: of every one
	Contact  string // id or address; empty: of everybody
	Failed   bool   // those that failed, in place of those that go on
	Since    string // a time or a date: those that ended since; empty: whenever
	Limit    int
}

const maxAskedRuns = 1000

// AskRuns lists runs, newest first, and counts them, as far as is looked.
func (c *Control) AskRuns(ctx context.Context, who Actor, in AskedRuns) (list []store.Run, total int64, err error) {
	var p problems
	since, when := parseWhen("startDate", in.Since)
	p.addError(when)
	p.text("sequenceId", in.Workflow, 0, maxFilter)
	p.text("email", in.Contact, 0, maxFilter)
	if err := p.err(); err != nil {
		return nil, 0, err
	}
	q := store.RunQuery{
		Project: who.Project, Workflow: in.Workflow, Contact: in.Contact, Limit: in.Limit,
		Statuses: []workflow.Status{workflow.Running, workflow.Waiting},
	}
	if in.Failed {
		q.Statuses = []workflow.Status{workflow.Failed}
	}
	if !since.IsZero() {
		q.Limit = maxAskedRuns
	}
	if list, err = c.Store.Runs(ctx, q); err != nil {
		return nil, 0, fmt.Errorf("list runs: %w", err)
	}
	if !since.IsZero() {
		list = endedSince(list, since)
		total = int64(len(list))
		return list[:min(len(list), in.Limit)], total, nil
	}
	if total, err = c.Store.CountRuns(ctx, q, maxRunTotal); err != nil {
		return nil, 0, fmt.Errorf("count runs: %w", err)
	}
	return list, total, nil
}

func endedSince(list []store.Run, since time.Time) []store.Run {
	return slices.DeleteFunc(list, func(r store.Run) bool { return r.EndedAt.Before(since) })
}

// ExportedWorkflow is a workflow with all that it sends.
type ExportedWorkflow struct {
	WorkflowView
	JSON  json.RawMessage  // what Text says, as an object
	Sends []store.Template // in the order of its steps, each once
}

// ExportWorkflow finds a workflow with its templates.
func (c *Control) ExportWorkflow(ctx context.Context, who Actor, idOrKey string) (out ExportedWorkflow, err error) {
	if out.WorkflowView, err = c.Workflow(ctx, who, idOrKey); err != nil {
		return out, err
	}
	if out.JSON, err = workflow.WriteJSON(&out.Definition); err != nil {
		return out, err
	}
	for _, name := range TemplatesOf(&out.Definition) {
		if t := out.Templates[name]; t != nil {
			out.Sends = append(out.Sends, *t)
		}
	}
	return out, nil
}

// TemplatesOf are the templates that a workflow sends, as it calls them, in the order of its steps.
func TemplatesOf(d *workflow.Definition) (names []string) {
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for i := range d.Steps {
		s := d.Steps[i].Send
		if s == nil {
			continue
		}
		add(s.Template)
		for _, v := range s.Variants {
			add(v.Template)
		}
	}
	return names
}
