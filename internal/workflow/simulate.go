package workflow

import (
	"slices"
	"time"

	"tidings/event"
	"tidings/internal/rule"
)

// Trial is a run as it would have been: it begins in the past, and its clock jumps from one thing that happens to the next.
type Trial struct {
	Begin    time.Time
	Now      time.Time // where it ends, however far the run came
	Email    string
	Zone     *time.Location // the contact's; nil: UTC
	Vars     Vars
	Unmailed bool
	Settings Settings
	// Later are the events of the contact since Begin, oldest first.
	Later []rule.Event
	// Tell is an event as runs are told of it.
	Tell func(*rule.Event) *Told
	// Ask answers AskIf, AskField and AskTime, of a run as it is at a time. What AskIf asks is of the contact alone, not of the
	// run.
	Ask func(Effect, *Run, time.Time) Input
	// Leaves says why an event ends the run of its contact; empty: it does not.
	Leaves func(*rule.Event, *Run) string
}

// WouldSend is an email that a run would have sent.
type WouldSend struct {
	Step     string
	Template string
	Variant  string // its name; empty: there are none
	At       time.Time
}

// Simulated is what would have become of a run.
type Simulated struct {
	Run   Run
	Marks []Mark
	Sends []WouldSend
	Ended time.Time // zero: it goes on
}

// Simulate plays a run through the graph. It changes and sends nothing: what the graph wants done is taken for done.
func (g *Graph) Simulate(t *Trial) Simulated {
	s := &simulation{Trial: t, g: g, at: t.Begin}
	s.out.Run = Run{StartedAt: t.Begin, Status: Running, Vars: t.Vars, Unmailed: t.Unmailed}
	in := Input{Kind: Began}
	for going := true; going; {
		var marks []Mark
		var want Effect
		s.out.Run, marks, want = g.Next(s.out.Run, in, Env{Now: s.at, Zone: t.Zone, Email: t.Email, Random: 1})
		s.mark(marks)
		in, going = s.do(want)
	}
	if !s.out.Run.Status.Open() {
		s.out.Ended = s.at
	}
	return s.out
}

// simulation is a trial at work.
type simulation struct {
	*Trial
	g    *Graph
	at   time.Time // the run's clock
	next int       // in Later: what is before it has happened
	out  Simulated
}

// mark keeps one mark for each visit, as it was in the end.
func (s *simulation) mark(marks []Mark) {
	for _, m := range marks {
		i := slices.IndexFunc(s.out.Marks, func(x Mark) bool { return x.Visit == m.Visit })
		if i < 0 {
			s.out.Marks = append(s.out.Marks, m)
			continue
		}
		was := s.out.Marks[i]
		m.Entered, m.Variant = was.Entered, was.Variant
		s.out.Marks[i] = m
	}
}

// do does what is wanted. going is false where nothing more happens until now.
func (s *simulation) do(want Effect) (in Input, going bool) {
	switch want.Kind {
	case AskIf:
		return s.askIf(want), true
	case AskField, AskTime:
		return s.Ask(want, &s.out.Run, s.at), true
	case Look:
		return s.look(want.Step), true
	case Mail:
		return s.mail(want), true
	case Change, Call:
		return Input{Kind: Done}, true
	case Nothing:
	}
	if !s.out.Run.Status.Open() {
		return in, false
	}
	return s.pass()
}

// askIf answers a condition, of which what was sent is known here. Nobody opens or clicks an email that was never sent.
func (s *simulation) askIf(want Effect) Input {
	step, c := *want.Step, *want.Step.Condition
	sent := slices.ContainsFunc(s.out.Sends, func(x WouldSend) bool { return c.Sent == AnyTemplate || c.Sent == x.Template })
	if c.Run && (c.Opened != "" || c.Clicked != "" || c.Sent != "" && !sent) {
		return Input{Kind: Answered, Outcome: No}
	}
	if sent {
		c.Sent = ""
	}
	c.Run, step.Condition, want.Step = false, &c, &step
	return s.Ask(want, &s.out.Run, s.at)
}

// look finds the first event that the step waits for among those that have happened since the run began, or was told of one.
func (s *simulation) look(step *Step) Input {
	for i := range s.Later {
		x := &s.Later[i]
		if x.OccurredAt.After(s.at) {
			break
		}
		if s.awaited(step.ID, i) {
			return s.told(i)
		}
	}
	return Input{Kind: Answered}
}

// place64 is the place of an event, as Vars.Seen has them.
func place64(i int) int64 { return int64(i) + 1 }

func (s *simulation) awaited(step string, i int) bool {
	m, x := s.g.WaitMatcher(step), &s.Later[i]
	return m != nil && place64(i) > s.out.Run.Vars.Seen[x.Name] && m.Matches(x)
}

func (s *simulation) told(i int) Input {
	x := &s.Later[i]
	s.out.Run.Vars.Sees(x.Name, place64(i))
	return Input{Kind: Came, Told: s.Tell(x)}
}

// mail notes an email, or that it waits, as the settings say.
func (s *simulation) mail(want Effect) Input {
	step := want.Step.Send
	transactional := s.g.Transactional
	if step.Transactional != nil {
		transactional = *step.Transactional
	}
	if limits := s.Settings.Of(&s.g.Definition); !transactional {
		if limits.Quiet != nil {
			if until := limits.Quiet.Until(s.at, s.Zone); !until.IsZero() {
				return Input{Kind: Held, Until: until, Detail: "quiet hours"}
			}
		}
		if in, full := s.full(limits.Cap); full {
			return in
		}
	}
	w := WouldSend{Step: want.Step.ID, Template: step.Template, At: s.at}
	if want.Variant >= 0 {
		w.Template, w.Variant = step.Variants[want.Variant].Template, want.Step.VariantName(want.Variant)
	}
	s.out.Sends = append(s.out.Sends, w)
	return Input{Kind: Done, Outcome: OutcomeSent}
}

// full tells that the run itself has sent as many emails as one contact gets. What else the contact gets is not looked at.
func (s *simulation) full(c *Cap) (Input, bool) {
	if c == nil || len(s.out.Sends) < c.Mails {
		return Input{}, false
	}
	until := s.out.Sends[len(s.out.Sends)-c.Mails].At.Add(c.In.of())
	switch {
	case !until.After(s.at):
		return Input{}, false
	case c.Then == CapSkip:
		return Input{Kind: Done, Outcome: OutcomeSkipped, Detail: "too many emails within " + string(c.In)}, true
	}
	return Input{Kind: Held, Until: until, Detail: "too many emails"}, true
}

// pass lets time pass until something happens to the run: an event, or its time has come.
func (s *simulation) pass() (Input, bool) {
	due := s.out.Run.Due
	for ; s.next < len(s.Later); s.next++ {
		x := &s.Later[s.next]
		if !due.IsZero() && x.OccurredAt.After(due) {
			break
		}
		at := x.OccurredAt
		if at.Before(s.at) {
			at = s.at
		}
		if why := s.Leaves(x, &s.out.Run); why != "" {
			s.at, s.next = at, s.next+1
			return Input{Kind: Left, Detail: why}, true
		}
		if s.out.Run.Status == Waiting && s.awaited(s.out.Run.Step, s.next) {
			s.at, s.next = at, s.next+1
			return s.told(s.next - 1), true
		}
	}
	if due.IsZero() || due.After(s.Now) {
		return Input{}, false
	}
	if due.After(s.at) {
		s.at = due
	}
	return Input{Kind: Due}, true
}

// LaterNames are the names of the events that may concern a run once it has begun; open: of all.
func (g *Graph) LaterNames() (names []event.Name, open bool) {
	names, open = g.WaitNames()
	for _, x := range g.exits {
		names = append(names, x.Exact()...)
		open = open || len(x.Starts()) > 0
	}
	return append(names, event.ContactUnsubscribed), open
}
