package provider

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// MaxDepth is how deep arrays and objects of a provider's JSON may nest. No provider goes beyond ten.
	MaxDepth = 64
	// maxNumber bounds a number's length and its exponent: PostgreSQL's jsonb writes 1e400 out in 401 digits.
	maxNumber = 400
)

var (
	errDepth     = fmt.Errorf("JSON is nested deeper than %d levels", MaxDepth)
	errNumber    = fmt.Errorf("JSON has a number of more than %d digits", maxNumber)
	errCase      = errors.New("JSON has a known key in other letter case")
	errNotObject = errors.New("JSON is not an object")
)

// Member is one member of a JSON object. Name is unquoted. Value and the source text of the name are slices of the
// body they were read from.
type Member struct {
	Name  string
	Value jsontext.Value
	name  []byte
}

// Members reads a body that must be exactly one JSON object in valid UTF-8, and returns its members in their order.
// Refused are duplicate keys, keys that equal a known key but for letter case (a decoder that ignores case would read
// another value than the one we proved), nesting beyond MaxDepth and numbers beyond 400 digits. JSONCode names the
// reason of an error.
func Members(body []byte, known ...string) ([]Member, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(body))
	if start, err := d.ReadToken(); err != nil {
		return nil, err
	} else if start.Kind() != jsontext.KindBeginObject {
		return nil, errNotObject
	}
	list := make([]Member, 0, 12)
	for d.PeekKind() != jsontext.KindEndObject {
		m, err := readMember(d, body)
		if err != nil {
			return nil, err
		}
		if err := checkCase(m.Name, known); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("JSON goes on after its object")
	}
	return list, nil
}

func readMember(d *jsontext.Decoder, body []byte) (Member, error) {
	name, err := d.ReadValue()
	if err != nil {
		return Member{}, err
	}
	end := int(d.InputOffset())
	m := Member{name: body[end-len(name) : end]}
	unquoted, err := Unquote(name)
	if err != nil {
		return Member{}, err
	}
	m.Name = string(unquoted)
	value, err := d.ReadValue()
	if err != nil {
		return Member{}, err
	}
	end = int(d.InputOffset())
	m.Value = body[end-len(value) : end]
	if m.Value.Kind() == jsontext.KindString {
		return m, nil // most are, and the longest
	}
	return m, checkBounds(m.Value, 1)
}

func checkCase(name string, known []string) error {
	for _, k := range known {
		if name == k {
			return nil
		}
	}
	for _, k := range known {
		if strings.EqualFold(name, k) {
			return fmt.Errorf("%w: %q", errCase, name)
		}
	}
	return nil
}

// Unquote returns the text of a JSON string that Members or DecodeJSON has read as a value, so that it is known to be
// valid. Where the string has no escapes, the text is a slice of it.
func Unquote(v jsontext.Value) ([]byte, error) {
	if v.Kind() == jsontext.KindString && len(v) >= 2 && bytes.IndexByte(v, '\\') < 0 {
		return v[1 : len(v)-1], nil
	}
	text := make([]byte, 0, len(v))
	if text, ok := unescape(text, v); ok {
		return text, nil
	}
	text, err := jsontext.AppendUnquote(text, v)
	if err != nil {
		return nil, fmt.Errorf("unquote: %w", err)
	}
	return text, nil
}

// escapes are the escapes of one character, by the character.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape appends the text of a string whose escapes are all of one character, which is what JSON within JSON has. It
// is three times as fast as the general way.
func unescape(dst []byte, v jsontext.Value) ([]byte, bool) {
	if v.Kind() != jsontext.KindString || !utf8.Valid(v) {
		return dst, false
	}
	for i := 1; i < len(v)-1; i++ {
		c := v[i]
		if c == '\\' {
			i++
			if c = escapes[v[i]]; c == 0 || i == len(v)-1 {
				return dst, false
			}
		}
		dst = append(dst, c)
	}
	return dst, true
}

// JoinMembers writes members as a JSON object, names and values byte for byte as they were read.
func JoinMembers(list []Member) []byte {
	size := 2
	for _, m := range list {
		size += len(m.name) + len(m.Value) + 2
	}
	out := append(make([]byte, 0, size), '{')
	for i, m := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, m.name...)
		out = append(out, ':')
		out = append(out, m.Value...)
	}
	return append(out, '}')
}

// DecodeJSON decodes one JSON value from a provider whose request is proved already. Unknown keys are passed over,
// because providers add fields without notice; keys match by exact case; duplicate keys, nesting beyond MaxDepth and
// numbers beyond 400 digits are refused. Bytes and escapes that are not valid Unicode become U+FFFD: one broken user
// agent must not cost its event.
func DecodeJSON(text []byte, into any) error {
	if err := checkBounds(text, 0); err != nil {
		return err
	}
	return json.Unmarshal(text, into, jsontext.AllowInvalidUTF8(true))
}

// JSONCode names the reason of an error of Members and DecodeJSON, for a Refusal or a Problem: "duplicate_key",
// "case_variant_key", "too_deep", "huge_number", "unexpected_shape" or "not_json".
func JSONCode(err error) string {
	var shape *json.SemanticError
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return "duplicate_key"
	case errors.Is(err, errCase):
		return "case_variant_key"
	case errors.Is(err, errDepth):
		return "too_deep"
	case errors.Is(err, errNumber):
		return "huge_number"
	case errors.Is(err, errNotObject), errors.Is(err, errNotArray), errors.As(err, &shape):
		return "unexpected_shape"
	}
	return "not_json"
}

// checkBounds walks over a text that is depth levels deep in another, once. It need not be valid JSON.
func checkBounds(text []byte, depth int) error {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			i = stringEnd(text, i)
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return errDepth
			}
		case c == '}' || c == ']':
			depth--
		case c >= '0' && c <= '9':
			end := numberEnd(text, i)
			if !boundedNumber(text[i:end]) {
				return errNumber
			}
			i = end - 1
		}
	}
	return nil
}

// stringEnd returns the place of the quote that ends the string beginning at i, or the text's end.
func stringEnd(text []byte, i int) int {
	for {
		n := bytes.IndexByte(text[i+1:], '"')
		if n < 0 {
			return len(text)
		}
		i += 1 + n
		slashes := 0
		for text[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
	}
}

func numberEnd(text []byte, i int) int {
	for i < len(text) && strings.IndexByte("0123456789+-.eE", text[i]) >= 0 {
		i++
	}
	return i
}

func boundedNumber(n []byte) bool {
	if len(n) > maxNumber {
		return false
	}
	at := bytes.IndexAny(n, "eE")
	if at < 0 {
		return true
	}
	exponent := 0
	for _, c := range bytes.TrimLeft(n[at+1:], "+-") {
		if c < '0' || c > '9' {
			return true // not a number at all: the decoder will say so
		}
		if exponent = exponent*10 + int(c-'0'); exponent > maxNumber {
			return false
		}
	}
	return true
}
