package control_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/store"
	"tidings/test/database"
)

const nudge = `
workflow: nudge
trigger: {event: order.paid, if: {logic: AND, groups: [{filters: [{field: data.plan, operator: equals, value: team}]}]}}
reentry: {mode: after}
exitOn: [{event: order.refunded}]
steps:
- send: welcome
- waitFor: {event: app.opened, timeout: 2d}
- send: tips
`

func TestADryRunTellsWhoWouldHaveEnteredAndWhatWouldHaveBeenSent(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		f := newFlow(t, url)
		for _, key := range []string{"welcome", "tips"} {
			_, err := f.CreateTemplate(t.Context(), operator, control.TemplateEdit{
				Key: &key, Name: &key, Subject: new("Hi"), Body: new("<p>Hi</p>"), From: new("app@acme.test"), Type: new("MARKETING"),
			})
			must(t, err)
		}
		f.happens("ann@acme.test", "order.paid", `{"plan":"team"}`)
		f.happens("bob@acme.test", "order.paid", `{"plan":"free"}`)
		f.jump(time.Hour)
		f.happens("cyd@acme.test", "order.paid", `{"plan":"team"}`)
		f.jump(24 * time.Hour)
		f.happens("ann@acme.test", "app.opened", `{}`)
		f.happens("cyd@acme.test", "order.paid", `{"again":true}`)
		f.jump(time.Hour)
		f.happens("cyd@acme.test", "order.refunded", `{}`)
		f.jump(24 * time.Hour)
		f.happens("ann@acme.test", "order.paid", `{}`)
		got, err := f.DryRunWorkflow(t.Context(), operator, control.WorkflowTrial{Text: nudge, Days: 3})
		must(t, err)
		var lines []string
		for _, x := range got.Sample {
			line := x.Email + " " + string(x.Run.Status) + " " + x.Run.Step + " " + x.Run.Reason
			for _, s := range x.Sends {
				line += fmt.Sprint(" ", s.Template, " at ", s.At.Sub(now).Hours())
			}
			lines = append(lines, line)
		}
		want := "ann@acme.test WAITING wait-for-1  welcome at 50|" +
			"cyd@acme.test EXITED wait-for-1 exit: order.refunded welcome at 1|" +
			"ann@acme.test COMPLETED send-tips  welcome at 0 tips at 25"
		if all := strings.Join(lines, "|"); all != want {
			t.Errorf("it would\n%s\nwant\n%s", all, want)
		}
		told := fmt.Sprint(got.Looked, got.Matched, got.Entered, got.Days, got.Refused, got.Cut)
		if told != "5 5 3 [{2026-05-05 2} {2026-05-07 1}] [{is in it 1} {the condition does not hold 1}] false" {
			t.Errorf("it says %s", told)
		}
		sends, err := f.Store.Sends(t.Context(), store.SendQuery{Project: store.DefaultProject, Limit: 10})
		must(t, err)
		if f.told("") != "" || len(sends) != 0 {
			t.Errorf("there are %q and %d emails", f.told(""), len(sends))
		}
	})
}

func TestADryRunIsRefusedForWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	f := newFlow(t, database.New(t, "sqlite"))
	ids := f.define(defined(t, calm))
	for want, in := range map[string]control.WorkflowTrial{
		"days":                   {Text: nudge, Days: 91},
		"workflow.steps[0].send": {Text: nudge},
		"workflow.trigger":       {ID: ids[0]},
		"workflow":               {},
	} {
		_, err := f.DryRunWorkflow(t.Context(), operator, in)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(fmt.Sprint(fields(err)), want) {
			t.Errorf("%s: %v", want, fields(err))
		}
	}
	_, err := f.DryRunWorkflow(t.Context(), operator, control.WorkflowTrial{ID: "gone"})
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("one that is not there: %v", err)
	}
}
