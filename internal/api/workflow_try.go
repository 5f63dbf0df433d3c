package api

import (
	"context"
	"time"

	"tidings/internal/control"
	"tidings/internal/workflow"
)

// WorkflowTrial is what a workflow would have done with stored events.
type WorkflowTrial struct {
	Since   time.Time       `json:"since" doc:"Events from then on"`
	Looked  int64           `json:"looked" doc:"Events whose name the trigger is for" example:"310"`
	Matched int64           `json:"matched" doc:"Of those, the ones that it is for" example:"120"`
	Entered int64           `json:"entered" doc:"Runs that would have begun" example:"100"`
	Days    []TrialDay      `json:"days" nullable:"false" doc:"The days on which somebody would have entered, in UTC"`
	Refused []TrialRefusal  `json:"refused" nullable:"false" doc:"Why others would not have entered, the most first"`
	Cut     bool            `json:"cut" doc:"There are more events or contacts than were looked at"`
	Sample  []WorkflowWould `json:"sample" nullable:"false" doc:"The newest runs, 50 at most"`
}

// TrialDay is how many would have entered on a day.
type TrialDay struct {
	Day     string `json:"day" format:"date" doc:"In UTC" example:"2026-05-04"`
	Entered int64  `json:"entered" doc:"Runs that would have begun" example:"12"`
}

// TrialRefusal is how often somebody would not have entered.
type TrialRefusal struct {
	Why    string `json:"why" doc:"What would have been in the way" example:"was in it before, and enters once"`
	Number int64  `json:"number" doc:"How often" example:"20"`
}

// WorkflowWould is a run that would have begun.
type WorkflowWould struct {
	Event     Event           `json:"event" doc:"What would have begun it"`
	Email     string          `json:"email" example:"ann@acme.test"`
	ContactID string          `json:"contactId,omitempty" doc:"Absent: there is no such contact" example:"con_4f"`
	Status    string          `json:"status" enum:"RUNNING,WAITING,COMPLETED,EXITED,FAILED" doc:"As it would be now"`
	Step      string          `json:"step" doc:"Where it would be, or have ended" example:"wait-1d"`
	DueAt     time.Time       `json:"dueAt,omitzero" doc:"When it would go on by itself; absent: it waits for no time"`
	EndedAt   time.Time       `json:"endedAt,omitzero" doc:"Absent: it would go on"`
	Reason    string          `json:"reason,omitempty" doc:"Why it would have ended" example:"exit: account.deleted"`
	Sends     []WorkflowMail  `json:"sends" nullable:"false" doc:"What it would have sent"`
	Steps     []ExecutionStep `json:"steps" nullable:"false" doc:"In the order in which it would have entered them"`
}

// WorkflowMail is an email that a run would have sent.
type WorkflowMail struct {
	Step     string    `json:"step" doc:"Its id" example:"welcome"`
	Template string    `json:"template" doc:"As the workflow calls it" example:"welcome"`
	Variant  string    `json:"variant,omitempty" doc:"Its name; absent: there are none" example:"a"`
	At       time.Time `json:"at" doc:"When it would have been queued"`
}

// WorkflowTrialOf makes the public form of a dry run.
func WorkflowTrialOf(f *control.WorkflowFinding) WorkflowTrial {
	out := WorkflowTrial{
		Since: f.Since, Looked: f.Looked, Matched: f.Matched, Entered: f.Entered, Cut: f.Cut, Days: make([]TrialDay, len(f.Days)),
		Refused: make([]TrialRefusal, len(f.Refused)), Sample: make([]WorkflowWould, len(f.Sample)),
	}
	for i, x := range f.Days {
		out.Days[i] = TrialDay(x)
	}
	for i, x := range f.Refused {
		out.Refused[i] = TrialRefusal{x.Why, x.N}
	}
	for i := range f.Sample {
		out.Sample[i] = workflowWouldOf(&f.Sample[i])
	}
	return out
}

func workflowWouldOf(x *control.WorkflowWould) WorkflowWould {
	out := WorkflowWould{
		Event: EventOf(&x.Event), Email: x.Email, ContactID: x.Contact, Status: string(x.Run.Status), Step: x.Run.Step,
		DueAt: x.Run.Due, EndedAt: x.Ended, Reason: x.Run.Reason, Sends: make([]WorkflowMail, len(x.Sends)),
		Steps: make([]ExecutionStep, len(x.Marks)),
	}
	for i, s := range x.Sends {
		out.Sends[i] = WorkflowMail(s)
	}
	for i := range x.Marks {
		out.Steps[i] = wouldStepOf(&x.Marks[i])
	}
	return out
}

func wouldStepOf(m *workflow.Mark) ExecutionStep {
	return ExecutionStep{
		Visit: m.Visit, Step: m.Step, EnteredAt: m.Entered, LeftAt: timeOrNull(m.Left), Outcome: m.Outcome, Detail: m.Detail,
		Variant: m.Variant,
	}
}

type workflowTrialOut struct{ Body WorkflowTrial }

func oneTrial(f *control.WorkflowFinding, err error) (*workflowTrialOut, error) {
	if err != nil {
		return nil, err
	}
	return &workflowTrialOut{WorkflowTrialOf(f)}, nil
}

type dryRunIn struct {
	Body struct {
		Workflow WorkflowText `json:"workflow"`
		Days     int          `json:"days,omitempty" doc:"How far back, 1 to 90; absent: 7" example:"30"`
	}
}

func (a *api) dryRunWorkflow(ctx context.Context, in *dryRunIn) (*workflowTrialOut, error) {
	text, err := in.Body.Workflow.read()
	if err != nil {
		return nil, err
	}
	f, err := a.Control.DryRunWorkflow(ctx, who(ctx), control.WorkflowTrial{Text: text.Text, Days: in.Body.Days})
	return oneTrial(&f, err)
}

type dryRunStoredIn struct {
	WorkflowPath
	Body struct {
		Days int `json:"days,omitempty" doc:"How far back, 1 to 90; absent: 7" example:"30"`
	}
}

func (a *api) dryRunStoredWorkflow(ctx context.Context, in *dryRunStoredIn) (*workflowTrialOut, error) {
	f, err := a.Control.DryRunWorkflow(ctx, who(ctx), control.WorkflowTrial{ID: in.ID, Days: in.Body.Days})
	return oneTrial(&f, err)
}
