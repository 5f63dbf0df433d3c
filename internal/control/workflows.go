package control

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/rule"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// The names of operations on workflows that change something.
const (
	opCreateWorkflow    = "createWorkflow"
	opUpdateWorkflow    = "updateWorkflow"
	opDefineWorkflow    = "defineWorkflow"
	opDuplicateWorkflow = "duplicateWorkflow"
	opEnableWorkflow    = "enableWorkflow"
	opDisableWorkflow   = "disableWorkflow"
	opDeleteWorkflow    = "deleteWorkflow"
)

const (
	workflowPrefix = "wfl_"
	maxWorkflows   = 500 // of a project
)

// WorkflowText is a workflow as somebody wrote it: YAML or JSON, in any of the formats.
type WorkflowText struct {
	Text    string
	Enabled *bool // nil: as it is; a new one is not
	Changes int64 // Workflow.Changes that it was made of; 0: whichever is there
}

// WorkflowView is a workflow for people.
type WorkflowView struct {
	store.Workflow
	Text      string                     // the definition in YAML
	Glyph     workflow.Glyph             // the definition in MailGlyph's shape
	Templates map[string]*store.Template // by what the definition calls them; nil: there is none
	Problems  []rule.Problem             // why it does not act, or can't do all it should
	Warnings  []rule.Problem             // what was left out of the text that it was made of
	Completed int64                      // runs that came to the end
	FailedNow int64                      // runs that failed and wait for a person, counted up to 10,000
}

func (k *workflowCheck) view(ctx context.Context, x *store.Workflow) (v WorkflowView, err error) {
	v.Workflow, v.Templates = *x, k.templates
	if v.Text, err = workflow.Write(&x.Definition); err != nil {
		return v, err
	}
	if v.Glyph, err = workflow.ToMailGlyph(&x.Definition); err != nil {
		return v, err
	}
	g, problems := workflow.Compile(x.Definition)
	if g != nil {
		problems, _, err = k.references(ctx, g)
	}
	v.Problems = problems
	if err != nil {
		return v, err
	}
	err = k.runs(ctx, &v)
	return v, err
}

// maxCounted bounds how many runs are counted for a list.
const maxCounted = 10_000

// runs counts the runs that a list of workflows tells of.
func (k *workflowCheck) runs(ctx context.Context, v *WorkflowView) error {
	counts, err := k.control.Store.RunCounts(ctx, v.Ref)
	if err != nil {
		return fmt.Errorf("read the counters of runs: %w", err)
	}
	for _, n := range counts {
		if n.Step == "" && n.Word == "completed" {
			v.Completed += n.N
		}
	}
	failed := store.RunQuery{Project: v.Project, Workflow: v.ID, Statuses: []workflow.Status{workflow.Failed}}
	if v.FailedNow, err = k.control.Store.CountRuns(ctx, failed, maxCounted); err != nil {
		return fmt.Errorf("count runs: %w", err)
	}
	return nil
}

// WorkflowPage is a page of workflows.
type WorkflowPage struct {
	Workflows []WorkflowView
	PageOfMany
}

// PageOfMany says which page it is of how many; all are counted from 1.
type PageOfMany struct {
	Total                int64
	Page, PageSize, Last int
}

const (
	defNumberedPage = 20
	maxNumberedPage = 100
)

// numbered checks the number of a page and its size; 0 stands for the first page and the usual size.
func (p *problems) numbered(page, size int) PageOfMany {
	out := PageOfMany{Page: cmp.Or(page, 1), PageSize: cmp.Or(size, defNumberedPage)}
	if out.Page < 1 || out.Page > 1_000_000 {
		p.add("page", "must be between 1 and 1000000")
	}
	if out.PageSize < 1 || out.PageSize > maxNumberedPage {
		p.add("pageSize", "must be between 1 and %d", maxNumberedPage)
	}
	return out
}

func (x PageOfMany) of(total int64) PageOfMany {
	x.Total, x.Last = total, int((total+int64(x.PageSize)-1)/int64(x.PageSize))
	return x
}

// Workflows lists a project's workflows by key: those that have a text in their key, name or description.
func (c *Control) Workflows(ctx context.Context, who Actor, search string, page, size int) (out WorkflowPage, err error) {
	var p problems
	p.text("search", search, 0, maxFilter)
	out.PageOfMany = p.numbered(page, size)
	if err := p.err(); err != nil {
		return out, err
	}
	list, err := c.Store.Workflows(ctx, who.Project)
	if err != nil {
		return out, fmt.Errorf("list workflows: %w", err)
	}
	search = strings.ToLower(search)
	list = slices.DeleteFunc(list, func(x store.Workflow) bool {
		return !strings.Contains(strings.ToLower(x.Definition.Key+"\n"+x.Definition.Name+"\n"+x.Definition.Description), search)
	})
	out.PageOfMany = out.of(int64(len(list)))
	from := min((out.Page-1)*out.PageSize, len(list))
	check := c.newWorkflowCheck(who)
	for _, x := range list[from:min(from+out.PageSize, len(list))] {
		v, err := check.view(ctx, &x)
		if err != nil {
			return out, err
		}
		out.Workflows = append(out.Workflows, v)
	}
	return out, nil
}

// Workflow finds a workflow by its id or key.
func (c *Control) Workflow(ctx context.Context, who Actor, idOrKey string) (WorkflowView, error) {
	x, err := c.workflow(ctx, who, idOrKey)
	if err != nil {
		return WorkflowView{}, err
	}
	return c.newWorkflowCheck(who).view(ctx, &x)
}

func (c *Control) workflow(ctx context.Context, who Actor, idOrKey string) (store.Workflow, error) {
	var p problems
	p.text("id", idOrKey, 1, maxFilter)
	if err := p.err(); err != nil {
		return store.Workflow{}, err
	}
	x, err := c.Store.Workflow(ctx, who.Project, idOrKey)
	if err != nil {
		return x, fmt.Errorf("find workflow: %w", err)
	}
	return x, nil
}

// CreateWorkflow makes a workflow.
func (c *Control) CreateWorkflow(ctx context.Context, who Actor, in WorkflowText) (WorkflowView, error) {
	read, err := c.newWorkflowCheck(who).read(ctx, in.Text)
	if err != nil {
		return WorkflowView{}, err
	}
	v, err := c.addWorkflow(ctx, who, read, in.Enabled != nil && *in.Enabled, opCreateWorkflow)
	v.Warnings = read.warnings
	return v, err
}

func (c *Control) addWorkflow(
	ctx context.Context, who Actor, read *readWorkflow, enabled bool, operation string,
) (WorkflowView, error) {
	id := auth.NewID(workflowPrefix)
	_, err := c.Store.ChangeWorkflows(ctx, who.Project, func(have []store.Workflow) ([]store.WorkflowChange, error) {
		if len(have) >= maxWorkflows {
			return nil, tooManyWorkflows()
		}
		return []store.WorkflowChange{c.newWorkflow(who, id, store.WorkflowOfAPI, read, enabled, operation)}, nil
	})
	if err != nil {
		return WorkflowView{}, fmt.Errorf("create workflow: %w", err)
	}
	return c.Workflow(ctx, who, id)
}

func tooManyWorkflows() error {
	return fault.New(fault.Conflict, "too_many_workflows", "a project may have %d workflows", maxWorkflows).
		WithHint("delete those that nobody needs")
}

func (c *Control) newWorkflow(
	who Actor, id, origin string, read *readWorkflow, enabled bool, operation string,
) store.WorkflowChange {
	x := store.Workflow{ID: id, Project: who.Project, Origin: origin, Enabled: enabled, Definition: read.Definition}
	act := c.act(who, operation, id, "")
	act.Changes = workflowChanges(&store.Workflow{}, &x)
	return store.WorkflowChange{
		Workflow: x, Edited: true, Templates: read.templates, NextAt: workflow.NextAt(&read.Definition, enabled, act.At), Act: act,
	}
}

// changedWorkflow is the change of a workflow to another definition, or to be enabled or not. changed is false where that is
// what it is already.
func (c *Control) changedWorkflow(
	who Actor, was *store.Workflow, origin string, read *readWorkflow, enabled bool, operation string,
) (change store.WorkflowChange, changed bool) {
	x := *was
	x.Origin, x.Enabled = origin, enabled
	edited := read != nil && !workflow.Same(&was.Definition, &read.Definition)
	change = store.WorkflowChange{Edited: edited}
	if edited {
		x.Definition, change.Templates = read.Definition, read.templates
	}
	act := c.act(who, operation, was.ID, "")
	change.NextAt = scheduleOf(was, &x.Definition, enabled, act.At)
	act.Changes = workflowChanges(was, &x)
	change.Workflow, change.Act = x, act
	return change, edited || was.Enabled != enabled || was.Origin != origin
}

// workflowChanges tells the audit log what differs between two workflows; of the definition only that it does.
func workflowChanges(a, b *store.Workflow) (list []store.Change) {
	x, y := &a.Definition, &b.Definition
	if x.Key != y.Key {
		list = append(list, store.Change{Field: "key", From: x.Key, To: y.Key})
	}
	if x.Name != y.Name {
		list = append(list, store.Change{Field: "name", From: x.Name, To: y.Name})
	}
	if a.Enabled != b.Enabled {
		list = append(list, store.Change{Field: "enabled", From: strconv.FormatBool(a.Enabled), To: strconv.FormatBool(b.Enabled)})
	}
	left, right := *x, *y
	left.Key, left.Name, right.Key, right.Name = "", "", "", ""
	if !workflow.Same(&left, &right) {
		list = append(list, store.Change{Field: "definition"})
	}
	return list
}

// CodeWorkflowChanged is the code of a Conflict: somebody changed the workflow since it was read.
const CodeWorkflowChanged = store.CodeChanged

// changeWorkflow changes one workflow, where it is still what the caller read.
func (c *Control) changeWorkflow(
	ctx context.Context, who Actor, idOrKey string, changes int64, decide func(*store.Workflow) (store.WorkflowChange, bool, error),
) (WorkflowView, error) {
	var id string
	_, err := c.Store.ChangeWorkflows(ctx, who.Project, func(have []store.Workflow) ([]store.WorkflowChange, error) {
		i := indexOfWorkflow(have, idOrKey)
		if i < 0 {
			return nil, noWorkflow(idOrKey)
		}
		id = have[i].ID
		if changes != 0 && changes != have[i].Changes {
			return nil, fault.New(fault.Conflict, CodeWorkflowChanged, "the workflow was changed in between").
				WithHint("read it again and repeat the change")
		}
		change, changed, err := decide(&have[i])
		if err != nil || !changed {
			return nil, err
		}
		return []store.WorkflowChange{change}, nil
	})
	if err != nil {
		return WorkflowView{}, fmt.Errorf("change workflow: %w", err)
	}
	return c.Workflow(ctx, who, id)
}

func noWorkflow(idOrKey string) error { return fault.Missing("there is no workflow %.100q", idOrKey) }

func indexOfWorkflow(list []store.Workflow, idOrKey string) int {
	return slices.IndexFunc(list, func(x store.Workflow) bool { return x.ID == idOrKey || x.Definition.Key == idOrKey })
}

// DefineWorkflow replaces what a workflow says, which makes a new version. Runs stay on the version that they began on.
func (c *Control) DefineWorkflow(ctx context.Context, who Actor, idOrKey string, in WorkflowText) (WorkflowView, error) {
	if _, err := c.workflow(ctx, who, idOrKey); err != nil {
		return WorkflowView{}, err
	}
	read, err := c.newWorkflowCheck(who).read(ctx, in.Text)
	if err != nil {
		return WorkflowView{}, err
	}
	v, err := c.changeWorkflow(ctx, who, idOrKey, in.Changes, func(x *store.Workflow) (store.WorkflowChange, bool, error) {
		enabled := x.Enabled
		set(&enabled, in.Enabled)
		change, changed := c.changedWorkflow(who, x, x.Origin, read, enabled, opDefineWorkflow)
		return change, changed, nil
	})
	v.Warnings = read.warnings
	return v, err
}

// WorkflowPatch are some fields of a workflow in MailGlyph's shape, by their names there.
type WorkflowPatch struct {
	Fields  map[string]json.RawMessage
	Enabled *bool
	Changes int64 // as of WorkflowText
}

// UpdateWorkflow changes some of what a workflow says.
func (c *Control) UpdateWorkflow(ctx context.Context, who Actor, idOrKey string, in WorkflowPatch) (WorkflowView, error) {
	was, err := c.workflow(ctx, who, idOrKey)
	if err != nil {
		return WorkflowView{}, err
	}
	var read *readWorkflow
	if len(in.Fields) > 0 {
		if read, err = c.patchedWorkflow(ctx, who, &was.Definition, in.Fields); err != nil {
			return WorkflowView{}, err
		}
		if in.Changes == 0 {
			in.Changes = was.Changes // the rest of the definition is that one's
		}
	}
	return c.changeWorkflow(ctx, who, idOrKey, in.Changes, func(x *store.Workflow) (store.WorkflowChange, bool, error) {
		enabled := x.Enabled
		set(&enabled, in.Enabled)
		change, changed := c.changedWorkflow(who, x, x.Origin, read, enabled, opUpdateWorkflow)
		return change, changed, nil
	})
}

func (c *Control) patchedWorkflow(
	ctx context.Context, who Actor, d *workflow.Definition, fields map[string]json.RawMessage,
) (*readWorkflow, error) {
	next, wrong, err := patched(*d, fields)
	if err != nil {
		return nil, err
	}
	if err := workflowProblems(wrong); err != nil {
		return nil, err
	}
	return c.newWorkflowCheck(who).check(ctx, next)
}

// EnableWorkflow lets contacts enter a workflow, or with false no more; those who are in it go on.
func (c *Control) EnableWorkflow(ctx context.Context, who Actor, idOrKey string, enabled bool) (WorkflowView, error) {
	operation := opDisableWorkflow
	if enabled {
		operation = opEnableWorkflow
	}
	x, err := c.workflow(ctx, who, idOrKey)
	if err != nil {
		return WorkflowView{}, err
	}
	if enabled && !x.Enabled {
		if _, err := c.newWorkflowCheck(who).check(ctx, x.Definition); err != nil {
			return WorkflowView{}, err
		}
	}
	return c.changeWorkflow(ctx, who, idOrKey, 0, func(x *store.Workflow) (store.WorkflowChange, bool, error) {
		change, changed := c.changedWorkflow(who, x, x.Origin, nil, enabled, operation)
		return change, changed, nil
	})
}

// DuplicateWorkflow makes a new workflow that says the same. It is not enabled. The name may be empty.
func (c *Control) DuplicateWorkflow(ctx context.Context, who Actor, idOrKey, name string) (WorkflowView, error) {
	x, err := c.workflow(ctx, who, idOrKey)
	if err != nil {
		return WorkflowView{}, err
	}
	list, err := c.Store.Workflows(ctx, who.Project)
	if err != nil {
		return WorkflowView{}, fmt.Errorf("list workflows: %w", err)
	}
	d := x.Definition
	d.Name = cmp.Or(name, cmp.Or(d.Name, d.Key)+" (copy)")
	key := cmp.Or(workflow.KeyOf(d.Name), d.Key)
	d.Key = key
	for n := 2; indexOfWorkflow(list, d.Key) >= 0; n++ {
		end := "-" + strconv.Itoa(n)
		d.Key = key[:min(len(key), 64-len(end))] + end
	}
	read, err := c.newWorkflowCheck(who).check(ctx, d)
	if err != nil {
		return WorkflowView{}, err
	}
	return c.addWorkflow(ctx, who, read, false, opDuplicateWorkflow)
}

// DeleteWorkflow removes a workflow with its runs. What they sent is sent.
func (c *Control) DeleteWorkflow(ctx context.Context, who Actor, idOrKey string) error {
	_, err := c.Store.ChangeWorkflows(ctx, who.Project, func(have []store.Workflow) ([]store.WorkflowChange, error) {
		i := indexOfWorkflow(have, idOrKey)
		if i < 0 {
			return nil, noWorkflow(idOrKey)
		}
		return []store.WorkflowChange{c.removedWorkflow(who, &have[i], opDeleteWorkflow)}, nil
	})
	if err != nil {
		return fmt.Errorf("delete workflow: %w", err)
	}
	return nil
}

func (c *Control) removedWorkflow(who Actor, x *store.Workflow, operation string) store.WorkflowChange {
	act := c.act(who, operation, x.ID, "")
	act.Changes = []store.Change{{Field: "key", From: x.Definition.Key}}
	return store.WorkflowChange{Workflow: *x, Deleted: true, Act: act}
}
