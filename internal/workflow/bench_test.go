package workflow_test

import (
	"fmt"
	"testing"

	"tidings/event"
	"tidings/internal/rule"
	"tidings/internal/workflow"
)

// BenchmarkWants is what an event costs that none of 200 workflows is for, and BenchmarkMatches one that all of them look at.
func BenchmarkWants(b *testing.B) {
	graphs := many(b, 200)
	for b.Loop() {
		for _, g := range graphs {
			if g.Wants("email.delivery") {
				b.Fatal("nobody wants it")
			}
		}
	}
}

func BenchmarkMatches(b *testing.B) {
	g := many(b, 1)[0]
	e := &rule.Event{Event: event.Event{Name: "order.paid.0", Recipient: "lea@acme.test", Data: raw(`{"total":7,"plan":"team"}`)}}
	for b.Loop() {
		if !g.TriggerEntry().Matches(e) {
			b.Fatal("it is for it")
		}
	}
}

func BenchmarkNext(b *testing.B) {
	g := many(b, 1)[0]
	for b.Loop() {
		run, _, _ := g.Next(workflow.Run{StartedAt: began}, first, workflow.Env{Now: began, Email: "lea@acme.test"})
		if run, _, _ = g.Next(run, sent, workflow.Env{Now: began}); run.Step != "rest" {
			b.Fatal(run.Step)
		}
	}
}

func many(b *testing.B, n int) []*workflow.Graph {
	b.Helper()
	list := make([]*workflow.Graph, n)
	for i := range list {
		f := workflow.Read(fmt.Appendf(nil, `
workflow: wf-%d
trigger: {event: order.paid.%[1]d, where: [{field: data.plan, operator: equals, value: team}]}
exitOn: [order.refunded.%[1]d]
steps:
  - {id: hello, send: x}
  - {id: rest, wait: 2d}
  - waitFor: "trial.%[1]d.*"
`, i))
		if len(f.Problems) > 0 {
			b.Fatal(lines(f.Problems))
		}
		list[i] = f.Graphs[0]
	}
	return list
}
