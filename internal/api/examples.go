package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"mime"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// maxExampleDepth keeps an example of objects in objects within what a person reads.
const maxExampleDepth = 8

// describe completes the served document: every field and parameter gets the words that its type does not carry, and
// every body an example made of the examples of its fields.
func describe(doc *huma.OpenAPI) {
	schemas := doc.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		for property, s := range schemas[name].Properties {
			describeField(name, property, s)
		}
	}
	e := exampler{doc.Components.Schemas}
	for _, path := range doc.Paths {
		for _, op := range operationsOf(path) {
			e.fill(op)
		}
	}
}

func describeField(schema, property string, s *huma.Schema) {
	w, known := words[schema+"."+property]
	if !known {
		w, known = words[property]
	}
	if !known || s.Ref != "" {
		return
	}
	if s.Description == "" {
		s.Description = w.means
	}
	simple := len(s.Enum) == 0 && s.Type != huma.TypeArray && s.Type != huma.TypeObject
	if simple && len(s.Examples) == 0 && w.example != nil {
		s.Examples = []any{w.example}
	}
}

// methodOf is one operation of a path, with its method.
type methodOf struct {
	method string
	*huma.Operation
}

// operationsOf are the operations of a path in the order in which people read them.
func operationsOf(p *huma.PathItem) (list []methodOf) {
	for _, m := range []methodOf{{"GET", p.Get}, {"POST", p.Post}, {"PUT", p.Put}, {"PATCH", p.Patch}, {"DELETE", p.Delete}} {
		if m.Operation != nil {
			list = append(list, m)
		}
	}
	return list
}

// apart are the fields that no one object has together, so that an example stays one that could be: a bounce.
var apart = map[string][]string{"Event": {
	"complaint", "delay", "delivery", "subscription", "reject", "failure", "open", "click", "client", "automation",
}}

// exampler makes JSON of schemas.
type exampler struct{ schemas huma.Registry }

func (e exampler) fill(op methodOf) {
	for _, p := range op.Parameters {
		if w, known := words["?"+p.Name]; known && p.Schema != nil {
			if p.Description == "" {
				p.Description = w.means
			}
			if p.Example == nil && len(p.Schema.Examples) == 0 {
				p.Example = w.example
			}
		}
	}
	if op.RequestBody != nil {
		e.fillContent(op.RequestBody.Content)
	}
	for _, r := range op.Responses {
		e.fillContent(r.Content)
	}
}

// fillContent gives JSON bodies an example. Errors have none: it would be that of another status.
func (e exampler) fillContent(content map[string]*huma.MediaType) {
	for kind, media := range content {
		plain, _, err := mime.ParseMediaType(kind)
		if err != nil || plain != "application/json" || media.Schema == nil || media.Example != nil {
			continue
		}
		if example := e.of(media.Schema, 0); example != nil {
			media.Example = json.RawMessage(example)
		}
	}
}

// of makes an example, or nil where a schema says too little or nests too deep.
func (e exampler) of(s *huma.Schema, depth int) []byte {
	switch {
	case depth > maxExampleDepth:
		return nil
	case s.Ref != "":
		order := slices.DeleteFunc(e.order(s.Ref), func(field string) bool {
			return slices.Contains(apart[objectName(s.Ref)], field)
		})
		return e.object(e.schemas.SchemaFromRef(s.Ref), order, depth)
	case len(s.Examples) > 0:
		return encoded(s.Examples[0])
	case len(s.Enum) > 0:
		return encoded(s.Enum[0])
	case len(s.OneOf) > 0:
		return e.of(s.OneOf[0], depth)
	}
	return e.ofType(s, depth)
}

func (e exampler) ofType(s *huma.Schema, depth int) []byte {
	switch s.Type {
	case huma.TypeString:
		if s.Format == "date-time" {
			return encoded("2026-05-04T10:12:00.120Z")
		}
		return encoded("text")
	case huma.TypeInteger, huma.TypeNumber:
		return encoded(3)
	case huma.TypeBoolean:
		return encoded(true)
	case huma.TypeArray:
		item := e.of(s.Items, depth+1)
		return slices.Concat([]byte("["), item, []byte("]"))
	case huma.TypeObject:
		return e.object(s, slices.Sorted(maps.Keys(s.Properties)), depth)
	}
	return nil
}

// object writes the fields in the order of the Go type, which is that of answers.
func (e exampler) object(s *huma.Schema, order []string, depth int) []byte {
	if s == nil {
		return nil
	}
	if len(s.Examples) > 0 {
		return encoded(s.Examples[0])
	}
	var fields [][]byte
	for _, name := range order {
		property := s.Properties[name]
		if property == nil {
			continue
		}
		if value := e.of(property, depth+1); value != nil {
			fields = append(fields, slices.Concat(encoded(name), []byte(":"), value))
		}
	}
	if of, ok := s.AdditionalProperties.(*huma.Schema); ok {
		if value := e.of(of, depth+1); value != nil {
			fields = append(fields, slices.Concat([]byte(`"name":`), value))
		}
	}
	return slices.Concat([]byte("{"), bytes.Join(fields, []byte(",")), []byte("}"))
}

// order is the order of a type's fields as they are written.
func (e exampler) order(ref string) []string {
	t := e.schemas.TypeFromRef(ref)
	if t == nil {
		return slices.Sorted(maps.Keys(e.schemas.SchemaFromRef(ref).Properties))
	}
	return fieldNames(t)
}

func fieldNames(t reflect.Type) (names []string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			names = append(names, fieldNames(f.Type)...)
		case name != "" && name != "-":
			names = append(names, name)
		}
	}
	return names
}

// encoded is a value as JSON; what has no JSON has no example.
func encoded(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return b
}
