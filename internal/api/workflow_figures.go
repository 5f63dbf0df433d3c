package api

import (
	"context"
	"encoding/json"
	"time"

	"tidings/internal/control"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// WorkflowVersion is what a workflow says or said.
type WorkflowVersion struct {
	Version        int64     `json:"version" example:"3"`
	Text           string    `json:"text" doc:"In YAML" example:"workflow: onboarding\ntrigger:\n  event: account.created\nsteps:\n- send: welcome\n"`
	Definition     object    `json:"definition" doc:"The same as an object, as it is stored"`
	OpenExecutions int64     `json:"openExecutions" doc:"Runs of it that go on" example:"120"`
	CreatedAt      time.Time `json:"createdAt"`
	CreatedBy      string    `json:"createdBy" doc:"A key's or person's id, or cli" example:"cli"`
	CreatedByName  string    `json:"createdByName,omitempty" doc:"The person's name; absent: it was no person" example:"lea"`
}

// WorkflowVersionList are the versions of a workflow.
type WorkflowVersionList struct {
	Versions []WorkflowVersion `json:"versions" nullable:"false" doc:"Newest first"`
}

// WorkflowVersionListOf makes the public form of versions.
func WorkflowVersionListOf(list []store.WorkflowVersion) (WorkflowVersionList, error) {
	out := WorkflowVersionList{Versions: make([]WorkflowVersion, len(list))}
	for i := range list {
		x := &list[i]
		text, err := workflow.Write(&x.Definition)
		if err != nil {
			return out, err
		}
		raw, err := json.Marshal(x.Definition)
		if err != nil {
			return out, err
		}
		out.Versions[i] = WorkflowVersion{x.Version, text, objectOf(raw), x.Open, x.CreatedAt, x.CreatedBy, x.ByName}
	}
	return out, nil
}

type workflowVersionsOut struct{ Body WorkflowVersionList }

func (a *api) listWorkflowVersions(ctx context.Context, in *WorkflowPath) (*workflowVersionsOut, error) {
	list, err := a.Control.WorkflowVersions(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	out, err := WorkflowVersionListOf(list)
	return &workflowVersionsOut{out}, err
}

type compareWorkflowIn struct {
	WorkflowPath
	From int64 `query:"from" minimum:"1" doc:"A version; absent: the one before the other" example:"2"`
	To   int64 `query:"to" minimum:"1" doc:"A version; absent: the one that contacts enter" example:"3"`
}

// WorkflowDiff is what differs between two versions.
type WorkflowDiff struct {
	From int64  `json:"from" doc:"A version" example:"2"`
	To   int64  `json:"to" doc:"Another one" example:"3"`
	Diff string `json:"diff" doc:"Unified, of their YAML; empty: nothing differs" example:"-- wait: 1d\n+- wait: 2d\n"`
}

type workflowDiffOut struct{ Body WorkflowDiff }

func (a *api) getWorkflowDiff(ctx context.Context, in *compareWorkflowIn) (*workflowDiffOut, error) {
	x, err := a.Control.CompareWorkflow(ctx, who(ctx), in.ID, in.From, in.To)
	if err != nil {
		return nil, err
	}
	return &workflowDiffOut{WorkflowDiff(x)}, nil
}

type workflowVersionIn struct {
	WorkflowPath
	Version int64 `query:"version" minimum:"1" doc:"Of the workflow; absent: see there" example:"3"`
}

// WorkflowDiagram is a drawing of a workflow.
type WorkflowDiagram struct {
	Mermaid string `json:"mermaid" doc:"A flowchart in the language of Mermaid" example:"flowchart TD\n  begin([\"account.created\"])\n"`
}

type workflowDiagramOut struct{ Body WorkflowDiagram }

func (a *api) getWorkflowDiagram(ctx context.Context, in *workflowVersionIn) (*workflowDiagramOut, error) {
	text, err := a.Control.DrawWorkflow(ctx, who(ctx), in.ID, in.Version)
	if err != nil {
		return nil, err
	}
	return &workflowDiagramOut{WorkflowDiagram{text}}, nil
}

// WorkflowFigures are what the runs of a workflow did.
type WorkflowFigures struct {
	Version   int64         `json:"version,omitempty" doc:"Whose runs these are; absent: of all versions" example:"3"`
	Started   int64         `json:"started" doc:"Runs that began" example:"1200"`
	Open      int64         `json:"open" doc:"Runs that go on" example:"120"`
	FailedNow int64         `json:"failedNow" doc:"Runs that failed and wait for a person" example:"2"`
	Completed int64         `json:"completed" doc:"Runs that came to the end" example:"900"`
	Exited    int64         `json:"exited" doc:"Runs that an exit, an event or a time ended" example:"170"`
	Failed    int64         `json:"failed" doc:"How often a run failed; one that was retried may go on" example:"6"`
	Cancelled int64         `json:"cancelled" doc:"Runs that people ended" example:"4"`
	Steps     []StepFigures `json:"steps" nullable:"false" doc:"In the order of the workflow, then those of other versions"`
}

// StepFigures are what came of one step.
type StepFigures struct {
	Step         string           `json:"step" doc:"The step's id" example:"welcome"`
	Name         string           `json:"name" doc:"For people" example:"Send welcome"`
	Type         string           `json:"type,omitempty" doc:"What it does; absent: it is of another version" example:"send"`
	Entered      int64            `json:"entered" doc:"How often it was entered" example:"1200"`
	Waiting      int64            `json:"waiting" doc:"Runs that are there now" example:"0"`
	Failed       int64            `json:"failed" doc:"Runs that failed there and wait for a person" example:"2"`
	Left         map[string]int64 `json:"left" doc:"How often it was left, by what came of it" example:"{\"sent\":1190,\"skipped\":8}"`
	Sent         int64            `json:"sent" doc:"Emails that were handed over, of every version" example:"1190"`
	Opened       int64            `json:"opened" doc:"Emails that people opened" example:"480"`
	Clicked      int64            `json:"clicked" doc:"Emails in which people clicked" example:"95"`
	Delivered    int64            `json:"delivered" doc:"Emails that arrived" example:"1180"`
	OpenedAlone  int64            `json:"openedByMachines" doc:"Emails that machines opened and no person" example:"120"`
	ClickedAlone int64            `json:"clickedByMachines" doc:"Emails in which machines clicked and no person" example:"12"`
	Bounced      int64            `json:"bounced" doc:"Emails that came back" example:"5"`
	Complained   int64            `json:"complained" doc:"Emails that were called spam" example:"1"`
	Unsubscribed int64            `json:"unsubscribed" doc:"Emails by which people left" example:"6"`
	Variants     []VariantFigures `json:"variants,omitempty" doc:"Of the step's emails"`
}

// VariantFigures are what came of one variant of a step.
type VariantFigures struct {
	Name     string `json:"name" example:"a"`
	Template string `json:"template" example:"welcome-a"`
	Sent     int64  `json:"sent" doc:"Emails that were handed over" example:"600"`
	Opened   int64  `json:"opened" doc:"Emails that people opened" example:"250"`
	Clicked  int64  `json:"clicked" doc:"Emails in which people clicked" example:"50"`

	Delivered int64 `json:"delivered" doc:"Emails that arrived" example:"590"`
}

// WorkflowFiguresOf makes the public form of figures.
func WorkflowFiguresOf(f *control.WorkflowFigures) WorkflowFigures {
	out := WorkflowFigures{
		Version: f.Version, Started: f.Started, Open: f.Open, FailedNow: f.FailedNow, Completed: f.Completed, Exited: f.Exited,
		Failed: f.Failed, Cancelled: f.Canceled, Steps: make([]StepFigures, len(f.Steps)),
	}
	for i := range f.Steps {
		s := &f.Steps[i]
		x := StepFigures{
			Step: s.ID, Name: s.Name, Type: s.Word, Entered: s.Entered, Waiting: s.Waiting, Failed: s.Failed, Left: s.Left,
			Sent:   s.Sent,
			Opened: s.Opened, Clicked: s.Clicked, Delivered: s.Delivered, OpenedAlone: s.OpenedAlone, ClickedAlone: s.ClickedAlone,
			Bounced: s.Bounced, Complained: s.Complained, Unsubscribed: s.Unsubbed,
		}
		for _, v := range s.Variants {
			x.Variants = append(x.Variants, VariantFigures(v))
		}
		out.Steps[i] = x
	}
	return out
}

type workflowFiguresOut struct{ Body WorkflowFigures }

func (a *api) getWorkflowFigures(ctx context.Context, in *workflowVersionIn) (*workflowFiguresOut, error) {
	f, err := a.Control.WorkflowFigures(ctx, who(ctx), in.ID, in.Version)
	if err != nil {
		return nil, err
	}
	return &workflowFiguresOut{WorkflowFiguresOf(&f)}, nil
}
