package control

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"tidings/internal/auth"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// RunFilter asks for runs. Empty fields say nothing.
type RunFilter struct {
	Workflow       string // id or key; empty: of every one
	Statuses       []string
	Contact        string // id or address
	Step           string
	Version        int64
	Page, PageSize int
	Cursor         string // in place of Page
}

// RunPage is a page of runs, newest first.
type RunPage struct {
	Runs       []store.Run
	Mails      []int64 // how many emails were queued for each
	NextCursor string  // empty: there is no more
	PageOfMany
}

// maxRunTotal bounds how far runs are counted.
const maxRunTotal = 100_000

// RunStatuses are the words for where a run is in its life.
func RunStatuses() []string {
	return []string{
		string(workflow.Running), string(workflow.Waiting), string(workflow.Completed), string(workflow.Exited),
		string(workflow.Failed), string(workflow.Canceled),
	}
}

// query checks a filter.
func (f *RunFilter) query(p *problems, who Actor) store.RunQuery {
	p.text("id", f.Workflow, 0, maxFilter)
	p.text("contact", f.Contact, 0, maxFilter)
	p.text("step", f.Step, 0, maxFilter)
	if f.Version < 0 {
		p.add("version", "must be a number from 1")
	}
	if f.Contact != "" {
		p.contact("contact", f.Contact)
	}
	q := store.RunQuery{
		Project: who.Project, Workflow: f.Workflow, Contact: f.Contact, Step: f.Step, Version: f.Version,
		Before: p.refCursor(runCursor, f.Cursor),
	}
	for _, x := range f.Statuses {
		p.oneOf("status", x, RunStatuses())
		if status := workflow.Status(x); !slices.Contains(q.Statuses, status) {
			q.Statuses = append(q.Statuses, status)
		}
	}
	return q
}

// Runs lists runs.
func (c *Control) Runs(ctx context.Context, who Actor, f RunFilter) (out RunPage, err error) {
	var p problems
	out.PageOfMany = p.numbered(f.Page, f.PageSize)
	q := f.query(&p, who)
	if err := p.err(); err != nil {
		return out, err
	}
	total, err := c.Store.CountRuns(ctx, q, maxRunTotal)
	if err != nil {
		return out, fmt.Errorf("count runs: %w", err)
	}
	out.PageOfMany = out.of(total)
	q.Limit = out.PageSize + 1
	if q.Before == 0 {
		q.Offset = (out.Page - 1) * out.PageSize
	}
	if out.Runs, err = c.Store.Runs(ctx, q); err != nil {
		return out, fmt.Errorf("list runs: %w", err)
	}
	if len(out.Runs) > out.PageSize {
		out.Runs = out.Runs[:out.PageSize]
		out.NextCursor = cursorOfRef(runCursor, out.Runs[out.PageSize-1].Ref)
	}
	out.Mails, err = c.mailsOf(ctx, out.Runs)
	return out, err
}

// RunView is a run for people, with its whole way.
type RunView struct {
	store.Run
	Name     string     // of its workflow, for people
	Steps    []RunVisit // in the order in which they were entered
	Outcomes []string   // the ways that Skip may name, where its step has several
}

// RunVisit is one step that a run entered.
type RunVisit struct {
	workflow.Mark
	Name  string          // of the step, for people
	Word  string          // what the step does: send, wait, …; empty: the version has no such step
	Email *store.SendItem // nil: it sent none
}

// Run finds a run by its id, of a workflow; an empty idOrKey is any.
func (c *Control) Run(ctx context.Context, who Actor, idOrKey, id string) (v RunView, err error) {
	run, marks, err := c.run(ctx, who, idOrKey, id)
	if err != nil {
		return v, err
	}
	v.Run = run
	version, err := c.Store.WorkflowVersion(ctx, who.Project, run.WorkflowID, run.Version)
	if err != nil {
		return v, fmt.Errorf("find version: %w", err)
	}
	v.Name = cmp.Or(version.Definition.Name, run.Key)
	if s := stepOf(&version.Definition, run.Step); s != nil {
		v.Outcomes = s.Outcomes()
	}
	for _, m := range marks {
		visit := RunVisit{Mark: m}
		if s := stepOf(&version.Definition, m.Step); s != nil {
			visit.Name, visit.Word = s.Describe(), s.Word()
		}
		if m.Send != "" {
			item, err := c.Store.Send(ctx, who.Project, m.Send)
			if err != nil && !fault.Is(err, fault.NotFound) { // its time may be over
				return v, fmt.Errorf("find send: %w", err)
			}
			if err == nil {
				visit.Email = &item
			}
		}
		v.Steps = append(v.Steps, visit)
	}
	return v, nil
}

func stepOf(d *workflow.Definition, id string) *workflow.Step {
	i := slices.IndexFunc(d.Steps, func(s workflow.Step) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	return &d.Steps[i]
}

func (c *Control) run(ctx context.Context, who Actor, idOrKey, id string) (x store.Run, marks []workflow.Mark, err error) {
	var p problems
	p.text("id", idOrKey, 0, maxFilter)
	p.text("execution", id, 1, maxFilter)
	if err := p.err(); err != nil {
		return x, nil, err
	}
	x, marks, err = c.Store.Run(ctx, who.Project, id)
	if err != nil {
		return x, nil, fmt.Errorf("find run: %w", err)
	}
	if idOrKey != "" && idOrKey != x.WorkflowID && idOrKey != x.Key {
		return x, nil, fault.Missing("there is no run %.100q of the workflow %.100q", id, idOrKey)
	}
	return x, marks, nil
}

// NewRun is a run that somebody starts by hand.
type NewRun struct {
	Contact        string          // id, address or external id
	Context        json.RawMessage // an object that templates and choices may name; empty: nothing
	IdempotencyKey string          // the same start again gets the same run; empty: it is a new one each time
}

const maxRunContext = 32 << 10

// StartRun lets a contact enter a workflow. again tells that the same start was made before.
func (c *Control) StartRun(ctx context.Context, who Actor, idOrKey string, in NewRun) (v RunView, again bool, err error) {
	x, err := c.workflow(ctx, who, idOrKey)
	if err != nil {
		return v, false, err
	}
	data, err := in.check()
	if err != nil {
		return v, false, err
	}
	k, err := c.Contact(ctx, who, in.Contact)
	if fault.Is(err, fault.NotFound) {
		err = fault.BadField("contactId", "there is no contact %.100q", in.Contact)
	}
	if err != nil {
		return v, false, err
	}
	start, err := c.handStart(ctx, &x, &k)
	if err != nil {
		return v, false, err
	}
	start.BegunBy, start.Vars.Data = "hand:"+in.IdempotencyKey, data
	if in.IdempotencyKey == "" {
		start.BegunBy = auth.NewID("hand:")
	}
	source, err := c.sendSource(ctx, who.Project)
	if err != nil {
		return v, false, err
	}
	act := c.act(who, opStartRun, "", "")
	act.Changes = []store.Change{{Field: "workflow", To: x.Definition.Key}, {Field: "contact", To: k.ID}}
	started, _, err := c.Store.SaveRuns(ctx, &store.RunBatch{Source: source, Starts: []store.RunStart{*start}, Act: &act})
	if err != nil {
		return v, false, err
	}
	if started[0].ID == "" {
		return v, false, fault.New(fault.Conflict, "not_admitted", "the contact may not enter now: it %s", started[0].Refused)
	}
	v, err = c.Run(ctx, who, x.ID, started[0].ID)
	return v, started[0].Refused != "", err
}

func (in *NewRun) check() (data map[string]json.RawMessage, err error) {
	var p problems
	p.text("contactId", in.Contact, 1, maxFilter)
	p.idempotencyKey(in.IdempotencyKey)
	switch {
	case len(in.Context) == 0 || string(in.Context) == "null":
	case len(in.Context) > maxRunContext:
		p.add("context", "has %d bytes, at most %d are taken", len(in.Context), maxRunContext)
	case json.Unmarshal(in.Context, &data) != nil:
		p.add("context", "must be an object")
	}
	return data, p.err()
}

// handStart is how a contact enters a workflow by hand, where it may.
func (c *Control) handStart(ctx context.Context, x *store.Workflow, k *store.Contact) (*store.RunStart, error) {
	if !x.Enabled {
		return nil, fault.New(fault.Conflict, "workflow_disabled", "the workflow %q is not enabled: nobody enters it",
			x.Definition.Key).WithHint("enable it first")
	}
	book, err := c.Workflowbook.of(ctx, x.Project)
	if err != nil {
		return nil, err
	}
	live := book.all[liveKey{x.Ref, x.Version}]
	if live == nil {
		return nil, fault.New(fault.Conflict, "workflow_broken", "this version of the workflow can't be read")
	}
	holds, err := c.holds(ctx, x.Project, live.TriggerIf(), k.Address, true, nil)
	if err != nil {
		return nil, err
	}
	if !holds {
		return nil, fault.New(fault.Conflict, "not_admitted",
			"the contact may not enter now: the trigger's condition does not hold for it")
	}
	start := &store.RunStart{
		Workflow: x.Ref, Version: x.Version, Reentry: live.Reentry,
		Change: contact.Change{Address: k.Address, Update: true, At: c.Now().UnixMilli(), Origin: "workflow", By: x.ID},
	}
	if live.snapshot {
		start.Vars.Subscriber, err = subscriberOf(k.Address, k, true, nil)
	}
	return start, err
}
