package workflow

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"tidings/internal/rule"
	"tidings/internal/segment"
)

// triggerID is what the step that stands for the trigger is called where it has no name of its own.
const triggerID = "trigger"

// ToMailGlyph writes a definition in MailGlyph's shape. What FromMailGlyph makes of it is the definition again.
func ToMailGlyph(d *Definition) (Glyph, error) {
	w := Glyph{
		Name: d.Name, Key: d.Key, AllowReentry: d.Reentry.Mode != "" && d.Reentry.Mode != Once, ExitOn: d.ExitOn, Timeout: d.Timeout,
		Sender: d.Sender, From: d.From, ReplyTo: d.ReplyTo, Transactional: d.Transactional, Topic: d.Topic, Cap: d.Cap,
		Quiet: d.Quiet,
	}
	if d.Description != "" {
		w.Description = &d.Description
	}
	if d.Reentry != (Reentry{}) && d.Reentry != (Reentry{Mode: After}) {
		w.Reentry = &d.Reentry
	}
	if d.Late != (Late{}) {
		w.Late = &d.Late
	}
	t := &toGlyph{}
	t.trigger(&w, &d.Trigger)
	start := d.Start
	if start == "" && len(d.Steps) > 0 {
		start = d.Steps[0].ID
	}
	w.Steps = append(w.Steps, t.triggerStep(&d.Trigger, start, d.Steps))
	w.Steps[0].Config = w.TriggerConfig
	for i := range d.Steps {
		w.Steps = append(w.Steps, t.step(&d.Steps[i]))
	}
	if t.err != nil {
		return Glyph{}, fmt.Errorf("write workflow: %w", t.err)
	}
	return w, nil
}

// toGlyph is a definition on its way to MailGlyph's shape.
type toGlyph struct{ err error }

func (t *toGlyph) json(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil && t.err == nil {
		t.err = err
	}
	return b
}

func (t *toGlyph) trigger(w *Glyph, x *Trigger) {
	c := glyphTriggerConfig{Segment: x.Segment, Schedule: x.Schedule, If: x.If}
	if !x.Mapping.IsZero() {
		c.Mapping = &x.Mapping
	}
	c.EventName, c.On = onlyName(x.On)
	switch {
	case x.Manual:
		w.TriggerType = byHand
	case x.Schedule != nil:
		w.TriggerType = bySchedule
	default:
		w.TriggerType = byEvent
	}
	if !reflect.ValueOf(c).IsZero() {
		w.TriggerConfig = t.json(c)
	}
}

// onlyName parts a match: the name, where it says nothing else and so is MailGlyph's; or the whole.
func onlyName(m *rule.Match) (name string, whole *rule.Match) {
	if m == nil {
		return "", nil
	}
	if len(m.Event) == 1 && reflect.DeepEqual(*m, rule.Match{Event: m.Event}) {
		return m.Event[0], nil
	}
	return "", m
}

// triggerStep is the step that MailGlyph has for the trigger.
func (t *toGlyph) triggerStep(x *Trigger, start string, steps []Step) GlyphStep {
	id := x.ID
	for n := 1; id == "" || x.ID == "" && slices.ContainsFunc(steps, func(s Step) bool { return s.ID == id }); n++ {
		if id = triggerID; n > 1 {
			id += "-" + strconv.Itoa(n)
		}
	}
	s := GlyphStep{ID: id, Type: glyphTrigger, Name: x.Name, Position: glyphPoint(x.At), Transitions: []GlyphTransition{}}
	if start != "" {
		s.Transitions = append(s.Transitions, GlyphTransition{From: id, To: start})
	}
	return s
}

func (t *toGlyph) step(s *Step) GlyphStep {
	g := GlyphStep{ID: s.ID, Name: s.Name, Position: glyphPoint(s.At), Transitions: []GlyphTransition{}}
	var config any
	g.Type, config = t.config(s)
	g.Config = t.json(config)
	if s.Send != nil && s.Send.Template != "" {
		g.TemplateID = &s.Send.Template
	}
	outcomes := append(s.Outcomes(), Always)
	for _, o := range sortedKeys(s.Next) { // what compiles has none beside these
		if !slices.Contains(outcomes, o) {
			outcomes = append(outcomes, o)
		}
	}
	for _, o := range outcomes {
		to, there := s.Next[o]
		if !there {
			continue
		}
		g.Transitions = append(g.Transitions, GlyphTransition{
			From: s.ID, To: to, Condition: criteria(s, o), Priority: len(g.Transitions),
		})
	}
	return g
}

// criteria are MailGlyph's words for an outcome.
func criteria(s *Step, outcome string) *GlyphCriteria {
	switch {
	case outcome == Always:
		return nil
	case s.WaitFor != nil && outcome == OnEvent:
		return &GlyphCriteria{WaitOutcome: "EVENT"}
	case s.WaitFor != nil && outcome == OnTimeout:
		return &GlyphCriteria{WaitOutcome: "TIMEOUT"}
	case s.Choice != nil && outcome == Else && s.Choice.binary():
		return &GlyphCriteria{Branch: No}
	case s.Choice != nil && outcome == Else:
		return &GlyphCriteria{Branch: "default"}
	case s.Choice != nil:
		for _, b := range s.Choice.Branches {
			if b.Name == outcome && b.ID != "" {
				return &GlyphCriteria{Branch: b.ID}
			}
		}
	case s.fails():
		return &GlyphCriteria{Outcome: outcome}
	}
	return &GlyphCriteria{Branch: outcome}
}

// config is what a step is set to, in MailGlyph's words as far as they go.
func (t *toGlyph) config(s *Step) (kind string, config any) {
	switch {
	case s.Send != nil:
		return glyphSend, sendToGlyph(s.Send)
	case s.Wait != nil:
		if c, ok := delayToGlyph(s.Wait); ok {
			return glyphDelay, c
		}
		return glyphWait, s.Wait
	case s.WaitFor != nil:
		c := glyphWaitForConfig{}
		c.EventName, c.On = onlyName(&s.WaitFor.On)
		if s.WaitFor.Timeout != "" {
			c.Timeout = json.Number(strconv.FormatInt(int64(s.WaitFor.Timeout.of()/time.Second), 10))
		}
		return glyphWaitFor, c
	case s.Choice != nil:
		return glyphCondition, choiceToGlyph(s.Choice)
	case s.Condition != nil:
		return glyphCondition, conditionToGlyph(s.Condition)
	case s.Split != nil:
		return glyphSplit, s.Split
	case s.Update != nil:
		return glyphUpdate, updateToGlyph(s.Update)
	case s.Webhook != nil:
		return glyphWebhook, s.Webhook
	case s.Exit != nil:
		return glyphExit, s.Exit
	}
	return "", struct{}{}
}

func sendToGlyph(s *Send) glyphSendConfig {
	c := glyphSendConfig{
		TemplateID: s.Template, Recipient: &glyphRecipient{Type: toContact}, Subject: s.Subject, Variants: s.Variants,
		Sender: s.Sender,
		From:   s.From, ReplyTo: s.ReplyTo, Topic: s.Topic, Transactional: s.Transactional,
	}
	if s.To != "" {
		c.Recipient = &glyphRecipient{Type: toCustom, CustomEmail: s.To}
	}
	return c
}

// delayToGlyph writes a wait of one unit; of another MailGlyph knows nothing.
func delayToGlyph(w *Wait) (glyphDelayConfig, bool) {
	for _, u := range glyphUnits {
		digits := len(w.For) - 1
		if digits < 1 || w.For[digits] != u.unit {
			continue
		}
		n, err := strconv.ParseUint(string(w.For[:digits]), 10, 32)
		text := strconv.FormatUint(n, 10)
		if err == nil && n > 0 && reflect.DeepEqual(*w, Wait{For: Span(text + string(u.unit))}) {
			return glyphDelayConfig{Amount: json.Number(text), Unit: u.word}, true
		}
	}
	return glyphDelayConfig{}, false
}

// binary reports whether a choice is MailGlyph's condition of one field of the run, with the ways yes and no.
func (c *Choice) binary() bool {
	return len(c.Branches) == 1 && c.Branches[0].Name == Yes && c.Branches[0].ID == "" && isRunField(c.Field)
}

func choiceToGlyph(x *Choice) glyphConditionConfig {
	field := fieldToGlyph(x.Field)
	if x.binary() {
		b := x.Branches[0]
		return glyphConditionConfig{Field: field, Operator: b.Operator, Value: b.Value, Unit: b.Unit}
	}
	c := glyphConditionConfig{Mode: multi, Field: field}
	for _, b := range x.Branches {
		c.Branches = append(c.Branches, glyphBranch(b))
	}
	return c
}

// conditionToGlyph writes a condition of one filter in MailGlyph's words, and every other one in ours.
func conditionToGlyph(x *Condition) glyphConditionConfig {
	if f, ok := onlyFilter(x); ok {
		return glyphConditionConfig{Field: fieldToGlyph(f.Field), Operator: string(f.Operator), Value: f.Value, Unit: string(f.Unit)}
	}
	return glyphConditionConfig{Ask: x}
}

func onlyFilter(x *Condition) (f segment.Filter, ok bool) {
	if x.If == nil || x.If.Logic != segment.All || len(x.If.Groups) != 1 || len(x.If.Groups[0].Filters) != 1 {
		return f, false
	}
	f = x.If.Groups[0].Filters[0]
	plain := segment.Filter{Field: f.Field, Operator: f.Operator, Value: f.Value, Unit: f.Unit}
	whole := Condition{If: &segment.Condition{Logic: segment.All, Groups: []segment.Group{{Filters: []segment.Filter{plain}}}}}
	return f, reflect.DeepEqual(*x, whole) && !isRunField(f.Field) && fieldFromGlyph(fieldToGlyph(f.Field)) == f.Field
}

func updateToGlyph(u *Update) glyphUpdateConfig {
	c := glyphUpdateConfig{Updates: u.Attributes, Tags: u.Tags, Untag: u.Untag, Topics: u.Topics, SubscriptionAction: "none"}
	switch {
	case u.Subscribe:
		c.SubscriptionAction = subscribing
	case u.Unsubscribe:
		c.SubscriptionAction = unsubscribing
	}
	return c
}
