package workflow_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/internal/rule"
	"tidings/internal/segment"
	"tidings/internal/workflow"
)

func raw(s string) json.RawMessage { return json.RawMessage(s) }

// anyStep is a step that does something by chance.
func anyStep(t *rapid.T, id string) workflow.Step {
	s := workflow.Step{ID: id}
	span := func() workflow.Span {
		return workflow.SpanOf(time.Duration(rapid.IntRange(1, 100).Draw(t, "hours")) * time.Hour)
	}
	switch rapid.SampledFrom([]string{"send", "variants", "wait", "at", "until", "waitFor", "choice", "condition", "split", "update", "webhook", "exit"}).Draw(t, id) {
	case "send":
		s.Send = &workflow.Send{Template: rapid.SampledFrom([]string{"a", "no", "0x1F", "1e3", "null", "ä: b"}).Draw(t, "template")}
	case "variants":
		s.Send = &workflow.Send{Variants: []workflow.Variant{{Template: "a"}, {Template: "b", Weight: rapid.IntRange(0, 3).Draw(t, "weight")}}}
	case "wait":
		s.Wait = &workflow.Wait{For: span()}
	case "at":
		s.Wait = &workflow.Wait{For: span(), At: "02:30", Zone: "Europe/Vienna", Days: []string{"mon", "sun"}}
	case "until":
		s.Wait = &workflow.Wait{Until: rapid.SampledFrom([]string{"data.x", "workflow.x"}).Draw(t, "until"), For: "-" + span()}
	case "waitFor":
		s.WaitFor = &workflow.WaitFor{On: rule.Match{Event: rule.Words{"order.paid"}}}
		if rapid.Bool().Draw(t, "times out") {
			s.WaitFor.Timeout = span()
		}
	case "choice":
		s.Choice = &workflow.Choice{Field: "data.plan", Branches: []workflow.Branch{
			{Name: "team", Value: raw(`"team"`)}, {Name: "big one", Operator: "greaterThan", Value: raw(`7.5`)},
		}}
	case "condition":
		s.Condition = &workflow.Condition{Sent: "a"}
		if rapid.Bool().Draw(t, "if") {
			s.Condition = &workflow.Condition{If: &segment.Condition{Logic: segment.All, Groups: []segment.Group{
				{Filters: []segment.Filter{{Field: "data.x", Operator: segment.Equals, Value: raw(`"y"`)}}},
			}}}
		}
	case "split":
		s.Split = &workflow.Split{Branches: []workflow.Share{{Name: "on", Weight: 1}, {Name: "b", Weight: rapid.IntRange(0, 5).Draw(t, "weight")}}}
	case "update":
		s.Update = &workflow.Update{Attributes: map[string]json.RawMessage{"x": raw(`{"a":[1,null,"2026-05-04"]}`)}, Tags: []string{"yes"}}
	case "webhook":
		s.Webhook = &workflow.Webhook{URL: "https://acme.test/a?b={{ email }}", Body: "{\n  \"a\": \"{{ x }}\"\n}\n", Tries: 2}
	case "exit":
		s.Exit = &workflow.Leave{Reason: rapid.SampledFrom([]string{"", "done", "on", "# no"}).Draw(t, "reason")}
	}
	return s
}

// passes reports whether time passes in a step for certain, so that ways from it may lead back.
func passes(s *workflow.Step) bool {
	return s.WaitFor != nil || s.Wait != nil && s.Wait.Until == ""
}

// anyDefinition is a workflow by chance that compiles.
func anyDefinition(t *rapid.T) workflow.Definition {
	n := rapid.IntRange(1, 9).Draw(t, "steps")
	all := make([]workflow.Step, n)
	id := func(i int) string { return "s" + strconv.Itoa(i) }
	for i := range all {
		all[i] = anyStep(t, id(i))
	}
	for i := range all {
		s := &all[i]
		if s.Exit != nil {
			continue
		}
		outcomes := append(s.Outcomes(), workflow.Always)
		for _, o := range outcomes {
			if o == workflow.OnTimeout && s.WaitFor.Timeout == "" || rapid.IntRange(0, 3).Draw(t, "no way") == 0 {
				continue
			}
			least := i + 1
			if passes(s) && rapid.Bool().Draw(t, "back") {
				least = 0
			}
			to := ""
			if k := rapid.IntRange(least, n+1).Draw(t, "to"); k < n {
				to = id(k)
			}
			if s.Next == nil {
				s.Next = make(map[string]string)
			}
			s.Next[o] = to
		}
	}
	d := workflow.Definition{Key: "wf", Trigger: workflow.Trigger{Manual: true}, Steps: reached(all)}
	if rapid.Bool().Draw(t, "times out") {
		d.Timeout = "30d"
	}
	if rapid.Bool().Draw(t, "late") {
		d.Late = workflow.Late{After: "10d", Then: workflow.LateSkip}
	}
	return d
}

// reached are the steps that the first one leads to.
func reached(all []workflow.Step) []workflow.Step {
	known := map[string]bool{all[0].ID: true}
	for again := true; again; {
		again = false
		for i := range all {
			s := &all[i]
			if !known[s.ID] {
				continue
			}
			outcomes := s.Outcomes()
			rest := len(outcomes) == 0 || s.Send != nil || s.Update != nil || s.Webhook != nil
			for _, o := range outcomes {
				to, there := s.Next[o]
				rest = rest || !there
				if to != "" && !known[to] {
					known[to], again = true, true
				}
			}
			if to := s.Next[workflow.Always]; rest && to != "" && !known[to] {
				known[to], again = true, true
			}
		}
	}
	var list []workflow.Step
	for _, s := range all {
		maps.DeleteFunc(s.Next, func(_, to string) bool { return to != "" && !known[to] }) // a way that is never taken
		if known[s.ID] {
			list = append(list, s)
		}
	}
	return list
}

// world is a shell around Next that is told of things by chance, and holds its laws.
type world struct {
	t       *rapid.T
	g       *workflow.Graph
	run     workflow.Run
	env     workflow.Env
	asked   workflow.Effect
	done    map[int]bool // visits whose effect was done
	entered map[int]bool
	left    map[int]bool
}

func (w *world) next(in workflow.Input) {
	before := w.run
	vars := fmt.Sprint(before.Vars)
	run, marks, effect := w.g.Next(w.run, in, w.env)
	again, marks2, effect2 := w.g.Next(w.run, in, w.env)
	if diff := cmp.Diff([]any{run, marks, effect.Kind, effect.Variant}, []any{again, marks2, effect2.Kind, effect2.Variant}); diff != "" {
		w.t.Fatalf("it is not the same a second time: %s", diff)
	}
	if fmt.Sprint(before.Vars) != vars {
		w.t.Fatal("the run that was given was changed")
	}
	w.run, w.asked = run, effect
	w.marks(marks)
	switch {
	case run.Status.Open() && run.Due.IsZero():
		if s := w.g.Step(run.Step); run.Status != workflow.Waiting || s.WaitFor == nil || s.WaitFor.Timeout != "" || w.g.Timeout != "" {
			w.t.Fatalf("nobody wakes it: %+v", run)
		}
	case !run.Status.Open() && !run.Due.IsZero():
		w.t.Fatalf("it has ended, and is due: %+v", run)
	case effect.Kind != workflow.Nothing && (run.Status != workflow.Running || effect.Step.ID != run.Step):
		w.t.Fatalf("an effect of another step: %+v %+v", run, effect)
	}
	if run.Status.Open() && w.g.Timeout != "" && run.Due.After(run.StartedAt.Add(30*24*time.Hour)) && run.Status == workflow.Waiting {
		w.t.Fatalf("it waits for longer than it may: %+v", run)
	}
	if effect.Kind != workflow.Nothing && w.done[run.Visit] {
		w.t.Fatalf("a second effect for visit %d: %+v", run.Visit, effect)
	}
	if in.Kind == workflow.Due && before.Status == workflow.Waiting && (before.Due.IsZero() || w.env.Now.Before(before.Due)) {
		if diff := cmp.Diff(before, run); diff != "" || len(marks) > 0 || effect.Kind != workflow.Nothing {
			w.t.Fatalf("it went on before its time: %s", diff)
		}
	}
}

func (w *world) marks(list []workflow.Mark) {
	for _, m := range list {
		if !m.Entered.IsZero() {
			if w.entered[m.Visit] || m.Visit != len(w.entered)+1 {
				w.t.Fatalf("visit %d was entered twice, or not in turn", m.Visit)
			}
			w.entered[m.Visit] = true
		}
		if !m.Left.IsZero() {
			if w.left[m.Visit] || !w.entered[m.Visit] {
				w.t.Fatalf("visit %d was left twice, or never entered", m.Visit)
			}
			w.left[m.Visit] = true
		}
	}
}

// shell does what was asked for, if anything, by chance well or not.
func (w *world) shell() {
	s := w.asked.Step
	switch kind := w.asked.Kind; kind {
	case workflow.Nothing:
	case workflow.AskIf, workflow.AskField:
		w.next(workflow.Input{Kind: workflow.Answered, Outcome: rapid.SampledFrom(s.Outcomes()).Draw(w.t, "outcome")})
	case workflow.AskTime:
		after := time.Duration(rapid.IntRange(-100, 300).Draw(w.t, "until")) * time.Hour
		w.next(workflow.Input{Kind: workflow.Answered, Until: w.env.Now.Add(after)})
	case workflow.Look:
		w.next(rapid.SampledFrom([]workflow.Input{{Kind: workflow.Answered}, came}).Draw(w.t, "look"))
	default:
		in := rapid.SampledFrom([]workflow.Input{
			sent, sent, trouble("x"), {Kind: workflow.Trouble, Final: true}, {Kind: workflow.Held, Until: w.env.Now.Add(5 * time.Hour)},
		}).Draw(w.t, "answer")
		if in.Kind == workflow.Held && kind != workflow.Mail {
			in = sent
		}
		visit := w.run.Visit
		w.next(in)
		if in.Kind == workflow.Done {
			if w.run.Visit == visit && w.run.Status.Open() {
				w.t.Fatalf("it did not go on: %+v", w.run)
			}
			w.done[visit] = true
		}
	}
}

var came = workflow.Input{Kind: workflow.Came, Told: &workflow.Told{Data: map[string]json.RawMessage{"x": raw(`"2026-06-01"`)}}}

func TestTheLawsOfRuns(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDefinition(t)
		g, problems := workflow.Compile(d)
		if problems != nil {
			t.Fatalf("%v\n%+v", problems, d)
		}
		w := &world{
			t: t, g: g, env: workflow.Env{Now: began, Email: "lea@acme.test"}, run: workflow.Run{StartedAt: began},
			done: make(map[int]bool), entered: make(map[int]bool), left: make(map[int]bool),
		}
		w.next(first)
		for range rapid.IntRange(1, 60).Draw(t, "things") {
			w.env.Random = rapid.Float64Range(0, 1).Draw(t, "random")
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0: // the clock jumps
				years := rapid.SampledFrom([]int{-1, 1}).Draw(t, "years")
				w.env.Now = w.env.Now.AddDate(years, 0, 0)
				w.env.Late = years > 0
			case 1: // a crash: what was asked for is forgotten
				w.asked = workflow.Effect{}
			case 2: // something that nobody expects
				w.next(workflow.Input{
					Kind:    workflow.InputKind(rapid.SampledFrom([]int{0, 1, 2, 9, 10}).Draw(t, "kind")), //nolint:gosec // small
					Outcome: "s1", Detail: "x",
				})
			case 3: // somebody moves it
				w.next(workflow.Input{Kind: workflow.Move, Outcome: rapid.SampledFrom(g.Steps).Draw(t, "to").ID})
			case 4:
				w.env.Now = w.env.Now.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "hours")) * time.Hour)
				w.next(due)
			case 5:
				if !w.run.Due.IsZero() && w.run.Due.After(w.env.Now) {
					w.env.Now = w.run.Due
				}
				w.next(due)
			default:
				w.shell()
			}
		}
		if rapid.Bool().Draw(t, "ends") {
			w.next(workflow.Input{Kind: workflow.Cancel})
			if w.run.Status.Open() || w.run.Status == workflow.Failed {
				t.Fatalf("it goes on: %+v", w.run)
			}
		}
	})
}

func TestWhateverIsWrittenReadsAsTheSameWorkflow(t *testing.T) {
	t.Parallel()
	nested := 0
	rapid.Check(t, func(t *rapid.T) {
		d := anyDefinition(t)
		text, err := workflow.Write(&d)
		if err != nil {
			t.Fatal(err)
		}
		f := workflow.Read([]byte(text))
		if len(f.Problems) > 0 || !workflow.Same(&f.Graphs[0].Definition, &d) {
			t.Fatalf("%s%s", lines(f.Problems), text)
		}
		if len(f.Graphs[0].Steps) > 2 {
			nested++
		}
		glyph, err := workflow.ToMailGlyph(&d)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(glyph)
		if err != nil {
			t.Fatal(err)
		}
		again := workflow.Read(b)
		if len(again.Problems) > 0 {
			t.Fatalf("%s%s", lines(again.Problems), b)
		}
		got := again.Graphs[0].Definition
		got.Trigger.ID = ""
		if !workflow.Same(&got, &d) || len(again.Warnings) > 0 {
			t.Fatalf("%s%s", lines(again.Warnings), b)
		}
	})
	if nested == 0 {
		t.Error("no workflow of several steps was written")
	}
}
