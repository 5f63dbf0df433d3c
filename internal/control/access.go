package control

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// The formats of what is kept of a person.
const (
	AccessJSON = "json"
	AccessCSV  = CSV
)

// access is everything that is kept of a person, but for events, which follow one by one.
type access struct {
	ExportedAt   string              `json:"exportedAt"`
	Contact      ContactRow          `json:"contact"`
	State        accessState         `json:"state"`
	Consents     []accessConsent     `json:"consents"`
	Suppressions []accessSuppression `json:"suppressions"`
	Segments     []accessSegment     `json:"segments"`
}

type accessState struct {
	FirstSeenAt string           `json:"firstSeenAt,omitempty"`
	LastSeenAt  string           `json:"lastSeenAt,omitempty"`
	LastOpenAt  string           `json:"lastOpenAt,omitempty"`
	LastClickAt string           `json:"lastClickAt,omitempty"`
	Counts      map[string]int64 `json:"counts"`
}

type accessConsent struct {
	At         string `json:"at"`
	Subscribed bool   `json:"subscribed"`
	Topic      string `json:"topic,omitempty"`
	Origin     string `json:"origin"`
	Reason     string `json:"reason,omitempty"`
	By         string `json:"by,omitempty"`
	Event      string `json:"event,omitempty"`
}

type accessSuppression struct {
	Reason   contact.Reason `json:"reason"`
	Since    string         `json:"since"`
	Until    string         `json:"until,omitempty"`
	LiftedAt string         `json:"liftedAt,omitempty"`
	Note     string         `json:"note,omitempty"`
	LiftNote string         `json:"liftNote,omitempty"`
}

type accessSegment struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Since string `json:"since,omitempty"`
}

// allConsents is how many changes of consent are told at most of each kind.
const allConsents = 1000

// ContactAccess writes everything that is kept of a person: as one JSON object, or as CSV with a row for each value (section,
// id, time, name, field, value). Nothing is written before the contact was found. What providers sent, word for word, is
// beside it (GET /events/{id}/raw).
func (c *Control) ContactAccess(ctx context.Context, who Actor, id, format string, w io.Writer) error {
	if format != "" && format != AccessJSON && format != AccessCSV {
		return fault.BadField("format", "%.100q is not known: want one of json, csv", format)
	}
	k, err := c.Contact(ctx, who, id)
	if err != nil {
		return err
	}
	a, err := c.access(ctx, who, &k)
	if err != nil {
		return fmt.Errorf("export what is kept of a contact: %w", err)
	}
	x := &accessWriter{exporter: exporter{w: w, json: format != AccessCSV, started: true}}
	if err := x.head(a); err != nil {
		return err
	}
	f := EventFilter{Contact: k.ID, Limit: exportPage}
	for {
		page, err := c.ListEvents(ctx, who, f)
		if err != nil {
			return fmt.Errorf("export the events of a contact: %w", err)
		}
		for i := range page.Events {
			if err := x.event(&page.Events[i]); err != nil {
				return err
			}
		}
		if f.Cursor = page.NextCursor; f.Cursor == "" {
			return x.end()
		}
		if err := x.flush(); err != nil {
			return err
		}
	}
}

func (c *Control) access(ctx context.Context, who Actor, k *store.Contact) (*access, error) {
	now := c.Now()
	a := &access{
		ExportedAt: accessTime(now), Contact: rowOf(k, IsSuppressed(k, now)), State: stateOf(k.State),
		Consents: []accessConsent{}, Suppressions: []accessSuppression{}, Segments: []accessSegment{},
	}
	consents, err := c.Store.Consents(ctx, who.Project, k.ID, allConsents)
	if err != nil {
		return nil, err
	}
	for _, s := range consents {
		said := accessConsent{
			At: accessTime(s.At), Subscribed: s.Subscribed, Topic: s.Topic, Origin: s.Origin, Reason: s.Reason, By: s.By,
		}
		if !s.Event.IsZero() {
			said.Event = s.Event.String()
		}
		a.Consents = append(a.Consents, said)
	}
	for _, s := range k.Suppressions {
		a.Suppressions = append(a.Suppressions, accessSuppression{
			Reason: s.Reason, Since: accessTime(s.Since), Until: accessTime(s.Until), LiftedAt: accessTime(s.LiftedAt),
			Note: s.Note, LiftNote: s.LiftNote,
		})
	}
	segments, err := c.Store.SegmentsOf(ctx, who.Project, k.Ref)
	for _, s := range segments {
		a.Segments = append(a.Segments, accessSegment{s.ID, s.Name, accessTime(s.Since)})
	}
	return a, err
}

func stateOf(s contact.State) accessState {
	a := accessState{
		FirstSeenAt: accessMS(s.FirstSeen), LastSeenAt: accessMS(s.LastSeen), LastOpenAt: accessMS(s.LastOpen),
		LastClickAt: accessMS(s.LastClick), Counts: make(map[string]int64),
	}
	for slot, n := range s.Counts {
		if n == 0 {
			continue
		}
		name := string(event.SlotName(slot))
		if slot == 0 {
			name = "custom"
		}
		a.Counts[name] += n
	}
	return a
}

// accessTime is a time as exports have it; empty for none.
func accessTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func accessMS(ms int64) string {
	if ms == 0 {
		return ""
	}
	return accessTime(time.UnixMilli(ms))
}

// accessWriter writes what is kept of a person.
type accessWriter struct {
	exporter
	events int
}

func (x *accessWriter) head(a *access) error {
	b, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write a contact: %w", err)
	}
	if x.json {
		x.buf = append(append(x.buf, b[:len(b)-1]...), `,"events":[`...)
		return nil
	}
	x.row("section", "id", "time", "name", "field", "value")
	x.values("contact", a.Contact.ID, "", "", a.Contact)
	x.values("state", a.Contact.ID, "", "", a.State)
	for _, s := range a.Consents {
		x.values("consent", "", s.At, "", s)
	}
	for _, s := range a.Suppressions {
		x.values("suppression", "", s.Since, string(s.Reason), s)
	}
	for _, s := range a.Segments {
		x.values("segment", s.ID, s.Since, s.Name, s)
	}
	return x.err
}

func (x *accessWriter) event(e *event.Event) error {
	if !x.json {
		x.values("event", e.ID.String(), accessTime(e.OccurredAt), string(e.Name), e)
		return x.err
	}
	b, err := e.MarshalJSON()
	if err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	if x.events++; x.events > 1 {
		x.buf = append(x.buf, ',')
	}
	x.buf = append(append(x.buf, '\n'), b...)
	return nil
}

func (x *accessWriter) end() error {
	if x.json {
		x.buf = append(x.buf, "\n]}\n"...)
	}
	return x.flush()
}

// values writes a row for each value of a thing, under its path.
func (x *accessWriter) values(section, id, when, name string, thing any) {
	b, err := json.Marshal(thing)
	var v any
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	x.err = joinFirst(x.err, err)
	eachLeaf("", v, func(path, value string) { x.row(section, id, when, name, path, value) })
}

// eachLeaf calls use with every value of JSON that is neither object nor list, and its path.
func eachLeaf(path string, v any, use func(path, value string)) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			eachLeaf(joinPath(path, key), v[key], use)
		}
	case []any:
		for _, x := range v {
			eachLeaf(path, x, use)
		}
	case string:
		use(path, v)
	case nil:
	default:
		b, err := json.Marshal(v)
		if err == nil {
			use(path, string(b))
		}
	}
}

func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
