// Package rule provides what a team wants to happen when an event comes: which events a rule is for, whom it is about, and
// what is done. It is pure: it reads definitions, matches events and makes acts of them.
package rule

import (
	"encoding/json"
	"maps"
	"slices"

	"tidings/internal/contact"
	"tidings/internal/segment"
)

// Definition is a rule as people write it, in YAML or JSON. Zero fields say nothing.
type Definition struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Disabled    bool   `json:"disabled,omitempty"`
	On          Match  `json:"on"`
	// If is a condition on the contact, as of segments; nil: it holds for everybody.
	If *segment.Condition `json:"if,omitempty"`
	// Mapping finds in the event whom it is about; zero: the event's own contact.
	Mapping Mapping  `json:"mapping,omitzero"`
	Do      []Action `json:"do"`
	// PerHour is how often the rule acts for one contact within an hour, so that no circle of rules goes on; 0: DefaultPerHour.
	PerHour int `json:"perHour,omitempty"`
}

// Match says which events a rule is for: those that fit every field that is set, by one of its values.
type Match struct {
	Event    Words `json:"event"` // names; "order.*" fits all that begin so
	Bus      Words `json:"bus,omitempty"`
	App      Words `json:"app,omitempty"`
	Source   Words `json:"source,omitempty"` // ids or names of sources
	Template Words `json:"template,omitempty"`
	Workflow Words `json:"workflow,omitempty"`
	Link     Words `json:"link,omitempty"` // of clicks; "https://acme.test/*" fits all that begin so
	Tag      Words `json:"tag,omitempty"`
	Class    Words `json:"class,omitempty"` // of bounces: hard, soft, block, …
	// Verdict of opens and clicks: human, proxy, machine, unknown. Empty: all but machine.
	Verdict Words           `json:"verdict,omitempty"`
	Where   []segment.Where `json:"where,omitempty"` // of the event's data and more, as in segments
	// Within is how old an event may be when it comes: "72h"; empty: a day. What is older is history, and nobody is mailed for it.
	Within string `json:"within,omitempty"`
}

// Words is one text or several.
type Words []string

// UnmarshalJSON reads either form.
func (w *Words) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && (b[0] == '[' || b[0] == 'n') { // null is no text
		return json.Unmarshal(b, (*[]string)(w))
	}
	*w = make(Words, 1)
	return json.Unmarshal(b, &(*w)[0])
}

// MarshalJSON writes one text as a text.
func (w Words) MarshalJSON() ([]byte, error) {
	if len(w) == 1 {
		return json.Marshal(w[0])
	}
	return json.Marshal([]string(w))
}

// Mapping are JSONPaths (RFC 9535) into the event as EventBridge has it: $.detail is its data. It is Mailshot's
// subscriberMapping.
type Mapping struct {
	Email      string `json:"email,omitempty"`
	FirstName  string `json:"firstName,omitempty"`
	Attributes string `json:"attributes,omitempty"` // of an object
	Tags       string `json:"tags,omitempty"`       // of a list of texts, which whoever is subscribed gets
}

// IsZero reports whether nothing is mapped.
func (m Mapping) IsZero() bool { return m == Mapping{} }

// Action is one thing to do: exactly one of its fields is set.
type Action struct {
	Send        *Send        `json:"send,omitempty"`
	Subscribe   *Subscribe   `json:"subscribe,omitempty"`
	Unsubscribe *Unsubscribe `json:"unsubscribe,omitempty"`
	Start       *Start       `json:"start,omitempty"`
	Exit        *Exit        `json:"exit,omitempty"`
}

// Send mails the contact, once for each event.
type Send struct {
	Template      string  `json:"template"`                // its key or id
	Subject       string  `json:"subject,omitempty"`       // Liquid; empty: the template's
	Sender        string  `json:"sender,omitempty"`        // its id or name; empty: the project's default
	From          string  `json:"from,omitempty"`          // an address, with a name or without
	ReplyTo       string  `json:"replyTo,omitempty"`       // the same
	Transactional bool    `json:"transactional,omitempty"` // it goes to those who unsubscribed, too
	Topic         string  `json:"topic,omitempty"`
	Delay         string  `json:"delay,omitempty"`  // how long after the event: "2h"; empty: at once
	Mapping       Mapping `json:"mapping,omitzero"` // in place of the rule's
}

// Subscribe subscribes the contact, which is made where there is none.
type Subscribe struct {
	Tags       []string                   `json:"tags,omitempty"`
	Attributes map[string]json.RawMessage `json:"attributes,omitempty"`
	Topics     []string                   `json:"topics,omitempty"`
}

// Unsubscribe unsubscribes the contact from everything, or from topics alone.
type Unsubscribe struct {
	Topics []string `json:"topics,omitempty"`
}

// Start starts a workflow for the contact.
type Start struct {
	Workflow string `json:"workflow"`
}

// Exit ends the contact's runs of a workflow.
type Exit struct {
	Workflow string `json:"workflow"`
}

// Word is what the action does, in a word: send, subscribe, unsubscribe, start or exit.
func (a *Action) Word() string {
	switch {
	case a.Send != nil:
		return "send"
	case a.Subscribe != nil:
		return "subscribe"
	case a.Unsubscribe != nil:
		return "unsubscribe"
	case a.Start != nil:
		return "start"
	default:
		return "exit"
	}
}

// Change adds to a change of a contact what the action says of it.
func (a *Action) Change(x *contact.Change) {
	topics := func(list []string, takes bool) {
		for _, slug := range list {
			if x.Topics == nil {
				x.Topics = make(map[string]bool)
			}
			x.Topics[slug] = takes
		}
	}
	switch {
	case a.Subscribe != nil:
		x.Consent, x.Tags = contact.OptIn, slices.Concat(x.Tags, a.Subscribe.Tags)
		if len(a.Subscribe.Attributes) > 0 {
			merged := make(map[string]json.RawMessage, len(x.Attributes)+len(a.Subscribe.Attributes))
			maps.Copy(merged, x.Attributes)
			maps.Copy(merged, a.Subscribe.Attributes)
			x.Attributes = merged
		}
		topics(a.Subscribe.Topics, true)
	case a.Unsubscribe != nil && len(a.Unsubscribe.Topics) > 0:
		topics(a.Unsubscribe.Topics, false)
	case a.Unsubscribe != nil:
		x.Consent = contact.OptOut
	}
}
