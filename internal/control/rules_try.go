package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/internal/rule"
	"tidings/internal/send"
	"tidings/internal/store"
)

// RuleTrial asks what a rule would have done.
type RuleTrial struct {
	Text  string // of the rule; it need not be stored
	Since string // a time or a date; empty: the last seven days
	Limit int    // how many matches are shown, 1 to 100; 0: 20
}

// RuleFinding is what a rule would have done with stored events. Nothing was done.
type RuleFinding struct {
	Looked  int64 // events whose name the rule is for
	Matched int64 // of those
	Cut     bool  // there are more events than were looked at
	Since   time.Time
	Matches []RuleMatch // the newest first
}

// RuleMatch is one event that the rule is for, and what would be done.
type RuleMatch struct {
	Event event.Event
	Acts  []RuleWould
}

// RuleWould is what one action would do.
type RuleWould struct {
	Action  string
	Email   string // whom it is about; empty: nobody was found
	Contact string // con_…; empty: there is no such contact yet
	Outcome string // store.RuleDone, RuleSkipped or RuleFailed
	Detail  string // why
}

const (
	trialSpan    = 7 * 24 * time.Hour
	trialEvents  = 5000
	trialMatches = 20
	maxTrial     = 100
	trialPage    = 500
)

// TryRule tells what a rule would have done with stored events, as contacts are now.
func (c *Control) TryRule(ctx context.Context, who Actor, in RuleTrial) (out RuleFinding, err error) {
	r, _, err := c.readRule(ctx, who, in.Text)
	var p problems
	p.addError(err)
	since, when := parseWhen("since", in.Since)
	p.addError(when)
	if in.Limit == 0 {
		in.Limit = trialMatches
	}
	if in.Limit < 1 || in.Limit > maxTrial {
		p.add("limit", "must be between 1 and %d", maxTrial)
	}
	if err := p.err(); err != nil {
		return out, err
	}
	if since.IsZero() {
		since = c.Now().Add(-trialSpan)
	}
	out.Since = since
	r.Disabled = false
	t := &trying{control: c, who: who, rule: bookedRule{r, &store.Rule{Definition: r.Definition}}, limit: in.Limit, out: &out}
	for before := (event.ID{}); ; {
		page, err := c.Store.ListEvents(ctx, store.EventQuery{
			Project: who.Project, Names: r.Names(), From: since, After: before, Limit: trialPage,
		})
		if err != nil {
			return out, fmt.Errorf("list events: %w", err)
		}
		if err := t.look(ctx, page.Events); err != nil {
			return out, err
		}
		if page.Next == (event.ID{}) {
			return out, nil
		}
		if out.Looked >= trialEvents {
			out.Cut = true
			return out, nil
		}
		before = page.Next
	}
}

// trying is a trial at work.
type trying struct {
	control *Control
	who     Actor
	rule    bookedRule
	limit   int
	out     *RuleFinding
}

func (t *trying) look(ctx context.Context, list []event.Event) error {
	for i := range list {
		e := &rule.Event{Event: list[i]}
		if !t.rule.Wants(e.Name) {
			continue
		}
		t.out.Looked++
		if src := e.Source; src != nil && src.ID != "" && len(t.rule.On.Source) > 0 {
			found, err := t.control.Store.Source(ctx, t.who.Project, src.ID)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return fmt.Errorf("find source: %w", err)
			}
			if found != nil {
				e.SourceName = found.Name
			}
		}
		if !t.rule.Matches(e) {
			continue
		}
		t.out.Matched++
		if len(t.out.Matches) >= t.limit {
			continue
		}
		m := RuleMatch{Event: e.Event}
		for place := range t.rule.Do {
			would, err := t.would(ctx, e, place)
			if err != nil {
				return err
			}
			m.Acts = append(m.Acts, would)
		}
		t.out.Matches = append(t.out.Matches, m)
	}
	return nil
}

// would tells what an action would do now.
func (t *trying) would(ctx context.Context, e *rule.Event, place int) (w RuleWould, err error) {
	what := &t.rule.Do[place]
	w.Action, w.Outcome = what.Word(), store.RuleFailed
	a := &acting{control: t.control, rule: t.rule, event: e, project: t.who.Project, depth: -1}
	of := -1
	if what.Send != nil {
		of = place
	}
	person, err := t.rule.Person(e, of)
	if err != nil {
		w.Detail = err.Error()
		return w, nil //nolint:nilerr // it is the finding
	}
	w.Email = person.Email
	address, wrong := readAddress([]byte(person.Email))
	if wrong != "" {
		w.Detail = wrong
		return w, nil
	}
	k, err := t.control.Store.Contact(ctx, t.who.Project, address)
	known := err == nil
	if err != nil && !fault.Is(err, fault.NotFound) {
		return w, fmt.Errorf("find contact: %w", err)
	}
	if known {
		w.Contact = k.ID
	}
	holds, err := a.control.holds(ctx, a.project, a.rule.Condition, address, known, person.Attributes)
	switch {
	case err != nil:
		return w, err
	case !holds:
		w.Outcome, w.Detail = store.RuleSkipped, "the condition does not hold"
		return w, nil
	case what.Start != nil:
		in := entering{known: known, contact: &k, attributes: person.Attributes}
		w.Detail, err = a.mayStart(ctx, what.Start.Workflow, address, &in)
		w.Outcome = outcomeUnless(w.Detail)
		return w, err
	case what.Exit != nil:
		runs, err := a.runsOf(ctx, what.Exit.Workflow, k.Ref)
		if len(runs) == 0 {
			w.Detail = notInIt
		}
		w.Outcome = outcomeUnless(w.Detail)
		return w, err
	case what.Send == nil:
		w.Outcome = store.RuleDone
		return w, nil
	}
	err = t.wouldSend(ctx, a, what.Send, address, &w)
	return w, err
}

// outcomeUnless is the outcome of what is done unless something is in its way.
func outcomeUnless(why string) string {
	if why != "" {
		return store.RuleSkipped
	}
	return store.RuleDone
}

func (t *trying) wouldSend(ctx context.Context, a *acting, s *rule.Send, address string, w *RuleWould) error {
	content, err := t.control.ruleContent(ctx, t.who.Project, s, a.event)
	if isOfRule(err) {
		w.Detail = errors.Unwrap(err).Error()
		return nil
	}
	if err != nil {
		return err
	}
	src, err := t.control.sendSource(ctx, t.who.Project)
	if err != nil {
		return err
	}
	out, err := t.control.Store.QueueSends(ctx, &store.SendBatch{
		Source: src, Content: content, Origin: originRule, Dry: true,
		Sends: []store.NewSend{{ID: send.IDPrefix + "try", Change: a.change(address, nil)}},
	}, nil)
	if err != nil {
		return fmt.Errorf("try: %w", err)
	}
	w.Outcome = store.RuleDone
	if reason := out[0].Reason; reason != "" {
		w.Outcome, w.Detail = store.RuleSkipped, string(reason)
	}
	return nil
}
