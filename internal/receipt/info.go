package receipt

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
)

// info is what events say of their message that has no column. The keys are stored: they are added to, never changed.
type info struct {
	Subject  string            `json:"s,omitempty"`
	From     string            `json:"f,omitempty"`
	Tags     []string          `json:"g,omitempty"` // sorted, distinct
	Metadata map[string]string `json:"m,omitempty"`
	SentAt   int64             `json:"t,omitzero"` // Unix milliseconds; 0: not said
}

// EncodeInfo makes the stored form of what an event says of its message: subject, sender, tags, metadata and time of
// sending. It is nil where it says none of them. The same facts have the same bytes.
func EncodeInfo(m *event.Message) []byte {
	if m == nil {
		return nil
	}
	i := info{
		Subject: m.Subject, From: m.From, Tags: union(m.Tags, nil), Metadata: m.Metadata, SentAt: unixMilli(m.SentAt),
	}
	return i.encode()
}

func (i *info) encode() []byte {
	// Strings, numbers and maps of strings always encode, bad UTF-8 being replaced.
	text, err := json.Marshal(i, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil || len(text) == len("{}") {
		return nil
	}
	return text
}

// DecodeInfo reads what EncodeInfo wrote into a message; fields that it does not hold are left alone.
func DecodeInfo(stored []byte, m *event.Message) error {
	i, err := decodeInfo(stored)
	if err != nil {
		return err
	}
	m.Subject, m.From, m.Tags, m.Metadata = i.Subject, i.From, i.Tags, i.Metadata
	m.SentAt = timeOf(i.SentAt)
	return nil
}

func decodeInfo(stored []byte) (info, error) {
	var i info
	if len(stored) == 0 {
		return i, nil
	}
	if err := json.Unmarshal(stored, &i); err != nil {
		return i, fmt.Errorf("decode message info: %w", err)
	}
	return i, nil
}

// MergeInfo joins what two events say of one message, and tells whether that is more than a says. Where both speak the
// smaller text and the earlier time win, tags and metadata are united: the order of events does not matter, nor how
// often each comes. Unreadable bytes, which EncodeInfo never makes, say nothing.
func MergeInfo(a, b []byte) (merged []byte, changed bool) {
	if len(b) == 0 || bytes.Equal(a, b) {
		return a, false
	}
	x, errA := decodeInfo(a)
	y, errB := decodeInfo(b)
	if errB != nil {
		return a, false
	}
	if errA != nil || len(a) == 0 {
		return b, true
	}
	x.join(y)
	merged = x.encode()
	return merged, !bytes.Equal(merged, a)
}

func (i *info) join(o info) {
	i.Subject, i.From = firstOf(i.Subject, o.Subject), firstOf(i.From, o.From)
	i.Tags = union(i.Tags, o.Tags)
	if i.SentAt == 0 || o.SentAt != 0 && o.SentAt < i.SentAt {
		i.SentAt = o.SentAt
	}
	for k, v := range o.Metadata {
		if i.Metadata == nil {
			i.Metadata = make(map[string]string, len(o.Metadata))
		}
		i.Metadata[k] = firstOf(i.Metadata[k], v)
	}
}

// firstOf returns the smaller of two texts, an empty one counting as the largest.
func firstOf(a, b string) string {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}

func union(a, b []string) []string {
	return slices.Compact(slices.Sorted(func(yield func(string) bool) {
		for _, part := range [...][]string{a, b} {
			for _, s := range part {
				if !yield(s) {
					return
				}
			}
		}
	}))
}
