package control

import (
	"context"
	"fmt"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"tidings/internal/fault"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

const opSetWorkflowSettings = "setWorkflowSettings"

// WorkflowVersions lists what a workflow says and said, newest first.
func (c *Control) WorkflowVersions(ctx context.Context, who Actor, idOrKey string) ([]store.WorkflowVersion, error) {
	if _, err := c.workflow(ctx, who, idOrKey); err != nil {
		return nil, err
	}
	list, err := c.Store.WorkflowVersions(ctx, who.Project, idOrKey)
	if err != nil {
		return nil, fmt.Errorf("list versions: %w", err)
	}
	return list, nil
}

// WorkflowDiff is what differs between two versions.
type WorkflowDiff struct {
	From, To int64
	Diff     string // unified, of their YAML; empty: nothing does
}

// CompareWorkflow tells what differs between two versions of a workflow. A to of 0 is the one that contacts enter, a from of 0
// the one before to.
func (c *Control) CompareWorkflow(ctx context.Context, who Actor, idOrKey string, from, to int64) (out WorkflowDiff, err error) {
	x, err := c.workflow(ctx, who, idOrKey)
	if err != nil {
		return out, err
	}
	if to == 0 {
		to = x.Version
	}
	if from == 0 {
		from = max(to-1, 1)
	}
	out.From, out.To = from, to
	var texts [2]string
	for i, n := range [...]int64{from, to} {
		v, err := c.Store.WorkflowVersion(ctx, who.Project, x.ID, n)
		if err != nil {
			return out, fmt.Errorf("find version: %w", err)
		}
		if texts[i], err = workflow.Write(&v.Definition); err != nil {
			return out, err
		}
	}
	out.Diff = udiff.Unified(fmt.Sprintf("version %d", from), fmt.Sprintf("version %d", to), texts[0], texts[1])
	return out, nil
}

// WorkflowSettings are what holds for all workflows of a project that do not say otherwise.
func (c *Control) WorkflowSettings(ctx context.Context, who Actor) (workflow.Settings, error) {
	x, err := c.Store.WorkflowSettings(ctx, who.Project)
	if err != nil {
		return x, fmt.Errorf("read workflow settings: %w", err)
	}
	return x, nil
}

// SetWorkflowSettings replaces them.
func (c *Control) SetWorkflowSettings(ctx context.Context, who Actor, x workflow.Settings) (workflow.Settings, error) {
	var p problems
	for _, wrong := range x.Problems() {
		p.add(wrong.At, "%s", wrong.Says)
	}
	if err := p.err(); err != nil {
		return x, err
	}
	act := c.act(who, opSetWorkflowSettings, "", "")
	was, err := c.WorkflowSettings(ctx, who)
	if err != nil {
		return x, err
	}
	for _, f := range [...]struct{ field, from, to string }{
		{"cap", was.Cap.String(), x.Cap.String()}, {"quiet", was.Quiet.String(), x.Quiet.String()},
	} {
		if f.from != f.to {
			act.Changes = append(act.Changes, store.Change{Field: f.field, From: f.from, To: f.to})
		}
	}
	if len(act.Changes) == 0 {
		return x, nil
	}
	return x, c.Store.SetWorkflowSettings(ctx, who.Project, x, act)
}

// WorkflowFigures are what the runs of a workflow did, and what became of their emails.
type WorkflowFigures struct {
	Version                                      int64 // 0: all of them
	Started, Completed, Exited, Failed, Canceled int64
	Open, FailedNow                              int64
	Steps                                        []StepFigures // in the order of the definition; then those of other versions
}

// StepFigures are those of one step.
type StepFigures struct {
	ID, Name, Word                string
	Entered, Waiting, Failed      int64            // Waiting and Failed are there now
	Left                          map[string]int64 // by outcome
	Sent, Opened, Clicked         int64            // of all versions: opened and clicked by people, each email once
	Delivered                     int64
	OpenedAlone, ClickedAlone     int64 // by machines, and by no person
	Bounced, Complained, Unsubbed int64
	Variants                      []VariantFigures
}

// VariantFigures are those of one variant of a step.
type VariantFigures struct {
	Name, Template        string
	Sent, Opened, Clicked int64
	Delivered             int64
}

// WorkflowFigures tells where everybody is, and what each step came to. A version of 0 means all of them.
func (c *Control) WorkflowFigures(
	ctx context.Context, who Actor, idOrKey string, version int64,
) (out WorkflowFigures, err error) {
	x, err := c.workflow(ctx, who, idOrKey)
	if err != nil {
		return out, err
	}
	d := &x.Definition
	if version != 0 {
		v, err := c.Store.WorkflowVersion(ctx, who.Project, x.ID, version)
		if err != nil {
			return out, fmt.Errorf("find version: %w", err)
		}
		d = &v.Definition
	}
	out.Version = version
	places := make(map[string]int)
	for i := range d.Steps {
		out.at(places, &d.Steps[i], d.Steps[i].ID)
	}
	if err := c.countSteps(ctx, &x, &out, places); err != nil {
		return out, err
	}
	for i := range d.Steps {
		if d.Steps[i].Send == nil {
			continue
		}
		if err := c.countMails(ctx, &x, &d.Steps[i], &out.Steps[i]); err != nil {
			return out, err
		}
	}
	return out, nil
}

// at finds the figures of a step, or begins them.
func (f *WorkflowFigures) at(places map[string]int, s *workflow.Step, id string) *StepFigures {
	i, known := places[id]
	if !known {
		i = len(f.Steps)
		places[id] = i
		one := StepFigures{ID: id, Name: id, Left: make(map[string]int64)}
		if s != nil {
			one.Name, one.Word = s.Describe(), s.Word()
		}
		f.Steps = append(f.Steps, one)
	}
	return &f.Steps[i]
}

func (c *Control) countSteps(ctx context.Context, x *store.Workflow, out *WorkflowFigures, places map[string]int) error {
	counts, err := c.Store.RunCounts(ctx, x.Ref)
	if err != nil {
		return fmt.Errorf("read the counters of runs: %w", err)
	}
	wholes := map[string]*int64{
		store.StartedWord: &out.Started, "completed": &out.Completed, "exited": &out.Exited, "failed": &out.Failed,
		"cancelled": &out.Canceled,
	}
	for _, n := range counts {
		switch outcome, left := strings.CutPrefix(n.Word, store.LeftWord); {
		case out.Version != 0 && n.Version != out.Version:
		case n.Step == "":
			if whole := wholes[n.Word]; whole != nil {
				*whole += n.N
			}
		case left:
			out.at(places, nil, n.Step).Left[outcome] += n.N
		case n.Word == store.EnteredWord:
			out.at(places, nil, n.Step).Entered += n.N
		}
	}
	now, err := c.Store.WhereRunsAre(ctx, x.Ref)
	if err != nil {
		return fmt.Errorf("count runs: %w", err)
	}
	for _, n := range now {
		if out.Version != 0 && n.Version != out.Version {
			continue
		}
		failed := n.Status == workflow.Failed
		if failed {
			out.FailedNow += n.N
		} else {
			out.Open += n.N
		}
		switch {
		case n.Step == "":
		case failed:
			out.at(places, nil, n.Step).Failed += n.N
		default:
			out.at(places, nil, n.Step).Waiting += n.N
		}
	}
	return nil
}

// countMails reads what became of the emails of a step: they are counted by its tag.
func (c *Control) countMails(ctx context.Context, x *store.Workflow, s *workflow.Step, out *StepFigures) error {
	tag := stepTag(x.ID, s.ID)
	f, err := c.figures(ctx, x.Project, tag)
	if err != nil {
		return err
	}
	out.Sent, out.Opened, out.Clicked = f.Sent, f.OpenedByPeople, f.ClickedByPeople
	out.Delivered = f.Delivered
	out.OpenedAlone, out.ClickedAlone = max(f.Opened-f.OpenedByPeople, 0), max(f.Clicked-f.ClickedByPeople, 0)
	out.Bounced, out.Complained, out.Unsubbed = f.Bounced, f.Complained, f.Unsubscribed
	for i, v := range s.Send.Variants {
		name := s.VariantName(i)
		f, err := c.figures(ctx, x.Project, tag+"."+name)
		if err != nil {
			return err
		}
		out.Variants = append(out.Variants, VariantFigures{
			Name: name, Template: v.Template, Sent: f.Sent, Opened: f.OpenedByPeople, Clicked: f.ClickedByPeople,
			Delivered: f.Delivered,
		})
	}
	return nil
}

// DrawWorkflow draws a workflow in the language of Mermaid; a version of 0 is the one that contacts enter.
func (c *Control) DrawWorkflow(ctx context.Context, who Actor, idOrKey string, version int64) (string, error) {
	x, err := c.workflow(ctx, who, idOrKey)
	if err != nil {
		return "", err
	}
	if version < 0 {
		return "", fault.BadField("version", "must be a number from 1")
	}
	if version != 0 && version != x.Version {
		v, err := c.Store.WorkflowVersion(ctx, who.Project, x.ID, version)
		if err != nil {
			return "", fmt.Errorf("find version: %w", err)
		}
		x.Definition = v.Definition
	}
	return workflow.Mermaid(&x.Definition), nil
}
