package rule

import (
	"fmt"

	"tidings/internal/yamlfile"
)

// File is what a file of rules holds.
type File struct {
	Rules []*Rule
	// Problems are those of all its rules. A file with problems has no rules.
	Problems []Problem

	lines yamlfile.File
}

// Lined names the line of a problem that was found after the file was read, by its place: "rules[0].do[1]".
func (f *File) Lined(p Problem) Problem { return f.lines.Lined("", p) }

// what is what a file of rules holds, for its problems.
const what = "rule"

// Read reads a file of rules, YAML or JSON: {rules: […]}. Every problem names the line where it stands.
func Read(b []byte) File {
	var whole struct {
		Rules []Definition `json:"rules"`
	}
	lines, problems := yamlfile.Decode(b, &whole, what)
	if len(problems) > 0 {
		return File{Problems: problems}
	}
	definitions := whole.Rules
	f := File{lines: lines}
	if len(definitions) == 0 {
		f.Problems = append(f.Problems, Problem{At: "rules", Says: "is empty: want a list of rules"})
	}
	known := make(map[string]bool)
	for i, d := range definitions {
		at := place("rules", i)
		r, problems := Compile(d)
		if known[d.Name] {
			problems = append(problems, Problem{At: "name", Says: fmt.Sprintf("%.100q is the name of a rule above it, too", d.Name)})
		}
		known[d.Name] = true
		for _, p := range problems {
			f.Problems = append(f.Problems, lines.Lined(at, p))
		}
		f.Rules = append(f.Rules, r)
	}
	if len(f.Problems) > 0 {
		f.Rules = nil
	}
	return f
}

// ReadOne reads one rule, YAML or JSON, as it stands in a file's list. Without problems there is a rule.
func ReadOne(b []byte) (*Rule, []Problem) {
	var d Definition
	lines, problems := yamlfile.Decode(b, &d, what)
	if len(problems) > 0 {
		return nil, problems
	}
	r, problems := Compile(d)
	for i, p := range problems {
		problems[i] = lines.Lined("", p)
	}
	return r, problems
}
