package workflow

import (
	"fmt"
	"strings"
)

// Settings hold for all workflows of a project that do not say otherwise. They are stored as JSON: fields are added, never
// renamed.
type Settings struct {
	Cap   *Cap   `json:"cap,omitempty"`
	Quiet *Quiet `json:"quiet,omitempty"`
}

// Of is what holds for a workflow: what it says itself goes before what its project says.
func (s Settings) Of(d *Definition) Settings {
	if d.Cap != nil {
		s.Cap = d.Cap
	}
	if d.Quiet != nil {
		s.Quiet = d.Quiet
	}
	return s
}

// Problems tells all that is wrong with settings, as of a definition that says the same.
func (s Settings) Problems() []Problem {
	_, problems := Compile(Definition{
		Key: "settings", Trigger: Trigger{Manual: true}, Cap: s.Cap, Quiet: s.Quiet, Steps: []Step{{ID: "exit", Exit: &Leave{}}},
	})
	return problems
}

// String says a cap in words: "3 in 7d"; empty: there is none.
func (c *Cap) String() string {
	if c == nil {
		return ""
	}
	words := fmt.Sprintf("%d in %s", c.Mails, c.In)
	if c.Then == CapSkip {
		words += ", then skip"
	}
	return words
}

// String says quiet hours in words: "22:00 to 07:00"; empty: there are none.
func (q *Quiet) String() string {
	if q == nil {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("%s to %s %s", q.From, q.To, q.Zone))
}
