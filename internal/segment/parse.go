package segment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tidings/internal/attribute"
)

// Bounds on a condition, so that no question costs without limit.
const (
	MaxFilters = 200
	MaxNesting = 10
	MaxSteps   = 5
	MaxWheres  = 10
	maxCount   = 1_000_000
)

// maxWindow is the longest span that a filter looks back.
const maxWindow = 10 * 366 * 24 * time.Hour

// Problem is one thing that is wrong with a condition.
type Problem struct {
	At   string // where: "groups[0].filters[1].operator"; empty: the whole
	Says string
}

// Parse reads a condition of JSON. Unknown keys are refused: a filter that is not understood must not select anybody. It
// returns every problem at once; without problems the rule is good.
func Parse(raw []byte) (*Rule, []Problem) {
	var c Condition
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return nil, []Problem{jsonProblem(err)}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, []Problem{{Says: "holds more than one JSON value"}}
	}
	return Compile(c)
}

// jsonProblem says what is wrong with the JSON in words of our own: the library's change with its versions.
func jsonProblem(err error) Problem {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return Problem{At: wrong.Field, Says: "is a JSON " + wrong.Value + ", which does not belong there"}
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return Problem{Says: "has a key " + name + ", which no condition has: want logic, groups, filters, conditions, field, " +
			"operator, value, unit, count, where, machines, steps"}
	}
	return Problem{Says: "is not the JSON of a condition: want {\"logic\":\"AND\",\"groups\":[{\"filters\":[…]}]}"}
}

// Compile checks a condition and makes its rule.
func Compile(c Condition) (*Rule, []Problem) {
	p := &parser{}
	root := p.condition(c, "", 1)
	if len(p.rule.tests) > MaxFilters {
		p.wrong("", "has %d filters: %d are possible", len(p.rule.tests), MaxFilters)
	}
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	p.rule.root = root
	return &p.rule, nil
}

type parser struct {
	rule     Rule
	problems []Problem
}

func (p *parser) wrong(at, format string, args ...any) {
	p.problems = append(p.problems, Problem{at, fmt.Sprintf(format, args...)})
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

func (p *parser) condition(c Condition, at string, depth int) node {
	n := node{logic: c.Logic, at: at}
	if c.Logic != All && c.Logic != Any {
		p.wrong(join(at, "logic"), "must be AND or OR, not %.100q", string(c.Logic))
	}
	if len(c.Groups) == 0 {
		p.wrong(join(at, "groups"), "is empty: a condition needs a group of filters")
	}
	if depth > MaxNesting {
		p.wrong(at, "lies deeper than %d conditions in each other", MaxNesting)
		return n
	}
	for i, g := range c.Groups {
		n.parts = append(n.parts, p.group(g, join(at, "groups["+strconv.Itoa(i)+"]"), depth))
	}
	return n
}

func (p *parser) group(g Group, at string, depth int) node {
	n := node{logic: All, at: at}
	if len(g.Filters) == 0 && g.Conditions == nil {
		p.wrong(join(at, "filters"), "is empty: a group needs a filter, or conditions")
	}
	for i, f := range g.Filters {
		where := join(at, "filters["+strconv.Itoa(i)+"]")
		t := p.filter(f, where)
		p.rule.tests = append(p.rule.tests, t)
		n.parts = append(n.parts, node{test: t, at: where})
	}
	if g.Conditions != nil {
		n.parts = append(n.parts, p.condition(*g.Conditions, join(at, "conditions"), depth+1))
	}
	return n
}

func (p *parser) filter(f Filter, at string) *test {
	t := &test{filter: f, at: at, op: f.Operator, min: 1, max: -1}
	var ok bool
	if t.field, ok = parseField(f.Field); !ok {
		p.wrong(join(at, "field"), "%.100q is no field of a contact: want %s, data.<key>, topics.<slug>, event.<name> or "+
			"email.<activity>", f.Field, strings.Join(Fields(), ", "))
		return t
	}
	known := operators[t.field.sort]
	if !slices.Contains(known, f.Operator) {
		p.wrong(join(at, "operator"), "%.100q does not go with %s: want one of %s", string(f.Operator), f.Field, names(known))
		return t
	}
	if twin, negative := positive[f.Operator]; negative {
		t.op, t.negated = twin, true
	}
	p.extras(t)
	switch {
	case t.field.sort == ofSegment:
		p.member(t)
	case t.op == Sequence:
		p.sequence(t)
	case timed(f.Operator):
		t.window = p.span(f, at)
	default:
		t.lit = p.value(f.Field, f.Operator, f.Value, t.field.sort, at)
		if f.Unit != "" {
			p.wrong(join(at, "unit"), "does not go with %s: leave it out", string(f.Operator))
		}
	}
	return t
}

func timed(op Operator) bool {
	switch op {
	case Within, OlderThan, TriggeredWithin, TriggeredOlderThan, NotTriggeredWithin:
		return true
	}
	return false
}

func names(ops []Operator) string {
	words := make([]string, len(ops))
	for i, op := range ops {
		words[i] = string(op)
	}
	return strings.Join(words, ", ")
}

// extras checks what only events have.
func (p *parser) extras(t *test) {
	f := t.filter
	if t.field.sort != ofEvent {
		for key, set := range map[string]bool{"count": f.Count != nil, "where": len(f.Where) > 0, "machines": f.Machines} {
			if set {
				p.wrong(join(t.at, key), "goes with fields event.<name> and email.<activity> alone")
			}
		}
	}
	if t.op != Sequence && len(f.Steps) > 0 {
		p.wrong(join(t.at, "steps"), "goes with the operator sequence alone")
	}
	if f.Count != nil {
		p.count(t)
	}
	t.where = p.wheres(f.Where, join(t.at, "where"))
}

func (p *parser) count(t *test) {
	at, c := join(t.at, "count"), t.filter.Count
	if t.negated || t.op == TriggeredOlderThan {
		p.wrong(at, "goes with triggered and triggeredWithin alone")
	}
	if (c.Min == nil || *c.Min == 0) && c.Max == nil {
		p.wrong(at, "needs a min of 1 or more, a max, or both")
	}
	t.min = 0
	if c.Min != nil {
		t.min = *c.Min
	}
	if c.Max != nil {
		t.max = *c.Max
	}
	if t.min < 0 || t.min > maxCount || t.max < -1 || c.Max != nil && (*c.Max < 0 || *c.Max > maxCount) {
		p.wrong(at, "must be between 0 and %d", maxCount)
	} else if c.Max != nil && t.max < t.min {
		p.wrong(at, "has a max below its min")
	}
}

func (p *parser) wheres(list []Where, at string) []where {
	if len(list) > MaxWheres {
		p.wrong(at, "has %d tests: %d are possible", len(list), MaxWheres)
		return nil
	}
	var out []where
	for i, w := range list {
		here := at + "[" + strconv.Itoa(i) + "]"
		k, ok := parseWhere(w.Field)
		if !ok {
			p.wrong(join(here, "field"), "%.100q is no field of an event: want data.<key>, url, template, workflow, source, "+
				"class or reason", w.Field)
			continue
		}
		if !slices.Contains(operators[k], w.Operator) || timed(w.Operator) {
			p.wrong(join(here, "operator"), "%.100q does not go with %s: want one of %s", string(w.Operator), w.Field,
				names(operators[ofText]))
			continue
		}
		one := where{field: w.Field, op: w.Operator}
		if twin, negative := positive[w.Operator]; negative {
			one.op, one.negated = twin, true
		}
		one.lit = p.value(w.Field, w.Operator, w.Value, k, here)
		out = append(out, one)
	}
	return out
}

// value reads what is compared with.
func (p *parser) value(name string, op Operator, raw json.RawMessage, k sort, at string) literal {
	at = join(at, "value")
	if k == ofEvent || op == Exists || op == NotExists {
		if len(raw) > 0 && string(raw) != "null" {
			p.wrong(at, "does not go with %s: leave it out", string(op))
		}
		return literal{}
	}
	if len(raw) == 0 || string(raw) == "null" {
		p.wrong(at, "is needed by %s; notExists finds contacts without the field", string(op))
		return literal{}
	}
	l, ok := literalOf(raw, k == ofText)
	switch {
	case !ok:
		p.wrong(at, "must be a text, a number, true or false")
	case (op == Contains || op == NotContains) && (l.kind != attribute.Text && l.kind != attribute.Instant || l.text == ""):
		p.wrong(at, "must be a text of one character or more, for %s looks for it", string(op))
	case k == ofText && l.kind != attribute.Text:
		p.wrong(at, "must be a text, because %s is one", name)
	case k == ofBool && l.kind != attribute.Bool:
		p.wrong(at, "must be true or false")
	case k == ofTime && l.kind != attribute.Instant:
		p.wrong(at, "must be a date such as \"2026-05-04\" or \"2026-05-04T10:00:00Z\"")
	case len(raw) > 4*attribute.MaxText || utf8.RuneCountInString(l.text) > attribute.MaxText:
		p.wrong(at, "is longer than %d characters", attribute.MaxText)
	}
	if name == "email" {
		l.text = strings.ToLower(l.text) // addresses are kept in lower case
	}
	return l
}

// span reads how far a filter looks back, in milliseconds.
func (p *parser) span(f Filter, at string) int64 {
	unit, ok := units[f.Unit]
	if !ok {
		p.wrong(join(at, "unit"), "%.100q is no unit: want days, hours or minutes", string(f.Unit))
		unit = time.Minute
	}
	n, err := strconv.ParseFloat(strings.Trim(string(f.Value), `"`), 64)
	if err != nil || !(n > 0) || n*float64(unit) > float64(maxWindow) {
		p.wrong(join(at, "value"), "must be how many %s, more than 0 and ten years at most", string(f.Unit))
		return 0
	}
	return max(millis(time.Duration(n*float64(unit))), 1)
}

func (p *parser) member(t *test) {
	if err := json.Unmarshal(t.filter.Value, &t.segment); err != nil || t.segment == "" {
		p.wrong(join(t.at, "value"), "must be the id of a segment (seg_…)")
	}
}

func (p *parser) sequence(t *test) {
	t.window = p.span(t.filter, t.at)
	at := join(t.at, "steps")
	if n := len(t.filter.Steps); n < 2 || n > MaxSteps {
		p.wrong(at, "has %d events: a sequence has 2 to %d", n, MaxSteps)
		return
	}
	for i, s := range t.filter.Steps {
		here := at + "[" + strconv.Itoa(i) + "]"
		name, ok := eventName(s.Event)
		if !ok {
			p.wrong(join(here, "event"), "%.100q can't be the name of an event", s.Event)
		}
		t.steps = append(t.steps, step{name, p.wheres(s.Where, join(here, "where"))})
	}
}
