package control

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/internal/receipt"
	"tidings/internal/store"
	"tidings/provider"
)

const (
	// trackProvider is the provider of sources that tracked events are stored under.
	trackProvider = "track"
	// trackKind is the receipt's kind of tracked events.
	trackKind = "track"
	// busKind is that of events that apps put on buses.
	busKind = "bus"
	// trackMark begins what is kept of a request: a line that says how its events are known, then a line for each.
	trackMark = `{"tidings":"track",`
)

// trackHeader is the first line of what is kept.
type trackHeader struct {
	Tidings string `json:"tidings"`
	ID      string `json:"id"`
	Places  []int  `json:"places,omitempty"` // of the lines among the request's items, where some were not taken
}

// keptTrack is a line of what is kept.
type keptTrack struct {
	Email      string         `json:"email"`
	Event      string         `json:"event"`
	Subscribed *bool          `json:"subscribed,omitempty"`
	Data       jsontext.Value `json:"data,omitempty"`
	Timestamp  string         `json:"timestamp,omitempty"`
	ExternalID *string        `json:"externalId,omitempty"`
	Tags       []string       `json:"tags,omitempty"`
	Bus        *event.Bus     `json:"bus,omitempty"`
}

// keptItem is the line of an item. It has no end of line: JSON writes none within a text.
func keptItem(in *TrackItem) []byte {
	k := keptTrack{in.Email, in.Event, in.Subscribed, nil, in.Timestamp, in.ExternalID, in.Tags, in.Bus}
	if len(in.Data) > 0 {
		k.Data = jsontext.Value(in.Data)
	}
	line, err := jsonv2.Marshal(k, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	if err != nil { // data is no JSON: such an item is never taken, and its text is only compared
		k.Data = nil
		line, _ = jsonv2.Marshal(k, jsontext.AllowInvalidUTF8(true))
		line = append(line, in.Data...)
	}
	return line
}

func (t *tracking) keep() []byte {
	h := trackHeader{Tidings: trackKind, ID: t.transport().ID}
	if len(t.taken) < len(t.in.Items) {
		for _, x := range t.taken {
			h.Places = append(h.Places, x.at)
		}
	}
	keep, err := jsonv2.Marshal(h)
	if err != nil { // texts and numbers always encode
		panic(err)
	}
	for _, x := range t.taken {
		keep = append(append(keep, '\n'), x.line...)
	}
	return keep
}

// said is what a repeated request is compared with: all that was said, whatever became of it.
func (t *tracking) said(keep []byte) []byte {
	if t.in.IdempotencyKey == "" || len(t.taken) == len(t.in.Items) {
		return keep
	}
	var b bytes.Buffer
	for i := range t.in.Items {
		b.Write(keptItem(&t.in.Items[i]))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func isTracked(keep []byte) bool { return bytes.HasPrefix(keep, []byte(trackMark)) }

// trackedElement is the line of an event.
func trackedElement(keep []byte, element int) ([]byte, error) {
	lines := bytes.Split(keep, []byte("\n"))
	if element < 0 || element+1 >= len(lines) {
		return nil, fault.Missing("the receipt has no event %d", element)
	}
	return lines[element+1], nil
}

// rebuildTracked makes the events of a kept request again. Contacts are not changed again: what was said of them was said
// then, and others have spoken since.
func rebuildTracked(b receipt.Builder, x store.StoredReceipt) (*receipt.Entry, bool) {
	lines := bytes.Split(x.Keep, []byte("\n"))
	var h trackHeader
	if jsonv2.Unmarshal(lines[0], &h) != nil {
		return nil, false
	}
	t := &tracking{control: &Control{}, now: x.ReceivedAt, nonce: h.ID, src: x.Source}
	result := provider.Result{Kind: trackKind, Keep: x.Keep}
	for n, line := range lines[1:] {
		var k keptTrack
		if jsonv2.Unmarshal(line, &k) != nil {
			continue // it was erased
		}
		at := n
		if n < len(h.Places) {
			at = h.Places[n]
		}
		if k.Bus != nil {
			result.Kind = busKind
		}
		d := t.redraft(&k)
		d.Key, d.Element = t.key(at), n
		result.Drafts = append(result.Drafts, d)
	}
	result.Problems = largeData(result.Drafts)
	entry := b.Build(x.Source, result, x.Keep, x.ReceivedAt)
	entry.Changes = nil
	entry.Replay, entry.Key, entry.SHA256 = x.Ref, x.Key, x.SHA256
	return entry, true
}

// redraft makes the event of a line again, without what it is known by.
func (t *tracking) redraft(k *keptTrack) event.Draft {
	var p problems
	when, _ := parseWhen("timestamp", k.Timestamp)
	if when.IsZero() {
		when = t.now
	}
	d := event.Draft{IdentityAt: when, Event: event.Event{
		Name: t.name(&p, "event", k.Event), OccurredAt: when, Recipient: k.Email, Bus: k.Bus, Data: json.RawMessage(k.Data),
	}}
	if k.Bus != nil {
		d.Recipient = provider.CustomAddress(k.Data)
		return d
	}
	d.Data, _, _ = trackedData(&p, k.Data)
	return d
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
