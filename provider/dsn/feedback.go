package dsn

import (
	"bytes"
	"slices"
	"strings"

	"github.com/emersion/go-message"

	"tidings/event"
)

// feedbackTypes are the types of feedback (RFC 5965, RFC 6430, RFC 6591, and the opt-outs of its drafts) with what each
// becomes; any other is unknown.
var feedbackTypes = map[string]event.Name{
	"abuse": event.EmailComplaint, "fraud": event.EmailComplaint, "virus": event.EmailComplaint,
	"other": event.EmailComplaint, "not-spam": event.EmailComplaint, "auth-failure": event.EmailComplaint,
	"opt-out": event.EmailUnsubscribe, "opt-out-list": event.EmailUnsubscribe,
}

// readFeedback reads a feedback report: one fact, and often nobody named.
func (m *mapping) readFeedback() {
	head, _ := cutHeader(bytes.TrimLeft(m.feedback, " \t\r\n"))
	report := readHeader(head)
	fields := &report
	m.message = readMessage(&m.returned, envelopeID(fields), m.source)
	kind := word(get(fields, "Feedback-Type"))
	if kind == "" {
		m.problem(0, codeUnreadable, "the feedback report has no Feedback-Type")
		return
	}
	people := m.people(fields)
	if len(people) == 0 && m.sent != "" {
		people = []string{""} // who sent it knows to whom
	}
	if len(people) == 0 {
		m.problem(0, codeNoRecipient, "the feedback report does not say whose it is, and the returned headers don't either ("+
			event.CleanText(kind, maxData)+"): whoever reports hides it. The message is "+event.CleanText(m.message.ID, maxData))
		return
	}
	attribution := event.Exact
	if len(people) > 1 {
		attribution = event.Candidates
	}
	arrival := firstTime(parseTime(get(fields, "Arrival-Date")), parseTime(get(fields, "Received-Date")))
	name, known := feedbackTypes[kind]
	if !known {
		name = event.EmailUnknown
	}
	for _, who := range people {
		m.add(fact{
			name: name, recipient: who, attribution: attribution, key: []string{"arf", keyAddress(who), kind},
			identityAt: firstTime(arrival, m.date), occurredAt: firstTime(m.date, arrival),
			fill: func(e *event.Event) { fillFeedback(e, fields, kind) },
		})
	}
}

// people are who the report may be about: the recipients that it names, else those that the returned message does. Of
// several nobody knows who it was.
func (m *mapping) people(fields *message.Header) []string {
	named := legible(fields.Values("Original-Rcpt-To"))
	if len(named) == 0 {
		named = legible(append(addresses(&m.returned, "To"), addresses(&m.returned, "Cc")...))
	}
	return named
}

// legible keeps the first of each address that is one and is not redacted.
func legible(list []string) (out []string) {
	seen := map[string]bool{}
	for _, a := range list {
		a = address(a)
		if k := keyAddress(a); a != "" && !redacted(a) && !seen[k] && len(out) < maxPeople {
			seen[k] = true
			out = append(out, a)
		}
	}
	return out
}

// maxPeople bounds the candidates of one feedback report.
const maxPeople = 100

func fillFeedback(e *event.Event, fields *message.Header, kind string) {
	agent := get(fields, "User-Agent")
	pairs := []string{
		"arrivalDate", get(fields, "Arrival-Date"), "originalMailFrom", keyAddress(get(fields, "Original-Mail-From")),
		"reportedDomain", strings.Join(slices.Compact(fields.Values("Reported-Domain")), ", "),
		"reportedUri", get(fields, "Reported-Uri"), "reportingMta", bare(get(fields, "Reporting-Mta")),
		"sourceIp", get(fields, "Source-Ip"), "incidents", get(fields, "Incidents"),
		"authFailure", get(fields, "Auth-Failure"), "deliveryResult", get(fields, "Delivery-Result"),
	}
	switch e.Name {
	case event.EmailComplaint:
		e.Complaint = &event.Complaint{FeedbackType: kind}
		if agent != "" {
			e.Client = &event.Client{UserAgent: agent}
		}
	case event.EmailUnsubscribe:
		e.Subscription = &event.Subscription{Origin: kind}
	default:
		pairs = append(pairs, "feedbackType", kind)
	}
	e.Data = object(pairs...)
}
