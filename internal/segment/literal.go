package segment

import (
	"bytes"
	"encoding/json"
	"strings"

	"tidings/internal/attribute"
)

// literal is the value that a filter compares with.
type literal struct {
	kind     attribute.Kind
	number   float64 // of a number; 1 or 0 of a truth
	from, to float64 // of a date: Unix milliseconds, to exclusive
	text     string
}

// literalOf reads the value of a filter; textual fields hold texts alone, whatever they look like.
func literalOf(raw json.RawMessage, textual bool) (literal, bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return literal{}, false
	}
	switch v.(type) {
	case string, bool, json.Number:
	default:
		return literal{}, false
	}
	s := attribute.Scalar(v)
	if s.Kind == attribute.Instant && textual {
		s.Kind = attribute.Text
	}
	l := literal{kind: s.Kind, number: s.Number, text: s.Text}
	if s.Kind == attribute.Instant {
		from, to, _ := attribute.Span(s.Text)
		l.from, l.to = float64(from), float64(to)
	}
	return l, true
}

// comparison is how an operator compares. Each operator's meaning stands here once for memory (test) and once for SQL
// (see compareSQL), and a property test of the store proves that they agree.
type comparison struct {
	// order is whether values of another kind than the literal's are Unknown rather than different.
	order bool
	test  func(v attribute.Value, l literal) bool
}

var comparisons = map[Operator]comparison{
	Equals:             {false, func(v attribute.Value, l literal) bool { return !below(v, l) && !above(v, l) }},
	GreaterThan:        {true, above},
	LessThan:           {true, below},
	GreaterThanOrEqual: {true, func(v attribute.Value, l literal) bool { return !below(v, l) }},
	LessThanOrEqual:    {true, func(v attribute.Value, l literal) bool { return !above(v, l) }},
}

// below and above compare values of the literal's own kind.
func below(v attribute.Value, l literal) bool {
	switch l.kind {
	case attribute.Text:
		return v.Text < l.text
	case attribute.Instant:
		return v.Number < l.from
	}
	return v.Number < l.number
}

func above(v attribute.Value, l literal) bool {
	switch l.kind {
	case attribute.Text:
		return v.Text > l.text
	case attribute.Instant:
		return v.Number >= l.to
	}
	return v.Number > l.number
}

// compare tests values against a literal with a positive operator: True where one of them is.
func compare(op Operator, values []attribute.Value, l literal) Truth {
	if op == Exists {
		return truthOf(len(values) > 0)
	}
	t := Unknown
	for _, v := range values {
		switch compareOne(op, v, l) {
		case True:
			return True
		case False:
			t = False
		case Unknown:
		}
	}
	return t
}

func compareOne(op Operator, v attribute.Value, l literal) Truth {
	if op == Contains {
		if v.Kind != attribute.Text && v.Kind != attribute.Instant {
			return Unknown
		}
		return truthOf(strings.Contains(v.Text, l.text))
	}
	c := comparisons[op]
	if v.Kind != l.kind {
		if c.order {
			return Unknown
		}
		return False
	}
	return truthOf(c.test(v, l))
}
