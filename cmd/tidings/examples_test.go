package main

import (
	"io"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// examples are the command lines in the long help of a command: indented lines that begin with the program's name, with
// the lines that a backslash joins to them. What a shell does with them, and comments, is left out.
func examples(n *kong.Node) [][]string {
	var found [][]string
	for line := range strings.Lines(strings.ReplaceAll(n.Detail, "\\\n", " ")) {
		if !strings.HasPrefix(line, "  ") || !strings.HasPrefix(strings.TrimSpace(line), "tidings ") {
			continue
		}
		line, _, _ = strings.Cut(line, " #")
		line, _, _ = strings.Cut(line, " | ")
		line, _, _ = strings.Cut(line, " > ")
		line, _, _ = strings.Cut(line, " < ")
		found = append(found, shellWords(line)[1:])
	}
	return found
}

// shellWords splits at spaces outside of quotes.
func shellWords(line string) []string {
	var quote rune
	words := strings.FieldsFunc(line, func(r rune) bool {
		switch {
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case r == quote:
			quote = 0
		}
		return quote == 0 && (r == ' ' || r == '\t' || r == '\n')
	})
	for i, w := range words {
		words[i] = strings.NewReplacer("'", "", `"`, "").Replace(w)
	}
	return words
}

// afresh makes a parser forget the command line that it read before. kong forgets the values by itself, but not which of
// them were given: a flag that is required would be missed once only.
func afresh(p *kong.Kong) *kong.Kong {
	_ = kong.Visit(p.Model, func(x kong.Visitable, next kong.Next) error {
		switch x := x.(type) {
		case *kong.Value:
			x.Set, x.Active = false, false
		case *kong.Node:
			x.Active = false
		}
		return next(nil)
	})
	return p
}

func TestEveryCommandHasAnExampleAndEveryExampleIsRight(t *testing.T) {
	t.Parallel()
	parser, err := newParser(&console{ctx: t.Context(), out: io.Discard, err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(true) {
		own := false
		for _, args := range examples(leaf) {
			parsed, err := afresh(parser).Parse(args)
			if err != nil {
				t.Errorf("%s --help has the example %q: %v", leaf.FullPath(), strings.Join(args, " "), err)
				continue
			}
			own = own || parsed.Selected().FullPath() == leaf.FullPath()
		}
		if !own {
			t.Errorf("%s --help has no example of it", leaf.FullPath())
		}
	}
	for _, args := range [][]string{{"source", "create"}, {"contacts", "get"}, {"key", "create", "--kind", "no"}, {"events", "--no"}} {
		if _, err := afresh(parser).Parse(args); err == nil {
			t.Errorf("%q is taken after the examples: the parser remembers them", strings.Join(args, " "))
		}
	}
}
