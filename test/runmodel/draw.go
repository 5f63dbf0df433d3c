package runmodel

import (
	"fmt"
	"time"

	"pgregory.net/rapid"
)

// What is drawn from.
const (
	BadAddress = "{{ 'nobody' }}" // where no email can go
	BadPath    = "/refused"       // what a Hook answers with 400
)

var (
	// Names are those of the events that begin runs, end them, and are waited for.
	Names = []string{"go.a", "go.b", "paid.a", "paid.b", "stop.a"}
	// Plans are values that choices look at.
	Plans = []string{"a", "b", "c"}
	// Zones are those of contacts; clocks are put on and back in some.
	Zones = []string{"", "Europe/Vienna", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"}
	times = []string{"00:00", "02:30", "09:00", "23:45"}
	days  = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
)

// Taste is what workflows are drawn by.
type Taste struct {
	Waits    []time.Duration // of waits
	Timeouts []time.Duration // of waits for events
	Wholes   []time.Duration // of runs; none: no run has a timeout
	Clocks   bool            // with times of day, quiet hours, and what is late
	Limits   bool            // with caps
	Hook     string          // a URL that takes what webhooks say; empty: there are none
	Prefix   string          // of the names of events
	Ends     bool            // every run ends by itself and does not fail, and nobody has to start it
}

// Templates are those that a workflow mails.
func (f *Flow) Templates() []string { return []string{f.Key + "-t1", f.Key + "-t2", f.Key + "-t3"} }

// Draw draws a workflow.
func (x Taste) Draw(t *rapid.T, key string) *Flow {
	f := &Flow{Key: key}
	f.Mode = rapid.SampledFrom([]string{"once", "after", "replace", "parallel"}).Draw(t, "mode")
	if f.Mode != "once" && !x.Ends && chance(t, 4, "with a cooldown") {
		f.Cooldown = rapid.SampledFrom(x.Waits).Draw(t, "cooldown")
	}
	if x.Ends || !chance(t, 6, "by hand alone") {
		f.Trigger = x.Prefix + rapid.SampledFrom([]string{"go.a", "go.a", "go.b", "paid.a", "go.*"}).Draw(t, "trigger")
		f.Least = rapid.SampledFrom([]int{0, 0, 0, 2}).Draw(t, "least")
	}
	if chance(t, 3, "with an exit") {
		f.ExitOn = x.Prefix + rapid.SampledFrom([]string{"stop.a", "stop.a", "paid.b"}).Draw(t, "exit on")
	}
	if len(x.Wholes) > 0 && chance(t, 3, "with a timeout") {
		f.Timeout = rapid.SampledFrom(x.Wholes).Draw(t, "whole")
	}
	f.Transactional = chance(t, 4, "transactional")
	if x.Clocks && chance(t, 5, "late") {
		f.Late = rapid.SampledFrom(x.Waits).Draw(t, "late after")
	}
	if x.Clocks && chance(t, 4, "quiet") {
		f.Quiet = &Quiet{From: "22:00", To: "07:00", Zone: rapid.SampledFrom(Zones).Draw(t, "quiet zone")}
	}
	if x.Clocks && chance(t, 12, "quiet by day") {
		f.Quiet = &Quiet{From: "08:00", To: "20:15"}
	}
	if x.Limits && chance(t, 2, "cap") {
		f.Cap = &Cap{
			Mails: rapid.IntRange(1, 3).Draw(t, "cap mails"), In: rapid.SampledFrom(x.Waits).Draw(t, "cap in"),
			Skip: rapid.Bool().Draw(t, "cap skips"),
		}
	}
	d := &drawing{Taste: x, T: t, flow: f, left: rapid.IntRange(1, 14).Draw(t, "steps")}
	f.Steps, _ = d.list(0)
	return f
}

func chance(t *rapid.T, n int, what string) bool { return rapid.IntRange(1, n).Draw(t, what) == n }

// drawing is a workflow on its way.
type drawing struct {
	Taste
	*rapid.T
	flow *Flow
	left int // how many steps there may be
	n    int
}

// list draws steps; on: some way comes to their end. What nothing leads to is not drawn.
func (d *drawing) list(depth int) (steps []Step, on bool) {
	many := rapid.IntRange(1, 5).Draw(d.T, "many")
	if depth == 0 {
		many = 14
	}
	for range many {
		if d.left <= 0 {
			break
		}
		s, on := d.step(depth)
		steps = append(steps, s)
		if !on {
			return steps, false
		}
	}
	return steps, true
}

// way draws the steps of a way, which may have none.
func (d *drawing) way(depth int) (steps []Step, on bool) {
	if depth >= 3 || d.left <= 0 || chance(d.T, 4, "no steps") {
		return nil, true
	}
	return d.list(depth + 1)
}

func (d *drawing) step(depth int) (s Step, on bool) {
	d.left--
	d.n++
	kinds := []Kind{Send, Send, Wait, Wait, WaitFor, WaitFor, Choice, If, Split, Update}
	if d.Hook != "" {
		kinds = append(kinds, Webhook)
	}
	if depth > 0 {
		kinds = append(kinds, Exit)
	}
	s = Step{Kind: rapid.SampledFrom(kinds).Draw(d.T, "kind")}
	s.ID = fmt.Sprintf("%s%d", s.Kind, d.n)
	switch s.Kind {
	case Send:
		return d.send(s, depth)
	case Wait:
		d.wait(&s)
	case WaitFor:
		s.Event = d.Prefix + rapid.SampledFrom([]string{"paid.a", "paid.b", "paid.*", "go.b", "go.a"}).Draw(d.T, "event")
		s.Least = rapid.SampledFrom([]int{0, 0, 3}).Draw(d.T, "least")
		s.Then, on = d.way(depth)
		if !d.Ends && chance(d.T, 5, "without a timeout") {
			return s, on
		}
		s.Timeout = rapid.SampledFrom(d.Timeouts).Draw(d.T, "timeout")
		var other bool
		s.Else, other = d.way(depth)
		return s, on || other
	case Choice:
		s.Field = rapid.SampledFrom([]string{d.attribute(), "event.data.plan", "workflow.plan"}).Draw(d.T, "field")
		return d.ways(s, Plans, depth)
	case If:
		d.ask(&s)
		var other bool
		s.Then, on = d.way(depth)
		s.Else, other = d.way(depth)
		return s, on || other
	case Split:
		return d.ways(s, []string{"x", "y", "z"}, depth)
	case Update:
		s.Key, s.Value = d.flow.Key+"_x", rapid.SampledFrom(Plans).Draw(d.T, "value")
	case Webhook:
		s.URL = rapid.SampledFrom([]string{d.Hook, d.Hook, d.Hook + BadPath}).Draw(d.T, "url")
		if s.URL != d.Hook {
			return d.failing(s, depth)
		}
	case Exit:
		s.Reason = "left at " + s.ID
		return s, false
	}
	return s, true
}

func (d *drawing) send(s Step, depth int) (Step, bool) {
	all := d.flow.Templates()
	if chance(d.T, 4, "variants") {
		s.Templates, s.Weights = all[:2], []int{1, rapid.IntRange(1, 3).Draw(d.T, "weight")}
		if chance(d.T, 3, "three variants") {
			s.Templates, s.Weights = all, append(s.Weights, 2)
		}
		return s, true
	}
	s.Templates = []string{rapid.SampledFrom(all).Draw(d.T, "template")}
	if chance(d.T, 15, "to nobody") {
		s.To = BadAddress
		return d.failing(s, depth)
	}
	return s, true
}

// failing draws what becomes of a step that fails.
func (d *drawing) failing(s Step, depth int) (Step, bool) {
	if s.HasElse = d.Ends || rapid.Bool().Draw(d.T, "else"); s.HasElse {
		s.Else, _ = d.way(depth)
	}
	return s, true // the server believes that it may do what it can't
}

func (d *drawing) wait(s *Step) {
	s.For = rapid.SampledFrom(d.Waits).Draw(d.T, "for")
	if !d.Clocks {
		return
	}
	switch rapid.IntRange(0, 4).Draw(d.T, "what kind of wait") {
	case 3:
		s.Until = rapid.SampledFrom([]string{"data.ends", "event.data.when"}).Draw(d.T, "until")
		if rapid.Bool().Draw(d.T, "before") {
			s.For = -s.For
		}
		if rapid.Bool().Draw(d.T, "then no time of day") {
			return
		}
	case 4:
		s.For = 0
	default:
		return
	}
	s.At = rapid.SampledFrom(times).Draw(d.T, "at")
	s.Zone = rapid.SampledFrom(Zones).Draw(d.T, "zone")
	if rapid.Bool().Draw(d.T, "certain days") {
		s.Days = []string{rapid.SampledFrom(days).Draw(d.T, "day"), rapid.SampledFrom(days).Draw(d.T, "other day")}
	}
}

// attribute is one that a step may ask for. What another run of the contact changes meanwhile is not asked for.
func (d *drawing) attribute() string {
	if d.flow.Mode == "parallel" || rapid.Bool().Draw(d.T, "as it was") {
		return "data.tier"
	}
	return "data." + d.flow.Key + "_x"
}

func (d *drawing) ask(s *Step) {
	template := rapid.SampledFrom(d.flow.Templates()).Draw(d.T, "asked")
	if chance(d.T, 3, "any") {
		template = "*"
	}
	s.Run = template == "*" || d.flow.Mode == "parallel" || rapid.Bool().Draw(d.T, "of this run")
	switch rapid.IntRange(0, 3).Draw(d.T, "asks") {
	case 0:
		s.Sent = template
	case 1:
		s.Opened = template
	case 2:
		s.Clicked = template
	case 3:
		s.Run = false
		s.Field, s.Equals = d.attribute(), rapid.SampledFrom(Plans).Draw(d.T, "equals")
	}
}

func (d *drawing) ways(s Step, names []string, depth int) (Step, bool) {
	on := false
	for i, name := range names[:rapid.IntRange(2, 3).Draw(d.T, "ways")] {
		w := Way{Name: name, Weight: rapid.IntRange(min(i, 1), 3).Draw(d.T, "weight")}
		var comes bool
		w.Steps, comes = d.way(depth)
		on = on || comes
		s.Ways = append(s.Ways, w)
	}
	if s.Kind == Choice {
		var comes bool
		s.Else, comes = d.way(depth)
		on = on || comes
	}
	return s, on
}
