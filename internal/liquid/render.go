package liquid

import (
	"context"
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
)

// node is a part of a template that can be rendered.
type node interface{ render(s *state) error }

type (
	textNode struct {
		at   int
		text string
	}
	outputNode struct {
		at int
		x  expr
	}
	blockNode  struct{ body []node }
	assignNode struct {
		at   int
		name string
		x    expr
	}
	captureNode struct {
		name string
		body []node
	}
	branch struct {
		test expr
		body []node
	}
	ifNode struct{ branches []branch }
	when   struct {
		values []expr
		other  bool // else
		body   []node
	}
	caseNode struct {
		x     expr
		whens []when
	}
	jumpNode  struct{ err error }
	cycleNode struct {
		key    string
		group  expr
		values []expr
	}
	countNode struct {
		name string
		up   bool
	}
)

var (
	errBreak    = errors.New("break")
	errContinue = errors.New("continue")
)

func isJump(err error) bool { return errors.Is(err, errBreak) || errors.Is(err, errContinue) }

// state is one rendering.
type state struct {
	t      *Template
	ctx    context.Context
	vars   map[string]any // from outside
	own    map[string]any // that the template gave
	counts map[string]int64
	cycles map[string]int
	ends   map[string]int // where loops over the same list ended
	o      Options
	out    *strings.Builder
	spare  *call // for the next filter; nil: it is in use
	outer  int   // bytes that wait while something is captured
	at     int   // offset of what is rendered
	ticks  int
	rounds int
}

// tick is called at every step, so that a rendering ends when its time is over.
func (s *state) tick() error {
	if s.ticks++; s.ticks&63 != 1 {
		return nil
	}
	if err := context.Cause(s.ctx); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return s.t.problem(s.at, "This takes too long to render.")
		}
		return fmt.Errorf("render: %w", err)
	}
	return nil
}

func (s *state) nodes(list []node) error {
	for _, n := range list {
		if err := n.render(s); err != nil {
			return err
		}
	}
	return nil
}

// write adds a text that is written as it stands.
func (s *state) write(text string) error {
	if s.outer+s.out.Len()+len(text) > MaxOutput {
		return s.t.problem(s.at, "This makes the text longer than %d bytes.", MaxOutput)
	}
	s.out.WriteString(text)
	return nil
}

func (n textNode) render(s *state) error { return s.write(n.text) }

func (n outputNode) render(s *state) error {
	s.at = n.at
	if err := s.tick(); err != nil {
		return err
	}
	v, err := n.x.eval(s)
	if err != nil {
		return err
	}
	return s.show(v)
}

// show writes a value.
func (s *state) show(v any) error {
	if safe, ok := v.(Safe); ok {
		return s.write(string(safe))
	}
	text := s.text(v)
	if s.o.Escape {
		text = escaped(text)
	}
	return s.write(text)
}

// escaped is html.EscapeString, quicker with what has nothing to escape, as most values.
func escaped(s string) string {
	for i := range len(s) {
		switch s[i] {
		case '<', '>', '&', '\'', '"':
			return html.EscapeString(s)
		}
	}
	return s
}

func (n blockNode) render(s *state) error { return s.nodes(n.body) }

func (s *state) set(name string, v any) {
	if s.own == nil {
		s.own = map[string]any{}
	}
	s.own[name] = v
}

func (n assignNode) render(s *state) error {
	s.at = n.at
	if err := s.tick(); err != nil {
		return err
	}
	v, err := n.x.eval(s)
	if err == nil {
		s.set(n.name, v)
	}
	return err
}

func (n captureNode) render(s *state) error {
	outside := s.out
	s.outer += outside.Len()
	s.out = new(strings.Builder)
	err := s.nodes(n.body)
	text := s.out.String()
	s.outer -= outside.Len()
	s.out = outside
	if err != nil {
		return err
	}
	if s.o.Escape {
		s.set(n.name, Safe(text))
	} else {
		s.set(n.name, text)
	}
	return nil
}

func (n ifNode) render(s *state) error {
	for _, b := range n.branches {
		v, err := b.test.eval(s)
		if err != nil {
			return err
		}
		if truth(v) {
			return s.nodes(b.body)
		}
	}
	return nil
}

func (n caseNode) render(s *state) error {
	v, err := n.x.eval(s)
	if err != nil {
		return err
	}
	matched := false
	for _, w := range n.whens {
		hit := w.other && !matched
		for _, x := range w.values {
			other, err := x.eval(s)
			if err != nil {
				return err
			}
			hit = hit || equal(v, other)
		}
		if hit {
			matched = true
			if err := s.nodes(w.body); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n jumpNode) render(*state) error { return n.err }

func (n cycleNode) render(s *state) error {
	key := n.key
	if n.group != nil {
		g, err := n.group.eval(s)
		if err != nil {
			return err
		}
		key = ":" + s.text(g)
	}
	if s.cycles == nil {
		s.cycles = map[string]int{}
	}
	i := s.cycles[key]
	s.cycles[key] = (i + 1) % len(n.values)
	v, err := n.values[i%len(n.values)].eval(s)
	if err != nil {
		return err
	}
	return s.show(v)
}

func (n countNode) render(s *state) error {
	if s.counts == nil {
		s.counts = map[string]int64{}
	}
	was := s.counts[n.name]
	shown := was
	if n.up {
		s.counts[n.name] = was + 1
	} else {
		shown = was - 1
		s.counts[n.name] = shown
	}
	return s.show(shown)
}

type loopNode struct {
	at            int
	name          string
	key           string // of the loop, for offset: continue
	list          expr
	limit, offset expr
	cols          expr
	reversed      bool
	goesOn        bool // offset: continue
	table         bool
	body, none    []node
}

// loopInfo is forloop, made only where somebody asks for it.
type loopInfo struct {
	i, n, cols int
	parent     any
}

func (n *loopNode) render(s *state) error {
	s.at = n.at
	v, err := n.list.eval(s)
	if err != nil {
		return err
	}
	list := elements(v)
	if list, err = n.part(s, list); err != nil {
		return err
	}
	if len(list) == 0 {
		return s.nodes(n.none)
	}
	if len(list) > MaxLoop {
		return s.t.problem(n.at, "This loop would go round %d times; %d are allowed.", len(list), MaxLoop)
	}
	return n.rounds(s, list)
}

// part is what limit, offset and reversed leave of a list.
func (n *loopNode) part(s *state, list []any) ([]any, error) {
	from, to := 0, len(list)
	if n.goesOn {
		from = min(s.ends[n.key], to)
	} else if n.offset != nil {
		v, err := n.offset.eval(s)
		if err != nil {
			return nil, err
		}
		from = min(max(int(integer(v)), 0), to)
	}
	if n.limit != nil {
		v, err := n.limit.eval(s)
		if err != nil {
			return nil, err
		}
		to = min(to, from+min(max(int(integer(v)), 0), to))
	}
	if s.ends == nil {
		s.ends = map[string]int{}
	}
	s.ends[n.key] = to
	list = list[from:to]
	if n.reversed {
		list = slices.Clone(list)
		slices.Reverse(list)
	}
	return list, nil
}

func (n *loopNode) rounds(s *state, list []any) error {
	word := "forloop"
	cols := len(list)
	if n.table {
		word = "tablerowloop"
		if n.cols != nil {
			v, err := n.cols.eval(s)
			if err != nil {
				return err
			}
			if c := int(integer(v)); c > 0 {
				cols = c
			}
		}
	}
	before, had := s.own[n.name]
	parent, hadLoop := s.own[word]
	defer func() {
		s.restore(n.name, before, had)
		s.restore(word, parent, hadLoop)
	}()
	info := &loopInfo{n: len(list), cols: cols, parent: parent}
	s.set(word, info)
	for i, v := range list {
		if s.rounds++; s.rounds > MaxRounds {
			return s.t.problem(n.at, "The loops go round more than %d times in all.", MaxRounds)
		}
		if err := s.tick(); err != nil {
			return err
		}
		info.i = i
		s.set(n.name, v)
		if err := n.round(s, i, len(list), cols); err != nil {
			if errors.Is(err, errBreak) {
				return nil
			}
			if !errors.Is(err, errContinue) {
				return err
			}
		}
	}
	return nil
}

func (s *state) restore(name string, v any, had bool) {
	if had {
		s.own[name] = v
	} else {
		delete(s.own, name)
	}
}

// round renders a loop's body once, within the cells of a table where it is one.
func (n *loopNode) round(s *state, i, all, cols int) error {
	if !n.table {
		return s.nodes(n.body)
	}
	start := ""
	if i%cols == 0 {
		start = fmt.Sprintf(`<tr class="row%d">`, i/cols+1)
	}
	if err := s.write(start + fmt.Sprintf(`<td class="col%d">`, i%cols+1)); err != nil {
		return err
	}
	err := s.nodes(n.body)
	if err != nil && !isJump(err) {
		return err
	}
	end := "</td>"
	if (i+1)%cols == 0 || i+1 == all {
		end += "</tr>"
	}
	return errors.Join(s.write(end), err)
}
