package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"tidings/internal/control"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// Execution is a run of a workflow: one contact's way through it, in MailGlyph's keys and then ours.
type Execution struct {
	ID          string     `json:"id" example:"exe_4f"`
	WorkflowID  string     `json:"workflowId" doc:"The workflow that it is a run of" example:"wfl_4f"`
	ContactID   string     `json:"contactId" example:"con_4f"`
	Status      string     `json:"status" enum:"RUNNING,WAITING,COMPLETED,EXITED,FAILED,CANCELLED" doc:"Where it is in its life"`
	StartedAt   time.Time  `json:"startedAt" doc:"When the contact entered"`
	CompletedAt *time.Time `json:"completedAt" doc:"When it ended, however it did; null: it goes on"`
	CreatedAt   time.Time  `json:"createdAt"`
	UpdatedAt   time.Time  `json:"updatedAt"`

	Email     string    `json:"email" example:"ann@acme.test"`
	Version   int64     `json:"version" doc:"Of the workflow" example:"3"`
	Step      string    `json:"step" doc:"Where it is, or ended; empty: it did not begin yet" example:"wait-1d"`
	EnteredAt time.Time `json:"enteredAt" doc:"The step"`
	DueAt     time.Time `json:"dueAt,omitzero" doc:"When it goes on by itself; absent: it waits for no time"`
	Tries     int       `json:"tries,omitempty" doc:"Of the step that failed" example:"2"`
	Reason    string    `json:"reason,omitempty" doc:"Why it ended or failed" example:"exit: account.deleted"`
	BegunBy   string    `json:"begunBy" doc:"An event's id, or hand:, rule: or schedule: and what was named" example:"019a1f6e-8d2f-8c41-9b1e-6f0c2a7d5e11"`
	Workflow  string    `json:"workflow" doc:"The workflow's key" example:"onboarding"`
	Emails    int64     `json:"emails" doc:"How many were queued for it; those that were left out do not count" example:"2"`
	Unmailed  bool      `json:"unmailed,omitempty" doc:"It mails nobody: the very event that began it forbids that"`
}

// ExecutionOf makes the public form of a run, for which so many emails were queued.
func ExecutionOf(x *store.Run, emails int64) Execution {
	updated := x.EnteredAt
	if x.EndedAt.After(updated) {
		updated = x.EndedAt
	}
	return Execution{
		ID: x.ID, WorkflowID: x.WorkflowID, ContactID: x.ContactID, Status: string(x.Status), StartedAt: x.StartedAt,
		CompletedAt: timeOrNull(x.EndedAt), CreatedAt: x.StartedAt, UpdatedAt: updated, Email: x.Address, Version: x.Version,
		Step:      x.Step,
		EnteredAt: x.EnteredAt, DueAt: x.Due, Tries: x.Try, Reason: x.Reason, BegunBy: x.BegunBy, Unmailed: x.Unmailed,
		Workflow: x.Key, Emails: emails,
	}
}

// ExecutionList is one page of runs.
type ExecutionList struct {
	Executions []Execution `json:"executions" nullable:"false" doc:"Newest first"`
	NumberedPage
	NextCursor string `json:"nextCursor,omitempty" doc:"For the next page; absent: there is no more"`
}

// ExecutionListOf makes the public form of a page of runs.
func ExecutionListOf(p *control.RunPage) ExecutionList {
	out := ExecutionList{
		Executions: make([]Execution, len(p.Runs)), NumberedPage: numberedPageOf(p.PageOfMany), NextCursor: p.NextCursor,
	}
	for i := range p.Runs {
		out.Executions[i] = ExecutionOf(&p.Runs[i], p.Mails[i])
	}
	return out
}

// ExecutionFilter are the parameters that choose runs.
type ExecutionFilter struct {
	Status  []string `query:"status,explode" enum:"RUNNING,WAITING,COMPLETED,EXITED,FAILED,CANCELLED" doc:"Only those; may be repeated" example:"WAITING"`
	Contact string   `query:"contact" doc:"A contact's id or address" example:"ann@acme.test"`
	Step    string   `query:"step" doc:"Where they are, or ended" example:"wait-1d"`
	Version int64    `query:"version" minimum:"1" doc:"Of the workflow" example:"3"`
}

func (f *ExecutionFilter) of(workflow string) control.RunFilter {
	return control.RunFilter{Workflow: workflow, Statuses: f.Status, Contact: f.Contact, Step: f.Step, Version: f.Version}
}

// ExecutionPaging are the parameters of a page of runs.
type ExecutionPaging struct {
	Numbered
	Cursor string `query:"cursor" doc:"nextCursor of the page before, in place of page"`
}

type listExecutionsIn struct {
	WorkflowPath
	ExecutionFilter
	ExecutionPaging
}

type executionListOut struct{ Body ExecutionList }

func (a *api) listWorkflowExecutions(ctx context.Context, in *listExecutionsIn) (*executionListOut, error) {
	return a.executions(ctx, in.of(in.ID), &in.ExecutionPaging)
}

func (a *api) executions(ctx context.Context, f control.RunFilter, at *ExecutionPaging) (*executionListOut, error) {
	f.Page, f.PageSize, f.Cursor = at.Page, at.PageSize, at.Cursor
	page, err := a.Control.Runs(ctx, who(ctx), f)
	if err != nil {
		return nil, err
	}
	return &executionListOut{ExecutionListOf(&page)}, nil
}

// ExecutionDetails are a run with its whole way.
type ExecutionDetails struct {
	Execution
	WorkflowName string          `json:"workflowName" doc:"For people" example:"Onboarding"`
	Steps        []ExecutionStep `json:"steps" nullable:"false" doc:"In the order in which they were entered"`
	Outcomes     []string        `json:"outcomes" nullable:"false" doc:"What the way on from its step may depend on: who skips the step may name one"`
	Event        maybeObject     `json:"event" doc:"What began it, or it was told of last; null: nothing"`
	Context      object          `json:"context" doc:"What it was started with and told on its way"`
}

// ExecutionStep is one step that a run entered.
type ExecutionStep struct {
	Visit     int        `json:"visit" doc:"Counts the steps that were entered" example:"1"`
	Step      string     `json:"step" doc:"The step's id" example:"welcome"`
	Name      string     `json:"name,omitempty" doc:"Of the step, for people" example:"Send welcome"`
	Type      string     `json:"type,omitempty" doc:"What it does: send, wait, waitFor, choice, condition, split, update, webhook or exit; absent: the version has no such step" example:"send"`
	EnteredAt time.Time  `json:"enteredAt" doc:"When the run came to it"`
	LeftAt    *time.Time `json:"leftAt" doc:"null: it is there"`
	Outcome   string     `json:"outcome,omitempty" doc:"The way that it took, or what came of it" example:"sent"`
	Detail    string     `json:"detail,omitempty" doc:"Why" example:"unsubscribed"`
	Variant   string     `json:"variant,omitempty" doc:"Of the email" example:"a"`
	Send      *StepSend  `json:"send,omitempty" doc:"Its email; absent: none is kept"`
}

// StepSend is the email of a step.
type StepSend struct {
	ID        string `json:"id" example:"snd_4f"`
	Status    string `json:"status" doc:"As of sends" example:"sent"`
	Reason    string `json:"reason,omitempty" doc:"Why it was skipped or failed" example:"unsubscribed"`
	MessageID string `json:"messageId,omitempty" doc:"What became of it is under /messages" example:"msg_4f"`
}

// ExecutionDetailsOf makes the public form of a run with its way.
func ExecutionDetailsOf(v *control.RunView) ExecutionDetails {
	var emails int64
	for i := range v.Steps {
		if v.Steps[i].Outcome == workflow.OutcomeSent {
			emails++
		}
	}
	out := ExecutionDetails{
		Execution: ExecutionOf(&v.Run, emails), WorkflowName: v.Name, Steps: make([]ExecutionStep, len(v.Steps)),
		Outcomes: append([]string{}, v.Outcomes...), Context: object{},
	}
	if len(v.Vars.Event) > 0 {
		out.Event = maybeObjectOf(v.Vars.Event)
	}
	for key, value := range v.Vars.Data {
		out.Context[key] = value
	}
	for i := range v.Steps {
		x := &v.Steps[i]
		out.Steps[i] = ExecutionStep{
			Visit: x.Visit, Step: x.Step, Name: x.Name, Type: x.Word, EnteredAt: x.Entered, LeftAt: timeOrNull(x.Left),
			Outcome: x.Outcome,
			Detail:  x.Detail, Variant: x.Variant,
		}
		if e := x.Email; e != nil {
			out.Steps[i].Send = &StepSend{ID: e.ID, Status: string(e.Status), Reason: e.Reason, MessageID: e.Message}
		}
	}
	return out
}

type executionOut struct {
	Status int
	Body   ExecutionDetails
}

func oneExecution(v *control.RunView, err error) (*executionOut, error) {
	if err != nil {
		return nil, err
	}
	return &executionOut{http.StatusOK, ExecutionDetailsOf(v)}, nil
}

// ExecutionPath names a run in a path.
type ExecutionPath struct {
	WorkflowPath
	Execution string `path:"execution" doc:"The run's id" example:"exe_4f"`
}

func (a *api) getExecution(ctx context.Context, in *ExecutionPath) (*executionOut, error) {
	v, err := a.Control.Run(ctx, who(ctx), in.ID, in.Execution)
	return oneExecution(&v, err)
}

type startExecutionIn struct {
	WorkflowPath
	IdempotencyKey string `header:"Idempotency-Key" doc:"1 to 255 printable characters of ASCII. The same start again with it gets the same run" example:"order-1042"`
	Body           struct {
		ContactID string  `json:"contactId" doc:"Who enters: a contact's id, address or external id (ext:…)" example:"con_4f"`
		Context   rawData `json:"context,omitzero" doc:"What templates may name as data, and choices as workflow; at most 32 KiB"`
	}
}

func (a *api) startExecution(ctx context.Context, in *startExecutionIn) (*executionOut, error) {
	v, again, err := a.Control.StartRun(ctx, who(ctx), in.ID, control.NewRun{
		Contact: in.Body.ContactID, Context: json.RawMessage(in.Body.Context.Value), IdempotencyKey: in.IdempotencyKey,
	})
	out, err := oneExecution(&v, err)
	if err == nil && !again {
		out.Status = http.StatusCreated
	}
	return out, err
}

type noteExecutionIn struct {
	ExecutionPath
	Body *struct {
		Note string `json:"note,omitempty" doc:"Why, at most 1,000 characters" example:"the template is mended"`
	} `required:"false"`
}

func (in *noteExecutionIn) note() string {
	if in.Body == nil {
		return ""
	}
	return in.Body.Note
}

func (a *api) retryExecution(ctx context.Context, in *noteExecutionIn) (*executionOut, error) {
	v, err := a.Control.RetryRun(ctx, who(ctx), in.ID, in.Execution, in.note())
	return oneExecution(&v, err)
}

func (a *api) cancelExecution(ctx context.Context, in *noteExecutionIn) (*executionOut, error) {
	v, err := a.Control.CancelRun(ctx, who(ctx), in.ID, in.Execution, in.note())
	return oneExecution(&v, err)
}

type skipExecutionIn struct {
	ExecutionPath
	Body *struct {
		Outcome string `json:"outcome,omitempty" doc:"The way that it takes; absent: the way of whoever the step does not concern" example:"yes"`
		Note    string `json:"note,omitempty" doc:"Why, at most 1,000 characters" example:"the endpoint is gone"`
	} `required:"false"`
}

func (a *api) skipExecution(ctx context.Context, in *skipExecutionIn) (*executionOut, error) {
	outcome, note := "", ""
	if in.Body != nil {
		outcome, note = in.Body.Outcome, in.Body.Note
	}
	v, err := a.Control.SkipRun(ctx, who(ctx), in.ID, in.Execution, outcome, note)
	return oneExecution(&v, err)
}

type moveExecutionsIn struct {
	WorkflowPath
	Body struct {
		Version    int64             `json:"version,omitempty" minimum:"1" doc:"That they are on from now; absent: the one that contacts enter" example:"3"`
		From       int64             `json:"from,omitempty" minimum:"1" doc:"Only runs of that version; absent: of all others" example:"2"`
		Steps      map[string]string `json:"steps,omitempty" doc:"From steps of theirs to steps of that version; the others keep their step" example:"{\"wait-1d\":\"wait-2d\"}"`
		Executions []string          `json:"executions,omitempty" doc:"Their ids, at most 500; absent: all that go on or failed" example:"[\"exe_4f\"]"`
		Note       string            `json:"note,omitempty" doc:"Why, at most 1,000 characters" example:"two days are enough"`
		DryRun     bool              `json:"dryRun,omitempty" doc:"Only tell what would become of them" example:"false"`
	}
}

// ExecutionsMoved is what became of a move, or with dryRun would.
type ExecutionsMoved struct {
	Version int64            `json:"version" doc:"That they are on now" example:"3"`
	Moved   int64            `json:"moved" doc:"How many are on it" example:"120"`
	Kept    map[string]int64 `json:"kept" doc:"How many of those go on with their step as they were, by that step: it does the same there" example:"{\"welcome\":90}"`
	Anew    map[string]int64 `json:"anew" doc:"How many of those begin a step anew, by the step that they were at" example:"{\"wait-1d\":30}"`
	Left    map[string]int64 `json:"left" doc:"How many stay on theirs, by their step: the version has no such step, and steps names no other" example:"{\"wait-1d\":4}"`
	More    bool             `json:"more" doc:"There are more than are moved at once: the same again goes on"`
}

// ExecutionsMovedOf makes the public form of a move.
func ExecutionsMovedOf(x *control.RunsMoved) ExecutionsMoved {
	return ExecutionsMoved{Version: x.Version, Moved: x.Moved, Kept: x.Kept, Anew: x.Anew, Left: x.Left, More: x.More}
}

type executionsMovedOut struct{ Body ExecutionsMoved }

func (a *api) moveExecutions(ctx context.Context, in *moveExecutionsIn) (*executionsMovedOut, error) {
	b := &in.Body
	x, err := a.Control.MoveRuns(ctx, who(ctx), in.ID, control.RunMove{
		Version: b.Version, From: b.From, Steps: b.Steps, Runs: b.Executions, Note: b.Note, Dry: b.DryRun,
	})
	if err != nil {
		return nil, err
	}
	return &executionsMovedOut{ExecutionsMovedOf(&x)}, nil
}
