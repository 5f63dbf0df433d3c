package yamlfile

import (
	"fmt"
	"regexp"
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
