package dispatch

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"tidings/event"
)

// Told is one event as an endpoint is told of it.
type Told struct {
	Event      event.ID
	ID         string // evt_…
	Key        string // of endpoints that are ordered: those with the same go one after the other
	Name       string
	OccurredAt time.Time
	Source     string // src_…; empty: it has none
	Message    string // the provider's message id; empty: it is of no email
	Public     json.RawMessage
	Raw        []byte      // what the provider told; nil: it is not asked for, or gone
	Of         OfMailGlyph // for that form alone
}

// OfMailGlyph is what MailGlyph's webhooks hold.
type OfMailGlyph struct {
	Contact   any `json:"contact"`
	Workflow  any `json:"workflow"`
	Execution any `json:"execution"`
	Event     any `json:"event"`
}

// The types of content of the forms.
const (
	typeJSON             = "application/json"
	typeCloudEvent       = "application/cloudevents+json"
	typeCloudEventsBatch = "application/cloudevents-batch+json"
)

// standardEvent is the body of Standard Webhooks: its timestamp is that of the event.
type standardEvent struct {
	Type      string          `json:"type"`
	Timestamp string          `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
	Raw       any             `json:"raw,omitempty"`
}

// standardBatch are several of them.
type standardBatch struct {
	Type      string          `json:"type"`
	Timestamp string          `json:"timestamp"` // of the last
	Data      []standardEvent `json:"data"`
}

// batchType is the type of a body that holds several events.
const batchType = "events"

// cloudEvent is CloudEvents 1.0 in structured mode. Its subject is the email, not the person: subjects get into logs.
type cloudEvent struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Subject         string          `json:"subject,omitempty"`
	Time            string          `json:"time"`
	DataContentType string          `json:"datacontenttype"`
	Data            json.RawMessage `json:"data"`
	Raw             any             `json:"tidingsraw,omitempty"`
}

// cloudPrefix makes the name of an event a type of CloudEvents.
const cloudPrefix = "tidings."

// Body makes what a request holds, of one event or of a batch's. The same events give the same bytes.
func (x *Endpoint) Body(list []Told) (contentType string, body []byte, err error) {
	var value any
	contentType = typeJSON
	switch {
	case x.Format == MailGlyph:
		value = list[0].Of
	case x.Format == CloudEvents && x.Batch != nil:
		contentType, value = typeCloudEventsBatch, each(list, cloud)
	case x.Format == CloudEvents:
		contentType, value = typeCloudEvent, cloud(&list[0])
	case x.Batch != nil:
		value = standardBatch{batchType, stamp(list[len(list)-1].OccurredAt), each(list, standard)}
	default:
		value = standard(&list[0])
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return "", nil, fmt.Errorf("encode what an endpoint is told: %w", err)
	}
	return contentType, bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func each[T any](list []Told, form func(*Told) T) []T {
	out := make([]T, len(list))
	for i := range list {
		out[i] = form(&list[i])
	}
	return out
}

func standard(t *Told) standardEvent {
	return standardEvent{Type: t.Name, Timestamp: stamp(t.OccurredAt), Data: t.Public, Raw: rawOf(t.Raw)}
}

func cloud(t *Told) cloudEvent {
	source := "/tidings"
	if t.Source != "" {
		source = "/sources/" + t.Source
	}
	return cloudEvent{
		SpecVersion: "1.0", ID: t.ID, Source: source, Type: cloudPrefix + t.Name, Subject: t.Message, Time: stamp(t.OccurredAt),
		DataContentType: typeJSON, Data: t.Public, Raw: rawOf(t.Raw),
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// rawOf is what a provider told: JSON as it is, other texts as texts, and anything else in Base64.
func rawOf(raw []byte) any {
	switch {
	case len(raw) == 0:
		return nil
	case json.Valid(raw):
		return json.RawMessage(raw)
	case utf8.Valid(raw):
		return string(raw)
	}
	return map[string]string{"base64": base64.StdEncoding.EncodeToString(raw)}
}
