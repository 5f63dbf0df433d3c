package contact

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"tidings/internal/attribute"
)

// MaxKey is the longest key of attributes, in bytes.
const MaxKey = attribute.MaxPath

// reserved are keys that mean something of the contact itself, or of the email that is sent to it: as attributes they are
// passed over.
var reserved = []string{
	"email", "id", "manageUrl", "plunk_email", "plunk_id", "subscribeUrl", "unsubscribeUrl",
}

// Reserved lists the keys that attributes can't have, sorted.
func Reserved() []string { return slices.Clone(reserved) }

var (
	errEmptyKey = errors.New("a key must not be empty")
	errLongKey  = errors.New("the key is longer than 256 bytes")
	errNoJSON   = errors.New("is not JSON")
)

// BadKey is what is wrong with one key of attributes.
type BadKey struct {
	Key string
	Err error
}

// CheckAttributes takes reserved keys out of attributes and tells which they were, sorted. bad has what is wrong with
// single keys, sorted; err what is wrong with all of them together.
func CheckAttributes(data map[string]json.RawMessage) (ignored []string, bad []BadKey, err error) {
	for _, key := range reserved {
		if _, there := data[key]; there {
			ignored = append(ignored, key)
			delete(data, key)
		}
	}
	size := 0
	for key, value := range data {
		size += len(key) + len(value)
		if problem := checkKey(key, value); problem != nil {
			bad = append(bad, BadKey{key, problem})
		}
	}
	slices.SortFunc(bad, func(a, b BadKey) int { return strings.Compare(a.Key, b.Key) })
	switch {
	case size > MaxAttributes:
		return ignored, bad, ErrTooLarge
	case len(bad) > 0 || len(data) <= attribute.MaxValues && !nested(data):
		return ignored, bad, nil
	}
	whole, err := json.Marshal(data)
	if err != nil {
		return ignored, bad, errNoJSON
	}
	_, err = attribute.Values(whole)
	return ignored, bad, err
}

// nested reports whether there is an object or a list among values.
func nested(data map[string]json.RawMessage) bool {
	for _, value := range data {
		if !scalar(value) {
			return true
		}
	}
	return false
}

func scalar(value json.RawMessage) bool { return len(value) > 0 && value[0] != '{' && value[0] != '[' }

func checkKey(key string, value json.RawMessage) error {
	switch {
	case key == "":
		return errEmptyKey
	case len(key) > MaxKey:
		return errLongKey
	case !json.Valid(value):
		return errNoJSON
	case scalar(value):
		return nil
	}
	one, err := json.Marshal(map[string]json.RawMessage{key: value})
	if err == nil {
		_, err = attribute.Values(one)
	}
	return err
}
