package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// manual is the document in the order in which people read it.
type manual struct {
	Title, Version, Description string
	Groups                      []manualGroup
	Objects                     []manualObject
}

type manualGroup struct {
	Name       string
	Operations []manualOperation
}

type manualOperation struct {
	ID, Method, Path, Summary, Description string
	Open                                   bool // needs no key
	Curl                                   string
	Parameters                             []manualField
	Body                                   *manualBody
	Answer                                 *manualBody
	Errors                                 string // the statuses
}

// manualBody is a body that is sent or answered.
type manualBody struct {
	Status  string // of answers
	Object  string // the name of its object; empty: it has none
	Example string
}

type manualObject struct {
	Name   string
	Fields []manualField
}

type manualField struct {
	Name, Kind, Means, Example string
	Object                     string // the object that the kind names
	In                         string // of parameters
	Required                   bool
}

// groupOrder is the order of an event's way; other groups follow by name.
var groupOrder = []string{
	"Events", "Contacts", "Messages", "Suppressions", "Approvals", "Statistics", "Sources", "Receipts", "Keys", "People",
	"Audit", "Server",
}

func manualOf(doc *huma.OpenAPI) manual {
	m := manual{Title: doc.Info.Title, Version: doc.Info.Version, Description: doc.Info.Description}
	e := exampler{doc.Components.Schemas}
	groups := map[string][]manualOperation{}
	for _, path := range slices.SortedFunc(maps.Keys(doc.Paths), byPath) {
		for _, op := range operationsOf(doc.Paths[path]) {
			group := strings.Join(op.Tags, ", ")
			groups[group] = append(groups[group], e.operation(op))
		}
	}
	for _, name := range slices.SortedFunc(maps.Keys(groups), byGroup) {
		m.Groups = append(m.Groups, manualGroup{name, groups[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas.Map())) {
		m.Objects = append(m.Objects, e.manualObject(name))
	}
	return m
}

// byPath sorts collections before what is in them.
func byPath(a, b string) int {
	return cmp.Compare(strings.ReplaceAll(a, "{", "~"), strings.ReplaceAll(b, "{", "~"))
}

func byGroup(a, b string) int {
	place := func(name string) int {
		if i := slices.Index(groupOrder, name); i >= 0 {
			return i
		}
		return len(groupOrder)
	}
	return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
}

func (e exampler) operation(op methodOf) manualOperation {
	m := manualOperation{
		ID: op.OperationID, Method: op.method, Path: op.Path, Summary: op.Summary, Description: op.Description,
		Open: len(op.Security) == 0,
	}
	for _, p := range op.Parameters {
		if p.In == "path" || p.In == "query" {
			m.Parameters = append(m.Parameters, parameterField(p))
		}
	}
	if op.RequestBody != nil {
		m.Body = bodyOf("", op.RequestBody.Content)
	}
	var errs []string
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		switch {
		case strings.HasPrefix(status, "2"):
			m.Answer = bodyOf(status, op.Responses[status].Content)
		case status != "default":
			errs = append(errs, status)
		}
	}
	m.Errors = strings.Join(errs, ", ")
	m.Curl = curl(op, m.Body)
	return m
}

func bodyOf(status string, content map[string]*huma.MediaType) *manualBody {
	b := &manualBody{Status: status}
	for _, kind := range slices.Sorted(maps.Keys(content)) {
		media := content[kind]
		if media.Schema != nil && media.Schema.Ref != "" && b.Object == "" {
			b.Object = objectName(media.Schema.Ref)
		}
		if raw, ok := media.Example.(json.RawMessage); ok && b.Example == "" {
			b.Example = indented(raw)
		}
	}
	return b
}

func objectName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

func indented(raw []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return string(raw)
	}
	return b.String()
}

func parameterField(p *huma.Param) manualField {
	f := schemaField(p.Name, p.Schema)
	f.In, f.Required = p.In, p.Required
	if p.Schema != nil {
		f.Means = bounded(cmp.Or(p.Description, p.Schema.Description), p.Schema)
	}
	if p.Example != nil {
		f.Example = shown(p.Example)
	}
	return f
}

func (e exampler) manualObject(name string) manualObject {
	ref := "#/components/schemas/" + name
	s := e.schemas.SchemaFromRef(ref)
	o := manualObject{Name: name}
	for _, property := range e.order(ref) {
		if field := s.Properties[property]; field != nil {
			f := schemaField(property, field)
			f.Required = slices.Contains(s.Required, property)
			o.Fields = append(o.Fields, f)
		}
	}
	return o
}

func schemaField(name string, s *huma.Schema) manualField {
	f := manualField{Name: name}
	if s == nil {
		return f
	}
	f.Kind, f.Object, f.Means = kindOf(s), objectIn(s), bounded(s.Description, s)
	if len(s.Examples) > 0 {
		f.Example = shown(s.Examples[0])
	}
	return f
}

// bounded adds to what a value means which ones there are, and which it is when it is left out.
func bounded(means string, s *huma.Schema) string {
	add := func(more string) { means = strings.TrimPrefix(strings.TrimSuffix(means, ".")+". "+more, ". ") }
	if len(s.Enum) > 0 && !strings.Contains(means, fmt.Sprint(s.Enum[0])) {
		add("One of " + listed(s.Enum))
	}
	if s.Minimum != nil && s.Maximum != nil {
		add(fmt.Sprintf("%v to %v", *s.Minimum, *s.Maximum))
	}
	if s.Default != nil {
		add("Default: " + shown(s.Default))
	}
	return means
}

// shown is an example as one would type it.
func shown(example any) string { return strings.Trim(fmt.Sprint(example), "[]") }

func listed(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, ", ")
}

// kindOf says in words what a value is.
func kindOf(s *huma.Schema) string {
	switch {
	case s.Ref != "":
		return objectName(s.Ref)
	case s.Type == huma.TypeArray && s.Items != nil:
		return "list of " + kindOf(s.Items)
	case s.Format == "date-time":
		return "time"
	case s.Type == huma.TypeObject:
		if of, ok := s.AdditionalProperties.(*huma.Schema); ok {
			return "object of " + kindOf(of)
		}
	}
	return cmp.Or(s.Type, "any")
}

// objectIn is the object that a kind names, whatever holds it.
func objectIn(s *huma.Schema) string {
	if s.Ref != "" {
		return objectName(s.Ref)
	}
	if s.Items != nil {
		return objectIn(s.Items)
	}
	if of, ok := s.AdditionalProperties.(*huma.Schema); ok {
		return objectIn(of)
	}
	return ""
}

// curl is a call that can be pasted into a shell, with the examples in place of parameters.
func curl(op methodOf, body *manualBody) string {
	path := op.Path
	var query []string
	for _, p := range op.Parameters {
		f := parameterField(p)
		switch {
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", cmp.Or(f.Example, p.Name))
		case p.In == "query" && p.Required:
			query = append(query, p.Name+"="+f.Example)
		}
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	lines := []string{`curl -s "$URL` + path + `"`}
	if op.method != "GET" && (op.method != "POST" || body == nil) {
		lines[0] = "curl -s -X " + op.method + strings.TrimPrefix(lines[0], "curl -s")
	}
	if len(op.Security) > 0 && op.Security[0][bearer] != nil {
		lines = append(lines, `  -H "Authorization: Bearer $KEY"`)
	} else if strings.HasPrefix(op.Path, pathsOfPeople) {
		lines = append(lines, "  -c cookies.txt -b cookies.txt")
	}
	if op.RequestBody != nil && op.RequestBody.Content[csvType] != nil {
		lines[0] = strings.Replace(lines[0], "curl -s", "curl -s -X "+op.method, 1)
		lines = append(lines, `  -H "Content-Type: `+csvType+`"`, "  --data-binary @list.csv")
	}
	if body != nil && body.Example != "" {
		lines = append(lines, `  -H "Content-Type: application/json"`, "  -d '"+strings.ReplaceAll(body.Example, "'", `'\''`)+"'")
	}
	return strings.Join(lines, " \\\n")
}
