package rule

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// File is what a file of rules holds.
type File struct {
	Rules []*Rule
	// Problems are those of all its rules. A file with problems has no rules.
	Problems []Problem

	tree *ast.File
}

// Lined names the line of a problem that was found after the file was read, by its place: "rules[0].do[1]".
func (f *File) Lined(p Problem) Problem { return lined(f.tree, "", p) }

// maxFile bounds a file of rules.
const maxFile = 1 << 20

// Read reads a file of rules, YAML or JSON: {rules: […]}. Every problem names the line where it stands.
func Read(b []byte) File {
	var whole struct {
		Rules []Definition `json:"rules"`
	}
	tree, problems := decode(b, &whole)
	if len(problems) > 0 {
		return File{Problems: problems}
	}
	definitions := whole.Rules
	f := File{tree: tree}
	if len(definitions) == 0 {
		f.Problems = append(f.Problems, Problem{"rules", "is empty: want a list of rules"})
	}
	known := make(map[string]bool)
	for i, d := range definitions {
		at := place("rules", i)
		r, problems := Compile(d)
		if known[d.Name] {
			problems = append(problems, Problem{"name", fmt.Sprintf("%.100q is the name of a rule above it, too", d.Name)})
		}
		known[d.Name] = true
		for _, p := range problems {
			f.Problems = append(f.Problems, lined(tree, at, p))
		}
		f.Rules = append(f.Rules, r)
	}
	if len(f.Problems) > 0 {
		f.Rules = nil
	}
	return f
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

// ReadOne reads one rule, YAML or JSON, as it stands in a file's list. Without problems there is a rule.
func ReadOne(b []byte) (*Rule, []Problem) {
	var d Definition
	tree, problems := decode(b, &d)
	if len(problems) > 0 {
		return nil, problems
	}
	r, problems := Compile(d)
	for i, p := range problems {
		problems[i] = lined(tree, "", p)
	}
	return r, problems
}

// decode reads YAML into what has the fields of rules.
func decode(b []byte, into any) (*ast.File, []Problem) {
	if len(b) > maxFile {
		return nil, []Problem{{"", fmt.Sprintf("has %d bytes, at most %d are read", len(b), maxFile)}}
	}
	tree, err := parser.ParseBytes(b, 0)
	if err != nil {
		return nil, []Problem{{"", "is no YAML: " + firstLine(yaml.FormatError(err, false, false))}}
	}
	if line := aliased(tree); line > 0 {
		at := fmt.Sprintf("line %d", line)
		return nil, []Problem{{at, "has an anchor or an alias, which are not read: write it out"}}
	}
	raw, err := yaml.YAMLToJSON(b)
	if err == nil {
		err = json.Unmarshal(bytes.TrimSpace(raw), into, json.RejectUnknownMembers(true))
	}
	if err != nil {
		return nil, []Problem{lined(tree, "", misfit(err))}
	}
	return tree, nil
}

// misfit is what is wrong with a file that is YAML and no rules.
func misfit(err error) Problem {
	if e, ok := errors.AsType[*json.SemanticError](err); ok {
		at := pointed(e.JSONPointer)
		if errors.Is(err, json.ErrUnknownName) {
			return Problem{at, "is no field of a rule"}
		}
		return Problem{at, "does not fit: " + fmt.Sprint(e.Err)}
	}
	return Problem{"", "can't be read: " + firstLine(err.Error())}
}

// pointed writes a JSON pointer as problems do: "rules[0].on.event".
func pointed(pointer jsontext.Pointer) string {
	var b strings.Builder
	for token := range pointer.Tokens() {
		switch {
		case isNumber(token):
			b.WriteString("[" + token + "]")
		case b.Len() > 0:
			b.WriteString("." + token)
		default:
			b.WriteString(token)
		}
	}
	return b.String()
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// lined puts the line of a problem before its place.
func lined(tree *ast.File, at string, p Problem) Problem {
	p.At = strings.Trim(at+"."+p.At, ".")
	for path := p.At; path != ""; path = parent(path) {
		if line := lineOf(tree, path); line > 0 {
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

func lineOf(tree *ast.File, at string) int {
	path, err := yaml.PathString("$." + at)
	if err != nil {
		return 0
	}
	node, err := path.FilterFile(tree)
	if err != nil || node == nil {
		return 0
	}
	return node.GetToken().Position.Line
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
