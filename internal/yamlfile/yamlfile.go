// Package yamlfile provides the reading of definitions that people write in YAML or JSON: strictly, with everything that is wrong
// at once, and with the line of each.
package yamlfile

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Problem is one thing that is wrong with a definition.
type Problem struct {
	At   string // where: "on.event[1]", "do[0].send.template"
	Says string // "must be …"
}

// MaxFile bounds a file, in bytes.
const MaxFile = 1 << 20

// maxMisfits bounds how many parts of a file that don't fit are told.
const maxMisfits = 50

// File is a file that was read, which knows where its parts stand. The zero value knows of none.
type File struct{ tree *ast.File }

// Parse reads YAML, of which JSON is a part, and gives it as JSON.
func Parse(b []byte) (File, []byte, []Problem) {
	if len(b) > MaxFile {
		return File{}, nil, []Problem{{"", fmt.Sprintf("has %d bytes, at most %d are read", len(b), MaxFile)}}
	}
	tree, err := parser.ParseBytes(b, 0)
	if err != nil {
		return File{}, nil, []Problem{{"", "is no YAML: " + firstLine(yaml.FormatError(err, false, false))}}
	}
	if line := aliased(tree); line > 0 {
		at := fmt.Sprintf("line %d", line)
		return File{}, nil, []Problem{{at, "has an anchor or an alias, which are not read: write it out"}}
	}
	raw, err := yaml.YAMLToJSON(b)
	if err != nil {
		return File{}, nil, []Problem{{"", "can't be read: " + firstLine(err.Error())}}
	}
	return File{tree}, bytes.TrimSpace(raw), nil
}

// Decode reads YAML into what has its fields, and calls a whole of them by a word: "rule". Every problem names its line.
func Decode(b []byte, into any, what string) (File, []Problem) {
	f, raw, problems := Parse(b)
	if len(problems) == 0 {
		problems = f.Into(raw, into, what)
	}
	return f, problems
}

// Into reads the JSON of a file. Parts that don't fit are told, each with its line, and left out of what is read.
func (f File) Into(raw []byte, into any, what string) []Problem {
	var problems []Problem
	defer func() { SortByLine(problems) }()
	for range maxMisfits {
		err := json.Unmarshal(raw, into, json.RejectUnknownMembers(true))
		if err == nil {
			return problems
		}
		wrong, pointer := misfit(err, what)
		problems = append(problems, f.Lined("", wrong))
		if raw = without(raw, pointer); raw == nil {
			return problems
		}
	}
	return problems
}

// aliased is the line of the first anchor or alias: a few of them can stand for more than there is room for.
func aliased(tree *ast.File) (line int) {
	for _, doc := range tree.Docs {
		if doc.Body == nil {
			continue
		}
		for _, kind := range [...]ast.NodeType{ast.AnchorType, ast.AliasType} {
			for _, node := range ast.Filter(kind, doc.Body) {
				return node.GetToken().Position.Line
			}
		}
	}
	return 0
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
