// Package liquid provides the template language: Liquid as LiquidJS and Shopify speak it, parsed with every mistake at once,
// and rendered within bounds of time, size and loops, whatever the template and its values are.
package liquid

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// MaxSource is how long a template may be, in bytes.
	MaxSource = 1 << 20
	// MaxOutput is how long a rendered text may be, and any text on the way to it, in bytes.
	MaxOutput = 1 << 20
	// MaxLoop is how often one loop may go round, and how many elements a range may have.
	MaxLoop = 10_000
	// MaxRounds is how often all loops of a rendering may go round together.
	MaxRounds = 100_000

	maxProblems = 100
	maxDepth    = 100 // of blocks within blocks, of brackets, of values within values
)

// Problem is what is wrong at one place of a template.
type Problem struct {
	Line   int    // from 1
	Column int    // in characters, from 1
	Says   string // a sentence for people
}

// Error is the same.
func (p Problem) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", p.Line, p.Column, p.Says)
}

// Safe is a text that is HTML already: it is written as it stands.
type Safe string

// Template is a parsed template. It never changes, and is safe for concurrent use.
type Template struct {
	src       string
	body      []node
	lines     []int // offsets of the first byte of each line
	variables []Variable
}

// Variable is a place where a template asks for a value from outside.
type Variable struct {
	Path         []string // "contact", "data", "plan"; it ends before an index that is computed
	Line, Column int
	Defaulted    bool // the template says what to show where there is none, or asked before whether it is there
}

// Name is the path as people write it: "contact.data.plan".
func (v Variable) Name() string { return strings.Join(v.Path, ".") }

// Parse reads a template. Problems are in the order of their places; the template is nil when there are any.
func Parse(src string) (*Template, []Problem) {
	t := &Template{src: src, lines: []int{0}}
	for i := range len(src) {
		if src[i] == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	if len(src) > MaxSource {
		return nil, []Problem{{1, 1, fmt.Sprintf("The template has %d bytes; %d are allowed.", len(src), MaxSource)}}
	}
	p := &parser{t: t, toks: scan(src)}
	t.body = p.all()
	t.variables = p.variables
	if len(p.problems) == 0 {
		return t, nil
	}
	sort.SliceStable(p.problems, func(i, j int) bool {
		a, b := p.problems[i], p.problems[j]
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	return nil, p.problems
}

// problem says what is wrong at an offset.
func (t *Template) problem(at int, format string, args ...any) Problem {
	at = min(max(at, 0), len(t.src))
	line := sort.SearchInts(t.lines, at+1) - 1
	return Problem{
		Line: line + 1, Column: utf8.RuneCountInString(t.src[t.lines[line]:at]) + 1, Says: fmt.Sprintf(format, args...),
	}
}

// Variables are the places where the template asks for a value that it did not make itself, in the order of its text.
func (t *Template) Variables() []Variable { return t.variables }

// Options are how a template is rendered.
type Options struct {
	Escape bool      // texts become HTML: what they hold of < > & " ' is written as entities
	Now    time.Time // for "now" and "today" of the filter date
}

// Render gives the text. What is not there is empty. The only errors are a Problem, where a bound is passed, and the
// context's.
func (t *Template) Render(ctx context.Context, vars map[string]any, o Options) (out string, err error) {
	s := &state{t: t, ctx: ctx, vars: vars, o: o}
	s.out = new(strings.Builder)
	s.out.Grow(len(t.src) + len(t.src)/8)
	defer func() {
		if r := recover(); r != nil {
			out, err = "", t.problem(s.at, "This can't be rendered: %v.", r)
		}
	}()
	if err := s.tick(); err != nil {
		return "", err
	}
	if err := s.nodes(t.body); err != nil && !isJump(err) {
		return "", err
	}
	return s.out.String(), nil
}
