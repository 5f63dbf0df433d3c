package erase

import (
	"bytes"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
)

// GoneLine stands in the place of a line of a kept request, where places of lines count.
const GoneLine = "erased"

// Body writes a kept request anew without a person. tells says of an element, by its number, whether it tells of others, too:
// then only what is the person's goes, else all of it. It returns nil where the request is of no form that can be taken
// apart; then it is to be dropped as a whole. Elements after one that went have other numbers.
func (p *Person) Body(keep []byte, tells func(element int) bool) []byte {
	switch {
	case bytes.HasPrefix(keep, []byte(`{"tidings":`)):
		return p.lines(keep, tells)
	case jsontext.Value(keep).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)):
		return p.elements(keep, tells)
	}
	return nil
}

// lines takes lines out of what our own roads keep: a line that says what it is, then one for each element.
func (p *Person) lines(keep []byte, tells func(int) bool) []byte {
	all := bytes.Split(keep, []byte("\n"))
	out := [][]byte{all[0]}
	for i, line := range all[1:] {
		switch {
		case !p.Mentions(line):
		case !tells(i):
			line = []byte(GoneLine)
		default:
			if line = p.json(line, false); line == nil {
				return nil
			}
		}
		out = append(out, line)
	}
	return bytes.Join(out, []byte("\n"))
}

// elements takes elements out of an array, or out of the one array of an object; what is no batch loses what is the person's.
func (p *Person) elements(keep []byte, tells func(int) bool) []byte {
	begin, end, list := arrayIn(keep)
	if list == nil {
		return p.json(keep, false)
	}
	if p.Mentions(keep[:begin]) || p.Mentions(keep[end:]) {
		return nil
	}
	var rest []jsontext.Value
	for i, v := range list {
		if p.Mentions(v) {
			if !tells(i) {
				continue
			}
			if v = p.json(v, true); v == nil {
				return nil
			}
		}
		rest = append(rest, v)
	}
	out := append(slices.Clone(keep[:begin]), '[')
	for i, v := range rest {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, v...)
	}
	return append(append(out, ']'), keep[end:]...)
}

// arrayIn finds the array that a batch is: the whole text, or the only member that is an array. list is nil where there is
// none.
func arrayIn(keep []byte) (begin, end int, list []jsontext.Value) {
	d := decoder(keep)
	switch d.PeekKind() {
	case jsontext.KindBeginArray:
		value, err := d.ReadValue()
		if err != nil {
			return 0, 0, nil
		}
		end = int(d.InputOffset())
		return end - len(value), end, values(value)
	case jsontext.KindBeginObject:
		members, ok := membersOf(keep)
		if !ok {
			return 0, 0, nil
		}
		for _, m := range members {
			if m.value.Kind() != jsontext.KindBeginArray {
				continue
			}
			if list != nil {
				return 0, 0, nil
			}
			begin, end, list = m.begin, m.begin+len(m.value), values(m.value)
		}
	}
	return begin, end, list
}

func decoder(text []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// values are the elements of an array that is known to be valid. It is not nil.
func values(array jsontext.Value) []jsontext.Value {
	list := []jsontext.Value{}
	d := decoder(array)
	if _, err := d.ReadToken(); err != nil {
		return list
	}
	for d.PeekKind() != jsontext.KindEndArray {
		v, err := d.ReadValue()
		if err != nil {
			return list
		}
		list = append(list, slices.Clone(v))
	}
	return list
}

// member is a member of an object, with where its value begins.
type member struct {
	name  jsontext.Value
	value jsontext.Value
	begin int
}

func membersOf(object []byte) (list []member, ok bool) {
	d := decoder(object)
	if _, err := d.ReadToken(); err != nil {
		return nil, false
	}
	for d.PeekKind() != jsontext.KindEndObject {
		name, err := d.ReadValue()
		if err != nil {
			return nil, false
		}
		m := member{name: slices.Clone(name)}
		if m.value, err = d.ReadValue(); err != nil {
			return nil, false
		}
		m.value, m.begin = slices.Clone(m.value), int(d.InputOffset())-len(m.value)
		list = append(list, m)
	}
	return list, true
}

// json takes what is the person's out of a JSON value: an object of a list that names the person keeps the name's pseudonym
// alone, and texts are scrubbed. What does not mention the person stays byte by byte. It is nil for what it can't read.
func (p *Person) json(v jsontext.Value, inList bool) jsontext.Value {
	if !p.Mentions(v) {
		return v
	}
	switch v.Kind() {
	case jsontext.KindString:
		return p.text(v)
	case jsontext.KindBeginArray:
		out := []byte{'['}
		for i, x := range values(v) {
			if x = p.json(x, true); x == nil {
				return nil
			}
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, x...)
		}
		return append(out, ']')
	case jsontext.KindBeginObject:
		return p.object(v, inList)
	}
	return nil
}

func (p *Person) object(v jsontext.Value, inList bool) jsontext.Value {
	members, ok := membersOf(v)
	if !ok {
		return nil
	}
	if inList && slices.ContainsFunc(members, func(m member) bool { return p.names(m.value) }) {
		members = slices.DeleteFunc(members, func(m member) bool { return !p.names(m.value) })
	}
	out := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			out = append(out, ',')
		}
		name, value := m.name, p.json(m.value, false)
		if p.Mentions(name) {
			if name, value = p.text(name), jsontext.Value("null"); name == nil {
				return nil
			}
		}
		if value == nil {
			return nil
		}
		out = append(append(append(out, name...), ':'), value...)
	}
	return append(out, '}')
}

// names reports whether a value is one of the addresses, and nothing else but a display name.
func (p *Person) names(v jsontext.Value) bool {
	if v.Kind() != jsontext.KindString || len(v) > maxName || !p.Mentions(v) {
		return false
	}
	text, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return false
	}
	is := []byte(strings.ToLower(event.ParseAddress(string(text)).Received))
	return slices.ContainsFunc(p.spellings, func(s spelling) bool { return bytes.Equal(s.text, is) })
}

// maxName bounds an address with its display name.
const maxName = 1000

func looksLikeJSON(text []byte) bool {
	text = bytes.TrimSpace(text)
	return len(text) > 1 && (text[0] == '{' || text[0] == '[') && jsontext.Value(text).IsValid(jsontext.AllowDuplicateNames(true))
}

// text scrubs a JSON string, also where JSON stands in it.
func (p *Person) text(v jsontext.Value) jsontext.Value {
	text, err := jsontext.AppendUnquote(nil, v)
	if err != nil && len(text) == 0 {
		return nil
	}
	if looksLikeJSON(text) {
		inner := p.json(bytes.TrimSpace(text), false)
		if inner == nil {
			return nil
		}
		text = inner
	} else {
		text = []byte(p.Scrub(string(text)))
	}
	out, err := jsontext.AppendQuote(nil, text)
	if err != nil {
		return nil
	}
	return out
}

// JSON scrubs the texts of a JSON value and leaves its shape; a text that is none is scrubbed as a whole.
func (p *Person) JSON(text string) string {
	if !p.Mentions([]byte(text)) {
		return text
	}
	if v := jsontext.Value(strings.TrimSpace(text)); v.IsValid() {
		if out := p.json(v, false); out != nil && !p.Mentions(out) {
			return string(out)
		}
		return jsonNothing(v)
	}
	return p.Scrub(text)
}

// jsonNothing is an empty value of the kind of another.
func jsonNothing(v jsontext.Value) string {
	switch v.Kind() {
	case jsontext.KindBeginObject:
		return "{}"
	case jsontext.KindBeginArray:
		return "[]"
	}
	b, _ := json.Marshal(Erased) // a text always encodes
	return string(b)
}
