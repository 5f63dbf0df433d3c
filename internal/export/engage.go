package export

import (
	"cmp"

	"tidings/event"
)

// engage is CSV with the columns of Engage's hourly export. Events that Engage has no word for have no line.
type engage struct{ raw bool }

// Head appends the header.
func (engage) Head(b []byte) []byte {
	return appendRow(b, true, "Date", "Customer", "Event", "Subject", "Additional data")
}

// engageWords are Engage's words for what became of an email.
var engageWords = map[event.Name]string{
	event.EmailClick: "Clicked", event.EmailOpen: "Opened", event.EmailFailure: "Failed", event.EmailReject: "Failed",
	event.EmailDelivery: "Delivered", event.EmailBounce: "Bounced", event.EmailDelay: "Temp failed",
	event.EmailComplaint: "Complained",
}

// Append appends the line of an event.
func (g engage) Append(b []byte, e *event.Event) ([]byte, error) {
	word, known := engageWords[e.Name]
	if !known {
		return b, nil
	}
	subject := ""
	if e.Message != nil {
		subject = e.Message.Subject
	}
	return appendRow(b, g.raw, e.OccurredAt.UTC().Format(timeForm), e.Recipient, word, subject, additional(e)), nil
}

// additional is Engage's additional data: the URL of a click, or the text of what went wrong.
func additional(e *event.Event) string {
	switch {
	case e.Click != nil:
		return e.Click.URL
	case e.Bounce != nil:
		return cmp.Or(e.Bounce.Diagnostic, e.Bounce.Reason)
	case e.Delay != nil:
		return cmp.Or(e.Delay.Diagnostic, e.Delay.Reason)
	case e.Failure != nil:
		return cmp.Or(e.Failure.Detail, e.Failure.Reason)
	case e.Reject != nil:
		return cmp.Or(e.Reject.Detail, e.Reject.Reason)
	}
	return ""
}
