package control

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/rule"
	"tidings/internal/segment"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// simulate plays the run of an entry.
func (t *workflowTrial) simulate(ctx context.Context, e *trialEntry) (w WorkflowWould, err error) {
	w.Email = e.address
	if w.Event, err = t.control.Store.Event(ctx, t.project, e.event); err != nil {
		return w, fmt.Errorf("find event: %w", err)
	}
	k, err := t.control.Store.Contact(ctx, t.project, e.address)
	known := err == nil
	if err != nil && !fault.Is(err, fault.NotFound) {
		return w, fmt.Errorf("find contact: %w", err)
	}
	w.Contact = k.ID
	in := entering{live: t.live, event: &w.Event, known: known, contact: &k, attributes: e.person.Attributes}
	start, err := in.start(contact.Change{Address: e.address})
	if err != nil {
		return w, err
	}
	later, err := t.later(ctx, &w.Event, k.ID)
	if err != nil {
		return w, err
	}
	run := &store.Run{
		Contact: k.Ref, ContactID: k.ID, Address: e.address, Project: t.project, BegunBy: e.event.String(),
		TimeZone: store.TimeZoneOf(k.Attributes),
	}
	r := &trialRun{workflowTrial: t, ctx: ctx, known: known, was: run}
	w.Simulated = t.live.Simulate(&workflow.Trial{
		Begin: e.at, Now: t.now, Email: e.address, Zone: t.env(t.live, run).Zone, Vars: start.Vars, Unmailed: start.Unmailed,
		Settings: t.settings, Later: later, Ask: r.ask, Leaves: r.leaves,
		Tell: func(x *rule.Event) *workflow.Told { return toldOf(&x.Event) },
	})
	e.would = &w.Simulated
	return w, r.err
}

// later are the events of a contact that may concern a run that an event began, oldest first.
func (t *workflowTrial) later(ctx context.Context, began *event.Event, contact string) (list []rule.Event, err error) {
	if contact == "" {
		return nil, nil
	}
	names, open := t.live.LaterNames()
	if open {
		names = nil
	}
	page, err := t.control.Store.ListEvents(ctx, store.EventQuery{
		Project: t.project, Names: names, Contact: contact, From: began.OccurredAt, Limit: trialLater,
	})
	if err != nil {
		return nil, fmt.Errorf("list events of contact %s: %w", contact, err)
	}
	for _, x := range slices.Backward(page.Events) {
		if x.ID != began.ID && !x.OccurredAt.Before(began.OccurredAt) {
			list = append(list, rule.Event{Event: x})
		}
	}
	return list, nil
}

// trialRun answers what one simulated run asks.
type trialRun struct {
	*workflowTrial
	ctx   context.Context //nolint:containedctx // of the one question that it is made for
	known bool
	was   *store.Run
	err   error // of the store, the first
}

// ask answers a question about the contact as it is now, and about the run as it would be.
func (r *trialRun) ask(want workflow.Effect, run *workflow.Run, at time.Time) workflow.Input {
	x := &stepping{runBatch: r.runBatch, live: r.live, was: r.was, out: &store.RunStep{Was: r.was, Now: *run}}
	in := workflow.Input{Kind: workflow.Answered, Outcome: workflow.No}
	var err error
	switch {
	case r.err != nil:
	case want.Kind == workflow.AskIf && !r.known:
	case want.Kind == workflow.AskIf:
		in, err = x.askIf(r.ctx, want.Step)
	case !r.known && want.Kind == workflow.AskField:
		in.Outcome = r.live.Choose(want.Step.ID, &segment.Facts{Email: r.was.Address}, &run.Vars, at)
	case want.Kind == workflow.AskField:
		in, err = x.askField(r.ctx, want.Step)
	case r.known:
		in, err = x.askTime(r.ctx, want.Step)
	}
	if err != nil && r.err == nil && !isOfRule(err) {
		r.err = err
	}
	return in
}

// leaves says why an event ends the run. Whether the contact could be mailed then is told by the event alone.
func (r *trialRun) leaves(x *rule.Event, run *workflow.Run) string {
	was := *r.was
	was.Run = *run
	switch {
	case r.live.exitsOwn(x):
		return "exit: " + string(x.Name)
	case x.Name != event.ContactUnsubscribed || begunWith(&was, &x.Event):
		return ""
	}
	var told struct {
		Reason string `json:"reason"`
	}
	if json.Unmarshal(x.Data, &told) == nil && told.Reason != "" {
		return "suppressed: " + told.Reason
	}
	if r.live.Transactional {
		return ""
	}
	return "unsubscribed"
}
