package control

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/provider"
)

// The limits of Amazon EventBridge on what is put in one request.
const (
	MaxPut      = 10
	MaxPutBytes = 256 << 10 // see BusEntry.size
)

// The codes of what is refused of entries, beside those of tracking.
const (
	CodeTooManyEntries  = "too_many_entries"
	CodeEntriesTooLarge = "entries_too_large"
	CodeBadDetail       = "malformed_detail"
	CodeAWSSource       = "source_not_allowed"
)

// PutOperation is the operation whose scope PutEvents needs: it tracks.
const PutOperation = opTrackBatch

// DoorAWS is the door of AWS SDKs.
const DoorAWS = "aws"

// BusEntry is one event that an app puts on a bus, in the words of Amazon EventBridge.
type BusEntry struct {
	Source       string // the app
	DetailType   string // what happened: the event's name
	Detail       string // a JSON object
	EventBusName string // a name or an ARN; empty: event.DefaultBus
	Time         time.Time
	Resources    []string
	TraceHeader  string
	// Problem is why the door could not read the entry: then it is not taken.
	Problem error
}

// sizeOfTime is what EventBridge counts for a time.
const sizeOfTime = 14

// size is what EventBridge counts of an entry:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
func (e *BusEntry) size() int {
	n := len(e.Source) + len(e.DetailType) + len(e.Detail)
	if !e.Time.IsZero() {
		n += sizeOfTime
	}
	for _, r := range e.Resources {
		n += len(r)
	}
	return n
}

// BusRequest is what one request puts on buses.
type BusRequest struct {
	Entries []BusEntry
	// Repeat names the request: the same again with it gets the first answer. It has the form of an idempotency key; empty:
	// the request is a new one each time.
	Repeat string
}

// Put is what became of an entry.
type Put struct {
	EventID string // also of an entry of which nobody knows yet whom it is about; empty: it was not taken
	Problem error  // why it was not taken; nil: it was
}

// PutEvents stores what apps put on buses, each entry as a custom event named by its DetailType. An entry that can't be taken
// costs only itself. One of which nobody knows whom it is about is kept on its receipt with a problem, and makes its event when
// it is replayed under a rule that knows; its id is known before. It returns an error where none was looked at.
func (c *Control) PutEvents(ctx context.Context, who Actor, in BusRequest) ([]Put, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	items := make([]TrackItem, len(in.Entries))
	for i := range in.Entries {
		items[i] = in.Entries[i].item()
	}
	list, _, err := c.Track(ctx, who, TrackRequest{Items: items, IdempotencyKey: in.Repeat})
	if err != nil {
		return nil, err
	}
	out := make([]Put, len(list))
	for i := range list {
		out[i] = Put{list[i].Event, list[i].Problem}
	}
	return out, nil
}

func (in *BusRequest) check() error {
	if n := len(in.Entries); n < 1 || n > MaxPut {
		return fault.New(fault.Invalid, CodeTooManyEntries, "must have 1 to %d entries, not %d", MaxPut, n).WithField("Entries")
	}
	size := 0
	for i := range in.Entries {
		size += in.Entries[i].size()
	}
	if size >= MaxPutBytes {
		return fault.New(fault.Invalid, CodeEntriesTooLarge, "have %d bytes, less than %d are taken", size, MaxPutBytes).
			WithField("Entries")
	}
	return nil
}

// item is the entry as something that is tracked.
func (e *BusEntry) item() TrackItem {
	bus := event.Bus{Name: event.BusName(e.EventBusName), App: e.Source, Resources: e.Resources, Trace: e.TraceHeader}
	if bus.Name != e.EventBusName {
		bus.ARN = e.EventBusName
	}
	if bus.Name == "" {
		bus.Name = event.DefaultBus
	}
	item := TrackItem{Event: e.DetailType, Data: []byte(e.Detail), Bus: &bus, Problem: e.Problem}
	if !e.Time.IsZero() {
		item.Timestamp = e.Time.UTC().Format(time.RFC3339Nano)
	}
	return item
}

// The bounds of an entry's fields, in bytes. maxBusData is how much of a detail an event has as its data.
const (
	maxBusData = 64 << 10
	maxBusName = 1600
	maxTrace   = 500
	maxApp     = 256
)

// busNames are the forms of a bus's name, ARNs without what BusName takes.
var busNames = regexp.MustCompile(`^[/.\-_A-Za-z0-9]+$`)

// awsSources begin the sources that AWS alone may use.
const awsSources = "aws."

// busItem reads an item that came by a bus. Its detail is kept as it is.
func (t *tracking) busItem(in *TrackItem) (x trackedItem, err error) {
	var p problems
	if in.Bus.App == "" {
		p.add("Source", "is required")
	}
	if strings.HasPrefix(strings.ToLower(in.Bus.App), awsSources) {
		p.addError(fault.New(fault.Invalid, CodeAWSSource, "a source that begins with aws. is for AWS alone").
			WithField("Source"))
	}
	p.printable("Source", in.Bus.App, maxApp)
	name := t.name(&p, "DetailType", in.Event)
	detail := jsontext.Value(in.Data)
	switch {
	case len(detail) == 0:
		p.add("Detail", "is required")
	case !detail.IsValid() || detail.Kind() != jsontext.KindBeginObject:
		p.addError(fault.New(fault.Invalid, CodeBadDetail, "must be the text of a JSON object without duplicate names").
			WithField("Detail"))
	}
	if !busNames.MatchString(in.Bus.Name) || len(in.Bus.Name)+len(in.Bus.ARN) > maxBusName {
		p.add("EventBusName", "%.100q is neither a bus's name nor its ARN", in.Bus.Name)
	}
	p.printable("TraceHeader", in.Bus.Trace, maxTrace)
	when := t.when(&p, "Time", name, in.Timestamp)
	if err := p.err(); err != nil {
		return x, err
	}
	x.line = keptItem(in)
	x.draft = event.Draft{
		Event: event.Event{
			Name: name, OccurredAt: when, Recipient: provider.CustomAddress(in.Data), Bus: in.Bus,
			Data: json.RawMessage(in.Data),
		},
		IdentityAt: when,
	}
	return x, nil
}

// printable checks a text that may be empty.
func (p *problems) printable(field, s string, most int) {
	if len(s) > most || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) {
		p.add(field, "must have at most %d bytes of text without control characters", most)
	}
}

// largeData are the problems of events whose detail is more than an event has room for.
func largeData(drafts []event.Draft) (list []provider.Problem) {
	for i := range drafts {
		if d := &drafts[i]; d.Bus != nil && len(d.Data) > maxBusData {
			list = append(list, provider.Problem{
				Element: d.Element, Code: "data_too_large", Message: "the detail of the event " + string(d.Name) +
					" has more than 64 KiB: the event has no data, the receipt has all of it",
			})
		}
	}
	return list
}
