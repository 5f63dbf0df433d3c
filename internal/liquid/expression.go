package liquid

import (
	"bytes"
	"slices"
	"strings"

	"tidings/internal/spelling"
)

// expr is an expression that can be evaluated.
type expr interface{ eval(s *state) (any, error) }

type (
	literal struct{ value any }
	// path is a variable and what is asked of it.
	path struct {
		at    int
		root  string
		steps []step
	}
	step struct {
		name  string
		index expr // nil: name
	}
	span struct {
		at       int
		from, to expr
	}
	binary struct {
		op   string
		a, b expr
	}
	negation struct{ x expr }
	filtered struct {
		base    expr
		filters []filterCall
	}
	filterCall struct {
		at    int
		name  string
		do    filter
		args  []expr
		fixed []any    // the values of args, where they are the same each time
		names []string // of named arguments
		named []expr
	}
)

// special are the words that are values.
var special = map[string]any{"true": true, "false": false, "nil": nil, "null": nil, "empty": emptiness(0), "blank": emptiness(1)}

// reader reads the words of one expression.
type reader struct {
	p     *parser
	words []word
	i     int
	depth int
	fails bool
	paths []int // indexes in parser.variables of what was read
}

func (p *parser) reader(src string, at int) *reader {
	list, ok := p.words(src, at)
	if !ok {
		list = []word{{kind: endWord, at: at + len(src)}}
	}
	return &reader{p: p, words: list, fails: !ok}
}

func (r *reader) peek() word { return r.words[r.i] }

func (r *reader) next() word {
	w := r.words[r.i]
	if w.kind != endWord {
		r.i++
	}
	return w
}

func (r *reader) is(s string) bool {
	w := r.peek()
	return (w.kind == signWord || w.kind == nameWord) && w.s == s
}

func (r *reader) take(s string) bool {
	if r.is(s) {
		r.i++
		return true
	}
	return false
}

// fail tells the first thing that is wrong with an expression; more of the same would only confuse.
func (r *reader) fail(at int, format string, args ...any) expr {
	if !r.fails {
		r.fails = true
		r.p.problem(at, format, args...)
	}
	r.i = len(r.words) - 1
	return literal{}
}

func (r *reader) end() {
	if w := r.peek(); w.kind != endWord {
		r.fail(w.at, "%q does not belong here.", w.s)
	}
}

// whole reads an expression with its filters, up to the end.
func (r *reader) whole() expr {
	x := r.filtered()
	r.end()
	return x
}

// filtered reads a condition or value and its filters.
func (r *reader) filtered() expr {
	x := r.condition()
	if r.is("??") {
		r.defaulted()
	}
	for r.take("??") {
		x = binary{"??", x, r.condition()}
	}
	if !r.is("|") {
		return x
	}
	f := filtered{base: x}
	for r.take("|") {
		call, ok := r.filter()
		if !ok {
			return x
		}
		f.filters = append(f.filters, call)
		for r.is("??") { // a fallback after filters is one for what they give
			r.i++
			r.defaulted()
			f = filtered{base: binary{"??", f, r.condition()}}
		}
	}
	return f
}

// defaulted tells that all variables that were read so far have a default.
func (r *reader) defaulted() {
	for _, i := range r.paths {
		r.p.variables[i].Defaulted = true
	}
}

func (r *reader) filter() (c filterCall, ok bool) {
	w := r.next()
	if w.kind != nameWord {
		r.fail(w.at, "The name of a filter is missing.")
		return c, false
	}
	c = filterCall{at: w.at, name: w.s, do: filters[w.s]}
	if c.do == nil && !r.fails {
		r.p.problem(w.at, "There is no filter %q.%s", w.s, nearest(w.s, filterNames()))
		c.do = func(*call) any { return nil }
	}
	if w.s == "default" {
		r.defaulted()
	}
	if !r.take(":") {
		return c, true
	}
	for {
		if k := r.peek(); k.kind == nameWord && r.words[r.i+1].kind == signWord && r.words[r.i+1].s == ":" {
			r.i += 2
			c.names, c.named = append(c.names, k.s), append(c.named, r.value())
		} else {
			c.args = append(c.args, r.value())
		}
		if !r.take(",") {
			c.fixed = fixed(c.args)
			return c, !r.fails
		}
	}
}

// fixed are the values of arguments that are the same each time; nil where one is not.
func fixed(args []expr) []any {
	list := make([]any, len(args))
	for i, x := range args {
		l, ok := x.(literal)
		if !ok {
			return nil
		}
		list[i] = l.value
	}
	return list
}

// condition reads comparisons joined by and, or, from right to left as Liquid does.
func (r *reader) condition() expr {
	if r.depth++; r.depth > maxDepth {
		return r.fail(r.peek().at, "There are too many brackets within brackets.")
	}
	defer func() { r.depth-- }()
	x := r.comparison()
	for _, op := range [...]string{"and", "or"} {
		if r.take(op) {
			return binary{op, x, r.condition()}
		}
	}
	return x
}

var comparisons = []string{"==", "!=", "<>", "<=", ">=", "<", ">", "contains"}

func (r *reader) comparison() expr {
	if r.take("not") {
		return negation{r.comparison()}
	}
	a := r.value()
	w := r.peek()
	if w.kind == signWord && w.s == "=" {
		return r.fail(w.at, "%q does not compare: write == instead.", "=")
	}
	if w.kind == endWord || !slices.Contains(comparisons, w.s) || w.kind == textWord {
		return a
	}
	r.i++
	return binary{w.s, a, r.value()}
}

// value reads a text, a number, a variable, a range or what stands in brackets.
func (r *reader) value() expr {
	w := r.next()
	switch w.kind {
	case textWord, numberWord:
		return literal{w.value}
	case nameWord:
		if v, ok := special[w.s]; ok && !r.is(".") && !r.is("[") {
			return literal{v}
		}
		return r.path(w)
	case signWord:
		switch w.s {
		case "(":
			return r.brackets(w)
		case "[":
			r.i--
			return r.path(w)
		}
		return r.fail(w.at, "A value is missing before %q.", w.s)
	default:
		return r.fail(w.at, "A value is missing here.")
	}
}

func (r *reader) brackets(open word) expr {
	from := r.filtered()
	if !r.take("..") {
		if !r.take(")") {
			return r.fail(r.peek().at, "A ) is missing.")
		}
		return from
	}
	to := r.value()
	if !r.take(")") {
		return r.fail(r.peek().at, "A ) is missing.")
	}
	a, constA := from.(literal)
	b, constB := to.(literal)
	if constA && constB {
		if x, y, ok := bounds(a.value, b.value); ok && y-x >= MaxLoop {
			return r.fail(open.at, "This range has %d elements; %d are allowed.", y-x+1, MaxLoop)
		}
	}
	return span{open.at, from, to}
}

func (r *reader) path(w word) expr {
	x := path{at: w.at}
	if w.kind == nameWord {
		x.root = w.s
	} else {
		r.i++ // ["name with blanks"]
		name := r.next()
		if name.kind != textWord || !r.take("]") {
			return r.fail(name.at, "A name in quotes and ] are missing.")
		}
		x.root = name.s
	}
	known := []string{x.root}
	open := true // every step so far is known by name
	for {
		switch {
		case r.take("."):
			n := r.next()
			if n.kind != nameWord && n.kind != numberWord {
				return r.fail(n.at, "A name is missing after the point.")
			}
			x.steps = append(x.steps, step{name: n.s})
			if open {
				known = append(known, n.s)
			}
		case r.take("["):
			index := r.condition()
			if !r.take("]") {
				return r.fail(r.peek().at, "A ] is missing.")
			}
			if l, ok := index.(literal); ok {
				if s, isText := l.value.(string); isText && open {
					x.steps, known = append(x.steps, step{name: s}), append(known, s)
					continue
				}
			}
			open = false
			x.steps = append(x.steps, step{index: index})
		default:
			r.p.uses(r, w.at, known)
			return x
		}
	}
}

// nearest tells a name that is almost the one that was written.
func nearest(name string, known []string) string {
	name = strings.ToLower(name)
	best, at := "", min(3, len(name)/3+1)
	for _, k := range known {
		d := distance(name, k, at)
		if d == 2 && len(name) == len(k) && sameLetters(name, k) {
			d = 1
		}
		if d < at {
			best, at = k, d
		}
	}
	if best == "" {
		return ""
	}
	return " Did you mean " + best + "?"
}

func sameLetters(a, b string) bool {
	x, y := []byte(a), []byte(b)
	slices.Sort(x)
	slices.Sort(y)
	return bytes.Equal(x, y)
}

// distance is how many letters differ between two words, or most: what can't be less is not counted.
func distance(a, b string, most int) int {
	if len(a) > 40 || len(a)-len(b) >= most || len(b)-len(a) >= most {
		return most
	}
	return spelling.Distance(a, b)
}
