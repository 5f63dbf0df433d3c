package workflow

import (
	"cmp"
	"time"
)

// The tries of what failed: after the first it is tried again within baseDelay, and each time within twice as long, up to
// maxDelay.
const (
	defaultTries = 8
	baseDelay    = 10 * time.Second
	maxDelay     = time.Hour
	minDelay     = time.Second
)

// came leads on by an event that the step waits for.
func (w *walk) came(in *Input) Effect {
	s := w.step()
	if !w.run.Status.Open() || s == nil || s.WaitFor == nil {
		return nothing()
	}
	w.run.Vars = w.run.Vars.merged(in.Told)
	m := Mark{Outcome: OnEvent, Detail: in.Detail}
	if in.Told != nil {
		m.Detail = cmp.Or(m.Detail, in.Told.ID.String())
	}
	return w.leave(OnEvent, m)
}

// asked reports whether the run waits for the answer to an effect of one of these kinds.
func (w *walk) asked(kinds ...EffectKind) bool {
	s := w.step()
	if w.run.Status != Running || s == nil {
		return false
	}
	kind := effectOf(s)
	for _, k := range kinds {
		if k == kind && (kind != AskTime || w.run.Phase == 0) {
			return true
		}
	}
	return false
}

// answered takes the answer to what was asked.
func (w *walk) answered(in *Input) Effect {
	if !w.asked(AskIf, AskField, Look, AskTime) {
		return nothing()
	}
	w.run.Try = 0
	switch s := w.step(); {
	case s.WaitFor != nil && s.WaitFor.Timeout == "":
		return w.sleep(time.Time{})
	case s.WaitFor != nil:
		return w.sleep(w.run.EnteredAt.Add(s.WaitFor.Timeout.of()))
	case s.Wait != nil:
		return w.until(s, in.Until)
	}
	return w.leave(in.Outcome, Mark{Outcome: in.Outcome, Detail: in.Detail})
}

// done takes that an effect was done. What follows is left to the next transaction.
func (w *walk) done(in *Input) Effect {
	if !w.asked(Mail, Change, Call) {
		return nothing()
	}
	return w.later(w.leave(Always, Mark{Outcome: in.Outcome, Detail: in.Detail, Send: in.Send}))
}

// later puts the effect of the step that was entered off: the run is Running and due at once, and Due gives the effect again.
func (w *walk) later(Effect) Effect { return nothing() }

// trouble takes that an effect failed: it is tried again, or leads on, or the run fails.
func (w *walk) trouble(in *Input) Effect {
	s := w.step()
	if w.run.Status != Running || s == nil || effectOf(s) == Nothing {
		return nothing()
	}
	w.run.Try++
	if in.Final || w.run.Try >= s.tries() {
		if _, there := s.Next[OnFailed]; there && s.fails() {
			return w.later(w.leave(OnFailed, Mark{Outcome: OnFailed, Detail: in.Detail, Send: in.Send}))
		}
		return w.fail(in.Detail)
	}
	w.marks = append(w.marks, Mark{Visit: w.run.Visit, Step: w.run.Step, Detail: in.Detail})
	until := w.env.Now.Add(delay(w.run.Try, w.env.Random))
	if in.Until.After(until) {
		until = in.Until
	}
	return w.sleep(until)
}

func (s *Step) tries() int {
	if s.Webhook != nil && s.Webhook.Tries > 0 {
		return s.Webhook.Tries
	}
	return defaultTries
}

// delay is how long after a failed try the next one is made: by chance, so that what failed together is not tried together.
func delay(try int, random float64) time.Duration {
	most := maxDelay
	if doubled := baseDelay << min(try-1, 20); doubled < most {
		most = doubled
	}
	return max(time.Duration(random*float64(most)), minDelay)
}

// held takes that an email may not go yet.
func (w *walk) held(in *Input) Effect {
	if !w.asked(Mail) {
		return nothing()
	}
	if in.Detail != "" {
		w.marks = append(w.marks, Mark{Visit: w.run.Visit, Step: w.run.Step, Detail: in.Detail})
	}
	until := in.Until
	if soon := w.env.Now.Add(minDelay); until.Before(soon) {
		until = soon
	}
	return w.sleep(until)
}

// left ends the run because of something outside of it.
func (w *walk) left(in *Input) Effect {
	if !w.endable() {
		return nothing()
	}
	return w.end(Exited, OutcomeExited, in.Detail)
}

// cancel ends the run because a person wants it.
func (w *walk) cancel(in *Input) Effect {
	if !w.endable() {
		return nothing()
	}
	return w.end(Canceled, OutcomeCanceled, in.Detail)
}

// endable reports whether the run goes on, or may be let go on: a failed run must not mail whom an event has led out of it.
func (w *walk) endable() bool { return w.run.Status.Open() || w.run.Status == Failed }

// retry lets a failed run do its step again. The next Due begins it.
func (w *walk) retry(*Input) Effect {
	if w.run.Status != Failed {
		return nothing()
	}
	w.run.Status, w.run.Due, w.run.Try, w.run.Reason = Running, w.env.Now, 0, ""
	return nothing()
}

// skip lets a run go on behind its step, by the way that Input.Outcome names, or the one for those to whom nothing happened.
func (w *walk) skip(in *Input) Effect {
	if w.run.Status != Failed && w.run.Status != Waiting {
		return nothing()
	}
	way := in.Outcome
	if s := w.step(); s != nil && way == "" {
		way = s.skipped()
	}
	return w.later(w.leave(way, Mark{Outcome: OutcomeSkipped, Detail: in.Detail}))
}

// skipped is the way on of whoever does not do a step.
func (s *Step) skipped() string {
	switch {
	case s.WaitFor != nil:
		return OnTimeout
	case s.Condition != nil:
		return No
	case s.Choice != nil:
		return Else
	case s.Split != nil:
		return s.Split.Branches[0].Name
	}
	return Always
}

// move puts a run on another step of this graph, which need not be the one that it began in.
func (w *walk) move(in *Input) Effect {
	if !w.endable() || w.g.Step(in.Outcome) == nil {
		return nothing()
	}
	if w.run.Visit > 0 {
		w.mark(Mark{Outcome: OutcomeMoved, Detail: in.Detail})
	}
	return w.later(w.enter(in.Outcome))
}
