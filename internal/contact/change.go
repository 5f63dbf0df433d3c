package contact

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"tidings/internal/attribute"
)

// Change is what an act, or an event that somebody tracked, says of a contact. It makes the contact where there is none.
// Zero fields change nothing.
type Change struct {
	Address string // event.Address.Key
	// Attributes are merged into those of the contact, key by key; null takes a key away.
	Attributes map[string]json.RawMessage
	ExternalID *string // empty takes it away
	Tags       []string
	Untag      []string
	Topics     map[string]bool // by slug: whether the contact takes it
	// Snooze is until when the contact wants no mail that it does not need, Unix milliseconds; 0 ends that. nil: as before.
	Snooze *int64

	Consent Consent
	// Born is the consent of a contact that the change makes, where Consent says nothing; NoConsent is OptIn.
	Born Consent
	// Update tells that the contact must be there: the change makes none.
	Update bool

	At     int64  // when it was said, Unix milliseconds
	Origin string // how: track, api, OriginImport, form, …
	By     string // who: the id of a key, of a person or of a form
	Reason string // why, for the history of consent
}

// OriginImport is the Change.Origin of lists.
const OriginImport = "import"

// MaxAttributes is how large the attributes of a contact may be, in bytes of JSON.
const MaxAttributes = 64 << 10

// ErrTooLarge tells that a contact would have more attributes than it may.
var ErrTooLarge = errors.New("the attributes of a contact may have 64 KiB of JSON, and 1,000 values")

// Patched is what became of attributes.
type Patched struct {
	Attributes []byte // a JSON object, its keys sorted
	Changed    bool
	// Paths are those whose values changed, sorted; Values has what filters now compare under them, nothing where it is gone.
	Paths  []string
	Values map[string][]attribute.Value
}

// Merge merges a change into a contact's attributes, a JSON object or nothing. It returns ErrTooLarge where the result is
// more than a contact may have.
func (c *Change) Merge(old []byte) (Patched, error) {
	p := Patched{Attributes: old}
	have := make(map[string]json.RawMessage)
	if len(old) > 0 {
		if err := json.Unmarshal(old, &have); err != nil {
			return p, attribute.ErrNoObject
		}
	}
	for key, value := range c.Attributes {
		was, there := have[key]
		switch gone := bytes.Equal(value, null); {
		case gone && !there, there && bytes.Equal(compact(was), compact(value)):
			continue
		case gone:
			delete(have, key)
		default:
			have[key] = compact(value)
		}
		p.Changed = true
	}
	if !p.Changed {
		return p, nil
	}
	merged, err := json.Marshal(have)
	if err != nil {
		return p, attribute.ErrNoObject
	}
	if len(merged) > MaxAttributes {
		return p, ErrTooLarge
	}
	err = p.compare(merged)
	return p, err
}

// compare finds the paths whose values are others than before.
func (p *Patched) compare(merged []byte) error {
	now, err := attribute.Values(merged)
	if err != nil {
		return errors.Join(ErrTooLarge, err)
	}
	was, err := attribute.Values(p.Attributes)
	if err != nil {
		return err
	}
	p.Attributes, p.Values = merged, make(map[string][]attribute.Value)
	for path, list := range now {
		if !slices.Equal(list, was[path]) {
			p.Paths, p.Values[path] = append(p.Paths, path), list
		}
	}
	for path := range was {
		if _, there := now[path]; !there {
			p.Paths = append(p.Paths, path)
		}
	}
	slices.Sort(p.Paths)
	return nil
}

var null = []byte("null")

func compact(raw []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}
