package workflow

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tidings/internal/rule"
)

// mailGlyph reads a workflow as MailGlyph tells it. It has more fields than are read: who made it, and when.
func (f *reading) mailGlyph(raw []byte) {
	f.Format = MailGlyph
	var w Glyph
	if err := json.Unmarshal(raw, &w); err != nil {
		f.list = append(f.list, unfit("", err))
		return
	}
	d, warnings, problems := FromMailGlyph(&w)
	f.Warnings = append(f.Warnings, warnings...)
	f.list = append(f.list, problems...)
	for _, p := range problems {
		f.misfits = append(f.misfits, p.At)
	}
	f.take(d, glyphPlacer(&w))
}

// glyphPlacer tells where in MailGlyph's JSON a place of the definition stands.
func glyphPlacer(w *Glyph) placer {
	var own []int // the places of the steps that are no triggers
	for i := range w.Steps {
		if w.Steps[i].Type != glyphTrigger {
			own = append(own, i)
		}
	}
	return func(at string) string {
		switch {
		case strings.HasPrefix(at, "trigger."):
			return glyphWords.Replace("triggerConfig" + strings.TrimPrefix(at, "trigger"))
		case !strings.HasPrefix(at, "steps["):
			return at
		}
		number, rest, _ := strings.Cut(strings.TrimPrefix(at, "steps["), "]")
		i, err := strconv.Atoi(number)
		if err != nil || i >= len(own) {
			return at
		}
		at = place("steps", own[i])
		word, inner, _ := strings.Cut(strings.TrimPrefix(rest, "."), ".")
		switch {
		case word == "next":
			return at + ".outgoingTransitions"
		case word == "send" && inner == "template":
			return at + ".templateId"
		case inner != "":
			return glyphWords.Replace(at + ".config." + inner)
		}
		return join(at, word)
	}
}

// glyphWords are the places of our words where MailGlyph has others.
var glyphWords = strings.NewReplacer(
	".on.event[0]", ".eventName", ".on.event", ".eventName", ".if.groups[0].filters[0]", "", ".attributes", ".updates",
	".config.for", ".config.amount", ".config.to", ".config.recipient.customEmail",
)

// FromMailGlyph makes a definition of a workflow in MailGlyph's shape. Warnings tell what is left out of it.
func FromMailGlyph(w *Glyph) (d Definition, warnings, problems []Problem) {
	g := &fromGlyph{from: w}
	d = Definition{
		Key: cmp.Or(w.Key, KeyOf(w.Name), KeyOf(w.ID)), Name: w.Name, ExitOn: w.ExitOn, Timeout: w.Timeout, Sender: w.Sender,
		From:    w.From,
		ReplyTo: w.ReplyTo, Transactional: w.Transactional, Topic: w.Topic, Cap: w.Cap, Quiet: w.Quiet,
	}
	if w.Description != nil {
		d.Description = *w.Description
	}
	if w.Late != nil {
		d.Late = *w.Late
	}
	switch {
	case w.Reentry != nil:
		d.Reentry = *w.Reentry
	case w.AllowReentry:
		d.Reentry.Mode = After
	}
	d.Trigger = g.trigger()
	g.steps(&d)
	return d, g.warnings, g.list
}

// fromGlyph is a workflow of MailGlyph on its way to a definition.
type fromGlyph struct {
	problems
	from     *Glyph
	warnings []Problem
}

func (g *fromGlyph) warn(at, format string, args ...any) {
	g.warnings = append(g.warnings, Problem{At: at, Says: fmt.Sprintf(format, args...)})
}

// config reads what a step or a trigger is set to. What is not known is not kept, which is told.
func (g *fromGlyph) config(at string, raw json.RawMessage, into any) {
	if len(raw) == 0 || string(raw) == "null" {
		return
	}
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	err := strict.Decode(into)
	if err == nil {
		return
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		g.warn(at, "has %s, which is left out", name)
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		g.list = append(g.list, unfit(at, err))
	}
}

// unfit says in words of ours what JSON does not fit: the library's are about Go.
func unfit(at string, err error) Problem {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := strings.TrimPrefix(strings.TrimPrefix(wrong.Field, "."), "Webhook.")
		return Problem{At: join(at, field), Says: "does not fit: a JSON " + wrong.Value + " does not belong there"}
	}
	return Problem{At: at, Says: fmt.Sprintf("does not fit: %v", err)}
}

func (g *fromGlyph) trigger() Trigger {
	var t Trigger
	var c glyphTriggerConfig
	g.config("triggerConfig", g.from.TriggerConfig, &c)
	t.Segment, t.Schedule, t.If = c.Segment, c.Schedule, c.If
	if c.Mapping != nil {
		t.Mapping = *c.Mapping
	}
	switch g.from.TriggerType {
	case byHand:
		t.Manual = true
	case byEvent:
		switch {
		case c.On != nil:
			t.On = c.On
		case c.Segment == "":
			t.On = matchNamed(c.EventName)
		}
	case bySchedule:
		if t.Schedule == nil {
			t.Schedule = new(Schedule)
		}
	default:
		t.Manual = true // so that nothing more is told of it
		g.wrong("triggerType", "must be one of EVENT, MANUAL, SCHEDULE, not %.60q", g.from.TriggerType)
	}
	return t
}

func matchNamed(name string) *rule.Match {
	if name == "" {
		return new(rule.Match)
	}
	return &rule.Match{Event: rule.Words{name}}
}

// steps makes the steps, and of the one that is a trigger the start.
func (g *fromGlyph) steps(d *Definition) {
	for i := range g.from.Steps {
		x, at := &g.from.Steps[i], place("steps", i)
		if x.Type != glyphTrigger {
			d.Steps = append(d.Steps, g.step(at, x))
			continue
		}
		if d.Trigger.ID != "" {
			g.wrong(at, "is a second step of type TRIGGER")
		}
		d.Trigger.ID, d.Trigger.Name, d.Trigger.At = x.ID, x.Name, x.Position.point()
		if to := g.next(at, x)[Always]; to != "" {
			d.Start = to
		}
	}
	if len(d.Steps) > 0 && d.Start == d.Steps[0].ID {
		d.Start = ""
	}
}
