package workflow

import (
	"fmt"
	"maps"
	"time"
)

// maxVisits bounds how many steps one run enters, whatever circle it goes round in.
const maxVisits = 1000

// Why runs end by themselves: the texts of Run.Reason.
const (
	ReasonTimeout = "timeout"
	ReasonLate    = "late"
)

// What becomes of a visit, beside the outcomes of its step: the texts of Mark.Outcome.
const (
	OutcomeSent       = "sent"                // an email that was queued
	OutcomeSuppressed = "skipped: suppressed" // an email of a run that mails nobody
	OutcomeSkipped    = "skipped"             // by a person
	OutcomeMoved      = "moved"               // by a person
	OutcomeExited     = "exited"
	OutcomeCanceled   = "cancelled"
)

// Next says what becomes of a run as one thing happens to it: the run as it is then, what happened on the way, and what has
// to be done before it can go on. It goes through waits, splits and exits by itself.
//
// A run that is given with an effect is Running and due at once, so that whoever finds it after a crash gets the same effect
// for the same visit by Due. Effects that mail, change or call end a transaction: what follows the answer to them is left to
// the next Due. What a run can't take in its state changes nothing.
func (g *Graph) Next(r Run, in Input, env Env) (Run, []Mark, Effect) {
	w := &walk{g: g, run: r, env: env}
	take := takes[in.Kind]
	if take == nil {
		return r, nil, Effect{Variant: -1}
	}
	effect := take(w, &in)
	return w.run, w.marks, effect
}

// walk is one call of Next.
type walk struct {
	g     *Graph
	run   Run
	env   Env
	marks []Mark
}

// takes are what becomes of a run by the kind of input.
var takes = map[InputKind]func(*walk, *Input) Effect{
	Began:    (*walk).began,
	Due:      (*walk).due,
	Came:     (*walk).came,
	Answered: (*walk).answered,
	Done:     (*walk).done,
	Trouble:  (*walk).trouble,
	Held:     (*walk).held,
	Left:     (*walk).left,
	Cancel:   (*walk).cancel,
	Retry:    (*walk).retry,
	Skip:     (*walk).skip,
	Move:     (*walk).move,
}

func nothing() Effect { return Effect{Variant: -1} }

// step is where the run is; nil: the graph has no such step.
func (w *walk) step() *Step { return w.g.Step(w.run.Step) }

func (w *walk) began(*Input) Effect {
	if w.run.Visit > 0 || w.run.Status != "" && !w.run.Status.Open() {
		return nothing()
	}
	if w.run.StartedAt.IsZero() {
		w.run.StartedAt = w.env.Now
	}
	w.run.Status = Running
	return w.enter(w.g.first.ID)
}

func (w *walk) due(*Input) Effect {
	switch {
	case !w.run.Status.Open():
		return nothing()
	case w.run.Status == Waiting && (w.run.Due.IsZero() || w.env.Now.Before(w.run.Due)):
		return nothing() // a clock that went back, or somebody who was too early
	case w.run.Visit == 0: // whoever began it did not come to say so
		return w.began(nil)
	case w.env.Late && w.g.Late.Then == LateSkip && !w.over():
		return w.end(Exited, OutcomeExited, ReasonLate)
	}
	return w.attend()
}

// over reports whether the time of the whole run is over.
func (w *walk) over() bool {
	return w.g.timeout > 0 && !w.env.Now.Before(w.run.StartedAt.Add(w.g.timeout))
}

// enter puts the run on a step, and begins it. Without a step the run is through.
func (w *walk) enter(id string) Effect {
	if id == "" {
		w.run.Status, w.run.Due, w.run.Reason = Completed, time.Time{}, ""
		return nothing()
	}
	if w.over() {
		w.run.Status, w.run.Due, w.run.Reason = Exited, time.Time{}, ReasonTimeout
		return nothing()
	}
	w.run.Step, w.run.Visit, w.run.EnteredAt = id, w.run.Visit+1, w.env.Now
	w.run.Try, w.run.Phase, w.run.Reason = 0, 0, ""
	m := Mark{Visit: w.run.Visit, Step: id, Entered: w.env.Now}
	if s := w.g.Step(id); s != nil {
		m.Variant = s.VariantName(w.g.Variant(s, w.env.Email))
	}
	w.marks = append(w.marks, m)
	if w.run.Visit > maxVisits {
		return w.fail(fmt.Sprintf("it goes round in a circle: it has entered %d steps", maxVisits))
	}
	return w.begin()
}

// begin does what a step does as it is entered, or asks for its effect.
func (w *walk) begin() Effect {
	s := w.step()
	switch {
	case s == nil:
		return w.fail(fmt.Sprintf("this version has no step %q", w.run.Step))
	case s.Send != nil && w.run.Unmailed && s.Send.To == "":
		return w.leave(Always, Mark{Outcome: OutcomeSuppressed})
	case s.Wait != nil:
		return w.wait(s)
	case s.Split != nil:
		branch := w.g.branch(s, w.env.Email)
		return w.leave(branch, Mark{Outcome: branch})
	case s.Exit != nil:
		return w.end(Exited, OutcomeExited, s.Exit.Reason)
	}
	return w.want(s)
}

// attend goes on with the step that the run is on, now that its time has come.
func (w *walk) attend() Effect {
	s := w.step()
	switch waited := w.run.Status == Waiting; {
	case w.over():
		return w.end(Exited, OutcomeExited, ReasonTimeout)
	case waited && s != nil && s.Wait != nil && w.run.Try == 0:
		return w.waited(s)
	case waited && s != nil && s.WaitFor != nil && w.run.Try == 0:
		return w.leave(OnTimeout, Mark{Outcome: OnTimeout})
	}
	return w.begin()
}

// want asks for the effect of a step.
func (w *walk) want(s *Step) Effect {
	w.run.Status, w.run.Due = Running, w.env.Now
	e := Effect{Step: s, Variant: -1, Kind: effectOf(s)}
	if e.Kind == Mail {
		e.Variant = w.g.Variant(s, w.env.Email)
	}
	return e
}

// effectOf is what a step wants done; Nothing: it needs nobody.
func effectOf(s *Step) EffectKind {
	switch {
	case s.Send != nil:
		return Mail
	case s.Update != nil:
		return Change
	case s.Webhook != nil:
		return Call
	case s.Condition != nil:
		return AskIf
	case s.Choice != nil:
		return AskField
	case s.WaitFor != nil:
		return Look
	case s.Wait != nil && s.Wait.Until != "" && !isRunField(s.Wait.Until):
		return AskTime
	}
	return Nothing
}

// leave ends the visit and goes the way of an outcome.
func (w *walk) leave(way string, m Mark) Effect {
	to := ""
	if s := w.step(); s != nil {
		to = s.way(way)
	}
	w.mark(m)
	return w.enter(to)
}

// mark tells that the visit is over.
func (w *walk) mark(m Mark) {
	m.Visit, m.Step, m.Left = w.run.Visit, w.run.Step, w.env.Now
	if n := len(w.marks); n > 0 && w.marks[n-1].Visit == m.Visit {
		m.Entered, m.Variant = w.marks[n-1].Entered, w.marks[n-1].Variant
		w.marks[n-1] = m
		return
	}
	w.marks = append(w.marks, m)
}

// sleep lets the run wait until a time; zero: it waits for something else. It never outlasts the whole run's time.
func (w *walk) sleep(until time.Time) Effect {
	if w.g.timeout > 0 {
		if last := w.run.StartedAt.Add(w.g.timeout); until.IsZero() || last.Before(until) {
			until = last
		}
	}
	w.run.Status, w.run.Due = Waiting, until
	return nothing()
}

// end ends the run, and with it the visit.
func (w *walk) end(status Status, outcome, reason string) Effect {
	if w.run.Visit > 0 {
		w.mark(Mark{Outcome: outcome, Detail: reason})
	}
	w.run.Status, w.run.Due, w.run.Reason = status, time.Time{}, reason
	return nothing()
}

// fail ends the run for now: it stays on its step until somebody lets it go on.
func (w *walk) fail(reason string) Effect {
	w.marks = append(w.marks, Mark{Visit: w.run.Visit, Step: w.run.Step, Outcome: OnFailed, Detail: reason})
	w.run.Status, w.run.Due, w.run.Reason = Failed, time.Time{}, reason
	return nothing()
}

// merged are the vars of a run that was told of an event.
func (v Vars) merged(t *Told) Vars {
	if t == nil {
		return v
	}
	if len(t.Event) > 0 {
		v.Event = t.Event
	}
	if len(t.Data) > 0 {
		data := maps.Clone(v.Data)
		if data == nil {
			data = maps.Clone(t.Data)
		}
		maps.Copy(data, t.Data)
		v.Data = data
	}
	return v
}
