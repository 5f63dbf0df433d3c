package inbound

import (
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/provider"
)

// record is one notification:
// https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html. Fields that are not read are not
// listed, so their types may change.
type record struct {
	Mail    mail          `json:"mail"`
	Receipt receipt       `json:"receipt"`
	Content provider.Text `json:"content"` // the mail as it came, where the action is SNS

	Source provider.Text  `json:"source"` // where EventBridge or a pipe wraps the record
	Detail jsontext.Value `json:"detail"`
}

type mail struct {
	Timestamp        provider.Text  `json:"timestamp"`
	Source           provider.Text  `json:"source"` // of the envelope
	MessageID        provider.Text  `json:"messageId"`
	Destination      provider.Texts `json:"destination"`
	HeadersTruncated provider.Flag  `json:"headersTruncated"`
	Headers          jsontext.Value `json:"headers"` // of header
	CommonHeaders    struct {
		From    provider.Texts `json:"from"`
		To      provider.Texts `json:"to"`
		Subject provider.Text  `json:"subject"`
	} `json:"commonHeaders"`
}

type header struct {
	Name  provider.Text `json:"name"`
	Value provider.Text `json:"value"`
}

type verdict struct {
	Status provider.Text `json:"status"`
}

type receipt struct {
	Timestamp  provider.Text  `json:"timestamp"`
	Processing provider.Text  `json:"processingTimeMillis"`
	Recipients provider.Texts `json:"recipients"`
	Spam       verdict        `json:"spamVerdict"`
	Virus      verdict        `json:"virusVerdict"`
	SPF        verdict        `json:"spfVerdict"`
	DKIM       verdict        `json:"dkimVerdict"`
	DMARC      verdict        `json:"dmarcVerdict"`
	Policy     provider.Text  `json:"dmarcPolicy"`
	Action     struct {
		Type     provider.Text `json:"type"`
		Encoding provider.Text `json:"encoding"`
		Bucket   provider.Text `json:"bucketName"`
		Key      provider.Text `json:"objectKey"`
	} `json:"action"`
}

// failed is the verdict of a check that a mail did not pass.
const failed = "FAIL"

// mapping turns one record into drafts.
type mapping struct {
	record
	element int
	body    bool // it is wanted

	head     fields
	drafts   []event.Draft
	problems []provider.Problem
}

func (m *mapping) problem(code, message string) {
	m.problems = append(m.problems, provider.Problem{Element: m.element, Code: code, Message: message})
}

const bridgeSource = "aws.ses"

func (m *mapping) read(text []byte) {
	err := provider.DecodeJSON(text, &m.record)
	if err == nil && m.Mail.MessageID == "" && m.Source == bridgeSource && len(m.Detail) > 0 {
		detail := m.Detail
		m.record = record{}
		err = provider.DecodeJSON(detail, &m.record)
	}
	if err != nil || m.Mail.MessageID == "" {
		m.problem(codeUnreadable, "the notification of inbound mail has no mail.messageId, or is not of its form")
		return
	}
	m.readFields()
	sender, ok := m.sender()
	if !ok {
		return
	}
	x := m.letter(sender)
	m.add("Received", event.EmailReceived, sender, x)
	if x.InReplyTo == "" {
		return
	}
	m.add("Reply", event.EmailReply, sender, x)
	m.drafts[len(m.drafts)-1].Message = &event.Message{ID: x.InReplyTo}
}

func (m *mapping) add(word string, name event.Name, sender event.Address, x *letter) {
	at := provider.ParseTime(string(m.Mail.Timestamp))
	occurred := provider.ParseTime(string(m.Receipt.Timestamp))
	if occurred.IsZero() {
		occurred = at
	}
	d := event.Draft{
		Event: event.Event{
			Name: name, OccurredAt: occurred, Recipient: sender.Received, Attribution: event.Exact,
			Automation: m.automation(sender), Data: x.data(),
		},
		IdentityAt: at, Key: []string{word, string(m.Mail.MessageID)}, Element: m.element,
	}
	if m.Receipt.DMARC.Status == failed {
		d.Attribution = event.Candidates // whoever wrote it may be somebody else than From says
	}
	m.drafts = append(m.drafts, d)
}

// readFields reads the header: SES's list of it, or, where that is cut or missing, the mail's own.
func (m *mapping) readFields() {
	var list []header
	if len(m.Mail.Headers) > 0 && provider.DecodeJSON(m.Mail.Headers, &list) == nil {
		for _, h := range list[:min(len(list), maxFields)] {
			m.head.add(string(h.Name), string(h.Value))
		}
	}
	if (m.Mail.HeadersTruncated || len(m.head) == 0) && m.Content != "" {
		if own := readHead(m.raw()); len(own) > len(m.head) {
			m.head = own
		}
	}
}

// sender is who wrote the mail. Of several writers it is the one who sent it.
func (m *mapping) sender() (event.Address, bool) {
	texts := []string(m.Mail.CommonHeaders.From)
	if len(texts) == 0 {
		texts = m.head.all("from")
	}
	envelope := event.ParseAddress(string(m.Mail.Source))
	writers := addresses(texts)
	switch {
	case len(writers) == 1:
		return writers[0], true
	case len(writers) == 0 && envelope.Domain != "":
		return envelope, true
	case len(writers) == 0:
		m.problem(codeNoSender, "the mail has no From, and its envelope has no sender: nobody knows who wrote it")
		return event.Address{}, false
	}
	said := addresses(m.head.all("sender"))
	for _, one := range append(said, envelope) {
		if slices.ContainsFunc(writers, func(w event.Address) bool { return w.Key == one.Key }) {
			return one, true
		}
	}
	m.problem(codeSenders, "the mail names several writers (From), and none of them sent it: it is not guessed who wrote it")
	return event.Address{}, false
}

// automation tells a mail that no person wrote, or that nobody should act on; nil: nothing says so.
func (m *mapping) automation(sender event.Address) *event.Automation {
	var signals []string
	for _, s := range [...]struct {
		name  string
		holds bool
	}{
		{"auto_submitted", m.submitted()},
		{"auto_reply", m.head.has("x-autoreply", "x-autorespond", "x-autoresponse", "x-auto-reply-from")},
		{"precedence", slices.Contains([]string{"auto_reply", "bulk", "junk"}, word(m.head.first("precedence")))},
		{"report", m.isReport(sender)},
		{"spam", m.Receipt.Spam.Status == failed},
		{"virus", m.Receipt.Virus.Status == failed},
	} {
		if s.holds {
			signals = append(signals, s.name)
		}
	}
	if len(signals) == 0 {
		return nil
	}
	return &event.Automation{Verdict: event.Machine, Signals: signals}
}

// submitted reports whether the mail says that a program sent it (RFC 3834).
func (m *mapping) submitted() bool {
	w := word(m.head.first("auto-submitted"))
	return w != "" && w != "no"
}

// isReport reports whether a mail server wrote it: a bounce, a read receipt.
func (m *mapping) isReport(sender event.Address) bool {
	local, _, _ := strings.Cut(sender.Key, "@")
	return local == "mailer-daemon" || local == "postmaster" ||
		strings.HasPrefix(word(m.head.first("content-type")), "multipart/report") ||
		strings.TrimSpace(m.head.first("return-path")) == "<>"
}

// word is a field's first word in lower case, without parameters and comments.
func word(s string) string {
	s, _, _ = strings.Cut(s, ";")
	s, _, _ = strings.Cut(s, "(")
	return strings.ToLower(strings.TrimSpace(s))
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
