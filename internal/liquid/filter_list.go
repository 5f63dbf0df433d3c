package liquid

import (
	"slices"
	"strings"
)

func listFilters() map[string]filter {
	return map[string]filter{
		"array_to_sentence_string": sentence,
		"compact": func(c *call) any {
			return c.kept(func(x any) bool { return c.get(x, 0) != nil })
		},
		"concat":  func(c *call) any { return c.made(c.list(), listOf(c.arg(0))) },
		"push":    func(c *call) any { return c.made(c.list(), []any{c.arg(0)}) },
		"unshift": func(c *call) any { return c.made([]any{c.arg(0)}, c.list()) },
		"pop":     func(c *call) any { return c.list()[:max(len(c.list())-1, 0)] },
		"shift":   func(c *call) any { return c.list()[min(1, len(c.list())):] },
		"first":   func(c *call) any { return c.s.property(c.in, "first") },
		"last":    func(c *call) any { return c.s.property(c.in, "last") },
		"join":    join,
		"map": func(c *call) any {
			out := make([]any, 0, len(c.list()))
			for _, x := range c.list() {
				out = append(out, c.get(x, 0))
			}
			return out
		},
		"reverse": func(c *call) any {
			out := slices.Clone(c.list())
			slices.Reverse(out)
			return out
		},
		"slice":        slice,
		"sort":         sorter(func(a, b any) int { n, _ := compare(a, b); return n }),
		"sort_natural": sorter(natural),
		"sum": func(c *call) any {
			total := 0.0
			for _, x := range c.list() {
				total += float(c.get(x, 0))
			}
			return integral(total)
		},
		"uniq":   uniq,
		"where":  func(c *call) any { return c.kept(c.matches) },
		"reject": func(c *call) any { return c.kept(func(x any) bool { return !c.matches(x) }) },
		"find": func(c *call) any {
			for _, x := range c.list() {
				if c.matches(x) {
					return x
				}
			}
			return nil
		},
		"find_index": func(c *call) any {
			for i, x := range c.list() {
				if c.matches(x) {
					return int64(i)
				}
			}
			return nil
		},
		"has":      func(c *call) any { return slices.ContainsFunc(c.list(), c.matches) },
		"group_by": groupBy,
	}
}

// get is what an element has under the path that an argument names; the element itself where there is none.
func (c *call) get(x any, arg int) any {
	x = plain(x)
	if !c.has(arg) || c.args[arg] == nil {
		return x
	}
	for name := range strings.SplitSeq(c.s.text(c.args[arg]), ".") {
		x = c.s.property(x, name)
	}
	return x
}

// matches reports whether an element has a value under a name; without a value, any that is true.
func (c *call) matches(x any) bool {
	v := c.get(x, 0)
	if !c.has(1) {
		return truth(v)
	}
	return equal(v, c.args[1])
}

func (c *call) kept(test func(any) bool) any {
	out := []any{}
	for _, x := range c.list() {
		if test(x) {
			out = append(out, x)
		}
	}
	return out
}

// made joins two lists.
func (c *call) made(a, b []any) any {
	if len(a)+len(b) > MaxLoop {
		c.tooLong = true
		return nil
	}
	return slices.Concat(a, b)
}

func join(c *call) any {
	list, sep := c.list(), c.textArg(0, " ")
	var b strings.Builder
	for i, x := range list {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(c.s.text(plain(x)))
		if !c.fits(b.Len()) {
			return nil
		}
	}
	return b.String()
}

func sentence(c *call) any {
	list, word := c.list(), c.textArg(0, "and")
	texts := make([]string, len(list))
	length := 0
	for i, x := range list {
		texts[i] = c.s.text(plain(x))
		length += len(texts[i]) + len(word) + 4
	}
	if !c.fits(length) {
		return nil
	}
	switch n := len(texts); n {
	case 0, 1:
		return strings.Join(texts, "")
	case 2:
		return texts[0] + " " + word + " " + texts[1]
	default:
		return strings.Join(texts[:n-1], ", ") + ", " + word + " " + texts[n-1]
	}
}

// slice is a part of a text or list.
func slice(c *call) any {
	list, isList := c.in.([]any)
	runes := []rune(nil)
	n := len(list)
	if !isList {
		runes = []rune(c.text())
		n = len(runes)
	}
	from, length := int(c.intArg(0, 0)), int(c.intArg(1, 1))
	if from < 0 {
		from += n
	}
	from = min(max(from, 0), n)
	to := min(from+min(max(length, 0), n), n)
	if isList {
		return list[from:to]
	}
	return string(runes[from:to])
}

// natural orders texts without regard to case; what is nothing comes last.
func natural(a, b any) int {
	x, okX := isText(a)
	y, okY := isText(b)
	if okX && okY {
		return strings.Compare(strings.ToLower(x), strings.ToLower(y))
	}
	n, _ := compare(a, b)
	return n
}

func sorter(order func(a, b any) int) filter {
	return func(c *call) any {
		out := slices.Clone(c.list())
		slices.SortStableFunc(out, func(a, b any) int {
			x, y := c.get(a, 0), c.get(b, 0)
			switch {
			case x == nil && y == nil:
				return 0
			case x == nil:
				return 1
			case y == nil:
				return -1
			}
			return order(x, y)
		})
		return out
	}
}

func uniq(c *call) any {
	var out []any
	var seen []any
	texts := map[any]bool{}
	for _, x := range c.list() {
		key := c.get(x, 0)
		switch k := key.(type) {
		case string, int64, bool, nil, float64, Safe:
			if texts[k] {
				continue
			}
			texts[k] = true
		default:
			if len(seen) > 1000 || slices.ContainsFunc(seen, func(y any) bool { return equal(y, key) }) {
				continue
			}
			seen = append(seen, key)
		}
		out = append(out, x)
	}
	return out
}

func groupBy(c *call) any {
	var names []any
	groups := map[string][]any{}
	for _, x := range c.list() {
		v := c.get(x, 0)
		name := c.s.text(v)
		if _, ok := groups[name]; !ok {
			names = append(names, v)
		}
		groups[name] = append(groups[name], x)
	}
	out := make([]any, 0, len(names))
	for _, v := range names {
		out = append(out, map[string]any{"name": v, "items": groups[c.s.text(v)]})
	}
	return out
}
