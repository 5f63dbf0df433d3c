package rule

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ohler55/ojg/jp"
)

// Mapper is a mapping that was checked: its paths, parsed; nil ones are not asked for. It is never changed, and may be used by
// several goroutines.
type Mapper struct{ email, firstName, attributes, tags jp.Expr }

// Person is whom an event is about, as a mapping finds them.
type Person struct {
	Email      string
	Attributes map[string]json.RawMessage // firstName among them
	Tags       []string
}

// The bounds of the tags that a mapping finds: those of a contact's edit.
const (
	maxTag  = 100
	maxTags = 100
)

func parsePath(text string) (jp.Expr, error) {
	if text == "" {
		return nil, nil
	}
	if !strings.HasPrefix(text, "$") {
		return nil, fmt.Errorf("must begin with $, such as $.detail.email")
	}
	x, err := jp.ParseString(text)
	if err != nil {
		return nil, fmt.Errorf("is no JSONPath: %w", err)
	}
	return x, nil
}

// CompileMapping checks a mapping that stands at a place. With problems there is no mapper.
func CompileMapping(m Mapping, at string) (*Mapper, []Problem) {
	var p problems
	x := p.mapping(m, at)
	if len(p.list) > 0 {
		return nil, p.list
	}
	return x, nil
}

func (p *problems) mapping(m Mapping, at string) *Mapper {
	x := new(Mapper)
	for _, f := range [...]struct {
		key, text string
		into      *jp.Expr
	}{
		{"email", m.Email, &x.email},
		{"firstName", m.FirstName, &x.firstName},
		{"tags", m.Tags, &x.tags},
		{"attributes", m.Attributes, &x.attributes},
	} {
		path, err := parsePath(f.text)
		if err != nil {
			p.wrong(at+"."+f.key, "%.100q %v", f.text, err)
		}
		*f.into = path
	}
	return x
}

// IsZero reports whether nothing is mapped.
func (m *Mapper) IsZero() bool {
	return m.email == nil && m.firstName == nil && m.attributes == nil && m.tags == nil
}

// Maps reports whether the rule itself says whom its events are about.
func (r *Rule) Maps() bool {
	return r.mapper.email != nil || r.mapper.attributes != nil || r.mapper.firstName != nil
}

// Person finds whom an event is about: by the rule's mapping, or that of one of its sends (its place in Do; -1: the rule's).
func (r *Rule) Person(e *Event, of int) (Person, error) {
	if of >= 0 && of < len(r.sends) && r.sends[of] != nil && r.sends[of].email != nil {
		return r.sends[of].Person(e)
	}
	return r.mapper.Person(e)
}

// Person finds whom an event is about. What a path does not find is left out; without a path to an address it is the event's own
// contact.
func (m *Mapper) Person(e *Event) (Person, error) {
	person := Person{Email: e.Recipient, Attributes: make(map[string]json.RawMessage)}
	if m.IsZero() {
		return person, nil
	}
	doc, err := e.document()
	if err != nil {
		return person, fmt.Errorf("read the event: %w", err)
	}
	if m.email != nil {
		email, _ := m.email.First(doc).(string)
		if email == "" {
			return person, fmt.Errorf("%s finds no text", m.email)
		}
		person.Email = email
	}
	if m.attributes != nil {
		object, _ := m.attributes.First(doc).(map[string]any)
		for key, value := range object {
			if person.Attributes[key], err = json.Marshal(value); err != nil {
				return person, fmt.Errorf("attribute %s: %w", key, err)
			}
		}
	}
	if m.tags != nil {
		list, _ := m.tags.First(doc).([]any)
		for _, x := range list {
			if tag, ok := x.(string); ok && tag != "" && len(tag) <= maxTag {
				person.Tags = append(person.Tags, tag)
			}
		}
		person.Tags = person.Tags[:min(len(person.Tags), maxTags)]
	}
	if m.firstName != nil {
		if name, ok := m.firstName.First(doc).(string); ok && name != "" {
			person.Attributes["firstName"], _ = json.Marshal(name)
		}
	}
	return person, nil
}
