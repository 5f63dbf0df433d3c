package runmodel

import (
	"iter"
	"strings"
	"time"
)

// Run is one contact's way through a workflow.
type Run struct {
	Flow    *Flow
	Contact *Contact
	Status  string // as the server calls it
	Reason  string
	Started time.Time
	Due     time.Time // when it goes on by itself; zero: it does not
	Marks   []*Mark

	number   int
	world    *World
	by       *Event // what began it; nil: a person
	place    int    // in the contact's log: what lies before it is not waited for
	seen     map[string]int
	event    *Event // that it was told of last
	plan     string // what it was told of last that said so
	unmailed bool
	acted    bool // since others had their turn

	waits *Step  // that waits for an event; nil: it waits for no event
	came  *Event // that it goes on by; nil: its time has come
	next  func() (struct{}, bool)
	stop  func()
	pause func(struct{}) bool
}

// Mark is one step of a run.
type Mark struct {
	Step          string
	Entered, Left time.Time
	Outcome       string
	Template      string // of an email
}

// Open reports whether the run goes on.
func (r *Run) Open() bool { return r.Status == "RUNNING" || r.Status == "WAITING" }

// goOn lets the run do its next action. The walk through its steps is one function, which stands still where the run waits.
func (r *Run) goOn(came *Event) {
	if r.next == nil {
		r.next, r.stop = iter.Pull(iter.Seq[struct{}](func(pause func(struct{}) bool) {
			r.pause = pause
			if r.walk(r.Flow.Steps) {
				r.Status, r.Due = "COMPLETED", time.Time{}
			}
		}))
	}
	r.came = came
	r.next()
}

// leave gives the walk up.
func (r *Run) leave() {
	if r.stop != nil {
		r.stop()
	}
	r.Due, r.waits = time.Time{}, nil
}

// end ends the run where it is.
func (r *Run) end(status, outcome, reason string) {
	r.Status, r.Reason = status, reason
	r.leave()
	if n := len(r.Marks); n > 0 {
		m := r.Marks[n-1]
		m.Left, m.Outcome = r.now(), outcome
	}
}

func (r *Run) now() time.Time { return r.world.Now }

// walk goes through steps, each with its ways, one after the other. false: the run has ended.
func (r *Run) walk(steps []Step) bool {
	for i := range steps {
		s := &steps[i]
		if r.over("") {
			return false
		}
		r.Marks = append(r.Marks, &Mark{Step: s.ID, Entered: r.now()})
		if r.acted && r.effect(s) {
			r.Status, r.Due = "RUNNING", r.now()
			if !r.turn(s) {
				return false
			}
		}
		if !r.do(s) {
			return false
		}
	}
	return true
}

// over ends the run when its whole time is over.
func (r *Run) over(outcome string) bool {
	if r.Flow.Timeout == 0 || r.now().Before(r.Started.Add(r.Flow.Timeout)) {
		return false
	}
	r.Status, r.Reason, r.Due = "EXITED", "timeout", time.Time{}
	if outcome != "" {
		r.left(outcome)
	}
	return true
}

// left notes that the step is over.
func (r *Run) left(outcome string) {
	m := r.Marks[len(r.Marks)-1]
	m.Left, m.Outcome = r.now(), outcome
}

// sleep waits until a time, or the end of the run's; zero: for ever. false: the run has ended.
func (r *Run) sleep(until time.Time) bool {
	if r.Flow.Timeout > 0 {
		if last := r.Started.Add(r.Flow.Timeout); until.IsZero() || last.Before(until) {
			until = last
		}
	}
	r.Status, r.Due = "WAITING", until
	return r.rest()
}

// rest lets others have their turn.
func (r *Run) rest() bool {
	if !r.pause(struct{}{}) {
		return false
	}
	r.acted = false
	if r.came != nil {
		return true
	}
	whole := r.Flow.Timeout > 0 && !r.now().Before(r.Started.Add(r.Flow.Timeout))
	if r.Flow.Late > 0 && r.now().Sub(r.Due) > r.Flow.Late && !whole {
		r.Status, r.Reason, r.Due = "EXITED", "late", time.Time{}
		r.left("exited")
		return false
	}
	return !r.over("exited")
}

// turn lets others have theirs before a step acts.
func (r *Run) turn(s *Step) bool {
	if s.Kind == Webhook && r.world.Slow {
		r.acted = false
		return r.pause(struct{}{})
	}
	return r.rest()
}

// did ends an action. Whatever else may happen to the run may happen before the next one.
func (r *Run) did(outcome string) bool {
	r.left(outcome)
	r.acted = true
	return true
}

// effect reports whether a step asks or does something, and is not merely passed or waited in.
func (r *Run) effect(s *Step) bool {
	switch s.Kind {
	case Split, Exit:
		return false
	case Send:
		return !r.unmailed || s.To != ""
	case Wait:
		return s.Until == "data.ends"
	case WaitFor, Choice, If, Update, Webhook:
	}
	return true
}

// do does a step and what lies within it. false: the run has ended.
func (r *Run) do(s *Step) bool {
	c := r.Contact
	switch s.Kind {
	case Send:
		return r.send(s)
	case Wait:
		return r.wait(s)
	case WaitFor:
		return r.waitFor(s)
	case Choice:
		for _, w := range s.Ways {
			if r.value(s.Field) == w.Name {
				r.left(w.Name)
				return r.walk(w.Steps)
			}
		}
		r.left("else")
		return r.walk(s.Else)
	case If:
		if r.holds(s) {
			r.left("yes")
			return r.walk(s.Then)
		}
		r.left("no")
		return r.walk(s.Else)
	case Split:
		weights := make([]int, len(s.Ways))
		for i, w := range s.Ways {
			weights[i] = w.Weight
		}
		w := s.Ways[drawn(c.Email, r.Flow.Key+":"+s.ID, weights)]
		r.left(w.Name)
		return r.walk(w.Steps)
	case Update:
		c.Attributes[s.Key] = s.Value
		return r.did("")
	case Webhook: // somebody else calls
		r.Status, r.Due = "RUNNING", r.now()
		if !r.turn(s) {
			return false
		}
		if !strings.HasSuffix(s.URL, BadPath) {
			return r.did("")
		}
		return r.fail(s)
	case Exit:
		r.Status, r.Reason, r.Due = "EXITED", s.Reason, time.Time{}
		r.left("exited")
		return false
	}
	panic(s.Kind)
}

// fail goes the way of what could not be done.
func (r *Run) fail(s *Step) bool {
	if s.HasElse {
		return r.did("failed") && r.walk(s.Else)
	}
	r.Status, r.Due = "FAILED", time.Time{}
	r.Marks[len(r.Marks)-1].Outcome = "failed"
	r.pause(struct{}{})
	return false // nobody lets it try again
}

func (r *Run) wait(s *Step) bool {
	until := r.now()
	switch {
	case s.Until == "":
		until = r.Marks[len(r.Marks)-1].Entered.Add(s.For)
	case s.Until == "event.data.when" && r.event != nil && !r.event.When.IsZero():
		until = r.event.When.Add(s.For)
	case s.Until == "data.ends" && !r.Contact.Times["ends"].IsZero():
		until = r.Contact.Times["ends"].Add(s.For)
	}
	if until.After(r.now()) && !r.sleep(until) {
		return false
	}
	if s.At != "" {
		zone := s.Zone
		if zone == "" {
			zone = r.zone()
		}
		if until := timeOfDay(s.At, s.Days, zone, r.now()); until.After(r.now()) && !r.sleep(until) {
			return false
		}
	}
	r.left("")
	return true
}

func (r *Run) zone() string {
	if r.Contact.Zone == "" {
		return "UTC"
	}
	return r.Contact.Zone
}

// counts reports whether an event is one that the step waits for, which the run was not told of.
func (r *Run) counts(s *Step, e *Event) bool {
	return e.place > r.place && e.place > r.seen[e.Name] && fits(e, s.Event, s.Least)
}

// waitsFor reports whether the run goes on by an event now.
func (r *Run) waitsFor(e *Event) bool { return r.waits != nil && r.counts(r.waits, e) }

func (r *Run) waitFor(s *Step) bool {
	r.came = nil
	for _, e := range r.Contact.Log[:r.Contact.told] {
		if r.came == nil && r.counts(s, e) {
			r.came = e
		}
	}
	if r.came != nil { // it is told of it as of any other
		found := r.came
		r.Status, r.Due = "WAITING", r.now()
		if !r.pause(struct{}{}) {
			return false
		}
		r.came = found
	} else {
		until := time.Time{}
		if s.Timeout > 0 {
			until = r.Marks[len(r.Marks)-1].Entered.Add(s.Timeout)
		}
		r.waits = s
		goesOn := r.sleep(until)
		r.waits = nil
		if !goesOn {
			return false
		}
	}
	e := r.came
	r.came = nil
	if e == nil {
		r.left("timeout")
		return r.walk(s.Else)
	}
	r.seen[e.Name], r.event = e.place, e
	if e.Plan != "" {
		r.plan = e.Plan
	}
	r.left("event")
	return r.walk(s.Then)
}

// value is what a choice looks at.
func (r *Run) value(field string) string {
	switch field {
	case "event.data.plan":
		if r.event == nil {
			return ""
		}
		return r.event.Plan
	case "workflow.plan":
		return r.plan
	}
	return r.Contact.Attributes[field[len("data."):]]
}

// holds answers a condition.
func (r *Run) holds(s *Step) bool {
	c := r.Contact
	if s.Field != "" && r.value(s.Field) != s.Equals {
		return false
	}
	if s.Sent != "" && !r.sent(s) {
		return false
	}
	engaged := func(name, template string) bool {
		for _, e := range c.Log {
			if e.Name == name && (template == "*" || e.Template == template) && (!s.Run || e.Run == r) {
				return true
			}
		}
		return false
	}
	return (s.Opened == "" || engaged("email.open", s.Opened)) && (s.Clicked == "" || engaged("email.click", s.Clicked))
}

func (r *Run) sent(s *Step) bool {
	for _, m := range r.Contact.Mails {
		if m.Skipped == "" && (s.Sent == "*" || m.Template == s.Sent) && (!s.Run || m.Run == r) {
			return true
		}
	}
	return false
}

// send mails the contact, once it may.
func (r *Run) send(s *Step) bool {
	c, f := r.Contact, r.Flow
	template := s.Templates[0]
	if len(s.Templates) > 1 {
		template = s.Templates[drawn(c.Email, f.Key, s.Weights)]
	}
	switch {
	case r.unmailed && s.To == "":
		r.left("skipped: suppressed")
		return true
	case s.To == BadAddress:
		return r.fail(s)
	}
	for !f.Transactional {
		until, skip := r.hold()
		if skip {
			return r.did("skipped")
		}
		if until.IsZero() {
			break
		}
		if !r.sleep(until) {
			return false
		}
	}
	m := &Mail{At: r.now(), Template: template, Run: r}
	switch {
	case c.Suppressed != "":
		m.Skipped = "suppressed"
	case c.Unsubscribed && !f.Transactional:
		m.Skipped = "unsubscribed"
	}
	c.Mails = append(c.Mails, m)
	if m.Skipped != "" {
		return r.did("skipped")
	}
	return r.did("sent")
}

// hold says until when an email waits, or that it is left out.
func (r *Run) hold() (until time.Time, skip bool) {
	if q := r.Flow.Quiet; q != nil {
		if until := q.quietUntil(r.now(), r.zone()); !until.IsZero() {
			return until, false
		}
	}
	most := r.Flow.Cap
	if most == nil {
		return time.Time{}, false
	}
	var times []time.Time // of the window, oldest first
	for _, m := range r.Contact.Mails {
		if m.Skipped == "" && m.At.After(r.now().Add(-most.In)) {
			times = append(times, m.At)
		}
	}
	if len(times) < most.Mails {
		return time.Time{}, false
	}
	return times[len(times)-most.Mails].Add(most.In), most.Skip
}
