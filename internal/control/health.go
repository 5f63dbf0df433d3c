package control

import (
	"context"
	"fmt"
	"time"

	"tidings/internal/source"
	"tidings/internal/store"
)

// State is how a source does, in one word.
type State string

// The states. Where several hold, the first of them is told.
const (
	StateDisabled State = "disabled" // switched off
	StateFailing  State = "failing"  // much of what comes is refused
	StatePending  State = "pending"  // a subscription waits to be confirmed
	StateSilent   State = "silent"   // it used to send and has stopped
	StateNew      State = "new"      // nothing has come yet
	StateHealthy  State = "healthy"
)

// States lists the states, those that need someone first.
func States() []State {
	return []State{StateDisabled, StateFailing, StatePending, StateSilent, StateNew, StateHealthy}
}

// Severity is how bad a finding is.
type Severity string

// The severities, the worst first.
const (
	Critical Severity = "critical" // events are lost, or none come
	Warning  Severity = "warning"  // something is not as it should be
	Info     Severity = "info"     // worth knowing
)

// Finding is one thing about a source that somebody should know.
type Finding struct {
	Code     string // stable: "refused", "silent", …
	Cause    string // of refusals and problems: their code
	Severity Severity
	Message  string // what is the case
	Remedy   string // what to do; empty: nothing
}

// SourceHealth is how a source does.
type SourceHealth struct {
	store.Health
	State    State
	Findings []Finding // worst first
	Silence  Silence
}

// SourceHealth tells how a source does, what is wrong with it and what to do.
func (c *Control) SourceHealth(ctx context.Context, who Actor, id string) (SourceHealth, error) {
	s, err := c.Source(ctx, who, id)
	if err != nil {
		return SourceHealth{}, err
	}
	now := c.Now().UTC()
	h, err := c.Store.SourceHealth(ctx, s.Ref, now)
	if err != nil {
		return SourceHealth{}, fmt.Errorf("health of source %s: %w", id, err)
	}
	return c.diagnose(s, h, now), nil
}

// SourcesHealth tells how every source does, by its id, as SourceHealth does but for LastByName.
func (c *Control) SourcesHealth(ctx context.Context, who Actor, list []*source.Source) (map[string]SourceHealth, error) {
	now := c.Now().UTC()
	all, err := c.Store.SourcesHealth(ctx, who.Project, now)
	if err != nil {
		return nil, fmt.Errorf("health of sources: %w", err)
	}
	health := make(map[string]SourceHealth, len(list))
	for _, s := range list {
		health[s.ID] = c.diagnose(s, all[s.Ref], now)
	}
	return health, nil
}

// diagnose judges what is known of a source.
func (c *Control) diagnose(s *source.Source, h store.Health, now time.Time) SourceHealth {
	adapter, _ := c.adapter(s.Provider)
	d := diagnosis{
		source: s, health: h, now: now, adapter: adapter, silence: silence(h.Hours, h.LastReceiptAt, now),
	}
	findings := d.findings()
	return SourceHealth{Health: h, State: d.state(findings), Findings: findings, Silence: d.silence}
}
