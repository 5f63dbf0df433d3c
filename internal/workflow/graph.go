package workflow

import (
	"slices"
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/rule"
	"tidings/internal/segment"
)

// Graph is a definition that was checked. It is never changed, and may be used by several goroutines; the definition that it
// was made of must not be changed either.
type Graph struct {
	Definition

	first   *node
	nodes   map[string]*node // by the step's id
	trigger *Entry           // nil: not by events
	enterIf *segment.Rule    // of Trigger.If
	exits   []Entry
	timeout time.Duration

	wanted names // of trigger, exits and waits
	waits  names
	refs   []Reference
}

// node is a step that was checked.
type node struct {
	*Step
	match    *rule.Matcher  // of WaitFor
	rule     *segment.Rule  // of Condition.If
	branches []branchTest   // of Choice
	zone     *time.Location // of Wait; nil: the contact's
	needs    segment.Needs
}

// names are those of events: exact ones, and what they begin with.
type names struct {
	exact  map[event.Name]bool
	starts []string
}

func (n *names) add(m *rule.Matcher) {
	n.starts = append(n.starts, m.Starts()...)
	for _, name := range m.Exact() {
		if n.exact == nil {
			n.exact = make(map[event.Name]bool)
		}
		n.exact[name] = true
	}
}

func (n *names) has(name event.Name) bool {
	if n.exact[name] {
		return true
	}
	for _, start := range n.starts {
		if strings.HasPrefix(string(name), start) {
			return true
		}
	}
	return false
}

// list gives the exact names, sorted; open tells that there are beginnings, too.
func (n *names) list() (exact []event.Name, open bool) {
	for name := range n.exact {
		exact = append(exact, name)
	}
	slices.Sort(exact)
	return exact, len(n.starts) > 0
}

// First is the step that a run begins with.
func (g *Graph) First() *Step { return g.first.Step }

// Step is the one of an id; nil: there is none.
func (g *Graph) Step(id string) *Step {
	if n := g.nodes[id]; n != nil {
		return n.Step
	}
	return nil
}

// TriggerEntry is what events begin runs; nil: events do not.
func (g *Graph) TriggerEntry() *Entry { return g.trigger }

// TriggerIf is the condition on whoever would enter; nil: it holds for everybody.
func (g *Graph) TriggerIf() *segment.Rule { return g.enterIf }

// Exits are what events end runs.
func (g *Graph) Exits() []Entry { return g.exits }

// WaitMatcher is what events the step of an id waits for; nil: it does not wait for any.
func (g *Graph) WaitMatcher(id string) *rule.Matcher {
	if n := g.nodes[id]; n != nil {
		return n.match
	}
	return nil
}

// Wants reports whether trigger, exits or waits may be for events of a name. It is for whoever has to decide fast.
func (g *Graph) Wants(name event.Name) bool { return g.wanted.has(name) }

// Names are the names of all events that trigger, exits or waits are for; open: all that begin with something are among them,
// too.
func (g *Graph) Names() (exact []event.Name, open bool) { return g.wanted.list() }

// WaitNames are the names of the events that steps wait for; open: all that begin with something are among them, too.
func (g *Graph) WaitNames() (exact []event.Name, open bool) { return g.waits.list() }

// Condition is the compiled If of the condition step of an id; nil: it has none.
func (g *Graph) Condition(id string) *segment.Rule {
	if n := g.nodes[id]; n != nil {
		return n.rule
	}
	return nil
}

// Needs is what has to be read of the contact before the step of an id can be answered: a condition, a choice, a wait until a
// time of the contact's.
func (g *Graph) Needs(id string) segment.Needs {
	if n := g.nodes[id]; n != nil {
		return n.needs
	}
	return segment.Needs{}
}

// Reference is something that a definition names and that has to be there.
type Reference struct {
	Kind ReferenceKind
	Name string // id, key or slug, as the definition has it
	At   string // where: "steps[2].send.template"
}

// ReferenceKind is what is named.
type ReferenceKind string

// The kinds.
const (
	OfTemplate ReferenceKind = "template"
	OfSegment  ReferenceKind = "segment"
	OfTopic    ReferenceKind = "topic"
	OfSender   ReferenceKind = "sender"
)

// AtTriggerSegment is where a definition names the segment that lets contacts enter.
const AtTriggerSegment = "trigger.segment"

// References are all that the definition names, each place by itself, in the order of the definition.
func (g *Graph) References() []Reference { return g.refs }

// Word is what a step does, in a word: send, wait, waitFor, choice, condition, split, update, webhook or exit; empty: nothing.
func (s *Step) Word() string {
	word, _ := s.action()
	return word
}

// action is what the step does, and how many actions it has.
func (s *Step) action() (word string, n int) {
	for _, x := range [...]struct {
		word string
		set  bool
	}{
		{"send", s.Send != nil},
		{"wait", s.Wait != nil},
		{"waitFor", s.WaitFor != nil},
		{"choice", s.Choice != nil},
		{"condition", s.Condition != nil},
		{"split", s.Split != nil},
		{"update", s.Update != nil},
		{"webhook", s.Webhook != nil},
		{"exit", s.Exit != nil},
	} {
		if x.set {
			n++
			if word == "" {
				word = x.word
			}
		}
	}
	return word, n
}

// Outcomes are the ways on that a step can have beside Always, in the order of the definition.
func (s *Step) Outcomes() []string {
	var list []string
	switch {
	case s.Send != nil, s.Update != nil, s.Webhook != nil:
		list = []string{OnFailed}
	case s.WaitFor != nil:
		list = []string{OnEvent, OnTimeout}
	case s.Condition != nil:
		list = []string{Yes, No}
	case s.Choice != nil:
		for _, b := range s.Choice.Branches {
			list = append(list, b.Name)
		}
		list = append(list, Else)
	case s.Split != nil:
		for _, b := range s.Split.Branches {
			list = append(list, b.Name)
		}
	}
	return list
}

// way is the step that an outcome leads to; empty: the run is through.
func (s *Step) way(outcome string) string {
	if to, there := s.Next[outcome]; there {
		return to
	}
	return s.Next[Always]
}

// ways are the steps that a step may lead to, each once, in the order of its outcomes.
func (s *Step) ways() []string {
	if s.Exit != nil {
		return nil
	}
	var list []string
	add := func(to string) {
		if to != "" && !slices.Contains(list, to) {
			list = append(list, to)
		}
	}
	outcomes := s.Outcomes()
	rest := len(outcomes) == 0 || s.fails() // of the others every outcome may have a way of its own
	for _, o := range outcomes {
		to, there := s.Next[o]
		add(to)
		rest = rest || !there
	}
	if rest {
		add(s.Next[Always])
	}
	return list
}

// fails reports whether the step may fail, which is not what it leads on with.
func (s *Step) fails() bool { return s.Send != nil || s.Update != nil || s.Webhook != nil }
