package api

import (
	"context"

	"tidings/internal/control"
)

// WorkflowDraft is a workflow that somebody writes, with all that is wrong with it.
type WorkflowDraft struct {
	Text       string                 `json:"text" doc:"In YAML, as it may stand in a file" example:"workflow: onboarding\ntrigger: account.created\nsteps:\n- send: welcome\n"`
	Definition maybeObject            `json:"definition" doc:"The same as an object; null: it can't be read as one"`
	Format     string                 `json:"format" enum:"tidings,mailglyph,mailshot," doc:"In whose shape it was; empty: in none" example:"tidings"`
	Problems   []WorkflowDraftProblem `json:"problems" nullable:"false" doc:"Why it can't be stored; empty: it can"`
	Warnings   []RuleProblem          `json:"warnings" nullable:"false" doc:"What was left out of it"`
}

// WorkflowDraftProblem is one thing that is wrong with a draft.
type WorkflowDraftProblem struct {
	At      string `json:"at" doc:"Where in the definition; empty: as a whole" example:"steps[2].send.template"`
	Message string `json:"message" example:"there is no template \"welcome\""`
	Line    int    `json:"line,omitempty" doc:"Of the text, from 1; absent: not known" example:"7"`
}

// WorkflowDraftOf makes the public form of a draft.
func WorkflowDraftOf(d *control.WorkflowDraft) WorkflowDraft {
	out := WorkflowDraft{
		Text: d.Text, Format: string(d.Format), Problems: make([]WorkflowDraftProblem, len(d.Problems)),
		Warnings: ruleProblemsOf(d.Warnings),
	}
	if d.Definition != nil {
		out.Definition = maybeObjectOf(d.Definition)
	}
	for i, p := range d.Problems {
		out.Problems[i] = WorkflowDraftProblem{p.At, p.Says, p.Line}
	}
	return out
}

type validateWorkflowIn struct{ Body WorkflowText }

type workflowDraftOut struct{ Body WorkflowDraft }

func (a *api) validateWorkflow(ctx context.Context, in *validateWorkflowIn) (*workflowDraftOut, error) {
	text, err := in.Body.read()
	if err != nil {
		return nil, err
	}
	d, err := a.Control.ValidateWorkflow(ctx, who(ctx), text.Text)
	if err != nil {
		return nil, err
	}
	return &workflowDraftOut{WorkflowDraftOf(&d)}, nil
}
