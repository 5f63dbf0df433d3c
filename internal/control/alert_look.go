package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tidings/internal/alert"
	"tidings/internal/stats"
	"tidings/internal/store"
)

// WatchAlerts looks at the rules of every project that are due, raises alerts and ends them, and stores who is to be told. It
// reads counters alone.
func (c *Control) WatchAlerts(ctx context.Context) error {
	projects, err := c.Store.Projects(ctx)
	if err != nil {
		return fmt.Errorf("list projects: %w", err)
	}
	var failed []error
	for _, p := range projects {
		if err := c.watchAlerts(ctx, p.ID); err != nil {
			failed = append(failed, fmt.Errorf("look at the alerts of %s: %w", p.ID, err))
		}
	}
	return errors.Join(failed...)
}

// look is one pass over the rules of a project.
type look struct {
	control *Control
	now     time.Time
	states  store.AlertStates
	open    map[alertKey]*store.Alert
	muted   map[alertKey]time.Time
	rules   map[string]*alert.Live // at work, by id
	changes []alert.Change         // of pass.Alerts
	pass    store.AlertPass
}

func (c *Control) watchAlerts(ctx context.Context, project string) error {
	l := &look{control: c, now: c.Now().UTC().Truncate(time.Millisecond)}
	l.pass = store.AlertPass{Project: project, At: l.now, Looked: make(map[string]time.Time)}
	stored, err := c.Store.AlertRules(ctx, project)
	if err != nil {
		return fmt.Errorf("list rules: %w", err)
	}
	if l.states, err = c.Store.AlertStates(ctx, project, l.now); err != nil {
		return err
	}
	l.index(withUsual(stored))
	failed := l.rulesDue(ctx)
	l.endOrphans()
	if len(l.pass.Looked) == 0 && len(l.pass.Alerts) == 0 {
		return failed
	}
	channels, err := c.Store.AlertChannels(ctx, project)
	if err != nil {
		return errors.Join(failed, fmt.Errorf("list channels: %w", err))
	}
	wanting, err := c.noticedEndpoints(ctx, project, AlertRaised)
	if err != nil {
		return errors.Join(failed, err)
	}
	l.tell(channels, len(wanting) > 0)
	_, err = c.Store.NoteAlerts(ctx, &l.pass)
	return errors.Join(failed, err)
}

func (l *look) index(rules []AlertRule) {
	l.open, l.muted, l.rules = make(map[alertKey]*store.Alert), make(map[alertKey]time.Time), make(map[string]*alert.Live)
	for i := range l.states.Open {
		l.open[keyOf(&l.states.Open[i])] = &l.states.Open[i]
	}
	for i := range l.states.Muted {
		x := &l.states.Muted[i]
		l.muted[keyOf(x)] = x.MutedUntil // the newest of a subject is the last
	}
	for _, x := range rules {
		if !x.Disabled {
			l.rules[x.ID] = x.Live
		}
	}
}

// early is by how much a look may be too early: passes do not come to the second.
const early = 30 * time.Second

// rulesDue looks at every rule that is due. One that can't be looked at does not keep the others from it.
func (l *look) rulesDue(ctx context.Context) error {
	var failed []error
	for _, id := range sortedKeys(l.rules) {
		x := l.rules[id]
		last := l.states.Looked[id]
		if since := l.now.Sub(last); since >= 0 && since < x.Every-early {
			continue
		}
		if err := l.rule(ctx, x); err != nil {
			failed = append(failed, fmt.Errorf("rule %s: %w", id, err))
			continue
		}
		l.pass.Looked[id] = last
	}
	return errors.Join(failed...)
}

// maxSubjects is how many alerts of one rule there may be at a time.
const maxSubjects = 200

func (l *look) rule(ctx context.Context, x *alert.Live) error {
	var known []string
	for i := range l.states.Open {
		if a := &l.states.Open[i]; a.Rule == x.ID && fits(a, x) {
			known = append(known, a.Subject.Key)
		}
	}
	seen, err := l.control.watch(ctx, l.pass.Project, x, known, l.now)
	if err != nil {
		return err
	}
	open := len(known)
	for i := range seen {
		was := l.open[alertKey{x.ID, seen[i].subject.Key}]
		if was == nil && open >= maxSubjects {
			continue
		}
		if l.judge(x, &seen[i], was) == alert.Raised {
			open++
		}
	}
	for _, key := range known {
		if !slices.ContainsFunc(seen, func(w watched) bool { return w.subject.Key == key }) {
			l.end(l.open[alertKey{x.ID, key}], "it is not looked at any more: it was disabled or deleted")
		}
	}
	return nil
}

// fits reports whether an alert is one that a rule still looks at: a rule may have been changed.
func fits(a *store.Alert, x *alert.Live) bool { return a.Kind == x.Kind && a.By == x.By }

func (l *look) judge(x *alert.Live, w *watched, was *store.Alert) alert.Change {
	a := store.Alert{
		Rule: x.ID, RuleName: x.Name, Kind: x.Kind, By: x.By, Window: x.Window, Subject: w.subject,
		MutedUntil: l.muted[alertKey{x.ID, w.subject.Key}],
	}
	if was != nil {
		if !fits(was, x) {
			return ""
		}
		a = *was
	}
	state, change := alert.Judge(x, &w.figures, a.State, l.now)
	if !a.State.Raised() && change == "" {
		return ""
	}
	a.Figures = w.figures
	if change == alert.Resolved {
		a.ResolvedAt, a.State.SeenAt = l.now, l.now // its level stays in the history
	} else {
		a.State = state
	}
	if change != alert.Resolved && state.Level == stats.Severe && a.SevereAt.IsZero() {
		a.SevereAt = l.now
	}
	l.add(a, change)
	return change
}

func (l *look) add(a store.Alert, change alert.Change) {
	l.pass.Alerts, l.changes = append(l.pass.Alerts, a), append(l.changes, change)
}

// end ends an alert for a reason that its figures do not tell.
func (l *look) end(was *store.Alert, reason string) {
	a := *was
	a.ResolvedAt, a.Reason, a.State.SeenAt = l.now, reason, l.now
	l.add(a, alert.Resolved)
}

// endOrphans ends alerts whose rule is not at work any more, or looks at something else.
func (l *look) endOrphans() {
	for i := range l.states.Open {
		a := &l.states.Open[i]
		switch x := l.rules[a.Rule]; {
		case x == nil:
			l.end(a, "its rule was switched off or deleted")
		case !fits(a, x):
			l.end(a, "its rule was changed")
		}
	}
}
