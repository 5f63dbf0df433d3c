package workflow

import (
	"cmp"
	"time"
)

// The parts of a step with a wait: Run.Phase.
const (
	phaseSpan  = 0 // For and Until
	phaseClock = 1 // At
)

// wait begins a wait, or goes on with one that was interrupted before its first part was known.
func (w *walk) wait(s *Step) Effect {
	x := s.Wait
	switch {
	case w.run.Phase == phaseClock:
		return w.clock(s)
	case x.Until == "":
		return w.span(s, w.run.EnteredAt.Add(x.For.of()))
	case isRunField(x.Until):
		return w.until(s, instant(w.run.Vars.values(x.Until)))
	}
	return w.want(s)
}

// until waits until a time that was found, or For before or after it. A time that is over, or none, is not waited for.
func (w *walk) until(s *Step, found time.Time) Effect {
	if !found.IsZero() {
		found = found.Add(s.Wait.For.of())
	}
	return w.span(s, found)
}

// span waits until a time, then for the time of day.
func (w *walk) span(s *Step, until time.Time) Effect {
	if until.After(w.env.Now) {
		return w.sleep(until)
	}
	return w.clock(s)
}

// clock waits for the time of day, if there is one to wait for.
func (w *walk) clock(s *Step) Effect {
	x := s.Wait
	w.run.Phase = phaseClock
	if x.At == "" {
		return w.leave(Always, Mark{})
	}
	zone := cmp.Or(w.g.nodes[s.ID].zone, w.env.Zone, time.UTC)
	until := next(hourOf(x.At), daysOf(x.Days, nil), zone, w.env.Now)
	if until.After(w.env.Now) {
		return w.sleep(until)
	}
	return w.leave(Always, Mark{})
}

// waited goes on as a time has come that the run waited for.
func (w *walk) waited(s *Step) Effect {
	if w.run.Phase == phaseSpan {
		return w.clock(s)
	}
	return w.leave(Always, Mark{})
}
