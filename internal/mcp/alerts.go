package mcp

import (
	"cmp"
	"context"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/internal/control"
)

type alertsIn struct {
	State  string `json:"state,omitempty" jsonschema:"raised (the default: those that hold now), resolved (those that are over) or all"`
	Kind   string `json:"kind,omitempty" jsonschema:"bounce_rate, complaint_rate, silence, refusals, endpoint_failing or suppression_surge; leave it out for all"`
	Limit  int    `json:"limit,omitempty" jsonschema:"1 to 100, default 20"`
	Cursor string `json:"cursor,omitempty" jsonschema:"nextCursor of the page before"`
}

// AlertRow is one alert.
type AlertRow struct {
	ID             string     `json:"id"`
	Rule           Untrusted  `json:"rule" jsonschema:"the rule that raised it"`
	Kind           string     `json:"kind"`
	By             string     `json:"by,omitempty" jsonschema:"what a rate is of: project, source, domain or template"`
	Subject        *Untrusted `json:"subject,omitempty" jsonschema:"what it is about; absent: all email of the project"`
	Level          string     `json:"level" jsonschema:"warn or severe: the worst that it was"`
	State          string     `json:"state" jsonschema:"raised or resolved"`
	RaisedAt       string     `json:"raisedAt"`
	ResolvedAt     string     `json:"resolvedAt,omitempty"`
	Facts          Untrusted  `json:"facts" jsonschema:"its figures in words, as of the last look"`
	Remedy         string     `json:"remedy,omitempty" jsonschema:"what a person should do"`
	AcknowledgedAt string     `json:"acknowledgedAt,omitempty" jsonschema:"when a person took note of it"`
	Note           *Untrusted `json:"note,omitempty" jsonschema:"what they said"`
	MutedUntil     string     `json:"mutedUntil,omitempty" jsonschema:"nobody is told of it before"`
}

// AlertRows is what alerts answers.
type AlertRows struct {
	Alerts     []AlertRow `json:"alerts" jsonschema:"the newest first; empty: nothing is wrong"`
	NextCursor string     `json:"nextCursor,omitempty"`
}

func (x *session) alertTools() {
	add(x, definition[alertsIn, AlertRows]{
		name: "alerts", title: "List alerts",
		description: "What is wrong now (state raised, the default), or the history: bounce and complaint rates above the " +
			"limits of mailbox providers, silent sources, refused requests, failing endpoints, surges of suppressions. Each " +
			"with its figures in words and what a person should do. Start here when somebody asks whether all is well.",
		more: func(out AlertRows) string { return out.NextCursor }, run: x.alerts,
	})
}

const allAlerts = "all"

func (x *session) alerts(ctx context.Context, _ *mcp.CallToolRequest, in alertsIn) (out AlertRows, err error) {
	n, err := limit(in.Limit)
	if err != nil {
		return out, err
	}
	f := control.AlertFilter{State: cmp.Or(in.State, control.AlertIsRaised), Kind: in.Kind, Cursor: in.Cursor, Limit: n}
	if f.State == allAlerts {
		f.State = ""
	}
	page, err := x.Control.Alerts(ctx, x.who, f)
	if err != nil {
		return out, err
	}
	out = AlertRows{Alerts: make([]AlertRow, len(page.Alerts)), NextCursor: page.NextCursor}
	for i := range page.Alerts {
		a := &page.Alerts[i]
		item := control.AlertItem(a)
		row := AlertRow{
			ID: a.ID, Rule: Untrusted{x.view.clean(a.RuleName)}, Kind: string(a.Kind), By: a.By,
			Subject: x.view.text(a.Subject.Label()), Level: string(a.State.Level), State: control.AlertIsRaised,
			RaisedAt: stamp(a.State.Since), ResolvedAt: stamp(a.ResolvedAt),
			Facts: Untrusted{item.Facts(x.view.clean)}, Remedy: item.Todo(),
			AcknowledgedAt: stamp(a.NotedAt), Note: x.view.text(a.Note), MutedUntil: stamp(a.MutedUntil),
		}
		if !a.ResolvedAt.IsZero() {
			row.State = control.AlertIsResolved
		}
		out.Alerts[i] = row
	}
	return out, nil
}
