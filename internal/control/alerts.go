package control

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"tidings/internal/alert"
	"tidings/internal/store"
)

// AlertFilter asks for alerts. Empty fields do not filter.
type AlertFilter struct {
	State  string // raised or resolved
	Rule   string // id or name
	Kind   string
	Cursor string
	Limit  int // 1 to 1000, 0 means 100
}

// The states of alerts.
const (
	AlertIsRaised   = "raised"
	AlertIsResolved = "resolved"
)

// AlertPage is a page of alerts, newest first.
type AlertPage struct {
	Alerts     []store.Alert
	NextCursor string // empty: there is no more
}

// AlertKinds are the kinds of rules.
func AlertKinds() []string {
	out := make([]string, 0, len(alert.Kinds()))
	for _, k := range alert.Kinds() {
		out = append(out, string(k))
	}
	return out
}

// Alerts lists alerts: those that are raised now, and the history.
func (c *Control) Alerts(ctx context.Context, who Actor, f AlertFilter) (page AlertPage, err error) {
	var p problems
	p.oneOf("state", f.State, []string{AlertIsRaised, AlertIsResolved})
	p.oneOf("kind", f.Kind, AlertKinds())
	p.text("rule", f.Rule, 0, maxFilter)
	p.limit(f.Limit)
	q := store.AlertQuery{
		Project: who.Project, Kind: alert.Kind(f.Kind), Before: p.refCursor(alertCursor, f.Cursor), Limit: f.Limit,
	}
	if err := p.err(); err != nil {
		return page, err
	}
	if f.State != "" {
		q.Open = new(f.State == AlertIsRaised)
	}
	if f.Rule != "" {
		// What a rule raised that is gone is found by its id.
		q.Rule = f.Rule
		if r, err := c.AlertRule(ctx, who, f.Rule); err == nil {
			q.Rule = r.ID
		}
	}
	list, next, err := c.Store.Alerts(ctx, q)
	if err != nil {
		return page, err
	}
	return AlertPage{list, cursorOfRef(alertCursor, next)}, nil
}

// Alert finds an alert, and whom it was told.
func (c *Control) Alert(ctx context.Context, who Actor, id string) (store.Alert, []store.Telling, error) {
	x, told, err := c.Store.Alert(ctx, who.Project, id)
	if err != nil {
		return x, nil, fmt.Errorf("find alert: %w", err)
	}
	return x, told, nil
}

// AcknowledgeAlert notes that somebody took note of an alert. The last note stands.
func (c *Control) AcknowledgeAlert(ctx context.Context, who Actor, id, note string) (store.Alert, error) {
	var p problems
	p.text("note", note, 0, maxNote)
	if err := p.err(); err != nil {
		return store.Alert{}, err
	}
	x, err := c.Store.ChangeAlert(ctx, who.Project, id, c.act(who, opAcknowledgeAlert, id, note),
		func(x *store.Alert, a *store.Act) error {
			x.NotedAt, x.NotedBy, x.Note = a.At, cmp.Or(who.Name, who.By), note
			return nil
		})
	if err != nil {
		return x, fmt.Errorf("acknowledge alert: %w", err)
	}
	return x, nil
}

// maxMute is how long an alert may be muted.
const maxMute = 90 * 24 * time.Hour

// MuteAlert lets nobody be told of an alert until a time, nor of another one of the same rule about the same subject; empty: it
// is told again.
func (c *Control) MuteAlert(ctx context.Context, who Actor, id, until string) (store.Alert, error) {
	var p problems
	when, err := parseWhen("until", until)
	p.addError(err)
	now := c.Now()
	if err == nil && until != "" && (!when.After(now) || when.Sub(now) > maxMute) {
		p.add("until", "must be later than now, by 90 days at most")
	}
	if err := p.err(); err != nil {
		return store.Alert{}, err
	}
	x, err := c.Store.ChangeAlert(ctx, who.Project, id, c.act(who, opMuteAlert, id, ""),
		func(x *store.Alert, a *store.Act) error {
			a.Changes = []store.Change{{Field: "mutedUntil", From: stamp(x.MutedUntil), To: stamp(when)}}
			x.MutedUntil = when
			return nil
		})
	if err != nil {
		return x, fmt.Errorf("mute alert: %w", err)
	}
	return x, nil
}
