// Package runmodel provides a model of workflows that is plain enough to be believed: definitions that lie within one another,
// drawn by chance, and what becomes of contacts in them, found by walking through a definition with what happened. It knows
// nothing of how the server does the same, but the form of its files and what the documents say.
package runmodel

import (
	"encoding/json"
	"fmt"
	"time"
)

// Flow is a workflow. Zero fields say nothing.
type Flow struct {
	Key           string
	Trigger       string // the name of an event; empty: only people start it
	Least         int    // of Trigger: how great its data.n is at least
	Mode          string // once, after, replace, parallel
	Cooldown      time.Duration
	ExitOn        string // the name of an event
	Timeout       time.Duration
	Late          time.Duration // from when on a run that goes on too late is ended
	Transactional bool
	Cap           *Cap
	Quiet         *Quiet
	Steps         []Step
}

// Cap is how many emails a contact gets.
type Cap struct {
	Mails int
	In    time.Duration
	Skip  bool // what is too many, else it waits
}

// Quiet are hours without email. Zone is empty for the contact's.
type Quiet struct{ From, To, Zone string }

// Kind is what a step does.
type Kind string

// The kinds of steps.
const (
	Send    Kind = "send"
	Wait    Kind = "wait"
	WaitFor Kind = "waitFor"
	Choice  Kind = "choice"
	If      Kind = "if"
	Split   Kind = "split"
	Update  Kind = "update"
	Webhook Kind = "webhook"
	Exit    Kind = "exit"
)

// Step is one action, with the steps of the ways that begin in it.
type Step struct {
	ID   string
	Kind Kind

	Templates []string // of a Send: several are variants
	Weights   []int    // of the variants
	To        string   // of a Send: to whom; empty: the contact

	For   time.Duration // of a Wait
	At    string        // of a Wait: a time of day
	Days  []string
	Zone  string
	Until string // of a Wait: a field with a time

	Event   string // of a WaitFor; one that ends in a star is for all that begin so
	Least   int    // of a WaitFor: how great data.n is at least
	Timeout time.Duration

	Field string // of a Choice, and of an If about an attribute, with Equals
	Ways  []Way  // of a Choice or Split

	Sent, Opened, Clicked string // of an If: templates
	Run                   bool
	Equals                string

	Key, Value string // of an Update: an attribute

	URL    string // of a Webhook
	Reason string // of an Exit

	Then, Else []Step
	HasElse    bool // there is an else, though it may have no steps
}

// Way is one of several ways on.
type Way struct {
	Name   string // of a Choice its value
	Weight int
	Steps  []Step
}

// JSON writes a workflow as a file has it.
func (f *Flow) JSON() []byte {
	m := object{"workflow": f.Key, "trigger": object{"manual": true}, "steps": listOf(f.Steps)}
	if f.Trigger != "" {
		m["trigger"] = matching(f.Trigger, f.Least)
	}
	reentry := object{"mode": f.Mode}
	reentry.span("cooldown", f.Cooldown)
	m["reentry"] = reentry
	m.text("exitOn", f.ExitOn)
	if f.ExitOn != "" {
		m["exitOn"] = []string{f.ExitOn}
	}
	m.span("timeout", f.Timeout)
	if f.Late > 0 {
		m["late"] = object{"after": span(f.Late), "then": "skip"}
	}
	if f.Transactional {
		m["transactional"] = true
	}
	if c := f.Cap; c != nil {
		m["cap"] = object{"mails": c.Mails, "in": span(c.In), "then": map[bool]string{true: "skip", false: "wait"}[c.Skip]}
	}
	if q := f.Quiet; q != nil {
		m["quiet"] = object{"from": q.From, "to": q.To, "zone": q.Zone}
	}
	raw, err := json.Marshal(m)
	if err != nil {
		panic(err) // it is made of texts and numbers
	}
	return raw
}

type object map[string]any

func (m object) text(key, value string) {
	if value != "" {
		m[key] = value
	}
}

func (m object) span(key string, d time.Duration) {
	if d != 0 {
		m[key] = span(d)
	}
}

func span(d time.Duration) string { return fmt.Sprintf("%ds", int64(d/time.Second)) }

func matching(name string, least int) object {
	m := object{"event": name}
	if least > 0 {
		m["where"] = []object{{"field": "data.n", "operator": "greaterThanOrEqual", "value": least}}
	}
	return m
}

func listOf(steps []Step) []object {
	list := make([]object, len(steps))
	for i := range steps {
		list[i] = steps[i].object()
	}
	return list
}

func (s *Step) object() object {
	m := object{"id": s.ID}
	m[string(s.Kind)] = s.action()
	if len(s.Then) > 0 {
		m["then"] = listOf(s.Then)
	}
	if s.Kind != Choice && len(s.Else) > 0 || s.HasElse {
		m["else"] = listOf(s.Else)
	}
	return m
}

// action is what stands under the kind of the step.
func (s *Step) action() any {
	a := object{}
	switch s.Kind {
	case Send:
		a.text("to", s.To)
		if len(s.Templates) == 1 {
			a["template"] = s.Templates[0]
			break
		}
		var variants []object
		for i, t := range s.Templates {
			variants = append(variants, object{"template": t, "weight": s.Weights[i]})
		}
		a["variants"] = variants
	case Wait:
		a.span("for", s.For)
		a.text("at", s.At)
		a.text("zone", s.Zone)
		a.text("until", s.Until)
		if len(s.Days) > 0 {
			a["days"] = s.Days
		}
	case WaitFor:
		a = matching(s.Event, s.Least)
		a.span("timeout", s.Timeout)
	case Choice:
		a["field"] = s.Field
		a["branches"], a["default"] = waysOf(s.Ways, "value"), listOf(s.Else)
		if len(s.Else) == 0 {
			delete(a, "default")
		}
	case Split:
		a["branches"] = waysOf(s.Ways, "name")
	case If:
		a.text("sent", s.Sent)
		a.text("opened", s.Opened)
		a.text("clicked", s.Clicked)
		if s.Run {
			a["run"] = true
		}
		if s.Field != "" {
			a["if"] = object{"logic": "AND", "groups": []object{{"filters": []object{
				{"field": s.Field, "operator": "equals", "value": s.Equals},
			}}}}
		}
	case Update:
		a["attributes"] = object{s.Key: s.Value}
	case Webhook:
		return s.URL
	case Exit:
		return s.Reason
	}
	return a
}

func waysOf(ways []Way, named string) []object {
	list := make([]object, len(ways))
	for i, w := range ways {
		list[i] = object{named: w.Name}
		if named == "name" {
			list[i]["weight"] = w.Weight
		}
		if len(w.Steps) > 0 {
			list[i]["steps"] = listOf(w.Steps)
		}
	}
	return list
}
