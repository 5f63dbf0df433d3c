package api

import (
	"context"
	"encoding/json"
	"errors"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/template"
)

func asFault(err error) (*fault.Error, bool) { return errors.AsType[*fault.Error](err) }

// TemplateTrial is a template to look at: one that is stored, what is given, or both: then what is given goes first.
type TemplateTrial struct {
	Template     string        `json:"template,omitempty" maxLength:"1000" doc:"The id or key of a template; absent: only what is given" example:"onboarding/welcome"`
	Subject      *string       `json:"subject,omitempty" maxLength:"998" doc:"Liquid" example:"Welcome, {{ firstName }}"`
	Body         *string       `json:"body,omitempty" doc:"HTML with Liquid" example:"<p>Hi {{ firstName }}</p>"`
	Text         nullable      `json:"text,omitempty" doc:"The text part, with Liquid; null: it is made of the HTML; empty: there is none" example:"Hi {{ firstName }}"`
	Type         *string       `json:"type,omitempty" enum:"TRANSACTIONAL,MARKETING" doc:"Of what is given"`
	DisplayNames *displayNames `json:"displayNames,omitempty" doc:"What values are called" example:"{\"platformName\":{\"kajabi\":\"Kajabi\"}}"`
}

func (t *TemplateTrial) trial() control.TemplateTrial {
	return control.TemplateTrial{Template: t.Template, Edit: control.TemplateEdit{
		Subject: t.Subject, Body: t.Body, Text: t.Text.value, HasText: t.Text.said, Type: t.Type,
		DisplayNames: (*map[string]map[string]string)(t.DisplayNames),
	}}
}

// TemplatePreviewRequest is a template to look at, and for whom.
type TemplatePreviewRequest struct {
	TemplateTrial
	Contact string  `json:"contact,omitempty" maxLength:"1000" doc:"A contact's id or address; absent: nobody in particular" example:"lea@acme.test"`
	Data    rawData `json:"data,omitzero" doc:"What would come with the send; it goes before the contact's attributes" example:"{\"order\":17}"`
	Event   rawData `json:"event,omitzero" doc:"The event that would lead to it" example:"{\"subject\":\"Hi\"}"`
}

// TemplatePreview is what becomes of a template.
type TemplatePreview struct {
	Subject   string            `json:"subject" doc:"One line" example:"Welcome, Lea"`
	HTML      string            `json:"html" doc:"With styles where they belong" example:"<p>Hi Lea</p>"`
	Text      string            `json:"text" doc:"The text part; empty: there is none" example:"Hi Lea"`
	Problems  []TemplateProblem `json:"problems" nullable:"false" doc:"They stop it from being sent"`
	Warnings  []TemplateProblem `json:"warnings" nullable:"false" doc:"They stop nothing"`
	Variables []string          `json:"variables" nullable:"false" doc:"What it asks for" example:"[\"firstName\"]"`
}

// TemplateVerdict is what is wrong with a template, and what is doubtful.
type TemplateVerdict struct {
	Valid     bool              `json:"valid" doc:"Whether it can be sent"`
	Problems  []TemplateProblem `json:"problems" nullable:"false" doc:"They stop it from being sent"`
	Warnings  []TemplateProblem `json:"warnings" nullable:"false" doc:"They stop nothing"`
	Variables []string          `json:"variables" nullable:"false" doc:"What it asks for" example:"[\"firstName\"]"`
}

func problemsOf(list []template.Problem) []TemplateProblem {
	out := make([]TemplateProblem, len(list))
	for i, p := range list {
		out[i] = TemplateProblem{Part: p.Part, Line: p.Line, Column: p.Column, Message: p.Says}
	}
	return out
}

// TemplatePreviewOf makes the public form of a preview.
func TemplatePreviewOf(f *control.TemplateFinding) TemplatePreview {
	return TemplatePreview{
		Subject: f.Email.Subject, HTML: f.Email.HTML, Text: f.Email.Text, Problems: problemsOf(f.Problems),
		Warnings: problemsOf(f.Warnings), Variables: append([]string{}, f.Variables...),
	}
}

// TemplateVerdictOf makes the public form of a verdict.
func TemplateVerdictOf(f *control.TemplateFinding) TemplateVerdict {
	return TemplateVerdict{
		Valid: len(f.Problems) == 0, Problems: problemsOf(f.Problems), Warnings: problemsOf(f.Warnings),
		Variables: append([]string{}, f.Variables...),
	}
}

type previewTemplateIn struct{ Body TemplatePreviewRequest }

type templatePreviewOut struct{ Body TemplatePreview }

func (a *api) previewTemplate(ctx context.Context, in *previewTemplateIn) (*templatePreviewOut, error) {
	n := in.Body.trial()
	n.Contact, n.Data, n.Event = in.Body.Contact, json.RawMessage(in.Body.Data.Value), json.RawMessage(in.Body.Event.Value)
	f, err := a.Control.PreviewTemplate(ctx, who(ctx), n)
	if err != nil {
		return nil, err
	}
	return &templatePreviewOut{TemplatePreviewOf(&f)}, nil
}

// TemplateCheck is a template to validate.
type TemplateCheck struct {
	TemplateTrial
	Known []string `json:"known,omitempty" maxItems:"1000" doc:"Names that every send will give, beside contacts' attributes" example:"[\"order\"]"`
}

type validateTemplateIn struct{ Body TemplateCheck }

type templateVerdictOut struct{ Body TemplateVerdict }

func (a *api) validateTemplate(ctx context.Context, in *validateTemplateIn) (*templateVerdictOut, error) {
	n := in.Body.trial()
	n.Known = in.Body.Known
	f, err := a.Control.ValidateTemplate(ctx, who(ctx), n)
	if err != nil {
		return nil, err
	}
	return &templateVerdictOut{TemplateVerdictOf(&f)}, nil
}
