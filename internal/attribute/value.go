// Package attribute provides the values of a JSON object, typed and by path: the attributes of a contact and the data of an
// event, as filters compare them. It is pure.
package attribute

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidings/event"
)

// Kind is the type of a value. It is stored: numbers never change.
type Kind uint8

// The kinds.
const (
	Text    Kind = 1
	Number  Kind = 2
	Bool    Kind = 3
	Instant Kind = 4 // a text that is a date, with or without a time of day
	Empty   Kind = 5 // a list without elements: it is there, and nothing compares with it
)

// Value is one value of an attribute of a contact, or of the data of an event.
type Value struct {
	Kind   Kind
	Number float64 // a number; 1 or 0 of a Bool; Unix milliseconds of an Instant
	Text   string  // of a Text, and of an Instant as it was written
}

const (
	// MaxValues is how many values one object may hold, those of lists counted singly.
	MaxValues = 1000
	// MaxText is how much of a text takes part in comparisons, in bytes.
	MaxText = 1024
	// MaxPath is the longest path of an attribute, in bytes.
	MaxPath = 256
	// MaxDepth is how deep objects and lists may lie in each other.
	MaxDepth = 8
)

// The reasons why an object can't be read into values.
var (
	ErrTooMany  = fmt.Errorf("an object may hold %d values, those of lists counted singly", MaxValues)
	ErrTooDeep  = fmt.Errorf("objects and lists may lie %d deep in each other", MaxDepth)
	ErrLongPath = fmt.Errorf("the path of a key may have %d bytes", MaxPath)
	ErrNoObject = errors.New("want a JSON object")
)

// Values reads a JSON object into the values of its paths: {"address":{"city":"Rome"}} has address.city, and a list has
// several values under one path, also a list of objects. What is null is not there. Empty input is an empty object. With
// an error come the values that were read before it.
func Values(object []byte) (map[string][]Value, error) {
	out := make(map[string][]Value)
	if len(bytes.TrimSpace(object)) == 0 {
		return out, nil
	}
	d := json.NewDecoder(bytes.NewReader(object))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, ErrNoObject
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, ErrNoObject
	}
	f := flattener{out: out}
	return out, f.object("", m, 1)
}

type flattener struct {
	out map[string][]Value
	n   int
}

func (f *flattener) object(prefix string, m map[string]any, depth int) error {
	for _, k := range sortedKeys(m) {
		if err := f.put(prefix+cleanKey(k), m[k], depth); err != nil {
			return err
		}
	}
	return nil
}

// sortedKeys makes the order of values not depend on chance where two paths are spelled alike.
func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func cleanKey(k string) string { return event.CleanText(k, len(k)*3) }

func (f *flattener) put(path string, v any, depth int) error {
	if depth > MaxDepth {
		return ErrTooDeep
	}
	if len(path) > MaxPath {
		return ErrLongPath
	}
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		return f.object(path+".", v, depth+1)
	case []any:
		if len(v) == 0 {
			return f.add(path, Value{Kind: Empty})
		}
		for _, e := range v {
			if err := f.put(path, e, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return f.add(path, Scalar(v))
}

func (f *flattener) add(path string, v Value) error {
	if f.n++; f.n > MaxValues {
		return ErrTooMany
	}
	f.out[path] = append(f.out[path], v)
	return nil
}

// Scalar types a text, a number (json.Number) or a truth as JSON has it. A number beyond a double is kept as text.
func Scalar(v any) Value {
	switch v := v.(type) {
	case bool:
		if v {
			return Value{Kind: Bool, Number: 1}
		}
		return Value{Kind: Bool}
	case json.Number:
		if n, err := strconv.ParseFloat(string(v), 64); err == nil {
			return Value{Kind: Number, Number: n}
		}
		return TextOf(string(v))
	case string:
		return TextOf(v)
	}
	return Value{Kind: Empty}
}

// TextOf types a text: it is an Instant where it is a date.
func TextOf(s string) Value {
	s = event.CleanText(s, MaxText)
	if from, _, ok := Span(s); ok {
		return Value{Kind: Instant, Number: float64(from), Text: s}
	}
	return Value{Kind: Text, Text: s}
}

// layouts of dates that are taken for instants; without an offset they are UTC. The last is a whole day.
var layouts = []string{
	time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05", time.DateOnly,
}

// Span reads a date as the Unix milliseconds that it stands for, from inclusive, to exclusive: a date without a time of day is
// its whole day in UTC.
func Span(s string) (from, to int64, ok bool) {
	if len(s) < len(time.DateOnly) || len(s) > len("2006-01-02T15:04:05.999999999+00:00") || s[4] != '-' || s[7] != '-' {
		return 0, 0, false
	}
	for i, layout := range layouts {
		t, err := time.Parse(layout, s)
		if err != nil || strings.Contains(s, ",") {
			continue
		}
		from = t.UnixMilli()
		if i == len(layouts)-1 {
			return from, from + (24 * time.Hour).Milliseconds(), true
		}
		return from, from + 1, true
	}
	return 0, 0, false
}
