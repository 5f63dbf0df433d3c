package store_test

import (
	"errors"
	"strings"
	"testing"

	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/rule"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// napping is a workflow that waits in a segment's name and sends nothing.
func napping(key, segment string) workflow.Definition {
	return workflow.Definition{
		Key: key, Trigger: workflow.Trigger{Segment: segment},
		Steps: []workflow.Step{{ID: "nap", Wait: &workflow.Wait{For: "1d"}}},
	}
}

func putWorkflows(t *testing.T, s *store.Store, changes ...store.WorkflowChange) {
	t.Helper()
	_, err := s.ChangeWorkflows(t.Context(), store.DefaultProject, func(have []store.Workflow) ([]store.WorkflowChange, error) {
		for i := range changes {
			for _, x := range have {
				if x.ID == changes[i].ID {
					d := changes[i].Definition
					changes[i].Workflow = x
					changes[i].Definition = d
				}
			}
		}
		return changes, nil
	})
	noError(t, err)
}

func newWorkflow(id string, d workflow.Definition) store.WorkflowChange {
	return store.WorkflowChange{
		Workflow: store.Workflow{ID: id, Origin: store.WorkflowOfAPI, Enabled: true, Definition: d}, Edited: true, Act: act("createWorkflow"),
	}
}

func TestWhatAWorkflowOrItsRunsNeedIsNotDeleted(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s, ctx, p := open(), t.Context(), store.DefaultProject
		for _, name := range []string{"vip", "beta"} {
			_, err := s.CreateSegment(ctx, p, store.Segment{ID: "seg_" + name, Name: name, Slug: name, Type: store.StaticSegment}, act("createSegment"))
			noError(t, err)
		}
		putWorkflows(t, s, newWorkflow("wfl_1", napping("one", "vip")))
		x, err := s.Workflow(ctx, p, "one")
		noError(t, err)
		begun, _, err := s.SaveRuns(ctx, &store.RunBatch{Source: &source.Source{Project: p}, Starts: []store.RunStart{{
			Workflow: x.Ref, Version: 1, BegunBy: "hand:1", Change: contact.Change{Address: ghost, At: start.UnixMilli(), Born: contact.OptOut},
		}}})
		if err != nil || begun[0].ID == "" {
			t.Fatalf("%+v %v", begun, err)
		}
		refused := func(id, says string) {
			t.Helper()
			if err := s.DeleteSegment(ctx, p, id, act("deleteSegment")); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v, want %q", id, err, says)
			}
		}
		refused("seg_vip", `the workflow "one"`)
		putWorkflows(t, s, newWorkflow("wfl_1", napping("one", "seg_beta")))
		refused("seg_beta", `the workflow "one"`)
		refused("seg_vip", "runs of version 1")
		if x, err = s.Workflow(ctx, p, "wfl_1"); err != nil || x.Version != 2 || x.Open != 1 {
			t.Errorf("%+v %v", x, err)
		}
		at, err := s.WhereRunsAre(ctx, x.Ref)
		if err != nil || len(at) != 1 || at[0] != (store.RunsAt{Version: 1, Status: workflow.Running, N: 1}) {
			t.Errorf("%+v %v", at, err)
		}
		n, err := s.CountRuns(ctx, store.RunQuery{Project: p, Workflow: "one", Except: 2, Statuses: []workflow.Status{workflow.Running}}, 10)
		if err != nil || n != 1 {
			t.Errorf("%d runs of other versions: %v", n, err)
		}
		putWorkflows(t, s, store.WorkflowChange{Workflow: x, Deleted: true, Act: act("deleteWorkflow")})
		for _, id := range []string{"seg_vip", "seg_beta"} {
			noError(t, s.DeleteSegment(ctx, p, id, act("deleteSegment")))
		}
	})
}

func TestAWorkflowThatARuleNamesIsNotDeletedUnlessTheRuleGoesWithIt(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s, ctx, p := open(), t.Context(), store.DefaultProject
		d := napping("one", "")
		d.Trigger = workflow.Trigger{Manual: true}
		r := rule.Definition{
			Name: "Starts", On: rule.Match{Event: rule.Words{"order.paid"}}, Do: []rule.Action{{Start: &rule.Start{Workflow: "one"}}},
		}
		change := func(decide func(rules []store.Rule, workflows []store.Workflow) ([]store.RuleChange, []store.WorkflowChange, error)) error {
			return s.ChangeDefinitions(ctx, p, decide)
		}
		noError(t, change(func([]store.Rule, []store.Workflow) ([]store.RuleChange, []store.WorkflowChange, error) {
			return []store.RuleChange{{Rule: store.Rule{ID: "rul_1", Definition: r, Origin: store.RuleOfAPI}, Act: act("createRule")}},
				[]store.WorkflowChange{newWorkflow("wfl_1", d)}, nil
		}))
		gone := func(rules bool) error {
			return change(func(have []store.Rule, workflows []store.Workflow) (ofRules []store.RuleChange, _ []store.WorkflowChange, _ error) {
				if rules {
					ofRules = []store.RuleChange{{Rule: have[0], Deleted: true, Act: act("deleteRule")}}
				}
				return ofRules, []store.WorkflowChange{{Workflow: workflows[0], Deleted: true, Act: act("deleteWorkflow")}}, nil
			})
		}
		if err := gone(false); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "Starts") {
			t.Errorf("%v", err)
		}
		wrong := errors.New("no")
		if err := change(func([]store.Rule, []store.Workflow) ([]store.RuleChange, []store.WorkflowChange, error) {
			return nil, nil, wrong
		}); !errors.Is(err, wrong) {
			t.Errorf("%v", err)
		}
		other := d
		other.Key = "two"
		_, err := s.ChangeWorkflows(ctx, p, func(have []store.Workflow) ([]store.WorkflowChange, error) {
			x := store.WorkflowChange{Workflow: have[0], Edited: true, Act: act("defineWorkflow")}
			x.Definition = other
			return []store.WorkflowChange{x}, nil
		})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("another key, which the rule does not name: %v", err)
		}
		noError(t, gone(true))
		if list, err := s.Workflows(ctx, p); err != nil || len(list) != 0 {
			t.Errorf("%+v %v", list, err)
		}
	})
}
