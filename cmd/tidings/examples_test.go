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

func TestEveryCommandHasAnExampleAndEveryExampleIsRight(t *testing.T) {
	t.Parallel()
	parser := func() *kong.Kong {
		p, err := newParser(&console{ctx: t.Context(), out: io.Discard, err: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, leaf := range parser().Model.Leaves(true) {
		own := false
		for _, args := range examples(leaf) {
			parsed, err := parser().Parse(args)
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
}
