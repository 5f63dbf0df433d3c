package simulate

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// subscriptions are changes of preferences that recipients make on the provider's pages.
var subscriptions = []struct {
	old, now string
	optsIn   bool // it tells email.subscribe rather than email.unsubscribe
}{
	{`{"unsubscribeAll":false,"topicSubscriptionStatus":[{"topicName":"weekly","subscriptionStatus":"OptIn"}]}`, `{"unsubscribeAll":true,"topicSubscriptionStatus":[{"topicName":"weekly","subscriptionStatus":"OptIn"}]}`, false},
	{`{"unsubscribeAll":false,"topicSubscriptionStatus":[{"topicName":"weekly","subscriptionStatus":"OptIn"}]}`, `{"unsubscribeAll":false,"topicSubscriptionStatus":[{"topicName":"weekly","subscriptionStatus":"OptOut"}]}`, false},
	{`{"unsubscribeAll":false,"topicSubscriptionStatus":[{"topicName":"offers","subscriptionStatus":"OptOut"}]}`, `{"unsubscribeAll":false,"topicSubscriptionStatus":[{"topicName":"offers","subscriptionStatus":"OptIn"}]}`, true},
}

// words are what Amazon SES calls the kinds, and the key of the object that tells more.
var words = [...]struct{ eventType, object string }{
	send:         {"Send", "send"},
	delivery:     {"Delivery", "delivery"},
	delay:        {"DeliveryDelay", "deliveryDelay"},
	bounce:       {"Bounce", "bounce"},
	complaint:    {"Complaint", "complaint"},
	reject:       {"Reject", "reject"},
	failure:      {"Rendering Failure", "failure"},
	open:         {"Open", "open"},
	click:        {"Click", "click"},
	subscription: {"Subscription", "subscription"},
}

// identitySpelling reports whether a kind is also told by identity notifications.
func (k kind) identitySpelling() bool { return k == delivery || k == bounce || k == complaint }

// record appends the provider's JSON of a fact, in the spelling of configuration sets or of identity notifications.
func (w *world) record(b []byte, f Fact, identity bool) []byte {
	m := w.message(f.message)
	if identity {
		b = append(b, `{"notificationType":"`...)
	} else {
		b = append(b, `{"eventType":"`...)
	}
	b = append(b, words[f.kind].eventType...)
	b = append(b, `","mail":{"timestamp":"`...)
	b = appendTime(b, m.sentAt)
	b = append(b, `","source":"`...)
	b = append(b, m.template.from...)
	b = append(b, `","sourceArn":"arn:aws:ses:eu-west-1:123456789012:identity/`...)
	b = append(b, m.template.from[strings.IndexByte(m.template.from, '@')+1:]...)
	b = append(b, `","sendingAccountId":"123456789012","messageId":"`...)
	b = w.appendMessageID(b, m)
	b = append(b, `","destination":`...)
	b = appendAddresses(b, m)
	b = append(b, `,"headersTruncated":false,"headers":[`...)
	b = appendHeaders(b, m)
	b = append(b, `],"commonHeaders":{"from":["`...)
	b = append(b, m.template.from...)
	b = append(b, `"],"to":`...)
	b = appendAddresses(b, m)
	b = append(b, `,"messageId":"`...)
	b = w.appendMessageID(b, m)
	b = append(b, `","subject":"`...)
	b = append(b, m.template.subject...)
	b = append(b, `"}`...)
	if !identity {
		b = appendTags(b, m)
	}
	b = append(b, `},"`...)
	b = append(b, words[f.kind].object...)
	b = append(b, `":{`...)
	b = w.appendObject(b, f, m)
	return append(b, "}}"...)
}

func appendHeaders(b []byte, m message) []byte {
	b = append(b, `{"name":"From","value":"`...)
	b = append(b, m.template.from...)
	b = append(b, `"},{"name":"To","value":"`...)
	b = appendAddress(b, m.recipients[0], m.shouting)
	b = append(b, `"},{"name":"Subject","value":"`...)
	b = append(b, m.template.subject...)
	b = append(b, `"},{"name":"MIME-Version","value":"1.0"},{"name":"Content-Type","value":"multipart/alternative; boundary=\"----=_Part_`...)
	b = strconv.AppendUint(b, mix(uint64(m.number)), 10)
	b = append(b, `\""},{"name":"List-Unsubscribe","value":"<https://app.test/u/`...)
	b = strconv.AppendUint(b, mix(uint64(m.number)+1), 36)
	b = append(b, `>"},{"name":"List-Unsubscribe-Post","value":"List-Unsubscribe=One-Click"}`...)
	if m.taggless {
		b = append(b, `,{"name":"X-Template-Key","value":"`...)
		b = append(b, m.template.key...)
		b = append(b, `"},{"name":"X-Metadata-Order","value":"`...)
		b = strconv.AppendInt(b, m.number, 10)
		b = append(b, `"}`...)
		if m.template.workflow != "" {
			b = append(b, `,{"name":"X-Sequence-Id","value":"`...)
			b = append(b, m.template.workflow...)
			b = append(b, `"}`...)
		}
	}
	return b
}

func appendTags(b []byte, m message) []byte {
	b = append(b, `,"tags":{"ses:operation":["SendEmail"],"ses:configuration-set":["main"],"ses:source-ip":["192.0.2.10"],"ses:from-domain":["`...)
	b = append(b, m.template.from[strings.IndexByte(m.template.from, '@')+1:]...)
	b = append(b, `"],"ses:caller-identity":["mailer"]`...)
	if !m.taggless {
		b = append(b, `,"templateKey":["`...)
		b = append(b, strings.ReplaceAll(m.template.key, "/", "--")...)
		b = append(b, `"],"campaign":["spring"],"vip":["`...)
		b = strconv.AppendBool(b, m.recipients[0]%50 == 0)
		b = append(b, `"]`...)
		if m.template.workflow != "" {
			b = append(b, `,"sequenceId":["`...)
			b = append(b, m.template.workflow...)
			b = append(b, `"]`...)
		}
	}
	return append(b, '}')
}

func appendAddresses(b []byte, m message) []byte {
	b = append(b, '[')
	for i, p := range m.recipients {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = appendAddress(b, p, m.shouting)
		b = append(b, '"')
	}
	return append(b, ']')
}

// appendObject appends what a kind has to tell.
func (w *world) appendObject(b []byte, f Fact, m message) []byte {
	at := time.UnixMilli(f.at).UTC()
	to := appendAddress(nil, m.recipients[f.who], m.shouting)
	switch f.kind {
	case send:
		return b
	case reject:
		return append(b, `"reason":"Bad content"`...)
	case failure:
		b = append(b, `"templateName":"`...)
		b = append(b, m.template.key...)
		return append(b, `","errorMessage":"Attribute 'firstName' is not present in the rendering data."`...)
	}
	b = append(b, `"timestamp":"`...)
	b = appendTime(b, at)
	b = append(b, '"')
	switch f.kind {
	case delivery:
		b = append(b, `,"processingTimeMillis":`...)
		b = strconv.AppendInt(b, f.at-m.sentAt.UnixMilli(), 10)
		b = appendAround(b, `,"recipients":["`, to, `"],"smtpResponse":"250 2.0.0 OK  1714817520 af79cd13be357-790`)
		b = strconv.AppendUint(b, mix(uint64(f.at))%1e6, 10)
		b = append(b, `si - gsmtp","reportingMTA":"a6-26.smtp-out.eu-west-1.amazonses.com","remoteMtaIp":"192.0.2.55"`...)
	case delay:
		b = appendAround(b, `,"delayType":"`, []byte(delays[f.variant]), `","expirationTime":"`)
		b = appendTime(b, m.sentAt.Add(14*time.Hour))
		b = appendAround(b, `","delayedRecipients":[{"emailAddress":"`, to, `","status":"4.4.1","diagnosticCode":"smtp; 421 4.4.1 Unable to connect to remote host"}]`)
	case bounce:
		b = w.appendBounce(b, f, to)
	case complaint:
		b = w.appendComplaint(b, f, m)
	case open, click:
		b = appendEngagement(b, f)
	case subscription:
		s := subscriptions[f.variant]
		b = appendAround(b, `,"contactList":"main","source":"UnsubscribeHeader","newTopicPreferences":`, []byte(s.now), `,"oldTopicPreferences":`)
		b = append(b, s.old...)
	}
	return b
}

func (w *world) appendBounce(b []byte, f Fact, to []byte) []byte {
	v := bounces[f.variant]
	b = appendAround(b, `,"bounceType":"`, []byte(v.bounceType), `","bounceSubType":"`)
	b = appendAround(b, v.subType, nil, `","bouncedRecipients":[{"emailAddress":"`)
	b = appendAround(b, string(to), nil, `","action":"failed","status":"`)
	b = appendAround(b, v.status, nil, `","diagnosticCode":"`)
	b = appendAround(b, v.diagnostic, nil, `"}],"feedbackId":"`)
	b = w.appendUUID(b, "feedback", f.message, uint64(f.serial))
	return append(b, `-000000","reportingMTA":"dsn; a6-26.smtp-out.eu-west-1.amazonses.com"`...)
}

func (w *world) appendComplaint(b []byte, f Fact, m message) []byte {
	v := complaints[f.variant]
	b = append(b, `,"complainedRecipients":[`...)
	for i, p := range m.recipients {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"emailAddress":"`...)
		b = appendAddress(b, p, m.shouting)
		b = append(b, `"}`...)
	}
	b = append(b, `],"feedbackId":"`...)
	b = w.appendUUID(b, "feedback", f.message, uint64(f.serial))
	b = append(b, `-000000","complaintSubType":`...)
	b = appendNullable(b, v.subType)
	if v.feedback != "" {
		b = appendAround(b, `,"complaintFeedbackType":"`, []byte(v.feedback), `","userAgent":"Yonder!-Mail-Feedback/2.0"`)
	}
	b = append(b, `,"arrivalDate":"`...)
	b = appendTime(b, time.UnixMilli(f.at))
	return append(b, '"')
}

func appendNullable(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return strconv.AppendQuote(b, s)
}

func appendEngagement(b []byte, f Fact) []byte {
	agent, link := f.variant, 0
	if f.kind == click {
		agent, link = f.variant>>4, int(f.variant&15)
	}
	b = appendAround(b, `,"ipAddress":"`, []byte(agents[agent].ip), `","userAgent":"`)
	b = append(b, agents[agent].userAgent...)
	b = append(b, '"')
	if f.kind == click {
		b = appendAround(b, `,"link":"`, []byte(links[link].url), `","linkTags":`)
		if name, value, found := strings.Cut(links[link].tag, ":"); found {
			b = appendAround(b, `{"`, []byte(name), `":["`)
			return appendAround(b, value, nil, `"]}`)
		}
		b = append(b, "null"...)
	}
	return b
}

func appendAround(b []byte, before string, middle []byte, after string) []byte {
	b = append(b, before...)
	b = append(b, middle...)
	return append(b, after...)
}

func appendTime(b []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
}

// appendMessageID writes the provider's id of a message as it looks in life.
func (w *world) appendMessageID(b []byte, m message) []byte {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(m.sentAt.UnixMilli())|0x0102<<48)
	b = hex.AppendEncode(b, ms[:])
	b = append(b, '-')
	b = w.appendUUID(b, "message", m.number, 0)
	return append(b, "-000000"...)
}

// appendUUID writes a UUID that belongs to one thing of the run: the seed, what it is, and its numbers.
func (w *world) appendUUID(b []byte, what string, n int64, serial uint64) []byte {
	h := w.opts.Seed
	for _, c := range []byte(what) {
		h = mix(h ^ uint64(c))
	}
	high := mix(h ^ uint64(n))
	low := mix(high ^ serial ^ h<<1)
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], high)
	binary.BigEndian.PutUint64(raw[8:], low)
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	var text [36]byte
	hex.Encode(text[0:8], raw[0:4])
	text[8] = '-'
	hex.Encode(text[9:13], raw[4:6])
	text[13] = '-'
	hex.Encode(text[14:18], raw[6:8])
	text[18] = '-'
	hex.Encode(text[19:23], raw[8:10])
	text[23] = '-'
	hex.Encode(text[24:36], raw[10:16])
	return append(b, text[:]...)
}
