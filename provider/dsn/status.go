package dsn

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-message"

	"tidings/event"
)

// group is the fields of one recipient of a delivery report.
type group struct {
	fields message.Header
	text   []byte // as it came
}

// groups parts a delivery report at its empty lines (RFC 3464, section 2.1): the fields of the message, then those of
// each recipient. Reports that leave out the line between them, or the first fields at all, are read too.
func groups(status []byte) (all message.Header, list []group) {
	rest := status
	for first := true; len(rest) > 0; first = false {
		rest = bytes.TrimLeft(rest, " \t\r\n")
		var block []byte
		if block, rest = cutHeader(rest); len(block) == 0 {
			break
		}
		g := group{fields: readHeader(block), text: bytes.TrimRight(block, "\r\n")}
		if first {
			all = g.fields
		}
		if !first || g.fields.Has("Final-Recipient") || g.fields.Has("Original-Recipient") {
			list = append(list, g)
		}
	}
	return all, list
}

// outcomes are the actions (RFC 3464, section 2.3.3) with what each becomes. What was relayed is as good as delivered:
// the next server took it, and promises no report. The same goes for what was expanded into a list.
var outcomes = map[string]func(*recipient, *event.Event){
	"failed":    (*recipient).fillBounce,
	"delayed":   (*recipient).fillDelay,
	"delivered": (*recipient).fillDelivery,
	"relayed":   (*recipient).fillDelivery,
	"expanded":  (*recipient).fillDelivery,
}

// recipient is one recipient of a delivery report.
type recipient struct {
	all, fields *message.Header
	action      string
	address     string
	smtp        smtp
}

func (m *mapping) readDelivery() {
	all, list := groups(m.status)
	m.message = readMessage(&m.returned, envelopeID(&all), m.source)
	if len(list) == 0 {
		m.problem(-1, codeUnreadable, "the delivery report has no recipient in it")
	}
	if len(list) > maxRecipients {
		m.problem(-1, codeBounds, fmt.Sprintf("the report has more than %d recipients: the later ones are not read", maxRecipients))
		list = list[:maxRecipients]
	}
	seen := make(map[string]bool, len(list))
	for i := range list {
		m.readRecipient(i, &all, &list[i].fields, seen)
	}
}

// envelopeID is the id of the envelope; older servers write it in brackets, as a Message-ID.
func envelopeID(all *message.Header) string { return messageID(get(all, "Original-Envelope-Id")) }

func (m *mapping) readRecipient(i int, all, fields *message.Header, seen map[string]bool) {
	final, original := get(fields, "Final-Recipient"), get(fields, "Original-Recipient")
	r := recipient{
		all: all, fields: fields, action: word(get(fields, "Action")),
		smtp: readSMTP(get(fields, "Status"), get(fields, "Diagnostic-Code")),
	}
	// The original is who we sent to; the final one may be what an alias or a forwarding made of it.
	if r.address = address(original); r.address == "" {
		r.address = address(final)
	}
	if r.address == "" && m.sent == "" {
		m.problem(i, codeNoRecipient, "a recipient of the report has no address of mail: "+event.CleanText(final, maxData))
		return
	}
	key := []string{"dsn", keyAddress(bare(original)), keyAddress(bare(final)), r.action}
	if k := strings.Join(key, "\n"); seen[k] {
		return // told twice in one report
	}
	seen[strings.Join(key, "\n")] = true
	attempt, arrival := parseTime(get(fields, "Last-Attempt-Date")), parseTime(get(all, "Arrival-Date"))
	f := fact{
		name: event.EmailUnknown, recipient: r.address, element: i, key: key,
		identityAt: firstTime(attempt, arrival, m.date), occurredAt: firstTime(attempt, m.date, arrival),
		fill: func(e *event.Event) { e.Data = r.data("action", get(fields, "Action")) },
	}
	if fill, known := outcomes[r.action]; known {
		f.fill = func(e *event.Event) { fill(&r, e) }
	}
	m.add(f)
}

// word is a field's first word in lower case, without a comment.
func word(s string) string {
	s, _, _ = strings.Cut(s, "(")
	return lowerASCII(strings.TrimSpace(s))
}

// data is what has no field of ours.
func (r *recipient) data(pairs ...string) []byte {
	if final := bare(get(r.fields, "Final-Recipient")); keyAddress(final) != keyAddress(r.address) {
		pairs = append(pairs, "finalRecipient", final)
	}
	if status := get(r.fields, "Status"); status != r.smtp.enhanced {
		pairs = append(pairs, "status", status)
	}
	return object(append(pairs, "remoteMta", bare(get(r.fields, "Remote-Mta")), "reportingMta", bare(get(r.all, "Reporting-Mta")),
		"finalLogId", get(r.fields, "Final-Log-Id"), "arrivalDate", get(r.all, "Arrival-Date"))...)
}

func (r *recipient) fillBounce(e *event.Event) {
	e.Name = event.EmailBounce
	e.Bounce = &event.Bounce{
		Class: r.smtp.class(), Final: true, Reason: r.smtp.reason(),
		SMTPCode: r.smtp.code, EnhancedCode: r.smtp.enhanced, Diagnostic: r.smtp.diagnostic,
	}
	e.Data = r.data()
}

func (r *recipient) fillDelay(e *event.Event) {
	e.Name = event.EmailDelay
	e.Delay = &event.Delay{
		Reason: r.smtp.reason(), Until: until(get(r.fields, "Will-Retry-Until")),
		SMTPCode: r.smtp.code, EnhancedCode: r.smtp.enhanced, Diagnostic: r.smtp.diagnostic,
	}
	e.Data = r.data()
}

func until(s string) time.Time { return firstTime(parseTime(s)) }

func (r *recipient) fillDelivery(e *event.Event) {
	e.Name = event.EmailDelivery
	e.Delivery = &event.Delivery{SMTPResponse: bare(r.smtp.diagnostic), ReportingMTA: bare(get(r.all, "Reporting-Mta"))}
	action := r.action
	if action == "delivered" {
		action = ""
	}
	e.Data = r.data("action", action)
}
