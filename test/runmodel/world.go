package runmodel

import (
	"slices"
	"strings"
	"time"
)

// World is what becomes of contacts in workflows.
type World struct {
	Flows    []*Flow
	Contacts []*Contact
	Now      time.Time
	// Slow: calls of webhooks take their time. One that is answered when the time of its run is over was begun before.
	Slow bool
	runs int
}

// Contact is somebody, with all that happened to them in the order in which it was stored.
type Contact struct {
	Email      string
	Zone       string // empty: UTC
	Attributes map[string]string
	Times      map[string]time.Time // attributes that are times

	Unsubscribed bool
	Suppressed   string // why; empty: it is not

	Log   []*Event
	told  int // how many of Log workflows were told of
	Runs  []*Run
	Mails []*Mail
}

// Event is one that happened to a contact. Opens and clicks have a Template, and the Run that mailed it.
type Event struct {
	Name     string
	At       time.Time
	Ago      time.Duration // how long before At it was that it tells of
	Plan     string
	N        int
	When     time.Time
	Template string
	Run      *Run
	place    int // in the contact's log, from 1
}

// Mail is an email that was queued or skipped.
type Mail struct {
	At       time.Time
	Template string
	Run      *Run
	Skipped  string // why; empty: it was queued
}

// tooOld is how old an event may be that begins runs.
const tooOld = 24 * time.Hour

// Unsubscribed is the event of who may not be mailed any more.
const Unsubscribed = "contact.unsubscribed"

// Happens stores an event. Nobody is told of it before Pass.
func (w *World) Happens(c *Contact, e Event) {
	e.place = len(c.Log) + 1
	c.Log = append(c.Log, &e)
}

// Start lets a contact enter by hand, as far as it may.
func (w *World) Start(c *Contact, f *Flow, plan string) bool {
	return w.admit(c, f, &Event{Plan: plan, place: len(c.Log)}, false)
}

// Mayed sets whether a contact may be mailed. Where it may not any more, it is told as an event.
func (w *World) Mayed(c *Contact, unsubscribed bool, suppressed string) {
	may := !c.Unsubscribed && c.Suppressed == ""
	c.Unsubscribed, c.Suppressed = unsubscribed, suppressed
	if now := !unsubscribed && suppressed == ""; may && !now {
		w.Happens(c, Event{Name: Unsubscribed, At: w.Now})
	}
}

// Cancel ends a run.
func (w *World) Cancel(r *Run, by string) { r.end("CANCELLED", "cancelled", "by "+by) }

// Pass does all that is to be done now: workflows are told of what happened, in its order, then whoever is due goes on, the
// longest due first, each by one action at a time.
func (w *World) Pass() {
	for more := true; more; {
		more = false
		for _, c := range w.Contacts {
			for c.told < len(c.Log) {
				c.told++
				w.tell(c, c.Log[c.told-1])
			}
		}
		for _, r := range w.due() {
			r.goOn(nil)
			more = true
		}
	}
}

func (w *World) due() (list []*Run) {
	for _, c := range w.Contacts {
		for _, r := range c.Runs {
			if r.Open() && !r.Due.IsZero() && !r.Due.After(w.Now) {
				list = append(list, r)
			}
		}
	}
	slices.SortFunc(list, func(a, b *Run) int {
		if x := a.Due.Compare(b.Due); x != 0 {
			return x
		}
		return a.number - b.number
	})
	return list
}

// NextDue is when the first run is due; zero: none is.
func (w *World) NextDue() (next time.Time) {
	for _, c := range w.Contacts {
		for _, r := range c.Runs {
			if r.Open() && !r.Due.IsZero() && (next.IsZero() || r.Due.Before(next)) {
				next = r.Due
			}
		}
	}
	return next
}

// Wanted are the names of events that runs of a contact wait for, or that workflows begin with.
func (w *World) Wanted(c *Contact) (names []string) {
	for _, f := range w.Flows {
		if f.Trigger != "" {
			names = append(names, strings.Replace(f.Trigger, "*", "a", 1))
		}
	}
	for _, r := range c.Runs {
		if r.waits != nil {
			names = append(names, strings.Replace(r.waits.Event, "*", "b", 1))
		}
	}
	return names
}

// tell lets an event end runs, lead on those that wait for it, and begin new ones.
func (w *World) tell(c *Contact, e *Event) {
	for _, r := range slices.Clone(c.Runs) {
		if !r.Open() && r.Status != "FAILED" || e.place <= r.place {
			continue // it has ended, or began after that
		}
		switch {
		case r.Flow.ExitOn == e.Name:
			r.end("EXITED", "exited", "exit: "+e.Name)
		case e.Name == Unsubscribed && r.by != e && c.Suppressed != "":
			r.end("EXITED", "exited", "suppressed: "+c.Suppressed)
		case e.Name == Unsubscribed && r.by != e && c.Unsubscribed && !r.Flow.Transactional:
			r.end("EXITED", "exited", "unsubscribed")
		case r.waitsFor(e):
			r.goOn(e)
		}
	}
	for _, f := range w.Flows {
		if f.Trigger != "" && e.Ago <= tooOld && fits(e, f.Trigger, f.Least) {
			w.admit(c, f, e, true)
		}
	}
}

// fits reports whether an event is one of a name, of which the end may be left open, and has enough.
func fits(e *Event, name string, least int) bool {
	start, open := strings.CutSuffix(name, "*")
	return (e.Name == name || open && strings.HasPrefix(e.Name, start)) && e.N >= least
}

// admit lets a contact enter, where the workflow's mode allows it.
func (w *World) admit(c *Contact, f *Flow, e *Event, byEvent bool) bool {
	var mine, open []*Run
	recent := 0
	for _, r := range c.Runs {
		if r.Flow != f {
			continue
		}
		mine = append(mine, r)
		if r.Open() {
			open = append(open, r)
		}
		if w.Now.Sub(r.Started) < time.Hour {
			recent++
		}
	}
	last := func() time.Time { return mine[len(mine)-1].Started }
	switch {
	case recent >= 20,
		f.Mode == "once" && len(mine) > 0,
		f.Mode == "after" && len(open) > 0,
		f.Cooldown > 0 && len(mine) > 0 && w.Now.Sub(last()) < f.Cooldown:
		return false
	}
	if f.Mode == "replace" {
		for _, r := range open {
			r.end("EXITED", "replaced", "the contact entered again")
		}
	}
	w.runs++
	r := &Run{
		number: w.runs, world: w, Flow: f, Contact: c, Status: "RUNNING", Started: w.Now, Due: w.Now, place: e.place,
		seen: make(map[string]int), event: e, plan: e.Plan, by: e,
	}
	if !byEvent {
		r.event, r.by = nil, nil
	}
	r.unmailed = byEvent && e.Name == Unsubscribed && !f.Transactional && (c.Unsubscribed || c.Suppressed != "")
	c.Runs = append(c.Runs, r)
	return true
}

// Close lets go of what goes on.
func (w *World) Close() {
	for _, c := range w.Contacts {
		for _, r := range c.Runs {
			r.leave()
		}
	}
}
