package workflow

import (
	"encoding/json"
	"strings"
	"time"

	"tidings/internal/attribute"
	"tidings/internal/segment"
)

// runRoots are what fields of a run begin with, each with where the field stands.
var runRoots = []struct {
	prefix string
	of     func(*Vars) json.RawMessage
}{
	{"event.", func(v *Vars) json.RawMessage { return v.Event }},
	{"workflow.", func(v *Vars) json.RawMessage { return v.object() }},
	{"$.subscriber.", func(v *Vars) json.RawMessage { return v.Subscriber }},
}

// object is Data as one object.
func (v *Vars) object() json.RawMessage {
	b, err := json.Marshal(v.Data)
	if err != nil {
		return nil
	}
	return b
}

// runField parts a field of what the run knows: the place of its root and the path in it. ok is false for fields of contacts.
func runField(field string) (root int, path string, ok bool) {
	for i, r := range runRoots {
		if path, ok := strings.CutPrefix(field, r.prefix); ok && path != "" {
			return i, path, true
		}
	}
	return 0, "", false
}

func isRunField(field string) bool {
	_, _, ok := runField(field)
	return ok
}

// values are those that a field of the run has; none where it has not.
func (v *Vars) values(field string) []attribute.Value {
	root, path, ok := runField(field)
	if !ok {
		return nil
	}
	values, err := attribute.Values(runRoots[root].of(v))
	if err != nil && len(values) == 0 {
		return nil
	}
	return values[path]
}

// contactTimes are the fields of contacts that are times, beside attributes.
var contactTimes = []struct {
	name string
	of   func(*segment.Facts) int64
}{
	{"createdAt", func(f *segment.Facts) int64 { return f.CreatedAt }},
	{"updatedAt", func(f *segment.Facts) int64 { return f.UpdatedAt }},
	{"firstSeenAt", func(f *segment.Facts) int64 { return f.FirstSeenAt }},
	{"lastSeenAt", func(f *segment.Facts) int64 { return f.LastSeenAt }},
	{"lastOpenAt", func(f *segment.Facts) int64 { return f.LastOpenAt }},
	{"lastClickAt", func(f *segment.Facts) int64 { return f.LastClickAt }},
	{"snoozedUntil", func(f *segment.Facts) int64 { return f.SnoozedUntil }},
}

func timeFields() []string {
	list := make([]string, len(contactTimes))
	for i, f := range contactTimes {
		list[i] = f.name
	}
	return list
}

const dataPrefix = "data."

func isTimeField(field string) bool {
	for _, f := range contactTimes {
		if f.name == field {
			return true
		}
	}
	path, ok := strings.CutPrefix(field, dataPrefix)
	return ok && path != "" && len(path) <= attribute.MaxPath || isRunField(field)
}

// TimeOf is the time that a contact has in a field of Wait.Until; zero: it has none. It is the answer to AskTime.
func TimeOf(field string, f *segment.Facts) time.Time {
	if path, ok := strings.CutPrefix(field, dataPrefix); ok {
		return instant(f.Data[path])
	}
	for _, x := range contactTimes {
		if at := x.of(f); x.name == field && at != 0 {
			return time.UnixMilli(at).UTC()
		}
	}
	return time.Time{}
}

// instant is the first of the values that is a time.
func instant(values []attribute.Value) time.Time {
	for _, v := range values {
		if v.Kind == attribute.Instant {
			return time.UnixMilli(int64(v.Number)).UTC()
		}
	}
	return time.Time{}
}
