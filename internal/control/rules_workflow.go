package control

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/rule"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// start lets the contact enter a workflow, once for the event.
func (a *acting) start(
	ctx context.Context, act *store.RuleAct, s *rule.Start, in *entering, change contact.Change,
) error {
	why, err := a.mayStart(ctx, s.Workflow, change.Address, in)
	if err != nil {
		return err
	}
	if why != "" {
		act.Outcome = store.RuleSkipped
		return a.note(ctx, *act, why)
	}
	start, err := in.start(change)
	if err != nil {
		return err
	}
	start.BegunBy = originRule + a.rule.stored.ID + ":" + a.event.ID.String() + ":" + strconv.Itoa(act.Place)
	if change.Address == a.event.Recipient {
		if start.Place, err = a.control.Store.EventPlace(ctx, a.event.ID); err != nil {
			return fmt.Errorf("find the place of the event: %w", err)
		}
	}
	b, err := a.control.newRunBatch(ctx, a.project)
	if err != nil {
		return err
	}
	b.asked.Starts = []store.RunStart{start}
	begun, _, err := a.control.Store.SaveRuns(ctx, &b.asked)
	if err != nil {
		return err
	}
	act.Outcome = store.RuleDone
	if begun[0].ID == "" { // one with an id was begun by this very act, which is done again
		act.Outcome = store.RuleSkipped
		return a.note(ctx, *act, begun[0].Refused)
	}
	if !in.known {
		k, err := a.control.Store.Contact(ctx, a.project, change.Address)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return fmt.Errorf("find contact: %w", err)
		}
		act.Contact = k.ID
	}
	return a.note(ctx, *act, begun[0].ID)
}

// mayStart says why the contact does not enter a workflow; empty: it does, and in knows all that its start needs.
func (a *acting) mayStart(ctx context.Context, idOrKey, address string, in *entering) (why string, err error) {
	book, err := a.control.Workflowbook.of(ctx, a.project)
	if err != nil {
		return "", err
	}
	if in.live = book.entered(idOrKey); in.live == nil {
		return fmt.Sprintf("no workflow %.100q is enabled", idOrKey), nil
	}
	holds, err := a.control.holds(ctx, a.project, in.live.TriggerIf(), address, in.known, in.attributes)
	if err != nil {
		return "", err
	}
	if !holds {
		return "the condition of the workflow does not hold", nil
	}
	if in.depth, err = a.depthOf(ctx); err != nil {
		return "", err
	}
	if in.depth > maxWorkflowDepth {
		return "the event came of an email that workflows sent in turn: a circle ends here", nil
	}
	return "", nil
}

// notInIt is why nobody is led out of a workflow.
const notInIt = "the contact is not in it"

// endTries bounds how often is looked for runs that somebody else changes at the same time.
const endTries = 5

// exit ends the contact's runs of a workflow, once for the event: those that began since stay.
func (a *acting) exit(ctx context.Context, act *store.RuleAct, e *rule.Exit, k *store.Contact) error {
	done, err := a.control.Store.RuleActed(ctx, act)
	if err != nil || done {
		return err
	}
	act.Outcome = store.RuleSkipped
	for range endTries {
		runs, err := a.runsOf(ctx, e.Workflow, k.Ref)
		if err != nil {
			return err
		}
		if len(runs) == 0 {
			detail := ""
			if act.Outcome == store.RuleSkipped {
				detail = notInIt
			}
			return a.note(ctx, *act, detail)
		}
		if err := a.end(ctx, runs); err != nil {
			return err
		}
		act.Outcome = store.RuleDone
	}
	return fault.New(fault.Unavailable, "busy", "the runs of contact %s change all the time", k.ID)
}

// runsOf are a contact's runs of a workflow that go on.
func (a *acting) runsOf(ctx context.Context, idOrKey string, contact int64) ([]store.Run, error) {
	runs, err := a.control.Store.OpenRuns(ctx, contact)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	return slices.DeleteFunc(runs, func(r store.Run) bool { return r.WorkflowID != idOrKey && r.Key != idOrKey }), nil
}

// end ends runs, but for those that somebody else changes at the same time.
func (a *acting) end(ctx context.Context, runs []store.Run) error {
	b, err := a.control.newRunBatch(ctx, a.project)
	if err != nil {
		return err
	}
	for i := range runs {
		if err := b.step(ctx, &runs[i], workflow.Input{Kind: workflow.Left, Detail: "rule: " + a.rule.Name}); err != nil {
			return err
		}
	}
	return b.save(ctx)
}
