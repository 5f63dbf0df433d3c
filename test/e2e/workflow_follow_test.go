package e2e_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"tidings/test/runmodel"
)

// turn is one thing that a server did to a run, at a time.
type turn struct {
	at    time.Time
	run   int  // its place among those of the contact
	told  int  // up to which of the contact's events it was told; 0: its time had come
	hooks bool // a webhook was answered
	heard bool // it had waited for the event
}

// turns are all that the servers did, in its order.
func (x *life) turns(h *history) (list []turn) {
	for i, r := range h.runs {
		list = append(list, turn{at: r.StartedAt, run: i, told: x.number(r.BegunBy)})
		if len(h.marks[i]) == 0 && !r.EndedAt.IsZero() && r.Reason != "the contact entered again" { // before its first step
			list = append(list, turn{at: r.EndedAt, run: i, told: x.named(r.Reason, r.EndedAt)})
		}
		for _, m := range h.marks[i] {
			one := turn{at: m.Left, run: i, hooks: strings.HasPrefix(m.Step, "webhook")}
			switch {
			case m.Outcome == "event":
				one.told, one.heard = x.number(m.Detail), true
			case m.Outcome == "exited" && strings.HasPrefix(m.Detail, "exit: "):
				one.told = x.named(m.Detail, m.Left)
			}
			if m.Visit == 1 { // any other was entered as the one before was left
				list = append(list, turn{at: m.Entered, run: i})
			}
			if !m.Left.IsZero() && m.Outcome != "replaced" { // by the beginning of another one
				list = append(list, one)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b turn) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(b.told, a.told))
	})
	return list
}

// number is the place of an event among those of the contact, from 1; 0: it is none of them.
func (x *life) number(id string) int {
	return 1 + slices.IndexFunc(x.events, func(e happened) bool { return e.id == id })
}

// named is the last event of the name that a reason tells and that was there by a time.
func (x *life) named(reason string, by time.Time) int {
	last := 0
	for i, e := range x.events {
		if "exit: "+x.plan[i].event.Name == reason && !e.at.After(by) {
			last = i + 1
		}
	}
	return last
}

// following is a contact in the model, after the servers.
type following struct {
	*life
	h     *history
	world *runmodel.World
	c     *runmodel.Contact
	early int
	late  time.Duration
}

// followOnce follows. The events whose bits are set in early were told as soon as they can have been. The bit above those says
// whether webhooks were called in time.
func (x *life) followOnce(h *history, early int) (late time.Duration, diff string) {
	c := &runmodel.Contact{Email: x.email, Attributes: maps.Clone(x.contact.Attributes)}
	f := &following{
		life: x, h: h, c: c, early: early,
		world: &runmodel.World{Flows: []*runmodel.Flow{x.flow}, Contacts: []*runmodel.Contact{c}, Slow: early>>len(x.events) == 0},
	}
	defer f.world.Close()
	for i := range x.events {
		f.world.Happens(c, x.plan[i].event)
	}
	for _, one := range x.turns(h) {
		f.turn(one)
	}
	f.tell(len(x.events))
	f.end()
	f.onesAfterTheOther()
	return f.late, gocmp.Diff(strings.Split(modelSays(c), "\n"), strings.Split(h.says(), "\n"))
}

// tell tells the model of events, and when the runs began that begin by them.
func (f *following) tell(upTo int) {
	for c := f.c; c.Told() < upTo; {
		for _, r := range f.world.Tell(c, c.Told()+1) {
			if i := slices.Index(c.Runs, r); i < len(f.h.runs) {
				r.BeganAt(f.h.runs[i].StartedAt)
			}
		}
	}
}

func (f *following) turn(one turn) {
	f.world.Now = one.at
	if one.heard && one.run < len(f.c.Runs) && f.c.Runs[one.run].Status == "RUNNING" {
		f.c.Runs[one.run].Step() // it had begun to wait, of which no mark tells
	}
	f.tell(one.told)
	if one.run >= len(f.c.Runs) {
		return // the model has no such run, which will be seen
	}
	r := f.c.Runs[one.run]
	if !f.behind(r, one) {
		return // what was done at one time may be told in several marks
	}
	due := r.Due
	if one.hooks { // whoever calls webhooks tells of nothing
		due = time.Time{}
	}
	for one.told == 0 && f.c.Told() < len(f.events) && f.before(f.c.Told(), one.at, due) {
		f.tell(f.c.Told() + 1)
	}
	for due = r.Due; f.behind(r, one) && r.Step(); due = r.Due {
		f.late = max(f.late, one.at.Sub(due))
	}
}

// before reports whether an event was told before a run went on that was due at a time. What was answered by then has to be.
func (f *following) before(i int, at, due time.Time) bool {
	e := f.events[i]
	return !e.answered.After(due) || f.early&(1<<i) != 0 && !e.at.After(at)
}

// behind reports whether the run in the model is not as far yet as the server's was at a time.
func (f *following) behind(r *runmodel.Run, one turn) bool {
	theirs, ours := 0, 0
	for _, m := range f.h.marks[one.run] {
		for _, t := range []time.Time{m.Entered, m.Left} {
			if !t.IsZero() && !t.After(one.at) {
				theirs++
			}
		}
	}
	for _, m := range r.Marks {
		for _, t := range []time.Time{m.Entered, m.Left} {
			if !t.IsZero() {
				ours++
			}
		}
	}
	return ours < theirs || ours == theirs && f.ended(one) && r.Open()
}

// ended reports whether the server's run had ended by then: its last mark is not of later.
func (f *following) ended(one turn) bool {
	r, marks := f.h.runs[one.run], f.h.marks[one.run]
	if n := len(marks); n > 0 {
		return !r.Status.Open() && !marks[n-1].Entered.After(one.at) && !marks[n-1].Left.After(one.at)
	}
	return !r.Status.Open() && !r.EndedAt.After(one.at)
}

// atOnce is how long one event ends several runs at most: the model does that at one time, a server in a moment.
const atOnce = time.Second

// onesAfterTheOther takes the server's times for runs that ended with another one, by the same event.
func (f *following) onesAfterTheOther() {
	for i, r := range f.c.Runs {
		if i >= len(f.h.runs) || len(r.Marks) == 0 || len(r.Marks) != len(f.h.marks[i]) {
			continue
		}
		ours, theirs := r.Marks[len(r.Marks)-1], &f.h.marks[i][len(r.Marks)-1]
		if took := theirs.Left.Sub(ours.Left); ours.Outcome == "exited" && theirs.Outcome == "exited" && took > 0 && took < atOnce {
			ours.Left = theirs.Left
		}
	}
}

// end lets the model do what is left to do: the servers had the time for it.
func (f *following) end() {
	f.world.Now = time.Now()
	for _, r := range f.c.Runs {
		for r.Step() {
		}
	}
}
