package workflow_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/workflow"
)

var began = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC) // a Monday

func graph(t *testing.T, text string) *workflow.Graph {
	t.Helper()
	if !strings.Contains(text, "trigger:") {
		text = "trigger: account.created\n" + text
	}
	f := workflow.Read([]byte("workflow: wf\n" + text))
	if len(f.Problems) > 0 {
		t.Fatal(lines(f.Problems))
	}
	return f.Graphs[0]
}

// script is a run that is told of one thing after the other.
type script struct {
	t   *testing.T
	g   *workflow.Graph
	run workflow.Run
	env workflow.Env
}

func start(t *testing.T, text string) *script {
	t.Helper()
	s := &script{t: t, g: graph(t, text), env: workflow.Env{Now: began, Email: "lea@acme.test", Random: 0.5}}
	s.run = workflow.Run{ID: "exe_1", StartedAt: began}
	return s
}

var effects = map[workflow.EffectKind]string{
	workflow.Nothing: "", workflow.AskIf: "askIf", workflow.AskField: "askField", workflow.Mail: "mail", workflow.Change: "change",
	workflow.Call: "call", workflow.Look: "look", workflow.AskTime: "askTime",
}

// takes tells the run of something, and gives what became of it in a line: marks, status, time and effect.
func (s *script) takes(in workflow.Input) string {
	run, marks, effect := s.g.Next(s.run, in, s.env)
	s.run = run
	var b strings.Builder
	for _, m := range marks {
		fmt.Fprintf(&b, "%s#%d", m.Step, m.Visit)
		if !m.Entered.IsZero() {
			b.WriteString("+")
		}
		if !m.Left.IsZero() {
			b.WriteString("-")
		}
		for _, x := range []string{m.Variant, m.Outcome, m.Detail, m.Send} {
			if x != "" {
				fmt.Fprintf(&b, "(%s)", x)
			}
		}
		b.WriteString(" ")
	}
	b.WriteString(string(run.Status))
	if run.Reason != "" {
		fmt.Fprintf(&b, " because %s", run.Reason)
	}
	if !run.Due.IsZero() {
		fmt.Fprintf(&b, " at %s", run.Due.UTC().Format("01-02 15:04:05"))
	}
	if effect.Kind != workflow.Nothing {
		fmt.Fprintf(&b, " %s %s", effects[effect.Kind], effect.Step.ID)
		if effect.Variant >= 0 {
			fmt.Fprintf(&b, "/%d", effect.Variant)
		}
	}
	return b.String()
}

// at moves the clock.
func (s *script) at(after time.Duration) *script {
	s.env.Now = began.Add(after)
	return s
}

func (s *script) want(in workflow.Input, want string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.takes(in)); diff != "" {
		s.t.Errorf("%s: %s", s.env.Now.Sub(began), diff)
	}
}

const (
	minute = time.Minute
	hour   = time.Hour
	days   = 24 * time.Hour
)

var (
	first = workflow.Input{Kind: workflow.Began}
	due   = workflow.Input{Kind: workflow.Due}
	sent  = workflow.Input{Kind: workflow.Done, Outcome: "sent", Send: "snd_1"}
)

func answer(outcome string) workflow.Input {
	return workflow.Input{Kind: workflow.Answered, Outcome: outcome}
}

func trouble(detail string) workflow.Input {
	return workflow.Input{Kind: workflow.Trouble, Detail: detail}
}

func TestARunGoesThroughItsSteps(t *testing.T) {
	t.Parallel()
	s := start(t, `
steps:
  - {id: hello, send: {template: a, variants: []}}
  - {id: rest, wait: 2d}
  - {id: ask, if: {opened: a}, then: [{id: tag, update: {tags: [x]}}], else: [{id: hook, webhook: "https://acme.test"}]}
  - {id: pick, choice: {field: data.plan, branches: [{value: team}]}}
  - {id: bye, exit: enough}
`)
	s.want(first, "hello#1+ RUNNING at 05-04 10:00:00 mail hello")
	s.at(minute).want(due, "RUNNING at 05-04 10:01:00 mail hello") // after a crash: the same visit again
	s.want(sent, "hello#1-(sent)(snd_1) rest#2+ WAITING at 05-06 10:01:00")
	s.want(sent, "WAITING at 05-06 10:01:00")
	s.at(2*days).want(due, "WAITING at 05-06 10:01:00") // a minute early
	s.at(2*days+minute).want(due, "rest#2- ask#3+ RUNNING at 05-06 10:01:00 askIf ask")
	s.want(answer("no"), "ask#3-(no) hook#4+ RUNNING at 05-06 10:01:00 call hook")
	s.want(workflow.Input{Kind: workflow.Done, Outcome: "200"}, "hook#4-(200) pick#5+ RUNNING at 05-06 10:01:00")
	s.want(due, "RUNNING at 05-06 10:01:00 askField pick")
	s.want(answer("team"), "pick#5-(team) bye#6+-(exited)(enough) EXITED because enough")
	for _, in := range []workflow.Input{
		first, due, sent, answer("yes"), trouble("x"),
		{Kind: workflow.Came},
		{Kind: workflow.Left},
		{Kind: workflow.Cancel},
		{Kind: workflow.Retry},
		{Kind: workflow.Skip},
		{Kind: workflow.Move, Outcome: "hello"},
		{Kind: workflow.Held},
		{Kind: 200},
	} {
		s.want(in, "EXITED because enough")
	}
}

func TestARunWithoutMoreStepsIsThrough(t *testing.T) {
	t.Parallel()
	s := start(t, "steps: [{id: a, send: x}]")
	s.want(first, "a#1+ RUNNING at 05-04 10:00:00 mail a")
	s.want(sent, "a#1-(sent)(snd_1) COMPLETED")
}

func TestWhatFailsIsTriedAgainLaterAndLaterUntilItIsEnough(t *testing.T) {
	t.Parallel()
	s := start(t, "steps: [{id: a, send: x}, {id: b, exit: }]")
	s.takes(first)
	s.env.Random = 1
	after := time.Duration(0)
	for i, seconds := range []int{10, 20, 40, 80, 160, 320, 640} {
		wait := time.Duration(seconds) * time.Second
		s.at(after).want(trouble("no answer"), "a#1(no answer) WAITING at "+began.Add(after+wait).Format("01-02 15:04:05"))
		after += wait
		s.at(after).want(due, "RUNNING at "+began.Add(after).Format("01-02 15:04:05")+" mail a")
		if s.run.Try != i+1 {
			t.Errorf("%d tries, want %d", s.run.Try, i+1)
		}
	}
	s.want(trouble("no answer"), "a#1(failed)(no answer) FAILED because no answer")
	s.want(due, "FAILED because no answer")
	s.at(days).want(workflow.Input{Kind: workflow.Retry}, "RUNNING at 05-05 10:00:00")
	s.want(due, "RUNNING at 05-05 10:00:00 mail a")
	s.want(workflow.Input{Kind: workflow.Trouble, Detail: "no such template", Final: true},
		"a#1(failed)(no such template) FAILED because no such template")
	s.want(workflow.Input{Kind: workflow.Skip, Detail: "Ann"}, "a#1-(skipped)(Ann) b#2+-(exited) EXITED")
}

func TestAWaitBetweenTriesIsAtMostAnHour(t *testing.T) {
	t.Parallel()
	s := start(t, "steps: [{id: a, webhook: {url: 'https://acme.test', tries: 20}}]")
	s.takes(first)
	for range 18 {
		s.env.Random = 1
		s.takes(trouble("x"))
		if d := s.run.Due.Sub(s.env.Now); d > hour {
			t.Fatal(d)
		}
		s.env.Now = s.run.Due
		s.takes(due)
	}
	s.env.Random = 0
	s.want(trouble("x"), "a#1(x) WAITING at "+s.env.Now.Add(time.Second).Format("01-02 15:04:05"))
}

func TestAWayForWhatFailedIsTaken(t *testing.T) {
	t.Parallel()
	s := start(t, "steps: [{id: a, webhook: {url: 'https://acme.test', tries: 1}, else: [{id: b, send: sorry}]}, {id: c, send: x}]")
	s.want(first, "a#1+ RUNNING at 05-04 10:00:00 call a")
	s.want(trouble("500"), "a#1-(failed)(500) b#2+ RUNNING at 05-04 10:00:00")
	s.want(due, "RUNNING at 05-04 10:00:00 mail b")
}

func TestAnEmailThatIsHeldGoesLater(t *testing.T) {
	t.Parallel()
	s := start(t, "timeout: 10d\nsteps: [{id: a, send: x}]")
	s.takes(first)
	s.want(workflow.Input{Kind: workflow.Held, Until: began.Add(9 * hour), Detail: "quiet hours"}, "a#1(quiet hours) WAITING at 05-04 19:00:00")
	s.at(9*hour).want(due, "RUNNING at 05-04 19:00:00 mail a")
	s.want(workflow.Input{Kind: workflow.Held, Until: began.Add(20 * days)}, "WAITING at 05-14 10:00:00")
	s.at(10*days).want(due, "a#1-(exited)(timeout) EXITED because timeout")
}

func TestAnEventIsLookedForFirstAndThenWaitedFor(t *testing.T) {
	t.Parallel()
	const text = "steps: [{id: w, waitFor: {event: order.paid, timeout: 3d}, then: [{id: b, exit: bought}], else: [{id: c, send: x}]}]"
	paid := workflow.Input{Kind: workflow.Came, Told: &workflow.Told{
		Event: json.RawMessage(`{"name":"order.paid"}`), Data: map[string]json.RawMessage{"total": json.RawMessage(`7`)},
	}, Detail: "evt"}
	s := start(t, text)
	s.run.Vars.Data = map[string]json.RawMessage{"total": json.RawMessage(`1`), "plan": json.RawMessage(`"team"`)}
	s.want(first, "w#1+ RUNNING at 05-04 10:00:00 look w")
	s.want(paid, "w#1-(event)(evt) b#2+-(exited)(bought) EXITED because bought")
	got, err := json.Marshal(s.run.Vars)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"event":{"name":"order.paid"},"data":{"plan":"team","total":7}}`, string(got)); diff != "" {
		t.Error(diff)
	}

	s = start(t, text)
	s.takes(first)
	s.at(hour).want(answer(""), "WAITING at 05-07 10:00:00") // counted from when it was entered
	s.at(2*days).want(paid, "w#1-(event)(evt) b#2+-(exited)(bought) EXITED because bought")

	s = start(t, text)
	s.takes(first)
	s.takes(answer(""))
	s.at(3*days).want(due, "w#1-(timeout) c#2+ RUNNING at 05-07 10:00:00 mail c")
	s.want(paid, "RUNNING at 05-07 10:00:00") // too late

	s = start(t, "steps: [{id: w, waitFor: order.paid}, {id: c, send: x}]")
	s.takes(first)
	s.want(answer(""), "WAITING")
	s.at(1000*days).want(due, "WAITING")
	s.want(workflow.Input{Kind: workflow.Skip}, "w#1-(skipped) c#2+ RUNNING at "+began.Add(1000*days).Format("01-02 15:04:05"))
}

func TestAWaitUntilATimeOfTheContactIsAsked(t *testing.T) {
	t.Parallel()
	const text = "steps: [{id: w, wait: {until: data.endsAt, for: -1d, at: '09:00', zone: contact}}, {id: c, exit: }]"
	until := func(at time.Time) workflow.Input { return workflow.Input{Kind: workflow.Answered, Until: at} }
	s := start(t, text)
	s.want(first, "w#1+ RUNNING at 05-04 10:00:00 askTime w")
	s.want(trouble("busy"), "w#1(busy) WAITING at 05-04 10:00:05")
	s.at(5*time.Second).want(due, "RUNNING at 05-04 10:00:05 askTime w")
	s.want(until(began.Add(5*days)), "WAITING at 05-08 10:00:00")
	s.at(4*days).want(due, "WAITING at 05-09 09:00:00") // then for the time of day
	s.at(4*days+23*hour).want(due, "w#1- c#2+-(exited) EXITED")

	s = start(t, text)
	s.takes(first)
	s.want(until(time.Time{}), "WAITING at 05-05 09:00:00")
	s.want(until(began.Add(days)), "WAITING at 05-05 09:00:00") // it was answered

	s = start(t, "steps: [{id: w, wait: {until: event.data.startsAt, for: 1h}}, {id: c, exit: }]")
	s.run.Vars.Event = json.RawMessage(`{"data":{"startsAt":"2026-05-06T08:00:00+02:00"}}`)
	s.want(first, "w#1+ WAITING at 05-06 07:00:00")
	s = start(t, "steps: [{id: w, wait: {until: workflow.startsAt}}, {id: c, exit: }]")
	s.want(first, "w#1+- c#2+-(exited) EXITED")
}

func TestAWaitForATimeOfDayKnowsZonesAndClockChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ wait, zone, now, want string }{
		"later that day":           {`{at: "09:00"}`, "", "2026-05-04 06:00:00", "2026-05-04 09:00:00"},
		"that minute":              {`{at: "09:00"}`, "", "2026-05-04 09:00:59", ""},
		"a minute too late":        {`{at: "09:00"}`, "", "2026-05-04 09:01:00", "2026-05-05 09:00:00"},
		"where the contact is":     {`{at: "09:00"}`, "Asia/Tokyo", "2026-05-04 01:00:00", "2026-05-05 00:00:00"},
		"in the step's zone":       {`{at: "09:00", zone: Europe/Vienna}`, "Asia/Tokyo", "2026-05-04 01:00:00", "2026-05-04 07:00:00"},
		"on a day of work":         {`{at: "09:00", days: [mon, tue]}`, "", "2026-05-05 10:00:00", "2026-05-11 09:00:00"},
		"an hour that is left out": {`{at: "02:30", zone: Europe/Vienna}`, "", "2026-03-29 00:00:00", "2026-03-29 01:00:00"},
		"the first of two hours":   {`{at: "01:30", zone: America/New_York}`, "", "2026-11-01 05:00:00", "2026-11-01 05:30:00"},
		"between two hours":        {`{at: "01:30", zone: America/New_York}`, "", "2026-11-01 06:00:00", "2026-11-02 06:30:00"},
		"a day of 23 hours":        {`{at: "09:00", zone: America/New_York}`, "", "2026-03-07 15:00:00", "2026-03-08 13:00:00"},
		"a day of 25 hours":        {`{at: "09:00", zone: America/New_York}`, "", "2026-10-31 14:00:00", "2026-11-01 14:00:00"},
	} {
		s := start(t, "steps: [{id: w, wait: "+c.wait+"}, {id: c, exit: }]")
		s.env.Now = utc(t, c.now)
		s.env.Zone = time.UTC
		if c.zone != "" {
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			s.env.Zone = zone
		}
		s.takes(first)
		want := time.Time{}
		if c.want != "" {
			want = utc(t, c.want)
		}
		if !s.run.Due.Equal(want) {
			t.Errorf("%s: %s, want %s", name, s.run.Due, c.want)
		}
	}
}

func TestARunThatIsLateGoesOnOrIsSkipped(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]string{
		"late: {after: 1d}":             "w#1- a#2+ RUNNING at 05-14 10:00:00 mail a",
		"late: {after: 1d, then: run}":  "w#1- a#2+ RUNNING at 05-14 10:00:00 mail a",
		"late: {after: 1d, then: skip}": "w#1-(exited)(late) EXITED because late",
	} {
		s := start(t, policy+"\nsteps: [{id: w, wait: 1d}, {id: a, send: x}]")
		s.takes(first)
		s.env.Late = true
		s.at(10*days).want(due, want)
	}
}

func TestTheTimeOfTheWholeRunIsNeverPassed(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"wait":  "steps: [{id: a, wait: 30d}, {id: z, exit: }]",
		"event": "steps: [{id: a, waitFor: order.paid}, {id: z, exit: }]",
	} {
		s := start(t, "timeout: 7d\n"+text)
		s.takes(first)
		s.takes(answer(""))
		if got := s.run.Due; !got.Equal(began.Add(7 * days)) {
			t.Errorf("%s: due %s", name, got)
		}
		s.at(7*days).want(due, "a#1-(exited)(timeout) EXITED because timeout")
	}
	s := start(t, "timeout: 7d\nsteps: [{id: a, send: x}, {id: b, send: y}]")
	s.takes(first)
	s.at(7*days).want(sent, "a#1-(sent)(snd_1) EXITED because timeout") // it was sent all the same
}

func TestARunThatMayNotMailGoesOnWithoutMailingItsContact(t *testing.T) {
	t.Parallel()
	s := start(t, "steps: [{id: a, send: x}, {id: b, send: {template: x, to: ops@acme.test}}, {id: c, webhook: 'https://acme.test'}]")
	s.run.Unmailed = true
	s.want(first, "a#1+-(skipped: suppressed) b#2+ RUNNING at 05-04 10:00:00 mail b")
	s.want(sent, "b#2-(sent)(snd_1) c#3+ RUNNING at 05-04 10:00:00")
}

func TestPeopleAndEventsEndRunsAndMoveThem(t *testing.T) {
	t.Parallel()
	const text = "steps: [{id: a, wait: 1d}, {id: b, send: x}, {id: c, wait: 1d}, {id: d, exit: done}]"
	s := start(t, text)
	s.takes(first)
	s.at(hour).want(workflow.Input{Kind: workflow.Skip, Detail: "Ann"}, "a#1-(skipped)(Ann) b#2+ RUNNING at 05-04 11:00:00")
	s.want(workflow.Input{Kind: workflow.Skip}, "RUNNING at 05-04 11:00:00") // something is being done
	s.want(workflow.Input{Kind: workflow.Move, Outcome: "nowhere"}, "RUNNING at 05-04 11:00:00")
	s.want(workflow.Input{Kind: workflow.Move, Outcome: "c", Detail: "Ann"}, "b#2-(moved)(Ann) c#3+ WAITING at 05-05 11:00:00")
	s.want(workflow.Input{Kind: workflow.Left, Detail: "order.paid"}, "c#3-(exited)(order.paid) EXITED because order.paid")

	s = start(t, text)
	s.takes(first)
	s.want(workflow.Input{Kind: workflow.Cancel, Detail: "Ann"}, "a#1-(cancelled)(Ann) CANCELLED because Ann")

	other := graph(t, "steps: [{id: new, send: x}]")
	s = start(t, text)
	s.takes(first)
	s.g = other
	s.want(workflow.Input{Kind: workflow.Move, Outcome: "new"}, "a#1-(moved) new#2+ RUNNING at 05-04 10:00:00")
	s = start(t, text)
	s.takes(first)
	s.g = other
	s.at(days).want(due, `a#1(failed)(this version has no step "a") FAILED because this version has no step "a"`)
}

func TestACircleEndsAfterAThousandSteps(t *testing.T) {
	t.Parallel()
	s := start(t, "steps: [{id: a, wait: 1s}, {id: b, send: x}, {goto: a}]")
	s.takes(first)
	n := 0
	for ; s.run.Status.Open(); n++ {
		s.env.Now = s.run.Due
		if s.takes(due); strings.HasSuffix(s.takes(due), "mail b") {
			s.takes(sent)
		}
	}
	if s.run.Status != workflow.Failed || s.run.Visit != 1001 || n > 2000 {
		t.Errorf("%+v after %d", s.run, n)
	}
}

func TestAFlowThatNobodyBeganBeginsWhenItIsDue(t *testing.T) {
	t.Parallel()
	s := start(t, "steps: [{id: a, send: x}]")
	s.run.Status, s.run.Due = workflow.Running, began
	s.want(due, "a#1+ RUNNING at 05-04 10:00:00 mail a")
	s.want(first, "RUNNING at 05-04 10:00:00") // it has begun
}
