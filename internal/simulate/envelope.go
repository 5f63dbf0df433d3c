package simulate

import (
	"encoding/base64"
	"strings"
	"time"
)

// Envelope is one notification as Amazon SNS posts it, before it is signed.
type Envelope struct {
	id        []byte
	topic     string
	timestamp []byte
	message   []byte // the record
}

const subject = "Amazon SES Email Event Notification"

// envelope wraps a fact. Copies of one fact in another spelling are other notifications, with an id of their own.
func (w *world) envelope(e *Envelope, f Fact, identity bool) {
	serial := uint64(f.serial) << 1
	if identity {
		serial |= 1
	}
	e.topic = w.opts.Topic
	e.id = w.appendUUID(e.id[:0], "notification", f.message, serial)
	e.timestamp = appendTime(e.timestamp[:0], time.UnixMilli(f.at+250))
	e.message = w.record(e.message[:0], f, identity)
}

// Canonical appends the text that SNS signs.
func (e *Envelope) Canonical(b []byte) []byte {
	b = appendAround(b, "Message\n", e.message, "\nMessageId\n")
	b = appendAround(b, "", e.id, "\nSubject\n"+subject+"\nTimestamp\n")
	b = appendAround(b, "", e.timestamp, "\nTopicArn\n")
	return append(append(b, e.topic...), "\nType\nNotification\n"...)
}

// Body appends the JSON that SNS posts, with the signature over Canonical.
func (e *Envelope) Body(b, signature []byte) []byte {
	b = appendAround(b, "{\n  \"Type\" : \"Notification\",\n  \"MessageId\" : \"", e.id, "\",\n  \"TopicArn\" : \"")
	b = append(b, e.topic...)
	b = append(b, "\",\n  \"Subject\" : \""+subject+"\",\n  \"Message\" : \""...)
	b = appendEscaped(b, e.message)
	b = appendAround(b, "\",\n  \"Timestamp\" : \"", e.timestamp, "\",\n  \"SignatureVersion\" : \"2\",\n  \"Signature\" : \"")
	b = base64.StdEncoding.AppendEncode(b, signature)
	region := e.region()
	b = append(b, "\",\n  \"SigningCertURL\" : \"https://sns."+region+".amazonaws.com/SimpleNotificationService-"...)
	b = append(b, "0123456789abcdef0123456789abcdef.pem\",\n  \"UnsubscribeURL\" : \"https://sns."+region+".amazonaws.com/"...)
	b = append(b, "?Action=Unsubscribe&SubscriptionArn="+e.topic...)
	return append(b, ":1b2c3d4e-0000-4000-8000-000000000000\"\n}"...)
}

func (e *Envelope) region() string {
	_, rest, _ := strings.Cut(e.topic, ":sns:")
	region, _, _ := strings.Cut(rest, ":")
	return region
}

// appendEscaped writes text inside a JSON string. Records hold no control characters.
func appendEscaped(b, text []byte) []byte {
	start := 0
	for i, c := range text {
		if c == '"' || c == '\\' {
			b = append(append(b, text[start:i]...), '\\')
			start = i
		}
	}
	return append(b, text[start:]...)
}
