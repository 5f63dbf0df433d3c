package workflow

import (
	"encoding/json"
	"fmt"
	"reflect"

	"tidings/internal/rule"
	"tidings/internal/segment"
	"tidings/internal/yamlfile"
)

// Write writes a definition as people do, in YAML: with ways within their steps where they all come together again, else as a
// list of steps that say where they lead. What Read makes of it is the same workflow.
func Write(d *Definition) (string, error) {
	if nested, ok := nest(d); ok {
		text, err := writeFile(d, nested)
		if err == nil && reads(text, d) {
			return text, nil
		}
	}
	return writeFile(d, list(d))
}

// WriteJSON writes what Write does, as JSON.
func WriteJSON(d *Definition) (json.RawMessage, error) {
	text, err := Write(d)
	if err != nil {
		return nil, err
	}
	_, raw, problems := yamlfile.Parse([]byte(text))
	if len(problems) > 0 {
		return nil, fmt.Errorf("read what was written: %s", problems[0].Says)
	}
	return raw, nil
}

// written is a workflow of a file in the order in which people read it.
type written struct {
	Workflow string `json:"workflow"`
	Name     string `json:"name,omitempty"`
	Describe string `json:"description,omitempty"`
	Trigger  any    `json:"trigger"`

	Reentry       any     `json:"reentry,omitempty"`
	ExitOn        any     `json:"exitOn,omitempty"`
	Timeout       Span    `json:"timeout,omitempty"`
	Late          *Late   `json:"late,omitempty"`
	Sender        string  `json:"sender,omitempty"`
	From          string  `json:"from,omitempty"`
	ReplyTo       string  `json:"replyTo,omitempty"`
	Transactional bool    `json:"transactional,omitempty"`
	Topic         string  `json:"topic,omitempty"`
	Cap           *Cap    `json:"cap,omitempty"`
	Quiet         *Quiet  `json:"quiet,omitempty"`
	Start         string  `json:"start,omitempty"`
	Steps         []wStep `json:"steps"`
}

// wStep is a step of a file.
type wStep struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	At   *Point `json:"at,omitempty"`

	Send      any       `json:"send,omitempty"`
	Wait      any       `json:"wait,omitempty"`
	WaitFor   *wWaitFor `json:"waitFor,omitempty"`
	Choice    *wChoice  `json:"choice,omitempty"`
	Condition any       `json:"if,omitempty"`
	Split     *wSplit   `json:"split,omitempty"`
	Update    *Update   `json:"update,omitempty"`
	Webhook   *Webhook  `json:"webhook,omitempty"`
	Exit      any       `json:"exit,omitempty"`

	Then []wStep `json:"then,omitempty"`
	Else []wStep `json:"else,omitzero"`
	Next any     `json:"next,omitempty"`
}

type wChoice struct {
	Field    string    `json:"field"`
	Branches []wBranch `json:"branches"`
	Default  []wStep   `json:"default,omitempty"`
}

type wBranch struct {
	Branch
	Steps []wStep `json:"steps,omitempty"`
}

type wSplit struct {
	Branches []wShare `json:"branches"`
	Seed     string   `json:"seed,omitempty"`
}

type wShare struct {
	Share
	Steps []wStep `json:"steps,omitempty"`
}

// wTrigger has what events are meant beside its other fields.
type wTrigger struct {
	*rule.Match
	Mapping  rule.Mapping       `json:"mapping,omitzero"`
	Segment  string             `json:"segment,omitempty"`
	Schedule *Schedule          `json:"schedule,omitempty"`
	Manual   bool               `json:"manual,omitempty"`
	If       *segment.Condition `json:"if,omitempty"`
	ID       string             `json:"id,omitempty"`
	Name     string             `json:"name,omitempty"`
	At       *Point             `json:"at,omitempty"`
}

func writtenTrigger(t *Trigger) any {
	w := wTrigger{
		Match: t.On, Mapping: t.Mapping, Segment: t.Segment, Schedule: t.Schedule, Manual: t.Manual, If: t.If, ID: t.ID,
		Name: t.Name, At: t.At,
	}
	name, whole := onlyName(t.On)
	if whole == nil && name != "" && name != manualTrigger && reflect.DeepEqual(w, wTrigger{Match: t.On}) {
		return name
	}
	return w
}

type wExit struct {
	*rule.Match
	Mapping rule.Mapping `json:"mapping,omitzero"`
}

func writtenExits(list []Exit) []any {
	out := make([]any, len(list))
	for i := range list {
		x := &list[i]
		if name, whole := onlyName(&x.On); whole == nil && x.Mapping.IsZero() {
			out[i] = name
		} else {
			out[i] = wExit{&x.On, x.Mapping}
		}
	}
	return out
}

type wWaitFor struct {
	*rule.Match
	Timeout Span `json:"timeout,omitempty"`
}

// writtenStep is a step of a file without its ways.
func writtenStep(s *Step) wStep {
	w := wStep{ID: s.ID, Name: s.Name, At: s.At, Update: s.Update, Webhook: s.Webhook}
	if s.Send != nil {
		if w.Send = s.Send; s.Send.Template != "" && reflect.DeepEqual(*s.Send, Send{Template: s.Send.Template}) {
			w.Send = s.Send.Template
		}
	}
	if s.WaitFor != nil {
		w.WaitFor = &wWaitFor{&s.WaitFor.On, s.WaitFor.Timeout}
	}
	if s.Condition != nil {
		if w.Condition = s.Condition; reflect.DeepEqual(*s.Condition, Condition{If: s.Condition.If}) {
			w.Condition = s.Condition.If
		}
	}
	if s.Wait != nil {
		if w.Wait = s.Wait; reflect.DeepEqual(*s.Wait, Wait{For: s.Wait.For}) {
			w.Wait = s.Wait.For
		}
	}
	if s.Choice != nil {
		w.Choice = &wChoice{Field: s.Choice.Field}
		for _, b := range s.Choice.Branches {
			w.Choice.Branches = append(w.Choice.Branches, wBranch{Branch: b})
		}
	}
	if s.Split != nil {
		w.Split = &wSplit{Seed: s.Split.Seed}
		for _, b := range s.Split.Branches {
			w.Split.Branches = append(w.Split.Branches, wShare{Share: b})
		}
	}
	if s.Exit != nil {
		w.Exit = s.Exit
	}
	return w
}

func writeFile(d *Definition, steps []wStep) (string, error) {
	w := written{
		Workflow: d.Key, Name: d.Name, Describe: d.Description, Trigger: writtenTrigger(&d.Trigger), Timeout: d.Timeout,
		Sender: d.Sender, From: d.From,
		ReplyTo: d.ReplyTo, Transactional: d.Transactional, Topic: d.Topic, Cap: d.Cap, Quiet: d.Quiet, Steps: steps,
	}
	if d.Reentry != (Reentry{}) {
		w.Reentry = d.Reentry
		if d.Reentry.Cooldown == "" {
			w.Reentry = d.Reentry.Mode
		}
	}
	if len(d.ExitOn) > 0 {
		w.ExitOn = writtenExits(d.ExitOn)
	}
	if d.Late != (Late{}) {
		w.Late = &d.Late
	}
	if len(steps) > 0 && d.Start != "" && d.Start != steps[0].ID {
		w.Start = d.Start
	}
	raw, err := json.Marshal(w)
	if err != nil {
		return "", fmt.Errorf("write workflow: %w", err)
	}
	return yamlfile.Write(raw)
}

// list writes the steps as a list, each with where it leads unless that is the next.
func list(d *Definition) []wStep {
	out := make([]wStep, len(d.Steps))
	for i := range d.Steps {
		s := &d.Steps[i]
		out[i] = writtenStep(s)
		to, only := s.Next[Always]
		behind := ""
		if i+1 < len(d.Steps) {
			behind = d.Steps[i+1].ID
		}
		switch {
		case s.Exit != nil:
		case len(s.Next) == 0 && behind == "", only && len(s.Next) == 1 && to == behind && to != "":
		case only && len(s.Next) == 1:
			out[i].Next = to
		default:
			out[i].Next = map[string]string{}
			if len(s.Next) > 0 {
				out[i].Next = s.Next
			}
		}
	}
	return out
}

// reads reports whether a text reads as a definition.
func reads(text string, d *Definition) bool {
	f := Read([]byte(text))
	return len(f.Graphs) == 1 && Same(&f.Graphs[0].Definition, d)
}
