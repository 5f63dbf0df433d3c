package provider

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// lenient reads what costs nothing: bytes that are not Unicode become U+FFFD when they are unquoted.
func lenient(text []byte, opts ...jsontext.Options) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(text), append(opts, jsontext.AllowInvalidUTF8(true))...)
}

var errNotArray = errors.New("JSON is not an array")

// Elements returns the elements of a body that must be exactly one JSON array, as slices of it. What is wrong within one
// element, such as a duplicate key, shows when that element is read with DecodeJSON or EachMember, and costs only it.
func Elements(body []byte) ([]jsontext.Value, error) {
	d := lenient(body, jsontext.AllowDuplicateNames(true))
	if start, err := d.ReadToken(); err != nil {
		return nil, err
	} else if start.Kind() != jsontext.KindBeginArray {
		return nil, errNotArray
	}
	var list []jsontext.Value
	for d.PeekKind() != jsontext.KindEndArray {
		v, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		end := int(d.InputOffset())
		list = append(list, body[end-len(v):end:end])
	}
	if err := ended(d); err != nil {
		return nil, err
	}
	return list, nil
}

// MemberOf returns the value of one member of a text that must be exactly one JSON object, as a slice of it; nil where
// there is none. It is for the array that a batch is wrapped in, so like Elements it does not look into values.
func MemberOf(text []byte, name string) (jsontext.Value, error) {
	var found jsontext.Value
	err := eachMember(text, func(n string, v jsontext.Value, _ int) error {
		if n == name && found != nil {
			return fmt.Errorf("%w: %q", jsontext.ErrDuplicateName, name)
		}
		if n == name {
			found = v
		}
		return nil
	}, jsontext.AllowDuplicateNames(true))
	return found, err
}

// EachMember calls do with every member of a text that must be exactly one JSON object, in their order. The name is
// unquoted, the value a slice of the text. Like DecodeJSON it refuses duplicate names, and what is nested or written
// beyond bounds, and forgives bytes that are not Unicode.
func EachMember(text []byte, do func(name string, value jsontext.Value)) error {
	if err := checkBounds(text, 0); err != nil {
		return err
	}
	return eachMember(text, func(name string, v jsontext.Value, _ int) error {
		do(name, v)
		return nil
	})
}

// eachMember calls do with names, values and where in the text the values end.
func eachMember(text []byte, do func(string, jsontext.Value, int) error, opts ...jsontext.Options) error {
	d := lenient(text, opts...)
	if start, err := d.ReadToken(); err != nil {
		return err
	} else if start.Kind() != jsontext.KindBeginObject {
		return errNotObject
	}
	for d.PeekKind() != jsontext.KindEndObject {
		token, err := d.ReadToken()
		if err != nil {
			return err
		}
		name := token.String()
		v, err := d.ReadValue()
		if err != nil {
			return err
		}
		end := int(d.InputOffset())
		if err := do(name, text[end-len(v):end:end], end); err != nil {
			return err
		}
	}
	return ended(d)
}

// ended reads the end of an array or an object, which must be the end of the text.
func ended(d *jsontext.Decoder) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("JSON goes on after its end")
	}
	return nil
}

// Redact returns a text that is one JSON object with null for the values of the named members; the text itself where it
// has none of them. It is for what must not be kept.
func Redact(text []byte, names ...string) []byte {
	var out []byte
	done := 0
	err := eachMember(text, func(name string, v jsontext.Value, end int) error {
		if slices.Contains(names, name) && v.Kind() != jsontext.KindNull {
			out = append(append(out, text[done:end-len(v)]...), "null"...)
			done = end
		}
		return nil
	}, jsontext.AllowDuplicateNames(true))
	if err != nil || done == 0 {
		return text
	}
	return append(out, text[done:]...)
}

// Text is a JSON string, or a number or boolean as it is written, so that ids keep every digit. Anything else is empty.
type Text string

// UnmarshalJSONFrom reads any value.
func (t *Text) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	v, err := d.ReadValue()
	*t = Text(TextOf(v))
	return err
}

// TextOf is the value as a Text.
func TextOf(v jsontext.Value) string {
	switch v.Kind() {
	case jsontext.KindString:
		if bytes.IndexByte(v, '\\') < 0 {
			return string(v[1 : len(v)-1])
		}
		text, _ := jsontext.AppendUnquote(nil, v) // what is not Unicode becomes U+FFFD
		return string(text)
	case jsontext.KindNumber, jsontext.KindTrue, jsontext.KindFalse:
		return string(v)
	}
	return ""
}

// Texts is a list of Text without the empty ones, or one Text alone. Anything else is none.
type Texts []string

// UnmarshalJSONFrom reads any value.
func (t *Texts) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	v, err := d.ReadValue()
	*t = TextsOf(v)
	return err
}

// TextsOf is the value as Texts.
func TextsOf(v jsontext.Value) (list Texts) {
	each := []jsontext.Value{v}
	if v.Kind() == jsontext.KindBeginArray {
		each, _ = Elements(v) // valid, or there would be no value
	}
	for _, one := range each {
		if s := TextOf(one); s != "" {
			list = append(list, s)
		}
	}
	return list
}

// Labels is a JSON object whose values are Text; a value that is an object or an array is the JSON that it is written as.
// Empty values stay out, and so do null. Anything but an object is no labels.
type Labels map[string]string

// UnmarshalJSONFrom reads any value.
func (l *Labels) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	v, err := d.ReadValue()
	*l = nil
	if err != nil || v.Kind() != jsontext.KindBeginObject {
		return err
	}
	return EachMember(v, func(name string, value jsontext.Value) { l.Set(name, value) })
}

// Set adds one label.
func (l *Labels) Set(name string, value jsontext.Value) {
	text := JSONText(value)
	if text == "" {
		return
	}
	if *l == nil {
		*l = make(Labels)
	}
	(*l)[name] = text
}

// JSONText is the value as a Text, an object or an array as the JSON that it is, without blanks.
func JSONText(v jsontext.Value) string {
	if k := v.Kind(); k != jsontext.KindBeginObject && k != jsontext.KindBeginArray {
		return TextOf(v)
	}
	compact, err := jsontext.AppendFormat(nil, v, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	if err != nil {
		return string(v)
	}
	return string(compact)
}

// Flag is a boolean that may also be written as a number or a string: true, 1, "true" and "1" are set.
type Flag bool

// UnmarshalJSONFrom reads any value.
func (f *Flag) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	v, err := d.ReadValue()
	*f = FlagOf(v)
	return err
}

// FlagOf is the value as a Flag.
func FlagOf(v jsontext.Value) Flag {
	s := TextOf(v)
	return Flag(s == "1" || strings.EqualFold(s, "true"))
}

// JSONMessage says for people what an error of DecodeJSON is, in the same words every time.
func JSONMessage(err error) string {
	var shape *json.SemanticError
	if !errors.As(err, &shape) {
		return err.Error()
	}
	kind := shape.JSONKind.String()
	switch shape.JSONKind {
	case jsontext.KindBeginObject:
		kind = "object"
	case jsontext.KindBeginArray:
		kind = "array"
	}
	if shape.JSONPointer == "" {
		return "it is a JSON " + kind
	}
	return fmt.Sprintf("its member %s is a JSON %s", shape.JSONPointer, kind)
}

// UnixTime reads a time in seconds since 1970, with or without a fraction; zero where the text is none.
func UnixTime(text string) time.Time {
	whole, fraction, _ := strings.Cut(strings.TrimSpace(text), ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds < 0 || seconds > maxUnix {
		return time.Time{}
	}
	fraction = (fraction + "000000000")[:9]
	nanos, err := strconv.ParseUint(fraction, 10, 32)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, int64(nanos)).UTC()
}

// ParseTime reads a time as RFC 3339, with any fraction of a second, or in seconds since 1970; zero where the text is
// neither.
func ParseTime(text string) time.Time {
	text = strings.TrimSpace(text)
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC()
	}
	return UnixTime(text)
}

// maxUnix is the end of the year 9999.
const maxUnix = 253402300799

// Object writes names and values, in pairs, as a JSON object without the empty values; nil where all are. It is for
// event.Event's Data.
func Object(pairs ...string) []byte {
	size := 0
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			size += len(pairs[i]) + len(pairs[i+1]) + len(`,"":"""`)
		}
	}
	if size == 0 {
		return nil
	}
	out := make([]byte, 0, size+len("}"))
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		out = append(out, ","...)
		out, _ = jsontext.AppendQuote(out, pairs[i])
		out = append(out, ':')
		out, _ = jsontext.AppendQuote(out, pairs[i+1]) // invalid UTF-8 becomes U+FFFD
	}
	out[0] = '{'
	return append(out, '}')
}

// KeyAddress is the form of an address in natural keys: taken out of "Name <a@b>", trimmed, ASCII letters in lower case.
// It is deliberately simpler than event.ParseAddress and must never change: ids are made of it, and must not follow
// newer tables of Unicode or IDNA.
func KeyAddress(s string) string {
	if open := strings.LastIndexByte(s, '<'); open >= 0 {
		if end := strings.IndexByte(s[open:], '>'); end > 0 {
			s = s[open+1 : open+end]
		}
	}
	b := []byte(strings.Trim(s, " \t\r\n"))
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// BareID takes the angle brackets and blanks off a message id.
func BareID(s string) string { return strings.Trim(s, "<> \t\r\n") }

// ElementAt returns element i of a body that is a JSON array. It is an adapter's Element where a kept body is a batch.
func ElementAt(body []byte, i int) ([]byte, error) {
	list, err := Elements(body)
	if err != nil {
		return nil, fmt.Errorf("element %d: %w", i, err)
	}
	if i < 0 || i >= len(list) {
		return nil, fmt.Errorf("element %d: the batch has %d", i, len(list))
	}
	return list[i], nil
}
