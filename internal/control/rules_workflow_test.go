package control_test

import (
	"fmt"
	"strings"
	"testing"

	"tidings/internal/control"
	"tidings/internal/store"
	"tidings/test/database"
)

// calm is a workflow that nobody's event begins, and that waits for a day.
const calm = `{"key":"calm","trigger":{"manual":true,"if":{"logic":"AND","groups":[{"filters":[
	{"field":"data.plan","operator":"notEquals","value":"none"}]}]}},"reentry":{"mode":"after"},
	"steps":[{"id":"day","wait":{"for":"1d"}}]}`

// acts are what a rule did, oldest first.
func (f *flow) acts(idOrName string) string {
	f.t.Helper()
	page, err := f.RuleActs(f.t.Context(), operator, idOrName, "", 0)
	must(f.t, err)
	var lines []string
	for _, x := range page.Acts {
		who := "nobody"
		if x.Contact != "" {
			who = "somebody"
		}
		lines = append([]string{strings.TrimSpace(fmt.Sprint(x.Action, " ", x.Outcome, " ", who, " ", x.Detail))}, lines...)
	}
	return strings.Join(lines, "\n")
}

func (f *flow) rule(text string) {
	f.t.Helper()
	_, err := f.CreateRule(f.t.Context(), operator, control.RuleText{Text: text})
	must(f.t, err)
}

func TestARuleStartsARunOnceForItsEventAndAnotherEndsIt(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		f := newFlow(t, url)
		f.define(defined(t, calm))
		f.rule(`{name: begin, on: {event: order.paid}, do: [{start: {workflow: calm}}]}`)
		f.rule(`{name: mark, on: {event: order.paid}, do: [{subscribe: {tags: [payer]}}]}`)
		f.rule(`{name: end, on: {event: order.refunded}, do: [{exit: {workflow: calm}}]}`)

		paid := f.happens("lea@acme.test", "order.paid", `{"plan":"team"}`)
		f.rules(paid)
		f.goOn()
		if want := "lea@acme.test WAITING day"; f.told("calm") != want {
			t.Fatalf("it is %s", f.told("calm"))
		}
		f.happens("lea@acme.test", "order.paid", `{}`) // who is in it does not enter again
		refunded := f.happens("lea@acme.test", "order.refunded", `{}`)
		if want := "lea@acme.test EXITED day rule: end"; f.told("calm") != want {
			t.Errorf("it is %s", f.told("calm"))
		}
		f.happens("lea@acme.test", "order.paid", `{}`)
		f.rules(refunded) // once more, as after a crash: what began since goes on
		f.goOn()
		if want := "lea@acme.test EXITED day rule: end\nlea@acme.test WAITING day"; f.told("calm") != want {
			t.Errorf("it is %s", f.told("calm"))
		}
		f.happens("bob@acme.test", "order.refunded", `{}`)
		runs := f.runs("calm")
		want := "start done somebody " + runs[1].ID + "\nstart skipped somebody is in it\nstart done somebody " + runs[0].ID
		if got := f.acts("begin"); got != want {
			t.Errorf("begin did\n%s\nwant\n%s", got, want)
		}
		if got, want := f.acts("mark"), "subscribe done somebody\nsubscribe done somebody\nsubscribe done somebody"; got != want {
			t.Errorf("mark did\n%s", got)
		}
		if got, want := f.acts("end"), "exit done somebody\nexit skipped somebody the contact is not in it"; got != want {
			t.Errorf("end did\n%s\nwant\n%s", got, want)
		}
	})
}

func TestARuleStartsNobodyWhomTheWorkflowDoesNotWant(t *testing.T) {
	t.Parallel()
	f := newFlow(t, database.New(t, "sqlite"))
	ids := f.define(defined(t, calm))
	f.rule(`{name: begin, on: {event: order.paid}, do: [{start: {workflow: ` + ids[0] + `}}]}`)
	f.happens("ann@acme.test", "order.paid", `{"plan":"none"}`)
	_, err := f.Store.ChangeWorkflows(t.Context(), store.DefaultProject, func(have []store.Workflow) ([]store.WorkflowChange, error) {
		have[0].Enabled = false
		return []store.WorkflowChange{{Workflow: have[0]}}, nil
	})
	must(t, err)
	f.happens("bob@acme.test", "order.paid", `{"plan":"team"}`)
	want := "start skipped somebody the condition of the workflow does not hold\n" +
		"start skipped somebody no workflow \"" + ids[0] + "\" is enabled"
	if got := f.acts("begin"); got != want || f.told("") != "" {
		t.Errorf("it did\n%s\nand there are %s", got, f.told(""))
	}
}

func TestARuleIsTriedOnWorkflowsWithoutTouchingThem(t *testing.T) {
	t.Parallel()
	f := newFlow(t, database.New(t, "sqlite"))
	f.define(defined(t, calm))
	f.happens("lea@acme.test", "order.paid", `{}`)
	got, err := f.TryRule(t.Context(), operator, control.RuleTrial{
		Text: `{name: try, on: {event: order.paid}, do: [{start: {workflow: calm}}, {exit: {workflow: calm}}]}`,
	})
	must(t, err)
	acts := got.Matches[0].Acts
	if acts[0].Outcome != store.RuleDone || acts[1].Outcome != store.RuleSkipped || acts[1].Detail != "the contact is not in it" ||
		f.told("") != "" {
		t.Errorf("it would %+v, and there are %q", acts, f.told(""))
	}
}

func TestARuleWithAWorkflowThatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	f := newFlow(t, database.New(t, "sqlite"))
	_, err := f.CreateRule(t.Context(), operator, control.RuleText{
		Text: `{name: begin, on: {event: order.paid}, do: [{start: {workflow: gone}}, {exit: {workflow: lost}}]}`,
	})
	got := fmt.Sprint(fields(err))
	for _, want := range []string{"rule.do[0].start.workflow", "rule.do[1].exit.workflow"} {
		if !strings.Contains(got, want) {
			t.Errorf("it says %s", got)
		}
	}
}
