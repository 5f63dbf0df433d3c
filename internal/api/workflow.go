package api

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/internal/control"
	"tidings/internal/rule"
	"tidings/internal/workflow"
)

// maybeObject is a JSON object of any keys, or null.
type maybeObject struct{ jsontext.Value }

// Schema describes it in the OpenAPI document.
func (maybeObject) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Nullable: true}
}

func maybeObjectOf(v any) maybeObject {
	raw, err := json.Marshal(v)
	if err != nil {
		return maybeObject{}
	}
	return maybeObject{raw}
}

// Workflow is what a team wants to happen over days, in MailGlyph's keys and then ours.
type Workflow struct {
	ID            string      `json:"id" example:"wfl_4f"`
	Name          string      `json:"name" doc:"For people" example:"Onboarding"`
	Description   *string     `json:"description" doc:"What it is for" example:"For new accounts"`
	Enabled       bool        `json:"enabled" doc:"Whether contacts enter it"`
	TriggerType   string      `json:"triggerType" enum:"EVENT,MANUAL,SCHEDULE" doc:"What lets contacts enter; to enter a segment is an EVENT"`
	TriggerConfig maybeObject `json:"triggerConfig" doc:"eventName, or on, mapping, segment, schedule and if as on the page on workflows"`
	AllowReentry  bool        `json:"allowReentry" doc:"Whether a contact may enter again; reentry says more"`
	ProjectID     string      `json:"projectId" example:"prj_default"`
	CreatedAt     time.Time   `json:"createdAt"`
	UpdatedAt     time.Time   `json:"updatedAt"`

	Key            string        `json:"key" doc:"Unique in the project; emails and events call it so" example:"onboarding"`
	Origin         string        `json:"origin" enum:"api,files" doc:"files: a folder that was applied has it"`
	Version        int64         `json:"version" doc:"Of what it says; who enters now is on it" example:"3"`
	OpenExecutions int64         `json:"openExecutions" doc:"Runs that go on, of every version" example:"120"`
	Completed      int64         `json:"completedExecutions" doc:"Runs that came to the end, of every version" example:"900"`
	FailedNow      int64         `json:"failedExecutions" doc:"Runs that failed and wait for a person; 10000 stands for more, too" example:"2"`
	NextAt         time.Time     `json:"nextAt,omitzero" doc:"When its schedule is due; absent: it has none, or is not enabled"`
	Problems       []RuleProblem `json:"problems" nullable:"false" doc:"Why it can't do all it should"`
}

// WorkflowDetails are a workflow with its steps.
type WorkflowDetails struct {
	Workflow
	Steps []WorkflowStep `json:"steps" nullable:"false" doc:"The first stands for the trigger"`

	Reentry       maybeObject   `json:"reentry" doc:"mode: once, replace, parallel or after; cooldown; null: as allowReentry says"`
	Text          string        `json:"text" doc:"The whole workflow in YAML, as it may stand in a file" example:"workflow: onboarding\ntrigger:\n  event: account.created\nsteps:\n- send: welcome\n"`
	Definition    object        `json:"definition" doc:"The same as an object, as it is stored"`
	Warnings      []RuleProblem `json:"warnings,omitempty" nullable:"false" doc:"What was left out of the text that it was made of"`
	Transactional bool          `json:"transactional" doc:"Whether it goes on for those who unsubscribe"`
}

// WorkflowStep is a step in MailGlyph's shape. Types that MailGlyph does not have are WAIT and SPLIT.
type WorkflowStep struct {
	ID         string               `json:"id" example:"welcome"`
	Type       string               `json:"type" example:"SEND_EMAIL" doc:"TRIGGER, SEND_EMAIL, DELAY, WAIT_FOR_EVENT, CONDITION, EXIT, WEBHOOK, UPDATE_CONTACT, WAIT or SPLIT"`
	Name       string               `json:"name" example:"Send welcome"`
	Position   object               `json:"position" doc:"In the editor; empty: laid out by it" example:"{\"x\":0,\"y\":120}"`
	Config     object               `json:"config" doc:"What it is set to" example:"{\"recipient\":{\"type\":\"CONTACT\"}}"`
	WorkflowID string               `json:"workflowId" doc:"Whose step it is" example:"wfl_4f"`
	TemplateID *string              `json:"templateId" doc:"The template's id or key, as the workflow calls it" example:"welcome"`
	CreatedAt  time.Time            `json:"createdAt"`
	UpdatedAt  time.Time            `json:"updatedAt"`
	Template   maybeObject          `json:"template" doc:"Its id and name; null: it sends none"`
	Outgoing   []WorkflowTransition `json:"outgoingTransitions" nullable:"false" doc:"The ways on, by priority"`
	Incoming   []WorkflowTransition `json:"incomingTransitions" nullable:"false" doc:"The ways here"`
}

// WorkflowTransition leads from a step to another.
type WorkflowTransition struct {
	ID        string      `json:"id" example:"ask.0"`
	From      string      `json:"fromStepId" doc:"The step that it leads on from" example:"ask"`
	To        string      `json:"toStepId" doc:"Empty: the run is through" example:"welcome"`
	Condition maybeObject `json:"condition" doc:"branch or waitOutcome, or outcome of ours; null: always"`
	Priority  int         `json:"priority" doc:"The first that fits is taken" example:"0"`
	CreatedAt time.Time   `json:"createdAt"`
	UpdatedAt time.Time   `json:"updatedAt"`
}

func ruleProblemsOf(list []rule.Problem) []RuleProblem {
	out := make([]RuleProblem, len(list))
	for i, p := range list {
		out[i] = RuleProblem{p.At, p.Says}
	}
	return out
}

// WorkflowOf makes the public form of a workflow without its steps.
func WorkflowOf(v *control.WorkflowView) Workflow {
	g := &v.Glyph
	return Workflow{
		ID: v.ID, Name: cmp.Or(g.Name, g.Key), Description: g.Description, Enabled: v.Enabled, TriggerType: g.TriggerType,
		TriggerConfig: maybeObject{jsontext.Value(g.TriggerConfig)}, AllowReentry: g.AllowReentry, ProjectID: v.Project,
		CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt, Key: g.Key, Origin: v.Origin, Version: v.Version, OpenExecutions: v.Open,
		Completed: v.Completed, FailedNow: v.FailedNow,
		NextAt: v.NextAt, Problems: ruleProblemsOf(v.Problems),
	}
}

// WorkflowDetailsOf makes the public form of a workflow.
func WorkflowDetailsOf(v *control.WorkflowView) WorkflowDetails {
	out := WorkflowDetails{
		Workflow: WorkflowOf(v), Steps: make([]WorkflowStep, len(v.Glyph.Steps)), Text: v.Text, Warnings: ruleProblemsOf(v.Warnings),
		Transactional: v.Definition.Transactional,
	}
	if v.Glyph.Reentry != nil {
		out.Reentry = maybeObjectOf(v.Glyph.Reentry)
	}
	if raw, err := json.Marshal(v.Definition); err == nil {
		out.Definition = objectOf(raw)
	}
	places := make(map[string]int)
	for i := range v.Glyph.Steps {
		out.Steps[i] = stepOf(v, &v.Glyph.Steps[i])
		places[out.Steps[i].ID] = i
	}
	for i := range out.Steps {
		for _, t := range out.Steps[i].Outgoing {
			if to, known := places[t.To]; known {
				out.Steps[to].Incoming = append(out.Steps[to].Incoming, t)
			}
		}
	}
	return out
}

func stepOf(v *control.WorkflowView, s *workflow.GlyphStep) WorkflowStep {
	out := WorkflowStep{
		ID: s.ID, Type: s.Type, Name: s.Name, Position: object{}, Config: objectOf(s.Config), WorkflowID: v.ID,
		TemplateID: s.TemplateID,
		CreatedAt:  v.CreatedAt, UpdatedAt: v.UpdatedAt, Outgoing: []WorkflowTransition{}, Incoming: []WorkflowTransition{},
	}
	if p := s.Position; p != nil {
		out.Position = object{"x": p.X, "y": p.Y}
	}
	if s.TemplateID != nil {
		if t := v.Templates[*s.TemplateID]; t != nil {
			out.Template = maybeObjectOf(map[string]string{"id": t.ID, "name": t.Name})
		}
	}
	for i, t := range s.Transitions {
		x := WorkflowTransition{
			ID: s.ID + "." + strconv.Itoa(i), From: t.From, To: t.To, Priority: t.Priority, CreatedAt: v.CreatedAt,
			UpdatedAt: v.UpdatedAt,
		}
		if t.Condition != nil {
			x.Condition = maybeObjectOf(t.Condition)
		}
		out.Outgoing = append(out.Outgoing, x)
	}
	return out
}

// Numbered are the parameters of a list with numbered pages.
type Numbered struct {
	Page     int `query:"page" default:"1" minimum:"1" doc:"Which page, from 1"`
	PageSize int `query:"pageSize" default:"20" minimum:"1" maximum:"100" doc:"How many a page has at most"`
}

// NumberedPage says which page a list is.
type NumberedPage struct {
	Total      int64 `json:"total" doc:"How many there are in all" example:"120"`
	Page       int   `json:"page" doc:"Which page it is, from 1" example:"1"`
	PageSize   int   `json:"pageSize" doc:"How many a page has at most" example:"20"`
	TotalPages int   `json:"totalPages" doc:"How many pages there are" example:"6"`
}

func numberedPageOf(p control.PageOfMany) NumberedPage {
	return NumberedPage{Total: p.Total, Page: p.Page, PageSize: p.PageSize, TotalPages: p.Last}
}

// WorkflowList is one page of workflows.
type WorkflowList struct {
	Data []Workflow `json:"data" nullable:"false" doc:"By key"`
	NumberedPage
}

// WorkflowListOf makes the public form of a page of workflows.
func WorkflowListOf(p *control.WorkflowPage) WorkflowList {
	out := WorkflowList{Data: make([]Workflow, len(p.Workflows)), NumberedPage: numberedPageOf(p.PageOfMany)}
	for i := range p.Workflows {
		out.Data[i] = WorkflowOf(&p.Workflows[i])
	}
	return out
}

type listWorkflowsIn struct {
	Numbered
	Search string `query:"search" doc:"A text of the key, the name or the description" example:"onboarding"`
}

type workflowListOut struct{ Body WorkflowList }

func (a *api) listWorkflows(ctx context.Context, in *listWorkflowsIn) (*workflowListOut, error) {
	page, err := a.Control.Workflows(ctx, who(ctx), in.Search, in.Page, in.PageSize)
	if err != nil {
		return nil, err
	}
	return &workflowListOut{WorkflowListOf(&page)}, nil
}
