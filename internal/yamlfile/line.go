package yamlfile

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// Lined puts the line of a problem before its place, which lies in the part of the file at at.
func (f File) Lined(at string, p Problem) Problem {
	p.At = strings.Trim(at+"."+p.At, ".")
	for path := p.At; path != ""; path = parent(path) {
		if line := f.line(path); line > 0 {
			p.At = fmt.Sprintf("line %d: %s", line, p.At)
			return p
		}
	}
	return p
}

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

var lastPart = regexp.MustCompile(`(\.[^.\[]+|\[[0-9]+\]|^[^.\[]+)$`)

// parent is what a place lies in; empty: there is nothing, or the place has a name of somebody's own that can't be parted.
func parent(path string) string {
	last := lastPart.FindString(path)
	if last == "" {
		return ""
	}
	return strings.TrimSuffix(path, last)
}

// line is where a part of the file begins; 0: there is none.
func (f File) line(at string) int {
	if f.tree == nil {
		return 0
	}
	path, err := yaml.PathString("$." + at)
	if err != nil {
		return 0
	}
	node, err := path.FilterFile(f.tree)
	if err != nil || node == nil {
		return 0
	}
	return node.GetToken().Position.Line
}
