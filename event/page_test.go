package event_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
)

const pageFile = "../docs/events.md"

// TestThePageOfEventsIsCurrent makes the tables of docs/events.md out of the package: names and reasons with the words
// of their comments, fields with theirs, and the words of other systems. With -update it writes them, which is what
// go generate does.
func TestThePageOfEventsIsCurrent(t *testing.T) {
	t.Parallel()
	source := parse(t)
	page := readDocs(t)
	made := page
	for block, text := range map[string]string{
		"names": source.names(), "fields": source.fields("Event"), "parts": source.parts(),
		"classes": source.classes(), "reasons": source.reasons(), "words": words(t),
	} {
		made = replaced(t, made, block, text)
	}
	if *update {
		if err := os.WriteFile(pageFile, []byte(made), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(made, page); diff != "" {
		t.Errorf("docs/events.md is not current: run go generate ./event (-made +there)\n%s", diff)
	}
}

// replaced puts text between the two marks of a block.
func replaced(t *testing.T, page, block, text string) string {
	t.Helper()
	begin, end := "<!-- generated: "+block+" -->\n", "<!-- end: "+block+" -->\n"
	before, rest, found := strings.Cut(page, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("docs/events.md has no block %s", block)
	}
	return before + begin + "\n" + text + "\n" + end + after
}

// code is what the package's source says: values and fields by name, with the comments beside or above them.
type code struct {
	consts  map[string]string // the comment of each text constant, by its value and its type: "Name email.open"
	structs map[string][]field
}

type field struct{ name, kind, means string }

func parse(t *testing.T) code {
	t.Helper()
	c := code{consts: map[string]string{}, structs: map[string][]field{}}
	for _, file := range []string{"name.go", "event.go", "reasons.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				c.value(n)
			case *ast.TypeSpec:
				c.object(n)
			}
			return true
		})
	}
	return c
}

func (c code) value(spec *ast.ValueSpec) {
	for _, v := range spec.Values {
		literal, ok := v.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			continue
		}
		text, err := strconv.Unquote(literal.Value)
		if err != nil {
			continue
		}
		kind := ""
		if of, named := spec.Type.(*ast.Ident); named {
			kind = of.Name
		}
		c.consts[kind+" "+text] = sentence(spec.Comment, spec.Doc)
	}
}

func (c code) object(spec *ast.TypeSpec) {
	object, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range object.Fields.List {
		if f.Tag == nil || len(f.Names) == 0 {
			continue
		}
		name := jsonName(f.Tag.Value)
		if name == "-" {
			continue
		}
		c.structs[spec.Name.Name] = append(c.structs[spec.Name.Name], field{name, kindOf(f.Type), strings.TrimPrefix(sentence(f.Comment, f.Doc), f.Names[0].Name+" is ")})
	}
}

func jsonName(tag string) string {
	_, tag, _ = strings.Cut(tag, `json:"`)
	tag, _, _ = strings.Cut(tag, `"`)
	name, _, _ := strings.Cut(tag, ",")
	return name
}

// sentence is a comment as a cell of a table.
func sentence(comments ...*ast.CommentGroup) string {
	for _, g := range comments {
		if g != nil {
			return strings.TrimSuffix(strings.ReplaceAll(strings.Join(strings.Fields(g.Text()), " "), "|", "\\|"), ".")
		}
	}
	return ""
}

// kindOf is a Go type in the words of JSON.
func kindOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return kindOf(e.X)
	case *ast.ArrayType:
		return "list of " + kindOf(e.Elt)
	case *ast.MapType:
		return "object of " + kindOf(e.Value)
	case *ast.SelectorExpr:
		if e.Sel.Name == "Time" {
			return "time"
		}
		return "object"
	case *ast.Ident:
		if ast.IsExported(e.Name) && jsonKinds[e.Name] == "" {
			return "object, see below"
		}
		return jsonKinds[e.Name]
	}
	return ""
}

// jsonKinds are the Go types that are no objects.
var jsonKinds = map[string]string{
	"bool": "true or false", "int": "number", "int64": "number", "ID": "text", "Name": "text", "string": "text",
	"Attribution": "text", "Verdict": "text", "BounceClass": "text",
}

func table(head string, rows []string) string {
	return head + "\n|" + strings.Repeat("---|", strings.Count(head, "|")-1) + "\n" + strings.Join(rows, "\n") + "\n"
}

func row(cells ...string) string {
	line := "|"
	for _, c := range cells {
		line += strings.TrimRight(" "+c, " ") + " |"
	}
	return line
}

// names are the rows of the vocabulary. The part of an event that a name fills is named after it.
func (c code) names() string {
	parts := map[event.Name]string{
		event.EmailUnsubscribe: "`subscription`", event.EmailSubscribe: "`subscription`", event.EmailSkipped: "`data`",
		event.EmailUnknown: "`data`", event.EmailOpen: "`open`, `client`, `automation`",
		event.EmailClick: "`click`, `client`, `automation`", event.EmailComplaint: "`complaint`, `client`",
	}
	var rows []string
	for _, n := range event.EmailNames() {
		part := strings.TrimPrefix(string(n), "email.")
		for _, f := range c.structs["Event"] {
			if f.name == part && parts[n] == "" {
				parts[n] = "`" + part + "`"
			}
		}
		rows = append(rows, row("`"+string(n)+"`", c.consts["Name "+string(n)], parts[n]))
	}
	return table("| name | means | its own fields |", rows)
}

func (c code) fields(object string) string {
	var rows []string
	for _, f := range c.structs[object] {
		rows = append(rows, row("`"+f.name+"`", f.kind, f.means))
	}
	return table("| field | is | means |", rows)
}

// parts are the fields of the objects within an event.
func (c code) parts() string {
	var b strings.Builder
	for _, p := range []struct{ name, object string }{
		{"source", "Source"},
		{"message", "Message"},
		{"bus", "Bus"},
		{"bounce", "Bounce"},
		{"complaint", "Complaint"},
		{"delay", "Delay"},
		{"delivery", "Delivery"},
		{"subscription", "Subscription"},
		{"reject` and `failure", "Refusal"},
		{"open` and `click", "Engagement"},
		{"client", "Client"},
		{"automation", "Automation"},
	} {
		fmt.Fprintf(&b, "### `%s`\n\n%s\n", p.name, c.fields(p.object))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (c code) classes() string {
	var rows []string
	for _, class := range []event.BounceClass{
		event.Hard, event.Soft, event.Block, event.Suppressed, event.AutoReply, event.Undetermined,
	} {
		rows = append(rows, row("`"+string(class)+"`", c.consts["BounceClass "+string(class)]))
	}
	return table("| class | means |", rows)
}

func (c code) reasons() string {
	var rows []string
	for _, r := range event.Reasons() {
		counts := "no"
		if event.AddressReason(r) {
			counts = "yes"
		}
		rows = append(rows, row("`"+r+"`", c.consts[" "+r], statuses[r], counts))
	}
	return table("| reason | means | status | a soft bounce counts towards suppression |", rows)
}
