package segment

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidings/internal/attribute"
)

// Explanation says what is true of a part of a condition for one contact, and why.
type Explanation struct {
	At      string        `json:"at"`              // where the part stands: "groups[0].filters[1]"; empty: the whole
	Holds   Truth         `json:"holds"`           // true, false or unknown
	Logic   Logic         `json:"logic,omitempty"` // how the parts are joined; empty: this is a filter
	Asks    string        `json:"asks,omitempty"`  // the filter in words
	Because string        `json:"because,omitempty"`
	Parts   []Explanation `json:"parts,omitempty"`
}

// Explain tells why a contact is in or out, part by part. name gives segments their names.
func (r *Rule) Explain(f *Facts, now int64, name func(segment string) string) Explanation {
	return r.root.explain(f, now, name)
}

func (n *node) explain(f *Facts, now int64, name func(string) string) Explanation {
	if t := n.test; t != nil {
		return Explanation{At: n.at, Holds: t.eval(f, now), Asks: t.words(name), Because: t.because(f, now)}
	}
	e := Explanation{At: n.at, Logic: n.logic, Holds: n.eval(f, now)}
	for i := range n.parts {
		e.Parts = append(e.Parts, n.parts[i].explain(f, now, name))
	}
	return e
}

// operatorWords are the operators in sentences; %s is the value.
var operatorWords = map[Operator]string{
	Equals: "is %s", NotEquals: "is not %s", Contains: "contains %s", NotContains: "does not contain %s",
	GreaterThan: "is above %s", LessThan: "is below %s", GreaterThanOrEqual: "is %s or above", LessThanOrEqual: "is %s or below",
	Exists: "is there", NotExists: "is not there",
	Within: "is within the last %s", OlderThan: "is older than %s",
	Triggered: "happened%s", TriggeredWithin: "happened%s within the last %s",
	TriggeredOlderThan: "happened, and not within the last %s", NotTriggered: "never happened",
	NotTriggeredWithin: "did not happen within the last %s",
	MemberOf:           "is in the segment %s", NotMemberOf: "is not in the segment %s",
}

// words is what the filter asks.
func (t *test) words(name func(string) string) string {
	op := operatorWords[t.filter.Operator]
	switch {
	case t.field.sort == ofSegment:
		return "the contact " + fmt.Sprintf(op, strconv.Quote(name(t.segment)))
	case t.op == Sequence:
		steps := make([]string, len(t.steps))
		for i, s := range t.steps {
			steps[i] = string(s.name) + whereWords(t.filter.Steps[i].Where)
		}
		return strings.Join(steps, ", then ") + ", within " + t.span()
	case t.filter.Operator == Triggered:
		return t.eventWords() + " " + fmt.Sprintf(op, t.times())
	case t.filter.Operator == TriggeredWithin:
		return t.eventWords() + " " + fmt.Sprintf(op, t.times(), t.span())
	case t.field.sort == ofEvent && t.window > 0:
		return t.eventWords() + " " + fmt.Sprintf(op, t.span())
	case t.field.sort == ofEvent:
		return t.eventWords() + " " + op
	case t.window > 0:
		return t.filter.Field + " " + fmt.Sprintf(op, t.span())
	case strings.Contains(op, "%s"):
		return t.filter.Field + " " + fmt.Sprintf(op, t.filter.Value)
	}
	return t.filter.Field + " " + op
}

func (t *test) eventWords() string {
	s := string(t.field.ev) + whereWords(t.filter.Where)
	if t.filter.Machines {
		s += ", machines included,"
	}
	return s
}

func whereWords(list []Where) string {
	if len(list) == 0 {
		return ""
	}
	parts := make([]string, len(list))
	for i, w := range list {
		op := operatorWords[w.Operator]
		if strings.Contains(op, "%s") {
			op = fmt.Sprintf(op, w.Value)
		}
		parts[i] = w.Field + " " + op
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func (t *test) span() string {
	return strings.Trim(string(t.filter.Value), `"`) + " " + string(t.filter.Unit)
}

func (t *test) times() string {
	switch {
	case !t.counts():
		return ""
	case t.max < 0:
		return fmt.Sprintf(" %d times or more", t.min)
	case t.min == 0:
		return fmt.Sprintf(" %d times at most", t.max)
	}
	return fmt.Sprintf(" %d to %d times", t.min, t.max)
}

// because is what the contact's facts say.
func (t *test) because(f *Facts, now int64) string {
	switch {
	case t.field.sort == ofSegment:
		if f.Member(t.segment) {
			return "it is in it"
		}
		return "it is not in it"
	case t.op == Sequence:
		return fmt.Sprintf("of these events %d happened in all", t.countSteps(f.Log))
	case t.field.sort == ofEvent && t.needsLog():
		return t.becauseLog(f.Log, now)
	case t.field.sort == ofEvent:
		s := f.Seen[t.field.ev]
		return happenedWords(s.N, s.Last)
	}
	values := f.values(t.field)
	if len(values) == 0 {
		return "the contact has no " + t.filter.Field
	}
	return valueWords(values)
}

func (t *test) countSteps(log []Occurrence) (n int) {
	for i := range log {
		if slices.ContainsFunc(t.steps, func(s step) bool { return s.takes(&log[i]) }) {
			n++
		}
	}
	return n
}

func (t *test) becauseLog(log []Occurrence, now int64) string {
	var n, last, recent int64
	for i := range log {
		if t.takes(&log[i]) {
			n, last = n+1, max(last, log[i].At)
			if log[i].At > now-t.window {
				recent++
			}
		}
	}
	s := happenedWords(n, last)
	if t.window > 0 && n > 0 {
		s += fmt.Sprintf(", %d of them within that time", recent)
	}
	return s
}

func happenedWords(n, last int64) string {
	switch n {
	case 0:
		return "it never happened"
	case 1:
		return "it happened once, at " + atWords(last)
	}
	return fmt.Sprintf("it happened %d times, last at %s", n, atWords(last))
}

func atWords(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05 UTC") }

// shown is how many values of a list an explanation names.
const shown = 5

func valueWords(values []attribute.Value) string {
	var words []string
	for _, v := range values[:min(len(values), shown)] {
		words = append(words, wordsOf(v))
	}
	if more := len(values) - shown; more > 0 {
		words = append(words, fmt.Sprintf("%d more", more))
	}
	return "it is " + strings.Join(words, ", ")
}

func wordsOf(v attribute.Value) string {
	switch v.Kind {
	case attribute.Number:
		return strconv.FormatFloat(v.Number, 'f', -1, 64)
	case attribute.Bool:
		return strconv.FormatBool(v.Number != 0)
	case attribute.Empty:
		return "an empty list"
	case attribute.Instant:
		if v.Text == "" {
			return atWords(int64(v.Number))
		}
	}
	return strconv.Quote(v.Text)
}
