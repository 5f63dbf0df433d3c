package simulate

import (
	"strconv"
	"strings"
)

// sendGridWords are the words of SendGrid for what happened, at their kind. Its list of suppressed addresses and its
// unsubscribe groups have none of their own here.
var sendGridWords = [...]string{
	send: "processed", delivery: "delivered", delay: "deferred", bounce: "bounce", complaint: "spamreport",
	reject: "dropped", failure: "dropped", open: "open", click: "click", subscription: "unsubscribe",
}

// SendGrid appends a fact as one element of a batch of SendGrid's Event Webhook. A fact about several recipients is
// about the first one here. It is safe for concurrent use.
func (s *Script) SendGrid(b []byte, f Fact) []byte {
	w := s.stream.world
	m := w.message(f.message)
	word := sendGridWords[f.kind]
	if f.kind == subscription && subscriptions[f.variant].optsIn {
		word = "group_resubscribe"
	}
	b = append(b, `{"email":"`...)
	b = appendAddress(b, f.recipients(m)[0], m.shouting)
	b = append(b, `","timestamp":`...)
	b = strconv.AppendInt(b, f.at/1000, 10)
	b = append(b, `,"event":"`+word+`","sg_event_id":"`...)
	b = w.appendUUID(b, "sendgrid", f.message, uint64(f.serial))
	b = append(b, `","sg_message_id":"`...)
	b = w.appendUUID(b, "message", m.number, 0)
	b = append(b, `.filter0001.16648.5515E0B88.0","smtp-id":"<`...)
	b = w.appendUUID(b, "message", m.number, 0)
	b = append(b, `@ismtpd-555>","category":["`...)
	b = append(b, m.template.key...)
	b = append(b, `"]`...)
	return append(b, sendGridDetail(f)...)
}

// SendGridMessageID is SendGrid's id of the message that a fact is about.
func (s *Script) SendGridMessageID(f Fact) string {
	return string(s.stream.world.appendUUID(nil, "message", f.message, 0))
}

// sendGridDetail is what a kind has to tell, and the end of the element.
func sendGridDetail(f Fact) string {
	switch f.kind {
	case delivery:
		return `,"response":"250 2.0.0 OK  1714817520 af79cd13be357-790si - gsmtp","tls":1}`
	case delay:
		return `,"response":"421 4.4.1 Unable to connect to remote host","attempt":"5"}`
	case bounce:
		v := bounces[f.variant]
		return `,"type":"bounce","status":"` + v.status + `","reason":"` + strings.TrimPrefix(v.diagnostic, "smtp; ") + `"}`
	case reject, failure:
		return `,"reason":"Invalid SMTPAPI header"}`
	case open:
		return `,"ip":"` + agents[f.variant].ip + `","useragent":"` + agents[f.variant].userAgent + `","sg_machine_open":false}`
	case click:
		a := agents[f.variant>>4]
		return `,"ip":"` + a.ip + `","useragent":"` + a.userAgent + `","url":"` + links[f.variant&15].url + `"}`
	case subscription:
		return `,"asm_group_id":10}`
	}
	return "}"
}
