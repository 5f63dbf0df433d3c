package attribute

import "tidings/event"

// The names under which filters find what OfEvent gathers.
const (
	EventData   = "data." // and a path of the data of a custom event
	EventURL    = "url"
	EventClass  = "class"  // of a bounce
	EventBus    = "bus"    // the name of the bus that a custom event was put on
	EventApp    = "app"    // who put it there
	EventReason = "reason" // of a bounce, a delay, a reject or a failure; the feedback type of a complaint
)

// OfEvent gathers what filters compare of an event beside its columns: the data of a custom event, the URL of a click, why
// something was refused. It is nil for most. Of data that holds more than MaxValues the first are taken.
func OfEvent(e *event.Event) map[string][]Value {
	if e.Name.Slot() == 0 {
		return ofCustom(e)
	}
	out := make(map[string][]Value)
	add := func(key, text string) {
		if text != "" {
			out[key] = []Value{{Kind: Text, Text: event.CleanText(text, MaxText)}}
		}
	}
	switch {
	case e.Click != nil:
		add(EventURL, e.Click.URL)
	case e.Bounce != nil:
		add(EventClass, string(e.Bounce.Class))
		add(EventReason, e.Bounce.Reason)
	case e.Complaint != nil:
		add(EventReason, e.Complaint.FeedbackType)
	case e.Delay != nil:
		add(EventReason, e.Delay.Reason)
	case e.Reject != nil:
		add(EventReason, e.Reject.Reason)
	case e.Failure != nil:
		add(EventReason, e.Failure.Reason)
	}
	return out
}

// ofCustom gathers what a custom event says.
func ofCustom(e *event.Event) map[string][]Value {
	out := ofData(e)
	if e.Bus == nil {
		return out
	}
	if out == nil {
		out = make(map[string][]Value)
	}
	for key, text := range map[string]string{EventBus: e.Bus.Name, EventApp: e.Bus.App} {
		if text != "" {
			out[key] = []Value{{Kind: Text, Text: event.CleanText(text, MaxText)}}
		}
	}
	return out
}

func ofData(e *event.Event) map[string][]Value {
	if len(e.Data) <= len("{}") {
		return nil
	}
	// What stands there beside the error is what there is room for.
	values, _ := Values(e.Data)
	out := make(map[string][]Value, len(values))
	for path, list := range values {
		out[EventData+path] = list
	}
	return out
}
