package api

import (
	"context"
	"time"

	"tidings/internal/alert"
	"tidings/internal/control"
	"tidings/internal/workflow"
)

// AlertRule says what raises alerts.
type AlertRule struct {
	ID          string    `json:"id" example:"alr_bounces"`
	Name        string    `json:"name" doc:"Unique in the project" example:"Bounces"`
	Description string    `json:"description,omitempty" doc:"What it is for" example:"Before SES looks at us"`
	Kind        string    `json:"kind" enum:"bounce_rate,complaint_rate,silence,refusals,endpoint_failing,suppression_surge" doc:"What it looks at"`
	By          string    `json:"by,omitempty" enum:"project,source,domain,template" doc:"What rates are of: all email, or each source, recipient domain or template by itself; absent: it is no rate"`
	Window      string    `json:"window,omitempty" doc:"The time up to now that is looked at; absent: of silence" example:"1d"`
	Least       int64     `json:"least,omitempty" doc:"How many emails a rate, or suppressions a surge, must be of" example:"100"`
	Warn        float64   `json:"warn,omitempty" doc:"From where there is a warning: a share of emails, a number of requests, minutes of nothing but failures, or times of the usual" example:"0.05"`
	Severe      float64   `json:"severe,omitempty" doc:"From where an alert is severe" example:"0.1"`
	Below       float64   `json:"below,omitempty" doc:"What the figure must fall under for an alert to end" example:"0.04"`
	Hold        string    `json:"hold" doc:"For how long it must" example:"1h"`
	Enabled     bool      `json:"enabled" doc:"Whether it is looked at"`
	Channels    []string  `json:"channels" nullable:"false" doc:"The ids or names of those that are told; none: all"`
	BuiltIn     bool      `json:"builtIn" doc:"Every project has it"`
	Changed     bool      `json:"changed" doc:"It is built in, and somebody changed it: deleting it brings it back as it was"`
	Version     int64     `json:"version" doc:"Grows with every change; 0: nobody changed it" example:"3"`
	UpdatedAt   time.Time `json:"updatedAt,omitzero" doc:"Absent: nobody changed it"`
}

// AlertRuleOf makes the public form of a rule.
func AlertRuleOf(x *control.AlertRule) AlertRule {
	return AlertRule{
		ID: x.ID, Name: x.Name, Description: x.Description, Kind: string(x.Kind), By: x.By, Window: string(workflow.SpanOf(x.Window)),
		Least: x.Least, Warn: x.Warn, Severe: x.Severe, Below: x.Below, Hold: string(workflow.SpanOf(x.Hold)),
		Enabled: !x.Disabled, Channels: append([]string{}, x.Channels...), BuiltIn: x.BuiltIn, Changed: x.Changed,
		Version: x.Version, UpdatedAt: x.UpdatedAt,
	}
}

// AlertRuleList is a project's rules.
type AlertRuleList struct {
	Rules []AlertRule `json:"rules" nullable:"false" doc:"By name"`
}

// AlertRuleListOf makes the public form of rules.
func AlertRuleListOf(list []control.AlertRule) AlertRuleList {
	out := AlertRuleList{Rules: make([]AlertRule, len(list))}
	for i := range list {
		out.Rules[i] = AlertRuleOf(&list[i])
	}
	return out
}

type alertRuleListOut struct{ Body AlertRuleList }

func (a *api) listAlertRules(ctx context.Context, _ *struct{}) (*alertRuleListOut, error) {
	list, err := a.Control.AlertRules(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	return &alertRuleListOut{AlertRuleListOf(list)}, nil
}

type alertRuleOut struct{ Body AlertRule }

// AlertRulePath names an alert rule in a path.
type AlertRulePath struct {
	ID string `path:"id" doc:"The rule's id or name" example:"alr_bounces"`
}

func (a *api) getAlertRule(ctx context.Context, in *AlertRulePath) (*alertRuleOut, error) {
	x, err := a.Control.AlertRule(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &alertRuleOut{AlertRuleOf(&x)}, nil
}

// AlertRuleWish is what a rule may be made or changed to. Of a number 0, and of a text the empty one, is the default of the kind.
type AlertRuleWish struct {
	Description *string   `json:"description,omitempty" maxLength:"1000" doc:"What it is for" example:"Before SES looks at us"`
	By          *string   `json:"by,omitempty" doc:"Of rates: project, source, domain or template" example:"template"`
	Window      *string   `json:"window,omitempty" maxLength:"20" doc:"The time up to now that is looked at, 1h to 30d" example:"7d"`
	Least       *int64    `json:"least,omitempty" doc:"How many emails a rate, or suppressions a surge, must be of" example:"100"`
	Warn        *float64  `json:"warn,omitempty" doc:"From where there is a warning" example:"0.03"`
	Severe      *float64  `json:"severe,omitempty" doc:"From where an alert is severe" example:"0.08"`
	Below       *float64  `json:"below,omitempty" doc:"What the figure must fall under for an alert to end" example:"0.02"`
	Hold        *string   `json:"hold,omitempty" maxLength:"20" doc:"For how long it must" example:"2h"`
	Enabled     *bool     `json:"enabled,omitempty" doc:"Whether it is looked at; absent: it is" example:"true"`
	Channels    *[]string `json:"channels,omitempty" doc:"The ids or names of those that are told; none: all" example:"[\"on call\"]"`
}

func (w *AlertRuleWish) put(r *alert.Rule) {
	put(&r.Description, w.Description)
	put(&r.By, w.By)
	put(&r.Window, (*workflow.Span)(w.Window))
	put(&r.Least, w.Least)
	put(&r.Warn, w.Warn)
	put(&r.Severe, w.Severe)
	put(&r.Below, w.Below)
	put(&r.Hold, (*workflow.Span)(w.Hold))
	put(&r.Channels, w.Channels)
	if w.Enabled != nil {
		r.Disabled = !*w.Enabled
	}
}

func put[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// NewAlertRule is a rule to make.
type NewAlertRule struct {
	Name string `json:"name" minLength:"1" maxLength:"100" doc:"Unique in the project" example:"Complaints at big hosts"`
	Kind string `json:"kind" doc:"What it looks at: bounce_rate, complaint_rate, silence, refusals, endpoint_failing or suppression_surge" example:"complaint_rate"`
	AlertRuleWish
}

func (n *NewAlertRule) rule() alert.Rule {
	r := alert.Rule{Name: n.Name, Kind: alert.Kind(n.Kind)}
	n.put(&r)
	return r
}

type createAlertRuleIn struct{ Body NewAlertRule }

func (a *api) createAlertRule(ctx context.Context, in *createAlertRuleIn) (*alertRuleOut, error) {
	x, err := a.Control.CreateAlertRule(ctx, who(ctx), in.Body.rule())
	if err != nil {
		return nil, err
	}
	return &alertRuleOut{AlertRuleOf(&x)}, nil
}

// AlertRuleChange is what changes of a rule.
type AlertRuleChange struct {
	Name *string `json:"name,omitempty" minLength:"1" maxLength:"100" doc:"Unique in the project" example:"Bounces"`
	Kind *string `json:"kind,omitempty" doc:"What it looks at" example:"bounce_rate"`
	AlertRuleWish
}

type updateAlertRuleIn struct {
	AlertRulePath
	Body AlertRuleChange
}

func (a *api) updateAlertRule(ctx context.Context, in *updateAlertRuleIn) (*alertRuleOut, error) {
	x, err := a.Control.UpdateAlertRule(ctx, who(ctx), in.ID, func(r *alert.Rule) {
		put(&r.Name, in.Body.Name)
		put(&r.Kind, (*alert.Kind)(in.Body.Kind))
		in.Body.put(r)
	})
	if err != nil {
		return nil, err
	}
	return &alertRuleOut{AlertRuleOf(&x)}, nil
}

func (a *api) deleteAlertRule(ctx context.Context, in *AlertRulePath) (*struct{}, error) {
	return nil, a.Control.DeleteAlertRule(ctx, who(ctx), in.ID)
}

// AlertRuleTrial is what a rule would have said.
type AlertRuleTrial struct {
	Since  time.Time   `json:"since" doc:"From when the past was looked at"`
	Step   int64       `json:"stepSeconds" doc:"Between two looks" example:"3600"`
	Alerts []PastAlert `json:"alerts" nullable:"false" doc:"Newest first, at most 200"`
	Cut    bool        `json:"cut" doc:"There were more"`
}

// PastAlert is an alert that would have been.
type PastAlert struct {
	Subject     string       `json:"subject,omitempty" doc:"What it would be about; absent: the project" example:"onboarding/welcome"`
	SubjectName string       `json:"subjectName,omitempty" doc:"Of what has an id" example:"main"`
	Level       string       `json:"level" enum:"warn,severe" doc:"The worst that it would have been"`
	RaisedAt    time.Time    `json:"raisedAt" doc:"When it would have been raised"`
	ResolvedAt  time.Time    `json:"resolvedAt,omitzero" doc:"When it would have been over; absent: it would not be"`
	Figures     AlertFigures `json:"figures" doc:"The figures when it would have been raised"`
}

type tryAlertRuleIn struct {
	Body struct {
		Kind string `json:"kind" doc:"bounce_rate or complaint_rate" example:"complaint_rate"`
		AlertRuleWish
	}
}

type alertRuleTrialOut struct{ Body AlertRuleTrial }

func (a *api) tryAlertRule(ctx context.Context, in *tryAlertRuleIn) (*alertRuleTrialOut, error) {
	r := alert.Rule{Kind: alert.Kind(in.Body.Kind)}
	in.Body.put(&r)
	f, err := a.Control.TryAlertRule(ctx, who(ctx), r)
	if err != nil {
		return nil, err
	}
	out := AlertRuleTrial{Since: f.Since, Step: int64(f.Step / time.Second), Cut: f.Cut, Alerts: make([]PastAlert, len(f.Alerts))}
	for i := range f.Alerts {
		x := &f.Alerts[i]
		out.Alerts[i] = PastAlert{
			Subject: x.Subject.Key, SubjectName: x.Subject.Name, Level: string(x.Level), RaisedAt: x.RaisedAt, ResolvedAt: x.ResolvedAt,
			Figures: alertFiguresOf(&x.Figures),
		}
	}
	return &alertRuleTrialOut{out}, nil
}
