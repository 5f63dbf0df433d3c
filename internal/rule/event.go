package rule

import (
	"encoding/json"

	"tidings/event"
	"tidings/internal/attribute"
	"tidings/internal/segment"
)

// Event is an event as rules match it.
type Event struct {
	event.Event
	SourceName string // of Event.Source
}

func (e *Event) sourceID() string {
	if e.Source == nil {
		return ""
	}
	return e.Source.ID
}

// buses are the words for the bus that an event was put on: its name, and its ARN where it was named by it.
func (e *Event) buses() []string {
	if e.Bus == nil {
		return nil
	}
	return []string{e.Bus.Name, e.Bus.ARN}
}

// app is who put an event on a bus.
func (e *Event) app() string {
	if e.Bus == nil {
		return ""
	}
	return e.Bus.App
}

// document is the event as EventBridge would tell it, which the paths of a mapping begin in.
func (e *Event) document() (any, error) {
	var detail any
	if len(e.Data) > 0 {
		if err := json.Unmarshal(e.Data, &detail); err != nil {
			return nil, err
		}
	}
	if data, ok := detail.(map[string]any); ok && e.Name.Slot() == 0 && e.Recipient != "" {
		if _, there := data["email"]; !there {
			data["email"] = e.Recipient // of a tracked event it stands beside its data
		}
	}
	doc := map[string]any{
		"id": e.ID.String(), "detail-type": string(e.Name), "source": e.app(), "event-bus-name": e.bus(),
		"time": e.OccurredAt.UTC().Format("2006-01-02T15:04:05Z"), "detail": detail, "recipient": e.Recipient,
	}
	if m := e.Message; m != nil {
		doc["message"] = map[string]any{
			"id": m.ID, "subject": m.Subject, "from": m.From, "template": m.Template, "workflow": m.Workflow,
		}
	}
	return doc, nil
}

func (e *Event) bus() string {
	if e.Bus == nil {
		return ""
	}
	return e.Bus.Name
}

// occurrence is the event as tests of segments see it.
func (e *Event) occurrence() *segment.Occurrence {
	o := &segment.Occurrence{
		ID: e.ID, Name: e.Name, At: e.OccurredAt.UnixMilli(), Values: attribute.OfEvent(&e.Event),
	}
	if o.Values == nil {
		o.Values = make(map[string][]attribute.Value)
	}
	add := func(key, text string) {
		if text != "" {
			o.Values[key] = []attribute.Value{{Kind: attribute.Text, Text: text}}
		}
	}
	add("source", e.sourceID())
	if m := e.Message; m != nil {
		add("template", m.Template)
		add("workflow", m.Workflow)
	}
	return o
}
