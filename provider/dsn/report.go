package dsn

import (
	"maps"
	"strings"
	"time"

	"tidings/event"
	"tidings/provider"
)

// mapping turns one message into drafts.
type mapping struct {
	*letter
	source  provider.Source
	id      string    // of the report: its own Message-ID
	date    time.Time // of the report
	message event.Message
	sent    string // the id of the mail, where a server sent it by itself; empty: it names none
	drafts  []event.Draft
}

// result reads what the message is, by its parts: many programs leave report-type out, or the whole multipart/report.
func (m *letter) result(src provider.Source) provider.Result {
	x := mapping{letter: m, source: src, sent: m.sentAs(), date: parseTime(get(&m.header, "Date"))}
	if x.id = messageID(get(&m.header, "Message-Id")); x.id == "" {
		// The next best that is the same whenever the same report comes, and another in another report.
		x.id = get(&m.header, "Date") + " " + get(&m.returned, "Message-Id")
	}
	kind := x.run()
	return provider.Result{Kind: kind, Drafts: x.drafts, Problems: m.problems}
}

func (m *mapping) run() (kind string) {
	switch {
	case m.status != nil:
		m.readDelivery()
		return kindDelivery
	case m.feedback != nil:
		m.readFeedback()
		return kindFeedback
	case m.header.Has("X-Failed-Recipients"):
		m.readFailed()
		return kindOther
	case m.isReply():
		m.readReply()
		return kindReply
	}
	m.explain()
	return kindOther
}

// fact is what the drafts of one message differ in.
type fact struct {
	name        event.Name
	recipient   string
	attribution event.Attribution
	element     int
	identityAt  time.Time
	occurredAt  time.Time
	key         []string
	fill        func(*event.Event)
}

func (m *mapping) add(f fact) {
	d := event.Draft{IdentityAt: f.identityAt, Key: append([]string{f.key[0], m.id}, f.key[1:]...), Element: f.element}
	d.Name, d.OccurredAt, d.Recipient, d.Attribution = f.name, f.occurredAt, f.recipient, f.attribution
	if m.sent != "" {
		m.sentBy()
	}
	if message := m.message; message.ID != "" || message.From != "" || message.Subject != "" {
		d.Message = &message
	}
	f.fill(&d.Event)
	m.drafts = append(m.drafts, d)
}

// sentBy lets the message name the mail that a server sent by itself.
func (m *mapping) sentBy() {
	metadata := maps.Clone(m.message.Metadata)
	if metadata == nil {
		metadata = make(map[string]string)
	}
	metadata[labelSend] = m.sent
	m.message.Metadata = metadata
	if m.message.ID == "" {
		m.message.ID = m.sent
	}
}

// readFailed: a bounce in a form of its own still names whom it did not reach (Exim, Gmail), but not why, nor for how
// long.
func (m *mapping) readFailed() {
	m.message = readMessage(&m.returned, "", m.source)
	for _, to := range addresses(&m.header, "X-Failed-Recipients") {
		if to = strings.TrimSpace(to); event.ParseAddress(to).Domain == "" {
			continue
		}
		m.add(fact{
			name: event.EmailUnknown, recipient: to, identityAt: m.date, occurredAt: m.date,
			key: []string{"failed", keyAddress(to)},
			fill: func(e *event.Event) {
				e.Data = object("form", "X-Failed-Recipients", "subject", provider.DecodeWords(get(&m.header, "Subject")))
			},
		})
	}
	if len(m.drafts) == 0 {
		m.problem(0, codeNoRecipient, "the bounce names nobody that it did not reach")
	}
}

// isReply reports whether a program answered for a person: an out-of-office note, a ticket number (RFC 3834).
func (m *mapping) isReply() bool {
	if m.isBounce() {
		return false
	}
	submitted, _, _ := strings.Cut(get(&m.header, "Auto-Submitted"), ";")
	return word(submitted) == "auto-replied" || strings.EqualFold(get(&m.header, "Precedence"), "auto_reply") ||
		m.header.Has("X-Autoreply") || m.header.Has("X-Autorespond") || m.header.Has("X-Autoresponse")
}

// isBounce reports whether a mail server wrote the message.
func (m *mapping) isBounce() bool {
	from := ""
	if list := addresses(&m.header, "From"); len(list) > 0 {
		from, _, _ = strings.Cut(event.ParseAddress(list[0]).Key, "@")
	}
	return from == "mailer-daemon" || from == "postmaster"
}

func (m *mapping) readReply() {
	from := addresses(&m.header, "From")
	if len(from) == 0 || event.ParseAddress(from[0]).Domain == "" {
		m.problem(0, codeNoRecipient, "the automatic answer does not say whose it is")
		return
	}
	m.message.ID = messageID(get(&m.header, "In-Reply-To"))
	if references := strings.Fields(get(&m.header, "References")); m.message.ID == "" && len(references) > 0 {
		m.message.ID = messageID(references[len(references)-1])
	}
	m.add(fact{
		name: event.EmailBounce, recipient: from[0], identityAt: m.date, occurredAt: m.date,
		key: []string{"reply", keyAddress(from[0])},
		fill: func(e *event.Event) {
			e.Bounce = &event.Bounce{Class: event.AutoReply}
			e.Data = object("autoSubmitted", get(&m.header, "Auto-Submitted"),
				"subject", provider.DecodeWords(get(&m.header, "Subject")))
		},
	})
}

// explain says why nothing became of a message.
func (m *mapping) explain() {
	_, params, _ := m.header.ContentType()
	switch kind := strings.ToLower(params["report-type"]); {
	case kind == "disposition-notification":
		m.problem(0, codeReceipt, "a read receipt (RFC 8098), which tells nothing of a delivery")
	case kind != "":
		m.problem(0, codeUnreadable, "a report of type "+event.CleanText(kind, maxData)+" without the part that has its fields")
	case m.isBounce(), strings.TrimSpace(m.header.Get("Return-Path")) == "<>":
		m.problem(0, codeNotStandard, "a bounce in a form of its own (qmail, old Exchange): it is not guessed what it means. "+
			"Read it with tidings receipts raw; suppress the address by hand if it has to be")
	default:
		m.problem(0, codeNoReport, "a mail, but no report and no automatic answer: "+
			"the address that mail comes back to should get nothing else")
	}
}
