// Package compose provides the bytes of an email as a function of what it holds: headers that nobody can add to, MIME
// parts, DKIM signatures, and the labels by which an email service names it in its events; and it reads such bytes again.
package compose

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"tidings/internal/send"
)

// Letter is an email as it goes over the wire.
type Letter struct {
	From, To string // of the envelope, the domain in ASCII
	UTF8     bool   // an address needs SMTPUTF8
	Bytes    []byte // lines end in CRLF; no line is longer than 998 bytes
}

// Compose makes the bytes of an email that is handed over at a time, with further headers of the transport. The same
// arguments give the same bytes. It returns a *FieldError for what can't be written as it is.
func Compose(m *send.Mail, now time.Time, extra []send.Header) (Letter, error) {
	if err := check(m, extra); err != nil {
		return Letter{}, err
	}
	from, to := mailbox(m.From), mailbox(m.To)
	l := Letter{From: from.wire, To: to.wire, UTF8: from.utf8 || to.utf8}
	if m.ReturnPath != "" {
		back := mailbox(send.Mailbox{Address: m.ReturnPath})
		l.From, l.UTF8 = back.wire, l.UTF8 || back.utf8
	}
	var h fields
	h.add("From", from.field())
	h.add("To", to.field())
	if len(m.ReplyTo) > 0 {
		list := make([]string, len(m.ReplyTo))
		for i, x := range m.ReplyTo {
			box := mailbox(x)
			l.UTF8 = l.UTF8 || box.utf8
			list[i] = box.field()
		}
		h.add("Reply-To", strings.Join(list, ", "))
	}
	h.add("Subject", text(m.Subject))
	h.add("Date", now.UTC().Format(time.RFC1123Z))
	h.add("Message-ID", "<"+m.MessageID+">")
	for _, x := range m.Headers {
		h.add(x.Name, value(x.Value))
	}
	for _, x := range extra {
		h.add(x.Name, value(x.Value))
	}
	h.add("MIME-Version", "1.0")
	var b bytes.Buffer
	b.Grow(len(m.HTML) + len(m.HTML)/8 + len(m.Text) + 2048)
	whole := body(m)
	if err := whole.write(&b, h); err != nil {
		return Letter{}, fmt.Errorf("compose: %w", err)
	}
	l.Bytes = b.Bytes()
	return l, nil
}
