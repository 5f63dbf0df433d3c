package liquid

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// emptiness is the word empty (0) or blank (1), which values are compared with.
type emptiness uint8

func (e emptiness) holds(v any) bool {
	switch v := v.(type) {
	case nil:
		return e == 1
	case bool:
		return e == 1 && !v
	case string:
		return v == "" || e == 1 && strings.TrimSpace(v) == ""
	case Safe:
		return e.holds(string(v))
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	default:
		return false
	}
}

// plain gives the shapes that values have here to what comes from outside: nil, bool, int64, float64, string, Safe, []any,
// map[string]any, time.Time.
func plain(v any) any {
	switch v := v.(type) {
	case nil, bool, int64, float64, string, Safe, []any, map[string]any, time.Time, emptiness, *loopInfo:
		return v
	case int:
		return int64(v)
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
		return string(v)
	case []string:
		list := make([]any, len(v))
		for i, s := range v {
			list[i] = s
		}
		return list
	case map[string]string:
		m := make(map[string]any, len(v))
		for k, s := range v {
			m[k] = s
		}
		return m
	case []map[string]any:
		list := make([]any, len(v))
		for i, m := range v {
			list[i] = m
		}
		return list
	case fmt.Stringer:
		return v.String()
	default:
		return fmt.Sprint(v)
	}
}

// truth is what a condition makes of a value: only false and nothing are not true.
func truth(v any) bool { return v != nil && v != false }

func isText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case Safe:
		return string(v), true
	default:
		return "", false
	}
}

func isNumber(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	default:
		return 0, false
	}
}

// equal compares two values; numbers by what they are worth, texts not with numbers.
func equal(a, b any) bool {
	if e, ok := a.(emptiness); ok {
		a, b = b, e
	}
	if e, ok := b.(emptiness); ok {
		return e.holds(a)
	}
	if x, ok := isText(a); ok {
		y, ok := isText(b)
		return ok && x == y
	}
	if x, ok := a.(int64); ok {
		if y, ok := b.(int64); ok {
			return x == y
		}
	}
	if x, ok := isNumber(a); ok {
		y, ok := isNumber(b)
		return ok && x == y
	}
	switch x := a.(type) {
	case nil:
		return b == nil
	case bool:
		return b == x
	case time.Time:
		y, ok := b.(time.Time)
		return ok && x.Equal(y)
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, equal)
	case map[string]any:
		y, ok := b.(map[string]any)
		return ok && maps.EqualFunc(x, y, equal)
	default:
		return false
	}
}

// compare orders two values: -1, 0 or 1; false where they have no order.
func compare(a, b any) (int, bool) {
	if x, ok := isText(a); ok {
		if y, ok := isText(b); ok {
			return strings.Compare(x, y), true
		}
	}
	if x, ok := a.(time.Time); ok {
		y, ok := b.(time.Time)
		return x.Compare(y), ok
	}
	x, okX := asNumber(a)
	y, okY := asNumber(b)
	if !okX || !okY || a == nil || b == nil || math.IsNaN(x) || math.IsNaN(y) {
		return 0, false
	}
	switch {
	case x < y:
		return -1, true
	case x > y:
		return 1, true
	}
	return 0, true
}

// asNumber reads a number from a value, also from a text.
func asNumber(v any) (float64, bool) {
	if f, ok := isNumber(v); ok {
		return f, true
	}
	if s, ok := isText(v); ok {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		return f, err == nil
	}
	return 0, false
}

// numeric is a number as it is, or the one that a text holds, or 0.
func numeric(v any) any {
	switch v := v.(type) {
	case int64, float64:
		return v
	}
	s, _ := isText(v)
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
		return f
	}
	return int64(0)
}

func integer(v any) int64 {
	switch v := numeric(v).(type) {
	case int64:
		return v
	case float64:
		return int64(max(min(v, math.MaxInt32), math.MinInt32))
	}
	return 0
}

// bounds are the ends of a range.
func bounds(a, b any) (int64, int64, bool) {
	if a == nil || b == nil {
		return 0, 0, false
	}
	x, y := integer(a), integer(b)
	const most = 1 << 53
	return min(max(x, -most), most), min(max(y, -most), most), true
}

// elements is what a loop goes through: a list, the pairs of an object, or a text alone.
func elements(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case map[string]any:
		list := make([]any, 0, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			list = append(list, []any{k, plain(v[k])})
		}
		return list
	case string:
		if v != "" {
			return []any{v}
		}
	case Safe:
		if v != "" {
			return []any{v}
		}
	}
	return nil
}

// text is a value as it is shown.
func (s *state) text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case Safe:
		return string(v)
	case nil, emptiness, *loopInfo:
		return ""
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return floatText(v)
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.000Z")
	case []any:
		var b strings.Builder
		for _, x := range v {
			if b.Len() > MaxOutput {
				break
			}
			b.WriteString(s.text(plain(x)))
		}
		return b.String()
	case map[string]any:
		b, _ := json.Marshal(v)
		return string(b)
	}
	return s.text(plain(v))
}

// floatText writes a number as JavaScript does.
func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case math.Abs(f) >= 1e21 || f != 0 && math.Abs(f) < 1e-6:
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// property is what a value has under a name.
func (s *state) property(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		if x, ok := v[name]; ok {
			return plain(x)
		}
		if name == "size" {
			return int64(len(v))
		}
	case []any:
		switch name {
		case "size", "length":
			return int64(len(v))
		case "first":
			return at(v, 0)
		case "last":
			return at(v, -1)
		}
		if i, err := strconv.Atoi(name); err == nil {
			return at(v, i)
		}
	case string:
		if name == "size" || name == "length" {
			return int64(utf8.RuneCountInString(v))
		}
	case Safe:
		return s.property(string(v), name)
	case *loopInfo:
		return v.property(name)
	}
	return nil
}

func at(list []any, i int) any {
	if i < 0 {
		i += len(list)
	}
	if i < 0 || i >= len(list) {
		return nil
	}
	return plain(list[i])
}

func (l *loopInfo) property(name string) any {
	i, n, c := int64(l.i), int64(l.n), int64(l.cols)
	switch name {
	case "index":
		return i + 1
	case "index0":
		return i
	case "rindex":
		return n - i
	case "rindex0":
		return n - i - 1
	case "first":
		return i == 0
	case "last":
		return i == n-1
	case "length":
		return n
	case "col":
		return i%c + 1
	case "col0":
		return i % c
	case "row":
		return i/c + 1
	case "col_first":
		return i%c == 0
	case "col_last":
		return i%c == c-1
	case "parentloop":
		return l.parent
	}
	return nil
}
