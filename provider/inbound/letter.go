package inbound

import (
	stdmail "net/mail"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/provider"
)

// The bounds on what is taken out of a mail. What people write does not come near them.
const (
	maxFields     = 1000
	maxWriters    = 20 // addresses of From
	maxTo         = 50 // recipients that are listed
	maxReferences = 20 // the last of them
	maxText       = 1000
	maxID         = 250
	maxBody       = 28 << 10 // bytes of the body, as HTML
	maxData       = 60 << 10 // package event takes a little more
)

// fields is a header, names in lower case.
type fields []struct{ name, value string }

func (f *fields) add(name, value string) {
	*f = append(*f, struct{ name, value string }{strings.ToLower(strings.TrimSpace(name)), value})
}

func (f fields) all(name string) (values []string) {
	for _, x := range f {
		if x.name == name {
			values = append(values, x.value)
		}
	}
	return values
}

func (f fields) first(name string) string {
	if values := f.all(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

func (f fields) has(names ...string) bool {
	return slices.ContainsFunc(f, func(x struct{ name, value string }) bool { return slices.Contains(names, x.name) })
}

// letter is what an event tells of a mail, in MailGlyph's words. Beside them stand those of ours: what it answers.
type letter struct {
	MessageID  string   `json:"messageId"` // SES's
	From       string   `json:"from"`
	FromHeader string   `json:"fromHeader"`
	To         string   `json:"to"`
	Subject    string   `json:"subject"`
	Timestamp  string   `json:"timestamp,omitempty"`
	Recipients []string `json:"recipients"`
	HasContent bool     `json:"hasContent"`
	Body       string   `json:"body,omitempty"`
	Spam       string   `json:"spamVerdict,omitempty"`
	Virus      string   `json:"virusVerdict,omitempty"`
	SPF        string   `json:"spfVerdict,omitempty"`
	DKIM       string   `json:"dkimVerdict,omitempty"`
	DMARC      string   `json:"dmarcVerdict,omitempty"`
	Policy     string   `json:"dmarcPolicy,omitempty"`
	Processing int64    `json:"processingTimeMillis,omitzero"`

	InReplyTo     string   `json:"inReplyTo,omitempty"`
	References    []string `json:"references,omitempty"` // the nearest first, without InReplyTo
	AutoSubmitted string   `json:"autoSubmitted,omitempty"`
	Bucket        string   `json:"bucket,omitempty"` // of S3, where the mail itself is
	Object        string   `json:"object,omitempty"`

	html string
}

func (m *mapping) letter(sender event.Address) *letter {
	r := &m.Receipt
	x := &letter{
		MessageID: clean(string(m.Mail.MessageID), maxID), From: sender.Key,
		FromHeader: clean(oneLine(first(m.Mail.CommonHeaders.From, m.head.first("from"))), maxText),
		Subject:    clean(oneLine(subjectOf(string(m.Mail.CommonHeaders.Subject), m.head)), maxText),
		Timestamp:  timeText(provider.ParseTime(string(m.Mail.Timestamp))),
		Recipients: []string{}, HasContent: m.Content != "",
		Spam: status(r.Spam), Virus: status(r.Virus), SPF: status(r.SPF), DKIM: status(r.DKIM), DMARC: status(r.DMARC),
		Policy: clean(string(r.Policy), maxID), AutoSubmitted: clean(oneLine(m.head.first("auto-submitted")), maxID),
		Bucket: clean(string(r.Action.Bucket), maxID), Object: clean(string(r.Action.Key), maxText),
	}
	to := r.Recipients
	if len(to) == 0 {
		to = m.Mail.Destination
	}
	for _, address := range to[:min(len(to), maxTo)] {
		x.Recipients = append(x.Recipients, clean(oneLine(address), maxID))
	}
	if len(x.Recipients) > 0 {
		x.To = x.Recipients[0]
	}
	x.Processing, _ = strconv.ParseInt(string(r.Processing), 10, 64)
	m.answers(x)
	if m.body && m.Content != "" {
		x.html = m.html()
	}
	return x
}

// answers are the ids of the mails that this one answers: In-Reply-To, then References from their end.
func (m *mapping) answers(x *letter) {
	ids := messageIDs(m.head.first("in-reply-to"))
	references := messageIDs(m.head.first("references"))
	slices.Reverse(references)
	for _, id := range append(ids, references...) {
		if x.InReplyTo == "" {
			x.InReplyTo = id
		} else if id != x.InReplyTo && !slices.Contains(x.References, id) && len(x.References) < maxReferences {
			x.References = append(x.References, id)
		}
	}
}

// amazon ends the domain of the Message-ID that Amazon SES gives: the part before it is SES's own id of the mail.
const amazon = "amazonses.com"

// messageIDs are the ids of a field, without their brackets, and SES's without their domain: events of SES have them so.
func messageIDs(field string) (ids []string) {
	for rest := field; ; {
		_, after, found := strings.Cut(rest, "<")
		id, next, closed := strings.Cut(after, ">")
		if !found || !closed {
			break
		}
		rest = next
		id = strings.Join(strings.Fields(id), "")
		if id == "" || len(id) > maxID {
			continue
		}
		if local, domain, ok := strings.Cut(id, "@"); ok && (domain == amazon || strings.HasSuffix(domain, "."+amazon)) {
			id = local
		}
		ids = append(ids, clean(id, maxID))
	}
	return ids
}

// data is the letter as JSON. A body that is too long is cut.
func (x *letter) data() []byte {
	for limit := maxBody; ; limit /= 2 {
		x.Body = sanitize(x.html, limit)
		text, err := json.Marshal(x, jsontext.AllowInvalidUTF8(true))
		if err == nil && len(text) <= maxData || x.Body == "" {
			return text
		}
	}
}

func status(v verdict) string { return clean(string(v.Status), maxID) }

func clean(s string, limit int) string { return event.CleanText(s, limit) }

// oneLine is a text of a header as people read it: nothing in it can begin a header of its own.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(provider.DecodeWords(s)), " ")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return -1
		}
		return r
	}, s)
}

func first(list []string, otherwise string) string {
	if len(list) > 0 {
		return list[0]
	}
	return otherwise
}

func subjectOf(said string, head fields) string {
	if said != "" {
		return said
	}
	return head.first("subject")
}

// addresses are those of fields such as From, each once.
func addresses(texts []string) (list []event.Address) {
	for _, text := range texts {
		var found []event.Address
		if parsed, err := stdmail.ParseAddressList(text); err == nil {
			for _, a := range parsed[:min(len(parsed), maxWriters)] {
				found = append(found, event.ParseAddress(a.Address))
			}
		} else {
			found = []event.Address{event.ParseAddress(oneLine(text))}
		}
		for _, a := range found {
			known := slices.ContainsFunc(list, func(o event.Address) bool { return o.Key == a.Key })
			if a.Domain != "" && !known && len(list) < maxWriters {
				list = append(list, a)
			}
		}
	}
	return list
}
