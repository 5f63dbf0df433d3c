package yamlfile

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Lined puts the line of a problem before its place, which lies in the part of the file at at. Of a place that is not there
// it is the line of what it would lie in.
func (f File) Lined(at string, p Problem) Problem {
	p.At = strings.Trim(at+"."+p.At, ".")
	if line := f.line(p.At); line > 0 {
		p.At = fmt.Sprintf("line %d: %s", line, p.At)
	}
	return p
}

// line is where a part of the file begins, or else the deepest part that it would lie in; 0: there is none.
func (f File) line(at string) int {
	if f.tree == nil || at == "" {
		return 0
	}
	for _, doc := range f.tree.Docs {
		if node, rest := deepest(doc.Body, at); node != nil && rest < len(at) {
			return node.GetToken().Position.Line
		}
	}
	return 0
}

// deepest goes down a place as far as there is something, and tells how much of the place is left. Keys may hold dots and
// brackets: of the ways that a place can be read the one that leads furthest counts.
func deepest(n ast.Node, at string) (found ast.Node, rest int) {
	found, rest = n, len(at)
	if at == "" {
		return found, rest
	}
	try := func(child ast.Node, remains string) {
		if child == nil {
			return
		}
		if node, left := deepest(child, remains); left < rest {
			found, rest = node, left
		}
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			if remains, ok := behind(at, keyText(v.Key)); ok {
				try(v.Value, remains)
			}
		}
	case *ast.MappingValueNode:
		if remains, ok := behind(at, keyText(n.Key)); ok {
			try(n.Value, remains)
		}
	case *ast.SequenceNode:
		number, remains, ok := strings.Cut(strings.TrimPrefix(at, "["), "]")
		i, err := strconv.Atoi(number)
		if ok && err == nil && strings.HasPrefix(at, "[") && i >= 0 && i < len(n.Values) {
			try(n.Values[i], strings.TrimPrefix(remains, "."))
		}
	case *ast.TagNode:
		return deepest(n.Value, at)
	}
	return found, rest
}

// behind is what is left of a place behind a key that it begins with.
func behind(at, key string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(at, key)
	switch {
	case !ok, rest == "", rest[0] == '[':
		return rest, ok
	case rest[0] == '.':
		return rest[1:], true
	}
	return "", false
}

func keyText(key ast.MapKeyNode) string { return key.GetToken().Value }

// SortByLine puts problems in the order of their lines; those without one come first, those of one line stay as they are.
func SortByLine(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.line(), b.line()) })
}

// line is the one that a place begins with, or is; 0: it has none.
func (p Problem) line() int {
	rest, ok := strings.CutPrefix(p.At, "line ")
	if !ok {
		return 0
	}
	number, _, _ := strings.Cut(rest, ":")
	n, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	return n
}
