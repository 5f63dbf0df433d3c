package workflow

import (
	"regexp"
	"slices"
	"strings"

	"tidings/internal/rule"
	"tidings/internal/segment"
)

// The bounds of a definition.
const (
	maxSteps    = 500
	maxBranches = 50
	maxExits    = 50
	maxName     = 100
	maxText     = 1000
	maxKey      = 64
	maxWait     = 365 * day
	maxMails    = 10_000
)

// word is what keys and ids are made of: what message tags of Amazon SES and parts of URLs may hold.
var word = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Compile checks a definition and makes its graph. All that is wrong is told at once; whether what it names is there is told by
// Graph.References.
func Compile(d Definition) (*Graph, []Problem) {
	c := &compiler{g: &Graph{Definition: d, nodes: make(map[string]*node, len(d.Steps)), timeout: d.Timeout.of()}}
	c.whole()
	c.begin()
	c.settings()
	c.exits()
	c.ids()
	if len(c.g.Steps) <= maxSteps {
		for i := range c.g.Steps {
			c.step(place("steps", i), &c.g.Steps[i])
		}
	}
	if c.named {
		c.shape()
	}
	if len(c.list) > 0 {
		return nil, c.list
	}
	return c.g, nil
}

// oneOfMany begins the problem of what has several things that rule each other out, or none of them.
const oneOfMany = "must have exactly one of"

type compiler struct {
	problems
	g     *Graph
	named bool // all steps have ids of their own: the shape of the graph can be told
	lost  bool // a way leads to no step: what was meant by it is not known
}

func (c *compiler) refer(kind ReferenceKind, name, at string) {
	if name != "" {
		c.g.refs = append(c.g.refs, Reference{kind, name, at})
	}
}

func (c *compiler) whole() {
	d := &c.g.Definition
	if !word.MatchString(d.Key) {
		c.wrong("key", "must have 1 to %d letters, digits, _ and -, not %.100q", maxKey, d.Key)
	}
	c.text("name", d.Name, maxName)
	c.text("description", d.Description, maxText)
}

// begin checks who enters.
func (c *compiler) begin() {
	t := &c.g.Trigger
	n := 0
	for _, set := range []bool{t.On != nil, t.Segment != "", t.Schedule != nil, t.Manual} {
		if set {
			n++
		}
	}
	if n != 1 {
		c.wrong("trigger", oneOfMany+" on, segment, schedule, manual")
	}
	if t.On != nil {
		entry := c.entry(*t.On, t.Mapping, "trigger.on", "trigger.mapping")
		c.g.trigger = &entry
	} else if !t.Mapping.IsZero() {
		c.wrong("trigger.mapping", "goes with events alone")
	}
	c.enters(AtTriggerSegment, t.Segment)
	if t.Schedule != nil {
		c.schedule("trigger.schedule", t.Schedule)
	}
	c.g.enterIf = c.condition("trigger.if", t.If)
}

// entry checks what events are meant, and whom they are about.
func (c *compiler) entry(on rule.Match, mapping rule.Mapping, at, mappingAt string) Entry {
	m, problems := rule.CompileMatch(on, at)
	c.add(problems)
	mapper, problems := rule.CompileMapping(mapping, mappingAt)
	c.add(problems)
	if m != nil {
		c.g.wanted.add(m)
	}
	return Entry{Matcher: m, Mapper: mapper}
}

// condition checks a condition on the contact; nil: there is none.
func (c *compiler) condition(at string, x *segment.Condition) *segment.Rule {
	if x == nil {
		return nil
	}
	r, problems := segment.Compile(*x)
	for _, p := range problems {
		c.wrong(join(at, p.At), "%s", p.Says)
	}
	c.members(at, x)
	return r
}

// members refers to the segments that a condition asks for.
func (c *compiler) members(at string, x *segment.Condition) {
	for i, g := range x.Groups {
		group := place(at+".groups", i)
		for k, f := range g.Filters {
			if f.Field == "segment" {
				c.refer(OfSegment, strings.Trim(string(f.Value), `"`), place(group+".filters", k)+".value")
			}
		}
		if g.Conditions != nil {
			c.members(group+".conditions", g.Conditions)
		}
	}
}

// ids checks what steps are called, so that ways can lead to them.
func (c *compiler) ids() {
	steps := c.g.Steps
	if len(steps) == 0 || len(steps) > maxSteps {
		c.wrong("steps", "must have 1 to %d entries, not %d", maxSteps, len(steps))
		return
	}
	c.named = true
	for i := range steps {
		s, at := &steps[i], place("steps", i)
		switch {
		case !word.MatchString(s.ID):
			c.wrong(at+".id", "must have 1 to %d letters, digits, _ and -, not %.100q", maxKey, s.ID)
			c.named = false
		case c.g.nodes[s.ID] != nil:
			c.wrong(at+".id", "%q is the id of a step before it, too", s.ID)
			c.named = false
		default:
			c.g.nodes[s.ID] = &node{Step: s}
		}
	}
	c.g.first = c.g.nodes[steps[0].ID]
	if id := c.g.Start; id != "" {
		if c.g.first = c.g.nodes[id]; c.g.first == nil {
			c.wrong("start", "%.100q is no step", id)
		}
	}
	c.lost = c.g.first == nil
}

// step checks one step and its ways on.
func (c *compiler) step(at string, s *Step) {
	word, n := s.action()
	if n != 1 {
		c.wrong(at, oneOfMany+" send, wait, waitFor, choice, condition, split, update, webhook, exit")
	}
	c.text(at+".name", s.Name, maxName)
	x := c.g.nodes[s.ID]
	if x == nil || x.Step != s {
		x = &node{Step: s}
	}
	if n > 0 {
		c.action(join(at, word), x)
	}
	c.next(at, s, n)
}

func (c *compiler) next(at string, s *Step, actions int) {
	outcomes := s.Outcomes()
	for _, outcome := range sortedKeys(s.Next) {
		here := join(at+".next", outcome)
		if to := s.Next[outcome]; to != "" && c.g.nodes[to] == nil {
			c.wrong(here, "leads to %.100q, which is no step", to)
			c.lost = true
		}
		switch {
		case actions != 1: // it is not known what it does
		case s.Exit != nil:
			c.wrong(here, "is after the end: an exit leads nowhere")
		case outcome == OnTimeout && s.WaitFor != nil && s.WaitFor.Timeout == "":
			c.wrong(here, "is never taken: the wait has no timeout")
		case outcome != Always && !slices.Contains(outcomes, outcome):
			c.wrong(here, "is no outcome of the step: want %s", outcomeWords(outcomes))
		}
	}
}

func outcomeWords(outcomes []string) string {
	if len(outcomes) == 0 {
		return "the name of a step alone"
	}
	return strings.Join(outcomes, ", ") + `, or "" for all others`
}
