package rule

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ohler55/ojg/jp"
)

// paths are those of a mapping, parsed; nil ones are not asked for.
type paths struct{ email, firstName, attributes, tags jp.Expr }

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

// Maps reports whether the rule itself says whom its events are about.
func (r *Rule) Maps() bool {
	return r.paths.email != nil || r.paths.attributes != nil || r.paths.firstName != nil
}

// Person finds whom an event is about: by the rule's mapping, or that of one of its sends (its place in Do; -1: the rule's). What
// a path does not find is left out; without an address it is the event's own contact.
func (r *Rule) Person(e *Event, of int) (Person, error) {
	use := r.paths
	if of >= 0 && of < len(r.sends) && r.sends[of].email != nil {
		use = r.sends[of]
	}
	person := Person{Email: e.Recipient, Attributes: make(map[string]json.RawMessage)}
	if use.email == nil && use.firstName == nil && use.attributes == nil && use.tags == nil {
		return person, nil
	}
	doc, err := e.document()
	if err != nil {
		return person, fmt.Errorf("read the event: %w", err)
	}
	if use.email != nil {
		email, _ := use.email.First(doc).(string)
		if email == "" {
			return person, fmt.Errorf("%s finds no text", use.email)
		}
		person.Email = email
	}
	if use.attributes != nil {
		object, _ := use.attributes.First(doc).(map[string]any)
		for key, value := range object {
			if person.Attributes[key], err = json.Marshal(value); err != nil {
				return person, fmt.Errorf("attribute %s: %w", key, err)
			}
		}
	}
	if use.tags != nil {
		list, _ := use.tags.First(doc).([]any)
		for _, x := range list {
			if tag, ok := x.(string); ok && tag != "" && len(tag) <= maxTag {
				person.Tags = append(person.Tags, tag)
			}
		}
		person.Tags = person.Tags[:min(len(person.Tags), maxTags)]
	}
	if use.firstName != nil {
		if name, ok := use.firstName.First(doc).(string); ok && name != "" {
			person.Attributes["firstName"], _ = json.Marshal(name)
		}
	}
	return person, nil
}
