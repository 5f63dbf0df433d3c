package workflow_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/attribute"
	"tidings/internal/rule"
	"tidings/internal/segment"
	"tidings/internal/workflow"
)

func TestAGraphWantsTheEventsOfItsTriggerItsExitsAndItsWaits(t *testing.T) {
	t.Parallel()
	g := graph(t, `
trigger: {event: account.created, app: shop}
exitOn: [account.deleted, {event: "order.*", mapping: {email: $.detail.owner}}]
steps:
  - {id: w, waitFor: {event: [clicked, invoice.paid], timeout: 1d}}
  - {id: x, waitFor: {event: "trial.*"}}
  - {id: z, exit: done}
`)
	for name, want := range map[event.Name]bool{
		"account.created": true, "account.deleted": true, "order.paid": true, "email.click": true, "invoice.paid": true,
		"trial.ended": true, "email.open": false, "order": false,
	} {
		if got := g.Wants(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	exact, open := g.WaitNames()
	if diff := cmp.Diff([]event.Name{"email.click", "invoice.paid"}, exact); diff != "" || !open {
		t.Error(diff, open)
	}
	if exact, open := g.Names(); len(exact) != 4 || !open {
		t.Error(exact, open)
	}
	e := &rule.Event{Event: event.Event{Name: "account.created", Recipient: "lea@acme.test", Bus: &event.Bus{App: "shop"}}}
	if !g.TriggerEntry().Matches(e) || g.Exits()[0].Matches(e) || g.WaitMatcher("w").Matches(e) {
		t.Error("it is the trigger alone that the event is for")
	}
	if p, err := g.TriggerEntry().Mapper.Person(e); err != nil || p.Email != "lea@acme.test" {
		t.Error(p, err)
	}
	if g.WaitMatcher("z") != nil || g.WaitMatcher("nowhere") != nil || g.Step("nowhere") != nil || g.First().ID != "w" {
		t.Error("there is what is not there")
	}
}

func TestAGraphTellsAllThatItNames(t *testing.T) {
	t.Parallel()
	g := graph(t, `
trigger:
  segment: seg_new
  if: {logic: AND, groups: [{filters: [{field: segment, operator: memberOf, value: seg_vip}], conditions: {logic: OR, groups: [{filters: [{field: segment, operator: notMemberOf, value: seg_old}]}]}}]}
sender: main
topic: news
steps:
  - {id: a, send: {variants: [{template: x}, {template: y}], sender: other, topic: offers}}
  - {id: b, if: {sent: x, opened: "*", clicked: z, logic: AND, groups: [{filters: [{field: segment, operator: memberOf, value: seg_c}]}]}}
  - {id: c, update: {topics: {news: true}}}
`)
	var b strings.Builder
	for _, r := range g.References() {
		fmt.Fprintf(&b, "%s %s %s\n", r.Kind, r.Name, r.At)
	}
	const want = `segment seg_new trigger.segment
segment seg_vip trigger.if.groups[0].filters[0].value
segment seg_old trigger.if.groups[0].conditions.groups[0].filters[0].value
sender main sender
topic news topic
sender other steps[0].send.sender
topic offers steps[0].send.topic
template x steps[0].send.variants[0].template
template y steps[0].send.variants[1].template
segment seg_c steps[1].condition.if.groups[0].filters[0].value
template x steps[1].condition.sent
template z steps[1].condition.clicked
topic news steps[2].update.topics.news
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	if needs := g.Needs("b"); len(needs.Segments) != 1 || g.Condition("b") == nil || g.Condition("a") != nil {
		t.Error(needs)
	}
}

func facts(t *testing.T, data string) *segment.Facts {
	t.Helper()
	values, err := attribute.Values([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return &segment.Facts{Email: "lea@acme.test", Data: values}
}

func TestAChoiceTakesTheFirstBranchThatFits(t *testing.T) {
	t.Parallel()
	const branches = `branches: [{name: team, value: team}, {name: many, operator: greaterThan, value: 5}, {name: other, operator: notContains, value: x}]`
	vars := func(event, data, subscriber string) *workflow.Vars {
		v := &workflow.Vars{Event: json.RawMessage(event), Subscriber: json.RawMessage(subscriber)}
		if data != "" {
			if err := json.Unmarshal([]byte(data), &v.Data); err != nil {
				t.Fatal(err)
			}
		}
		return v
	}
	for name, c := range map[string]struct {
		field string
		data  string
		vars  *workflow.Vars
		want  string
	}{
		"the contact's":                   {"data.plan", `{"plan":"team"}`, vars("", "", ""), "team"},
		"a number":                        {"data.plan", `{"plan":6}`, vars("", "", ""), "many"},
		"none: what is not contained":     {"data.plan", `{}`, vars("", "", ""), "other"},
		"a text with x":                   {"data.plan", `{"plan":"max"}`, vars("", "", ""), "else"},
		"of the event":                    {"event.data.plan", `{"plan":"team"}`, vars(`{"data":{"plan":6}}`, "", ""), "many"},
		"of all that was told":            {"workflow.plan", `{}`, vars(`{"plan":6}`, `{"plan":"team"}`, ""), "team"},
		"as it was when the run began":    {"$.subscriber.attributes.plan", `{"plan":6}`, vars("", "", `{"attributes":{"plan":"team"}}`), "team"},
		"none, of the run":                {"event.plan", `{"plan":"team"}`, vars("", "", ""), "other"},
		"a number is not a text":          {"event.plan", `{}`, vars(`{"plan":"6x"}`, "", ""), "else"},
		"an event that is no good JSON":   {"event.plan", `{}`, vars(`{"plan`, "", ""), "other"},
		"one of several values of a list": {"data.plan", `{"plan":["solo","team"]}`, vars("", "", ""), "team"},
	} {
		g := graph(t, "steps: [{id: c, choice: {field: "+c.field+", "+branches+"}}]")
		if got := g.Choose("c", facts(t, c.data), c.vars, began); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if contact := g.Needs("c").Contact; contact != strings.HasPrefix(c.field, "data.") {
			t.Errorf("%s: needs the contact: %v", name, contact)
		}
	}
}

func TestAChoiceMayAskWhatHappened(t *testing.T) {
	t.Parallel()
	g := graph(t, "steps: [{id: c, choice: {field: event.order.paid, branches: [{name: lately, operator: triggeredWithin, value: 2, unit: days}]}}]")
	f := facts(t, "{}")
	f.Seen = map[event.Name]segment.Seen{"order.paid": {N: 1, Last: began.Add(-time.Hour).UnixMilli()}}
	if got := g.Choose("c", f, &workflow.Vars{}, began); got != "lately" {
		t.Error(got)
	}
	if needs := g.Needs("c"); len(needs.Events) != 1 {
		t.Error(needs)
	}
}

func TestATimeOfTheContactIsFound(t *testing.T) {
	t.Parallel()
	f := facts(t, `{"ends":"2026-06-01T10:00:00+02:00","day":"2026-06-01","text":"soon","list":["x","2026-01-01"]}`)
	f.LastOpenAt = began.UnixMilli()
	for field, want := range map[string]string{
		"data.ends": "2026-06-01 08:00:00", "data.day": "2026-06-01 00:00:00", "data.text": "", "data.gone": "", "lastOpenAt": "2026-05-04 10:00:00",
		"lastClickAt": "", "data.list": "2026-01-01 00:00:00",
	} {
		got := workflow.TimeOf(field, f)
		if want == "" && !got.IsZero() || want != "" && !got.Equal(utc(t, want)) {
			t.Errorf("%s: %s, want %s", field, got, want)
		}
	}
}

func TestVariantsAreSharedAsMailshotDoes(t *testing.T) {
	t.Parallel()
	g := graph(t, `
steps:
  - {id: a, send: {variants: [{template: x}, {template: y}, {template: z}]}}
  - {id: b, send: {variants: [{template: x, name: old}, {template: y, weight: 3}]}}
  - {id: c, send: x}
`)
	counts := make(map[string]int)
	for i := range 4000 {
		email := fmt.Sprintf("p%d@acme.test", i)
		sum := sha256.Sum256([]byte(email + ":wf"))
		got := g.Variant(g.Step("a"), email)
		if want := int(binary.BigEndian.Uint32(sum[:4]) % 3); got != want {
			t.Fatalf("%s: %d, want %d", email, got, want)
		}
		counts[g.Step("a").VariantName(got)]++
		counts[g.Step("b").VariantName(g.Variant(g.Step("b"), email))]++
	}
	for name, share := range map[string]int{"a": 1333, "b": 1333 + 3000, "c": 1333, "old": 1000} {
		if n := counts[name]; n < share-150 || n > share+150 {
			t.Errorf("%s: %d of about %d", name, n, share)
		}
	}
	if g.Variant(g.Step("c"), "x@acme.test") != -1 || g.Step("c").VariantName(-1) != "" {
		t.Error("one email is a variant of several")
	}
}

func TestASplitIsForEverTheSameForOneContactAndShareByWeight(t *testing.T) {
	t.Parallel()
	counts := make(map[string]int)
	for i := range 2000 {
		s := start(t, splitText)
		s.env.Email = fmt.Sprintf("p%d@acme.test", i)
		s.takes(first)
		again := start(t, splitText)
		again.env.Email = s.env.Email
		if again.takes(first); again.run.Reason != s.run.Reason {
			t.Fatal("another way")
		}
		counts[s.run.Reason]++
	}
	if most := counts["most"]; most < 1300 || most > 1500 || most+counts["some"] != 2000 {
		t.Errorf("70 to 30 is %v", counts)
	}
}

const splitText = `
steps:
  - id: s
    split:
      branches:
        - {name: most, weight: 70, steps: [{id: xmost, exit: most}]}
        - {name: some, weight: 30, steps: [{id: xsome, exit: some}]}
        - {name: none, weight: 0, steps: [{id: xnone, exit: none}]}
`

func TestSpansAreReadAndWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[workflow.Span]time.Duration{
		"": 0, "90s": 90 * time.Second, "2h30m": 150 * time.Minute, "1w 2d": 9 * days, "-1d": -days, "0s": 0, "3649d": 3649 * days,
	} {
		got, err := text.Duration()
		if err != nil || got != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
		if again, err := workflow.SpanOf(want).Duration(); err != nil || again != want {
			t.Errorf("%s is written as %q", want, workflow.SpanOf(want))
		}
	}
	for text, want := range map[workflow.Span]string{
		"3 days": "must be a length", "d": "must be a length", "3": "must be a length", "-": "must be a length", "1.5d": "must be a length",
		"3650d": "less than ten years", "2147483647w": "less than ten years", "99999999999999999999d": "less than ten years",
		"520w 520w": "less than ten years", "1d-1d": "must be a length",
	} {
		if _, err := text.Duration(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestAGraphMayNotBeTooLarge(t *testing.T) {
	t.Parallel()
	many := func(n int, each string) string { return strings.TrimSuffix(strings.Repeat(each+", ", n), ", ") }
	for text, want := range map[string]string{
		"steps: [" + many(501, "{wait: 1d}") + "]":                                                      "steps must have 1 to 500 entries, not 501",
		"steps: [{split: {branches: [" + many(100, "{weight: 1}") + "]}}]":                              "must have 1 to 50 entries, not 100",
		"steps: [{exit: }]\nexitOn: [" + many(51, "x") + "]":                                            "exitOn must have at most 50 entries",
		"steps: [{choice: {field: data.x, branches: [{name: failed, value: x}, {name: x, value: y}]}}]": "must not be failed",
		"steps: [{send: x, next: b}, {id: b, wait: 1d, next: {'': b, event: b}}]":                       "want the name of a step alone",
	} {
		f := workflow.Read([]byte("workflow: wf\ntrigger: x\n" + text))
		if !strings.Contains(lines(f.Problems), want) {
			t.Errorf("%.60s: %s, want %s", text, lines(f.Problems), want)
		}
	}
}
