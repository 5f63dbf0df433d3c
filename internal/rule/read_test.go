package rule_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/rule"
)

var update = flag.Bool("update", false, "write the goldens")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func read(t *testing.T, name string) rule.File {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return rule.Read(b)
}

func TestEveryProblemOfAFileIsToldAtOnceWithItsLine(t *testing.T) {
	f := read(t, "bad.yaml")
	if f.Rules != nil {
		t.Error("a file with problems has rules")
	}
	var b strings.Builder
	for _, p := range f.Problems {
		fmt.Fprintf(&b, "%s %s\n", p.At, p.Says)
	}
	golden(t, "bad.golden", b.String())
}

func TestAFileThatIsNoListOfRulesSaysSo(t *testing.T) {
	for text, want := range map[string]string{
		"rules:\n  - name: [":                    "is no YAML",
		"rules: []":                              "rules is empty",
		"rules:\n  - name: x\n    when: never\n": "line 3: rules[0].when is no field of a rule",
		"rules:\n  - name: x\n    on: 7\n":       "line 3: rules[0].on does not fit",
		"rules:\n  - &a x\n  - *a":               "line 2 has an anchor or an alias",
		"a: 1\n---\nb: 2":                        "a is no field of a rule",
		strings.Repeat("#", 2<<20):               "has 2097152 bytes",
	} {
		f := rule.Read([]byte(text))
		if len(f.Problems) != 1 || !strings.Contains(f.Problems[0].At+" "+f.Problems[0].Says, want) {
			t.Errorf("%.40q: %v, want %q", text, f.Problems, want)
		}
	}
}

func made(t *testing.T, name event.Name, data string, change func(*rule.Event)) *rule.Event {
	t.Helper()
	e := &rule.Event{Event: event.Event{
		Name: name, Recipient: "lea@acme.test", OccurredAt: time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC), Data: json.RawMessage(data),
		Attribution: event.Exact, Bus: &event.Bus{App: "shop"},
	}}
	if change != nil {
		change(e)
	}
	return e
}

func TestARuleIsForTheEventsThatFitEveryWordOfIt(t *testing.T) {
	f := read(t, "good.yaml")
	if len(f.Problems) > 0 {
		t.Fatal(f.Problems)
	}
	hard := func(e *rule.Event) { e.Bounce = &event.Bounce{Class: event.Hard} }
	for name, c := range map[string]struct {
		rule int
		e    *rule.Event
		want bool
	}{
		"all fits":         {0, made(t, "account.created", `{"plan":"team"}`, nil), true},
		"another name":     {0, made(t, "account.deleted", `{"plan":"team"}`, nil), false},
		"another app":      {0, made(t, "account.created", `{"plan":"team"}`, func(e *rule.Event) { e.Bus.App = "crm" }), false},
		"no app":           {0, made(t, "account.created", `{"plan":"team"}`, func(e *rule.Event) { e.Bus = nil }), false},
		"other data":       {0, made(t, "account.created", `{"plan":"free"}`, nil), false},
		"no data":          {0, made(t, "account.created", ``, nil), false},
		"a word of others": {1, made(t, event.EmailBounce, ``, hard), true},
		"another class":    {1, made(t, event.EmailBounce, ``, func(e *rule.Event) { e.Bounce = &event.Bounce{Class: event.Soft} }), false},
		"not sure whom it is of": {1, made(t, event.EmailBounce, ``, func(e *rule.Event) {
			hard(e)
			e.Attribution = event.Candidates
		}), false},
		"a beginning, but no class": {1, made(t, "order.paid", ``, nil), false},
	} {
		if got := f.Rules[c.rule].Matches(c.e); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestMachinesStartNoRuleUnlessItAsksForThem(t *testing.T) {
	for verdict, want := range map[string][2]bool{"human": {true, false}, "proxy": {true, false}, "unknown": {true, false}, "machine": {false, true}} {
		for i, words := range []rule.Words{nil, {"machine"}} {
			r, problems := rule.Compile(rule.Definition{
				Name: "x", On: rule.Match{Event: rule.Words{"click"}, Verdict: words}, Do: []rule.Action{{Unsubscribe: &rule.Unsubscribe{}}},
			})
			if problems != nil {
				t.Fatal(problems)
			}
			e := made(t, event.EmailClick, "", func(e *rule.Event) {
				e.Automation = &event.Automation{Verdict: event.Verdict(verdict)}
				e.Click = &event.Engagement{URL: "https://acme.test/a"}
			})
			if got := r.Matches(e); got != want[i] {
				t.Errorf("%s with verdicts %v: %v", verdict, words, got)
			}
		}
	}
}

func TestAMappingFindsThePersonInTheEvent(t *testing.T) {
	r := read(t, "good.yaml").Rules[0]
	p, err := r.Person(made(t, "account.created", `{"user":{"email":"ann@acme.test","name":"Ann"},"plan":"team"}`, nil), -1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"Email":"ann@acme.test","Attributes":{"email":"lea@acme.test","firstName":"Ann","plan":"team","user":{"email":"ann@acme.test","name":"Ann"}},"Tags":null}`
	if diff := cmp.Diff(want, strings.ReplaceAll(string(got), `\"`, `"`)); diff != "" {
		t.Error(diff)
	}
	if _, err := r.Person(made(t, "account.created", `{"user":{}}`, nil), -1); err == nil {
		t.Error("an event without the address is about somebody")
	}
}

func TestAMatchThatNamesNoEventComesBackAsItWas(t *testing.T) {
	t.Parallel()
	for _, m := range []rule.Match{{}, {Event: rule.Words{"a"}}, {Event: rule.Words{"a", "b"}, Tag: rule.Words{"c"}}} {
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var got rule.Match
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", b, diff)
		}
	}
}
