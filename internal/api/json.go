package api

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// timeForm is how times are written: RFC 3339 in UTC with three digits of a second, as in the public JSON of events.
const timeForm = "2006-01-02T15:04:05.000Z07:00"

var times = json.MarshalToFunc(func(enc *jsontext.Encoder, t time.Time) error {
	return enc.WriteToken(jsontext.String(t.UTC().Format(timeForm)))
})

// Encode writes JSON as the API does: maps sorted, so that equal answers are equal bytes, times to the millisecond, and
// numbers that were not said left out. What was stored is written whatever it is.
func Encode(w io.Writer, v any) error {
	return json.MarshalWrite(w, v, json.Deterministic(true), json.WithMarshalers(times), jsonv1.OmitEmptyWithLegacySemantics(true),
		jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
}

// decode reads JSON strictly: duplicate keys and bad UTF-8 are errors, keys are matched letter for letter, and those
// that a type does not have are refused.
func decode(b []byte, v any) error {
	err := json.Unmarshal(b, v, json.RejectUnknownMembers(true))
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return fmt.Errorf("can't be read as JSON at byte %d, %.100q: %w", syntax.ByteOffset, syntax.JSONPointer, syntax.Err)
	}
	if meaning, ok := errors.AsType[*json.SemanticError](err); ok {
		return fmt.Errorf("does not fit at %.100q: %w", meaning.JSONPointer, meaning.Err)
	}
	return err
}

// millis makes a time of Unix milliseconds, of which 0 means never.
func millis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// object is a JSON object of any keys.
type object map[string]any

// objectOf reads an object without reading its values, so that a number stays as it was written. What is no object is
// empty.
func objectOf(b []byte) object {
	var values map[string]jsontext.Value
	if len(b) == 0 || json.Unmarshal(b, &values, jsontext.AllowDuplicateNames(true)) != nil {
		return object{}
	}
	o := make(object, len(values))
	for k, v := range values {
		o[k] = v
	}
	return o
}

// Schema describes it in the OpenAPI document.
func (object) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}
