package workflow

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidings/internal/segment"
)

// step makes a step of ours.
func (g *fromGlyph) step(at string, x *GlyphStep) Step {
	s := Step{ID: x.ID, Name: x.Name, At: x.Position.point()}
	config := at + ".config"
	switch x.Type {
	case glyphSend:
		s.Send = g.send(config, x)
	case glyphDelay:
		s.Wait = g.delay(config, x.Config)
	case glyphWaitFor:
		s.WaitFor = g.waitFor(config, x.Config)
	case glyphCondition:
		g.condition(config, x.Config, &s)
	case glyphExit:
		s.Exit = new(Leave)
		g.config(config, x.Config, s.Exit)
	case glyphWebhook:
		s.Webhook = g.webhook(config, x.Config)
	case glyphUpdate:
		s.Update = g.update(config, x.Config)
	case glyphWait:
		s.Wait = new(Wait)
		g.config(config, x.Config, s.Wait)
	case glyphSplit:
		s.Split = new(Split)
		g.config(config, x.Config, s.Split)
	default:
		g.wrong(at, "must have a type: one of TRIGGER, SEND_EMAIL, DELAY, WAIT_FOR_EVENT, CONDITION, EXIT, WEBHOOK, UPDATE_CONTACT, "+
			"WAIT, SPLIT, not %.60q", x.Type)
	}
	s.Next = g.next(at, x)
	return s
}

// next are the ways on. Of two for one outcome the first by priority counts.
func (g *fromGlyph) next(at string, x *GlyphStep) map[string]string {
	list := slices.Clone(x.Transitions)
	slices.SortStableFunc(list, func(a, b GlyphTransition) int { return cmp.Compare(a.Priority, b.Priority) })
	var next map[string]string
	for _, t := range list {
		outcome := g.outcome(x, t.Condition)
		if _, there := next[outcome]; there {
			g.warn(at+".outgoingTransitions", "has two ways for one outcome: the one to %.100q is left out", t.To)
			continue
		}
		if next == nil {
			next = make(map[string]string)
		}
		next[outcome] = t.To
	}
	return next
}

// outcome is the one that a transition is for.
func (g *fromGlyph) outcome(x *GlyphStep, c *GlyphCriteria) string {
	switch {
	case c == nil:
		return Always
	case c.WaitOutcome != "":
		return strings.ToLower(c.WaitOutcome)
	case c.Outcome != "":
		return c.Outcome
	case c.Branch == "default":
		return Else
	case x.Type != glyphCondition:
		return c.Branch
	}
	var config glyphConditionConfig
	if json.Unmarshal(x.Config, &config) == nil {
		for _, b := range config.Branches {
			if b.ID == c.Branch && b.ID != "" {
				return cmp.Or(b.Name, b.ID)
			}
		}
		if c.Branch == No && isRunField(fieldFromGlyph(config.Field)) && config.Mode != multi {
			return Else
		}
	}
	return c.Branch
}

func (g *fromGlyph) send(at string, x *GlyphStep) *Send {
	var c glyphSendConfig
	g.config(at, x.Config, &c)
	s := &Send{
		Template: c.TemplateID, Subject: c.Subject, Variants: c.Variants, Sender: c.Sender, From: c.From, ReplyTo: c.ReplyTo,
		Topic: c.Topic, Transactional: c.Transactional,
	}
	if s.Template == "" && x.TemplateID != nil {
		s.Template = *x.TemplateID
	}
	if r := c.Recipient; r != nil && r.Type == toCustom {
		if s.To = r.CustomEmail; s.To == "" {
			g.wrong(at+".recipient.customEmail", "is required: who gets the email")
		}
	}
	return s
}

func (g *fromGlyph) delay(at string, raw json.RawMessage) *Wait {
	var c glyphDelayConfig
	g.config(at, raw, &c)
	amount, err := c.Amount.Float64()
	for _, u := range glyphUnits {
		if u.word != c.Unit || err != nil {
			continue
		}
		if whole := int64(amount); float64(whole) == amount && whole >= 0 && amount < 1e9 {
			return &Wait{For: Span(strconv.FormatInt(whole, 10) + string(u.unit))}
		}
		if amount > 0 && amount < maxWait.Minutes() {
			return &Wait{For: SpanOf(time.Duration(amount * float64(spanUnits[u.unit])).Round(time.Second))}
		}
	}
	g.wrong(at, "must have an amount above 0 and a unit: days, hours or minutes")
	return &Wait{For: "1m"}
}

func (g *fromGlyph) waitFor(at string, raw json.RawMessage) *WaitFor {
	var c glyphWaitForConfig
	g.config(at, raw, &c)
	w := &WaitFor{On: *matchNamed(c.EventName)}
	if c.On != nil {
		w.On = *c.On
	}
	if c.Timeout != "" {
		seconds, err := c.Timeout.Float64()
		if err != nil || !(seconds > 0) || seconds >= maxSpan.Seconds() {
			g.wrong(at+".timeout", "must be seconds, more than 0 and less than ten years")
			return w
		}
		w.Timeout = SpanOf(time.Duration(seconds * float64(time.Second)))
	}
	return w
}

// condition makes a condition of ours, or a choice where it has many ways or asks for what the run was told.
func (g *fromGlyph) condition(at string, raw json.RawMessage, s *Step) {
	var c glyphConditionConfig
	g.config(at, raw, &c)
	field := fieldFromGlyph(c.Field)
	switch {
	case c.Ask != nil:
		s.Condition = c.Ask
	case c.Mode == multi || len(c.Branches) > 0:
		s.Choice = &Choice{Field: field}
		for _, b := range c.Branches {
			x := Branch{Name: cmp.Or(b.Name, b.ID), Operator: b.Operator, Value: b.Value, Unit: b.Unit}
			if b.ID != x.Name {
				x.ID = b.ID
			}
			s.Choice.Branches = append(s.Choice.Branches, x)
		}
	case isRunField(field):
		s.Choice = &Choice{Field: field, Branches: []Branch{{Name: Yes, Operator: c.Operator, Value: c.Value, Unit: c.Unit}}}
	default:
		filter := segment.Filter{Field: field, Operator: segment.Operator(c.Operator), Value: c.Value, Unit: segment.Unit(c.Unit)}
		s.Condition = &Condition{If: &segment.Condition{
			Logic: segment.All, Groups: []segment.Group{{Filters: []segment.Filter{filter}}},
		}}
	}
}

// webhook reads a call. Its body may be a text or JSON.
func (g *fromGlyph) webhook(at string, raw json.RawMessage) *Webhook {
	var c struct {
		Webhook
		Body json.RawMessage `json:"body"`
	}
	g.config(at, raw, &c)
	w := c.Webhook
	if len(c.Body) > 0 && string(c.Body) != "null" && json.Unmarshal(c.Body, &w.Body) != nil {
		w.Body = string(c.Body)
	}
	return &w
}

func (g *fromGlyph) update(at string, raw json.RawMessage) *Update {
	var c glyphUpdateConfig
	g.config(at, raw, &c)
	u := &Update{Attributes: c.Updates, Tags: c.Tags, Untag: c.Untag, Topics: c.Topics}
	switch c.SubscriptionAction {
	case "", "none":
	case subscribing:
		u.Subscribe = true
	case unsubscribing:
		u.Unsubscribe = true
	default:
		g.wrong(at+".subscriptionAction", "must be one of none, subscribe, unsubscribe, not %.60q", c.SubscriptionAction)
	}
	return u
}
