package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/workflow"
)

// WorkflowText is a workflow in any of the shapes that are read.
type WorkflowText struct{ jsontext.Value }

// Schema describes it in the OpenAPI document.
func (WorkflowText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true,
		Description: "A workflow of ours, of MailGlyph or of Mailshot; or text, which holds one in YAML. enabled may stand beside it",
		Examples: []any{map[string]any{
			"workflow": "onboarding", "trigger": map[string]any{"event": "account.created"},
			"steps": []any{map[string]any{"wait": "1h"}, map[string]any{"exit": "done"}},
		}},
	}
}

// read parts the workflow from what stands beside it.
func (w WorkflowText) read() (out control.WorkflowText, err error) {
	var keys map[string]json.RawMessage
	if json.Unmarshal(w.Value, &keys) != nil || keys == nil {
		return out, fault.BadField("workflow", "must be an object")
	}
	if raw, there := keys["enabled"]; there {
		if err := json.Unmarshal(raw, &out.Enabled); err != nil {
			return out, fault.BadField("enabled", "must be true or false")
		}
		delete(keys, "enabled")
	}
	if raw, there := keys["text"]; there && len(keys) == 1 {
		if json.Unmarshal(raw, &out.Text) != nil {
			return out, fault.BadField("text", "must be a text")
		}
		return out, nil
	}
	out.Text = string(w.Value)
	if out.Enabled != nil {
		raw, err := json.Marshal(keys)
		if err != nil {
			return out, fault.BadField("workflow", "does not fit: %v", err)
		}
		out.Text = string(raw)
	}
	return out, nil
}

type createWorkflowIn struct{ Body WorkflowText }

type workflowOut struct {
	ETag string `header:"ETag" doc:"For If-None-Match and If-Match"`
	Body WorkflowDetails
}

// oneWorkflow answers with a workflow. Where it was changed since version the answer is 412.
func (a *api) oneWorkflow(v *control.WorkflowView, version int64, err error) (*workflowOut, error) {
	if f, ok := asChanged(err); ok && version != 0 {
		p := a.newProblem(http.StatusPreconditionFailed, f.Code, f.Message)
		p.Hint = f.Hint
		return nil, p
	}
	if err != nil {
		return nil, err
	}
	return &workflowOut{strconv.FormatInt(v.Changes, 10), WorkflowDetailsOf(v)}, nil
}

func (a *api) createWorkflow(ctx context.Context, in *createWorkflowIn) (*workflowOut, error) {
	text, err := in.Body.read()
	if err != nil {
		return nil, err
	}
	v, err := a.Control.CreateWorkflow(ctx, who(ctx), text)
	return a.oneWorkflow(&v, 0, err)
}

// WorkflowPath names a workflow in a path.
type WorkflowPath struct {
	ID string `path:"id" doc:"The workflow's id or key" example:"wfl_4f"`
}

func (a *api) getWorkflow(ctx context.Context, in *WorkflowPath) (*workflowOut, error) {
	v, err := a.Control.Workflow(ctx, who(ctx), in.ID)
	return a.oneWorkflow(&v, 0, err)
}

// WorkflowMatch says which state of a workflow a change is made for.
type WorkflowMatch struct {
	WorkflowPath
	IfMatch string `header:"If-Match" doc:"The ETag of the workflow that the change is made for; if it was changed since, the answer is 412"`
}

type updateWorkflowIn struct {
	WorkflowMatch
	Body struct {
		Name          *string     `json:"name,omitempty" maxLength:"100" doc:"For people" example:"Onboarding"`
		Description   nullable    `json:"description,omitempty" doc:"What it is for; null: nothing" example:"For new accounts"`
		TriggerType   *string     `json:"triggerType,omitempty" enum:"EVENT,MANUAL,SCHEDULE" doc:"What lets contacts enter"`
		TriggerConfig maybeObject `json:"triggerConfig,omitzero" doc:"As of the type"`
		Enabled       *bool       `json:"enabled,omitempty" doc:"Whether contacts enter it"`
		AllowReentry  *bool       `json:"allowReentry,omitempty" doc:"Whether a contact may enter again, while it is not in it"`
	}
}

func (a *api) updateWorkflow(ctx context.Context, in *updateWorkflowIn) (*workflowOut, error) {
	version, err := versionOf(in.IfMatch)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	patch := control.WorkflowPatch{Fields: make(map[string]json.RawMessage), Enabled: b.Enabled, Changes: version}
	for name, value := range map[string]any{
		"name": b.Name, "triggerType": b.TriggerType, "allowReentry": b.AllowReentry,
	} {
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, fault.BadField(name, "does not fit: %v", err)
		}
		if string(raw) != "null" {
			patch.Fields[name] = raw
		}
	}
	if b.Description.said {
		raw, err := json.Marshal(b.Description.value)
		if err != nil {
			return nil, fault.BadField("description", "does not fit: %v", err)
		}
		patch.Fields["description"] = raw
	}
	if len(b.TriggerConfig.Value) > 0 {
		patch.Fields["triggerConfig"] = json.RawMessage(b.TriggerConfig.Value)
	}
	v, err := a.Control.UpdateWorkflow(ctx, who(ctx), in.ID, patch)
	return a.oneWorkflow(&v, version, err)
}

type defineWorkflowIn struct {
	WorkflowMatch
	Body WorkflowText
}

func (a *api) defineWorkflow(ctx context.Context, in *defineWorkflowIn) (*workflowOut, error) {
	version, err := versionOf(in.IfMatch)
	if err != nil {
		return nil, err
	}
	text, err := in.Body.read()
	if err != nil {
		return nil, err
	}
	text.Changes = version
	v, err := a.Control.DefineWorkflow(ctx, who(ctx), in.ID, text)
	return a.oneWorkflow(&v, version, err)
}

func (a *api) deleteWorkflow(ctx context.Context, in *WorkflowPath) (*nothingOut, error) {
	return &nothingOut{}, a.Control.DeleteWorkflow(ctx, who(ctx), in.ID)
}

type duplicateWorkflowIn struct {
	WorkflowPath
	Body *struct {
		Name string `json:"name,omitempty" maxLength:"100" doc:"Of the new one; absent: the old one's and (copy)" example:"Onboarding 2"`
	} `required:"false"`
}

func (a *api) duplicateWorkflow(ctx context.Context, in *duplicateWorkflowIn) (*workflowOut, error) {
	name := ""
	if in.Body != nil {
		name = in.Body.Name
	}
	v, err := a.Control.DuplicateWorkflow(ctx, who(ctx), in.ID, name)
	return a.oneWorkflow(&v, 0, err)
}

func (a *api) enableWorkflow(ctx context.Context, in *WorkflowPath) (*workflowOut, error) {
	v, err := a.Control.EnableWorkflow(ctx, who(ctx), in.ID, true)
	return a.oneWorkflow(&v, 0, err)
}

func (a *api) disableWorkflow(ctx context.Context, in *WorkflowPath) (*workflowOut, error) {
	v, err := a.Control.EnableWorkflow(ctx, who(ctx), in.ID, false)
	return a.oneWorkflow(&v, 0, err)
}

// WorkflowSettings hold for all workflows that do not say otherwise.
type WorkflowSettings struct {
	Cap   *WorkflowCap   `json:"cap,omitempty" doc:"How many emails one contact gets; absent: as many as there are"`
	Quiet *WorkflowQuiet `json:"quiet,omitempty" doc:"When nobody is mailed; absent: there are no such hours"`
}

// WorkflowCap bounds how many emails of workflows one contact gets.
type WorkflowCap struct {
	Mails int    `json:"mails" doc:"So many" example:"3"`
	In    string `json:"in" doc:"Within so long" example:"7d"`
	Then  string `json:"then,omitempty" enum:"wait,skip" doc:"What becomes of more; absent: they wait" example:"wait"`
}

// WorkflowQuiet are hours in which only transactional emails go.
type WorkflowQuiet struct {
	From string `json:"from" doc:"A time of day" example:"22:00"`
	To   string `json:"to" doc:"The next day, where it is before from" example:"07:00"`
	Zone string `json:"zone,omitempty" doc:"IANA, or contact; absent: the contact's attribute timezone" example:"Europe/Vienna"`
}

type workflowSettingsOut struct{ Body WorkflowSettings }

// WorkflowSettingsOf makes the public form of settings.
func WorkflowSettingsOf(x workflow.Settings) WorkflowSettings {
	var out WorkflowSettings
	if c := x.Cap; c != nil {
		out.Cap = &WorkflowCap{Mails: c.Mails, In: string(c.In), Then: c.Then}
	}
	if q := x.Quiet; q != nil {
		out.Quiet = &WorkflowQuiet{From: q.From, To: q.To, Zone: q.Zone}
	}
	return out
}

// Settings are the settings that a public form says.
func (w *WorkflowSettings) Settings() (x workflow.Settings) {
	if c := w.Cap; c != nil {
		x.Cap = &workflow.Cap{Mails: c.Mails, In: workflow.Span(c.In), Then: c.Then}
	}
	if q := w.Quiet; q != nil {
		x.Quiet = &workflow.Quiet{From: q.From, To: q.To, Zone: q.Zone}
	}
	return x
}

func (a *api) getWorkflowSettings(ctx context.Context, _ *struct{}) (*workflowSettingsOut, error) {
	x, err := a.Control.WorkflowSettings(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	return &workflowSettingsOut{WorkflowSettingsOf(x)}, nil
}

type setWorkflowSettingsIn struct{ Body WorkflowSettings }

func (a *api) setWorkflowSettings(ctx context.Context, in *setWorkflowSettingsIn) (*workflowSettingsOut, error) {
	x, err := a.Control.SetWorkflowSettings(ctx, who(ctx), in.Body.Settings())
	if err != nil {
		return nil, err
	}
	return &workflowSettingsOut{WorkflowSettingsOf(x)}, nil
}
