package liquid

import (
	"slices"
	"strings"
)

func (l literal) eval(*state) (any, error) { return l.value, nil }

func (x path) eval(s *state) (any, error) {
	s.at = x.at
	if len(x.steps) > 1 {
		if err := s.tick(); err != nil {
			return nil, err
		}
	}
	v, ok := s.own[x.root]
	if !ok {
		if n, counted := s.counts[x.root]; counted {
			v = n
		} else {
			v = plain(s.vars[x.root])
		}
	}
	for _, st := range x.steps {
		if v == nil {
			return nil, nil
		}
		if st.index == nil {
			v = s.property(v, st.name)
			continue
		}
		i, err := st.index.eval(s)
		if err != nil {
			return nil, err
		}
		v = s.indexed(v, i)
	}
	return v, nil
}

func (s *state) indexed(v, i any) any {
	if list, ok := v.([]any); ok {
		if f, ok := isNumber(i); ok {
			return at(list, int(f))
		}
	}
	return s.property(v, s.text(i))
}

func (x span) eval(s *state) (any, error) {
	a, err := x.from.eval(s)
	if err != nil {
		return nil, err
	}
	b, err := x.to.eval(s)
	if err != nil {
		return nil, err
	}
	from, to, ok := bounds(a, b)
	if !ok || to < from {
		return []any{}, nil
	}
	if to-from >= MaxLoop {
		return nil, s.t.problem(x.at, "This range has %d elements; %d are allowed.", to-from+1, MaxLoop)
	}
	list := make([]any, 0, to-from+1)
	for i := from; i <= to; i++ {
		list = append(list, i)
	}
	return list, nil
}

func (x negation) eval(s *state) (any, error) {
	v, err := x.x.eval(s)
	return !truth(v), err
}

func (x binary) eval(s *state) (any, error) {
	a, err := x.a.eval(s)
	if err != nil {
		return nil, err
	}
	switch {
	case x.op == "and" && !truth(a):
		return false, nil
	case x.op == "or" && truth(a):
		return true, nil
	case x.op == "??" && a != nil && a != "" && a != Safe(""):
		return a, nil
	}
	b, err := x.b.eval(s)
	if err != nil {
		return nil, err
	}
	switch x.op {
	case "and", "or":
		return truth(b), nil
	case "??":
		return b, nil
	case "==":
		return equal(a, b), nil
	case "!=", "<>":
		return !equal(a, b), nil
	case "contains":
		return s.contains(a, b), nil
	}
	c, ok := compare(a, b)
	switch {
	case !ok:
		return false, nil
	case x.op == "<":
		return c < 0, nil
	case x.op == ">":
		return c > 0, nil
	case x.op == "<=":
		return c <= 0, nil
	}
	return c >= 0, nil
}

func (f filtered) eval(s *state) (any, error) {
	v, err := f.base.eval(s)
	if err != nil {
		return nil, err
	}
	for i := range f.filters {
		if v, err = f.filters[i].eval(s, v); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (f *filterCall) eval(s *state, in any) (any, error) {
	if err := s.tick(); err != nil {
		return nil, err
	}
	args, err := f.arguments(s)
	if err != nil {
		return nil, err
	}
	c := s.spare
	if c == nil {
		c = new(call)
	}
	*c, s.spare = call{s: s, at: f.at, in: in, args: args}, nil
	for i, x := range f.named {
		v, err := x.eval(s)
		if err != nil {
			return nil, err
		}
		if c.named == nil {
			c.named = map[string]any{}
		}
		c.named[f.names[i]] = v
	}
	s.at = f.at
	out := plain(f.do(c))
	s.spare = c
	if c.tooLong {
		return nil, s.t.problem(f.at, "%s makes a text or list longer than is allowed (%d bytes, %d elements).",
			f.name, MaxOutput, MaxLoop)
	}
	return out, nil
}

// arguments are those without names. Filters only read them, so that fixed ones are made once.
func (f *filterCall) arguments(s *state) ([]any, error) {
	if f.fixed != nil || len(f.args) == 0 {
		return f.fixed, nil
	}
	args := make([]any, len(f.args))
	for i, x := range f.args {
		v, err := x.eval(s)
		if err != nil {
			return nil, err
		}
		args[i] = v
	}
	return args, nil
}

// contains reports whether a text has a text in it, a list an element, an object a name.
func (s *state) contains(a, b any) bool {
	if text, ok := isText(a); ok {
		return b != nil && strings.Contains(text, s.text(b))
	}
	switch v := a.(type) {
	case []any:
		return slices.ContainsFunc(v, func(x any) bool { return equal(plain(x), b) })
	case map[string]any:
		_, ok := v[s.text(b)]
		return ok
	}
	return false
}
