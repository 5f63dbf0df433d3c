package workflow_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/rule"
	"tidings/internal/workflow"
)

// simulated is a way of a run in words: what it sent and when, after how many hours, and where it stood.
func simulated(t *testing.T, text string, later map[int]string, settings workflow.Settings) string {
	t.Helper()
	var d workflow.Definition
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	g, problems := workflow.Compile(d)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	trial := &workflow.Trial{
		Begin: begin, Now: begin.Add(100 * time.Hour), Email: "ann@acme.test", Settings: settings,
		Tell: func(x *rule.Event) *workflow.Told { return &workflow.Told{ID: x.ID} },
		Ask: func(want workflow.Effect, _ *workflow.Run, _ time.Time) workflow.Input {
			if want.Kind == workflow.AskTime {
				return workflow.Input{Kind: workflow.Answered, Until: begin.Add(30 * time.Hour)}
			}
			outcome := workflow.Yes
			if want.Kind == workflow.AskField {
				outcome = "team"
			} else if c := want.Step.Condition; c.Sent != "" {
				outcome = workflow.No
			}
			return workflow.Input{Kind: workflow.Answered, Outcome: outcome}
		},
		Leaves: func(x *rule.Event, _ *workflow.Run) string {
			if x.Name == "order.refunded" {
				return "exit"
			}
			return ""
		},
	}
	for hours := range 101 {
		if name := later[hours]; name != "" {
			trial.Later = append(trial.Later, rule.Event{Event: event.Event{
				Name: event.Name(name), OccurredAt: begin.Add(time.Duration(hours) * time.Hour),
			}})
		}
	}
	out := g.Simulate(trial)
	var words []string
	for _, x := range out.Sends {
		words = append(words, fmt.Sprintf("%s%s at %g", x.Template, x.Variant, x.At.Sub(begin).Hours()))
	}
	words = append(words, strings.TrimSpace(fmt.Sprintf("%s %s %s", out.Run.Status, out.Run.Step, out.Run.Reason)))
	if !out.Ended.IsZero() {
		words = append(words, fmt.Sprintf("ended at %g", out.Ended.Sub(begin).Hours()))
	}
	return strings.Join(words, ", ")
}

func TestARunIsPlayedWithTheEventsThatCame(t *testing.T) {
	t.Parallel()
	steps := func(list string) string {
		return `{"key":"w","trigger":{"on":{"event":"order.paid"}},"steps":[` + list + `]}`
	}
	send := func(id, next string) string {
		return `{"id":"` + id + `","send":{"template":"` + id + `"},"next":{"":"` + next + `"}}`
	}
	nudge := steps(send("a", "w") + `,{"id":"w","waitFor":{"on":{"event":"app.opened"},"timeout":"2d"},"next":{"event":"b","timeout":"c"}},` +
		send("b", "") + "," + send("c", ""))
	for _, x := range []struct {
		name, text string
		later      map[int]string
		settings   workflow.Settings
		want       string
	}{
		{"through", steps(send("a", "")), nil, workflow.Settings{}, "a at 0, COMPLETED a, ended at 0"},
		{
			"a wait", steps(send("a", "w") + `,{"id":"w","wait":{"for":"1d"},"next":{"":"b"}},` + send("b", "")), nil,
			workflow.Settings{},
			"a at 0, b at 24, COMPLETED b, ended at 24",
		},
		{"a wait beyond now", steps(`{"id":"w","wait":{"for":"5d"},"next":{"":"b"}},` + send("b", "")), nil, workflow.Settings{}, "WAITING w"},
		{
			"a time of the contact's", steps(`{"id":"w","wait":{"until":"data.ends"},"next":{"":"b"}},` + send("b", "")), nil,
			workflow.Settings{},
			"b at 30, COMPLETED b, ended at 30",
		},
		{"an event that came", nudge, map[int]string{5: "app.opened"}, workflow.Settings{}, "a at 0, b at 5, COMPLETED b, ended at 5"},
		{"one that came too late", nudge, map[int]string{49: "app.opened"}, workflow.Settings{}, "a at 0, c at 48, COMPLETED c, ended at 48"},
		{"another", nudge, map[int]string{5: "app.closed"}, workflow.Settings{}, "a at 0, c at 48, COMPLETED c, ended at 48"},
		{
			"one that came before the wait", steps(`{"id":"d","wait":{"for":"1d"},"next":{"":"w"}},
			{"id":"w","waitFor":{"on":{"event":"app.opened"}},"next":{"":"b"}},` + send("b", "")),
			map[int]string{5: "app.opened"},
			workflow.Settings{},
			"b at 24, COMPLETED b, ended at 24",
		},
		{
			"one for two waits", steps(`{"id":"d","waitFor":{"on":{"event":"app.opened"}},"next":{"":"w"}},
			{"id":"w","waitFor":{"on":{"event":"app.opened"}},"next":{"":"b"}},` + send("b", "")),
			map[int]string{5: "app.opened"},
			workflow.Settings{},
			"WAITING w",
		},
		{"an exit", nudge, map[int]string{5: "order.refunded", 6: "app.opened"}, workflow.Settings{}, "a at 0, EXITED w exit, ended at 5"},
		{
			"a condition", steps(`{"id":"i","condition":{"if":{"logic":"AND","groups":[{"filters":[
			{"field":"data.a","operator":"exists"}]}]}},"next":{"yes":"b"}},` + send("b", "")), nil,
			workflow.Settings{},
			"b at 0, COMPLETED b, ended at 0",
		},
		{"what was sent", steps(send("a", "i") + `,{"id":"i","condition":{"sent":"a","run":true},"next":{"yes":"j"}},
			{"id":"j","condition":{"sent":"z"},"next":{"no":"k"}},{"id":"k","condition":{"opened":"a","run":true},"next":{"no":"b"}},` +
			send("b", "")), nil, workflow.Settings{}, "a at 0, b at 0, COMPLETED b, ended at 0"},
		{"a choice", steps(`{"id":"c","choice":{"field":"data.plan","branches":[{"name":"team","value":"team"}]},"next":{"team":"b"}},` +
			send("b", "")), nil, workflow.Settings{}, "b at 0, COMPLETED b, ended at 0"},
		{"effects of others", steps(`{"id":"u","update":{"tags":["x"]},"next":{"":"h"}},{"id":"h","webhook":{"url":"https://acme.test"},
			"next":{"":"b"}},` + send("b", "")), nil, workflow.Settings{}, "b at 0, COMPLETED b, ended at 0"},
		{
			"quiet hours", steps(send("a", "")), nil,
			workflow.Settings{Quiet: &workflow.Quiet{From: "11:00", To: "15:00"}},
			"a at 3, COMPLETED a, ended at 3",
		},
		{
			"a cap", steps(send("a", "b") + "," + send("b", "")), nil,
			workflow.Settings{Cap: &workflow.Cap{Mails: 1, In: "1d"}},
			"a at 0, b at 24, COMPLETED b, ended at 24",
		},
		{
			"a cap that skips", steps(send("a", "b") + "," + send("b", "")), nil,
			workflow.Settings{Cap: &workflow.Cap{Mails: 1, In: "1d", Then: workflow.CapSkip}},
			"a at 0, COMPLETED b, ended at 0",
		},
		{
			"a timeout", `{"key":"w","trigger":{"manual":true},"timeout":"1d","steps":[{"id":"w","waitFor":{"on":{"event":"x.y"}}}]}`, nil,
			workflow.Settings{},
			"EXITED w timeout, ended at 24",
		},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			if got := simulated(t, x.text, x.later, x.settings); got != x.want {
				t.Errorf("got  %s\nwant %s", got, x.want)
			}
		})
	}
}
