package workflow

import (
	"slices"
	"strings"
	"time"

	"tidings/internal/attribute"
	"tidings/internal/segment"
)

// branchTest is a branch that was checked: a test of the contact, or of what the run knows.
type branchTest struct {
	name    string
	contact *segment.Rule
	run     segment.EventTest
}

// The names under which a value of the run is compared: the tests are those of an event's data.
const (
	runValue = "data.value"
	eventOf  = "event."
)

// aboutEvents are operators that ask whether events happened. With them event.<name> is a field of the contact.
var aboutEvents = []segment.Operator{
	segment.Triggered, segment.TriggeredWithin, segment.TriggeredOlderThan, segment.NotTriggered, segment.NotTriggeredWithin,
}

// ofRun reports whether a branch tests what the run knows.
func (b *Branch) ofRun(field string) bool {
	return isRunField(field) && (!strings.HasPrefix(field, eventOf) || !slices.Contains(aboutEvents, b.operator()))
}

func (b *Branch) operator() segment.Operator {
	if b.Operator == "" {
		return segment.Equals
	}
	return segment.Operator(b.Operator)
}

func (c *compiler) choice(at string, n *node) {
	x := n.Choice
	if x.Field == "" {
		c.wrong(at+".field", "is required: what is looked at, such as data.plan")
		return
	}
	names := make([]string, len(x.Branches))
	var needs segment.Condition
	needs.Logic = segment.Any
	for i := range x.Branches {
		b := &x.Branches[i]
		names[i] = b.Name
		n.branches = append(n.branches, c.branch(at, i, x.Field, b))
		if !b.ofRun(x.Field) {
			needs.Groups = append(needs.Groups, segment.Group{Filters: []segment.Filter{b.filter(x.Field)}})
		}
	}
	c.branchNames(at+".branches", names)
	if r, problems := segment.Compile(needs); problems == nil {
		n.needs = r.Needs()
	}
}

func (b *Branch) filter(field string) segment.Filter {
	return segment.Filter{Field: field, Operator: b.operator(), Value: b.Value, Unit: segment.Unit(b.Unit)}
}

// branch checks one branch. What is wrong with the field is told once, where the field stands.
func (c *compiler) branch(at string, i int, field string, b *Branch) branchTest {
	t := branchTest{name: b.Name}
	var problems []segment.Problem
	if b.ofRun(field) {
		t.run, problems = segment.CompileWhere([]segment.Where{{Field: runValue, Operator: b.operator(), Value: b.Value}}, "")
		if b.Unit != "" {
			problems = append(problems, segment.Problem{At: "unit", Says: "does not go with a field of the run: leave it out"})
		}
	} else {
		t.contact, problems = segment.Compile(segment.Condition{
			Logic: segment.All, Groups: []segment.Group{{Filters: []segment.Filter{b.filter(field)}}},
		})
	}
	for _, p := range problems {
		here := p.At[strings.LastIndexByte(p.At, '.')+1:]
		says := strings.ReplaceAll(p.Says, runValue, field)
		switch {
		case here != "field":
			c.wrong(join(place(at+".branches", i), here), "%s", says)
		case i == 0:
			c.wrong(at+".field", "%s, event.<key>, workflow.<key> or $.subscriber.<path>", says)
		}
	}
	return t
}

// Choose gives the outcome of the choice step of an id: the first branch that fits, or Else. f are the contact's facts, as
// Needs asks for them; now is Unix time.
func (g *Graph) Choose(id string, f *segment.Facts, v *Vars, now time.Time) string {
	n := g.nodes[id]
	if n == nil || n.Choice == nil {
		return Else
	}
	told := &segment.Occurrence{Values: map[string][]attribute.Value{runValue: v.values(n.Choice.Field)}}
	for i := range n.branches {
		b := &n.branches[i]
		if b.contact == nil && b.run.Holds(told) || b.contact != nil && b.contact.Eval(f, now.UnixMilli()) == segment.True {
			return b.name
		}
	}
	return Else
}
