package api

import (
	"context"
	"time"

	"tidings/internal/alert"
	"tidings/internal/control"
	"tidings/internal/store"
)

// Alert is something that a team should know.
type Alert struct {
	ID             string       `json:"id" example:"alt_4f"`
	RuleID         string       `json:"ruleId" doc:"What raised it" example:"alr_bounces"`
	Rule           string       `json:"rule" doc:"The rule's name when it was raised" example:"Bounces"`
	Kind           string       `json:"kind" doc:"What the rule looks at" example:"bounce_rate"`
	By             string       `json:"by,omitempty" doc:"What a rate is of: project, source, domain or template" example:"template"`
	Subject        string       `json:"subject,omitempty" doc:"The source, domain, template or endpoint that it is about; absent: the project" example:"onboarding/welcome"`
	SubjectName    string       `json:"subjectName,omitempty" doc:"Of what has an id" example:"main"`
	Level          string       `json:"level" enum:"warn,severe" doc:"The worst that it was"`
	State          string       `json:"state" enum:"raised,resolved" doc:"Whether it holds now"`
	RaisedAt       time.Time    `json:"raisedAt" doc:"When it was raised"`
	SevereAt       time.Time    `json:"severeAt,omitzero" doc:"When it was severe first; absent: it never was"`
	ResolvedAt     time.Time    `json:"resolvedAt,omitzero" doc:"When it was over; absent: it is not"`
	SeenAt         time.Time    `json:"seenAt" doc:"When it was looked at last"`
	Facts          string       `json:"facts" doc:"Its figures in words, as of the last look" example:"7.2 % of 5,310 emails sent bounced for good in the last 24 hours; SES reviews accounts at 5 %."`
	Todo           string       `json:"todo,omitempty" doc:"What to do about it; absent: it is over"`
	Raised         AlertFigures `json:"raised" doc:"The figures when it was raised"`
	Figures        AlertFigures `json:"figures" doc:"The figures of the last look"`
	AcknowledgedAt time.Time    `json:"acknowledgedAt,omitzero" doc:"When somebody took note of it; absent: nobody did"`
	AcknowledgedBy string       `json:"acknowledgedBy,omitempty" doc:"Who" example:"Lea"`
	Note           string       `json:"note,omitempty" doc:"What they said" example:"the list of May; it is stopped"`
	MutedUntil     time.Time    `json:"mutedUntil,omitzero" doc:"Nobody is told of it before; absent: it is not muted"`
	Page           string       `json:"page" doc:"The page about what it is about, below the server's URL" example:"/ui/templates/onboarding/welcome"`
}

// AlertFigures are what a rule saw. Only what its kind has is there.
type AlertFigures struct {
	Part     int64     `json:"part,omitempty" doc:"Emails that bounced or were complained of" example:"382"`
	Of       int64     `json:"of,omitempty" doc:"Of all of those" example:"5310"`
	Rate     float64   `json:"rate,omitempty" doc:"part / of" example:"0.0719"`
	Low      float64   `json:"low,omitempty" doc:"The lower bound of the rate, with 95 % confidence: it is judged by that" example:"0.0653"`
	High     float64   `json:"high,omitempty" doc:"The upper bound" example:"0.0792"`
	Few      bool      `json:"few,omitempty" doc:"Too few emails to speak of a rate"`
	Count    int64     `json:"count,omitempty" doc:"Refused requests, events that were given up, or new suppressions" example:"40"`
	Usual    float64   `json:"usual,omitempty" doc:"New suppressions in as long a time, the median of fourteen" example:"6"`
	Since    time.Time `json:"since,omitzero" doc:"The last thing that a silent source told, or since when everything fails at an endpoint"`
	Pause    int64     `json:"pauseSeconds,omitempty" doc:"The longest usual pause of a source" example:"14400"`
	Silent   bool      `json:"silent,omitempty" doc:"The source is silent"`
	Disabled bool      `json:"disabled,omitempty" doc:"The server gave the endpoint up"`
	Detail   string    `json:"detail,omitempty" doc:"The last problem, in words from outside" example:"503 Service Unavailable"`
}

func alertFiguresOf(f *alert.Figures) AlertFigures {
	return AlertFigures{
		Part: f.Part, Of: f.Of, Rate: f.Rate, Low: f.Low, High: f.High, Few: f.Few, Count: f.Count, Usual: f.Usual, Since: f.Since,
		Pause: f.Pause, Silent: f.Silent, Disabled: f.Disabled, Detail: f.Detail,
	}
}

// AlertOf makes the public form of an alert.
func AlertOf(x *store.Alert) Alert {
	item := control.AlertItem(x)
	out := Alert{
		ID: x.ID, RuleID: x.Rule, Rule: x.RuleName, Kind: string(x.Kind), By: x.By, Subject: x.Subject.Key,
		SubjectName: x.Subject.Name, Level: string(x.State.Level),
		State: control.AlertIsRaised, RaisedAt: x.State.Since, SevereAt: x.SevereAt,
		ResolvedAt: x.ResolvedAt, SeenAt: x.State.SeenAt, Facts: item.Facts(alert.Tame), Todo: item.Todo(),
		Raised: alertFiguresOf(&x.Raised), Figures: alertFiguresOf(&x.Figures), AcknowledgedAt: x.NotedAt, AcknowledgedBy: x.NotedBy,
		Note: x.Note, MutedUntil: x.MutedUntil, Page: item.Path(),
	}
	if !x.ResolvedAt.IsZero() {
		out.State = control.AlertIsResolved
	}
	return out
}

type listAlertsIn struct {
	State  string `query:"state" doc:"raised: those that hold now; resolved: those that are over; absent: all"`
	Rule   string `query:"rule" doc:"The id or name of the rule"`
	Kind   string `query:"kind" doc:"What the rule looks at: bounce_rate, complaint_rate, silence, refusals, endpoint_failing or suppression_surge"`
	Cursor string `query:"cursor" doc:"nextCursor of the page before"`
	Limit  int    `query:"limit" default:"100" doc:"1 to 1000"`
}

// AlertList is a page of alerts.
type AlertList struct {
	Alerts     []Alert `json:"alerts" nullable:"false" doc:"Newest first"`
	NextCursor string  `json:"nextCursor,omitempty" doc:"For the next page; absent: there is none"`
}

// AlertListOf makes the public form of a page of alerts.
func AlertListOf(page *control.AlertPage) AlertList {
	out := AlertList{Alerts: make([]Alert, len(page.Alerts)), NextCursor: page.NextCursor}
	for i := range page.Alerts {
		out.Alerts[i] = AlertOf(&page.Alerts[i])
	}
	return out
}

type alertListOut struct{ Body AlertList }

func (a *api) listAlerts(ctx context.Context, in *listAlertsIn) (*alertListOut, error) {
	page, err := a.Control.Alerts(ctx, who(ctx), control.AlertFilter(*in))
	if err != nil {
		return nil, err
	}
	return &alertListOut{AlertListOf(&page)}, nil
}

// AlertPath names an alert in a path.
type AlertPath struct {
	ID string `path:"id" doc:"The alert's id" example:"alt_4f"`
}

// AlertTold is an alert and whom it was told.
type AlertTold struct {
	Alert
	Told []Telling `json:"told" nullable:"false" doc:"Who was told of it, oldest first"`
}

// Telling is how somebody was told of an alert.
type Telling struct {
	Change    string    `json:"change" enum:"raised,escalated,resolved" doc:"What was told"`
	ChannelID string    `json:"channelId,omitempty" doc:"The channel; absent: endpoints" example:"alc_4f"`
	Channel   string    `json:"channel,omitempty" doc:"Its name; absent: it was deleted, or it is endpoints" example:"on call"`
	Recipient string    `json:"recipient,omitempty" doc:"The address, of email" example:"ops@acme.test"`
	State     string    `json:"state" enum:"waiting,told,failed,dropped" doc:"waiting: it is to be told, maybe again; dropped: it is not to be told any more"`
	Tries     int       `json:"tries" doc:"How often it was tried" example:"1"`
	At        time.Time `json:"at" doc:"When it was to be told"`
	ToldAt    time.Time `json:"toldAt,omitzero" doc:"When it was; absent: it was not"`
	Problem   string    `json:"problem,omitempty" doc:"Why the last try did not work" example:"hooks.slack.com answered: 404 Not Found no_service"`
}

type alertToldOut struct{ Body AlertTold }

func (a *api) getAlert(ctx context.Context, in *AlertPath) (*alertToldOut, error) {
	x, told, err := a.Control.Alert(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	out := AlertTold{Alert: AlertOf(&x), Told: make([]Telling, len(told))}
	for i, t := range told {
		out.Told[i] = Telling{
			Change: string(t.Change), ChannelID: t.ChannelID, Channel: t.Channel, Recipient: t.Recipient, State: string(t.State),
			Tries: t.Tries, At: t.At, ToldAt: t.ToldAt, Problem: t.Problem,
		}
	}
	return &alertToldOut{out}, nil
}

type alertOut struct{ Body Alert }

type acknowledgeAlertIn struct {
	AlertPath
	Body struct {
		Note string `json:"note,omitempty" maxLength:"500" doc:"What others should know" example:"the list of May; it is stopped"`
	}
}

func (a *api) acknowledgeAlert(ctx context.Context, in *acknowledgeAlertIn) (*alertOut, error) {
	x, err := a.Control.AcknowledgeAlert(ctx, who(ctx), in.ID, in.Body.Note)
	if err != nil {
		return nil, err
	}
	return &alertOut{AlertOf(&x)}, nil
}

type muteAlertIn struct {
	AlertPath
	Body struct {
		Until string `json:"until,omitempty" maxLength:"40" doc:"A time or a date, at most 90 days ahead; absent: it is told again" example:"2026-05-08T12:00:00Z"`
	}
}

func (a *api) muteAlert(ctx context.Context, in *muteAlertIn) (*alertOut, error) {
	x, err := a.Control.MuteAlert(ctx, who(ctx), in.ID, in.Body.Until)
	if err != nil {
		return nil, err
	}
	return &alertOut{AlertOf(&x)}, nil
}
