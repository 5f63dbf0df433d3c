package ses

import (
	"slices"
	"strings"
	"time"

	"tidings/event"
	"tidings/provider"
)

// mapping turns one record into drafts.
type mapping struct {
	*record
	source   provider.Source
	signedAt time.Time

	message  event.Message
	drafts   []event.Draft
	problems []provider.Problem
}

// kinds are the event words with what each becomes. A reader returns false where the record lacks the object that its
// word promises.
var kinds = map[string]func(*mapping) bool{
	"Send":              (*mapping).readSend,
	"Delivery":          (*mapping).readDelivery,
	"Bounce":            (*mapping).readBounce,
	"Complaint":         (*mapping).readComplaint,
	"Reject":            (*mapping).readReject,
	"Open":              (*mapping).readOpen,
	"Click":             (*mapping).readClick,
	"Rendering Failure": (*mapping).readFailure,
	"DeliveryDelay":     (*mapping).readDelay,
	"Subscription":      (*mapping).readSubscription,
}

func (m *mapping) run() {
	word := m.word()
	if word == "" || m.Mail.MessageID == "" {
		m.problem("unreadable", "the message is JSON but not an SES record: it has no eventType or no mail.messageId")
		return
	}
	m.message = readMail(&m.Mail, m.source)
	read, known := kinds[word]
	if !known {
		m.readUnknown()
		return
	}
	if !read(m) {
		m.problem("unreadable", "the record lacks the object that belongs to eventType "+word)
	}
}

func (m *mapping) problem(code, message string) {
	for _, p := range m.problems {
		if p.Code == code {
			return
		}
	}
	m.problems = append(m.problems, provider.Problem{Element: 0, Code: code, Message: message})
}

// fact is what the drafts of one record differ in.
type fact struct {
	name        event.Name
	recipient   string
	attribution event.Attribution
	time        string    // of the event's own object, as written; empty: it has none
	identityAt  time.Time // where the identity's time is not the event's
	key         []string  // the natural key after event word, message id and recipient
	fill        func(*event.Event)
}

func (m *mapping) add(f fact) {
	at := parseTime(f.time)
	if f.time != "" && at.IsZero() {
		m.problem("bad_time", "the time of the event is in no known form, the message's is used: "+f.time)
	}
	for _, next := range []time.Time{m.message.SentAt, m.signedAt} {
		if at.IsZero() {
			at = next
		}
	}
	d := event.Draft{IdentityAt: at, Key: append([]string{m.word(), m.Mail.MessageID, keyAddress(f.recipient)}, f.key...)}
	if !f.identityAt.IsZero() {
		d.IdentityAt = f.identityAt
	}
	d.Name, d.OccurredAt, d.Recipient, d.Attribution = f.name, at, f.recipient, f.attribution
	message := m.message // a copy: a fact may fill in what it knows better
	d.Message = &message
	if f.fill != nil {
		f.fill(&d.Event)
	}
	m.drafts = append(m.drafts, d)
}

// addEach adds a fact for each address. Without any there is nobody to hang the fact on.
func (m *mapping) addEach(list []string, f fact) {
	if len(list) == 0 {
		m.problem("no_recipient", "the record names no recipient and no destination")
	}
	for _, address := range distinct(list, func(s string) string { return s }) {
		f.recipient = address
		m.add(f)
	}
}

// people returns the recipients that the record names for its event, else those of the message. Of several that the
// record does not choose from, each is a candidate.
func (m *mapping) people(named []string) ([]string, event.Attribution) {
	if len(named) > 0 {
		return named, event.Exact
	}
	all := m.Mail.Destination
	if len(distinct(all, func(s string) string { return s })) > 1 {
		return all, event.Candidates
	}
	return all, event.Exact
}

// named returns the recipients of a bounce, complaint or delay, or the message's where it names none.
func (m *mapping) named(list []recipient) ([]recipient, event.Attribution) {
	list = slices.DeleteFunc(slices.Clone(list), func(r recipient) bool { return strings.TrimSpace(r.Address) == "" })
	if len(list) > 0 {
		return distinct(list, func(r recipient) string { return r.Address }), event.Exact
	}
	all, attribution := m.people(nil)
	for _, address := range distinct(all, func(s string) string { return s }) {
		list = append(list, recipient{Address: address})
	}
	if len(list) == 0 {
		m.problem("no_recipient", "the record names no recipient and no destination")
	}
	return list, attribution
}

// distinct keeps the first of each address, compared as in natural keys.
func distinct[T any](list []T, address func(T) string) []T {
	if len(list) < 2 {
		return list
	}
	seen := make(map[string]bool, len(list))
	var out []T
	for _, x := range list {
		if k := keyAddress(address(x)); !seen[k] {
			seen[k] = true
			out = append(out, x)
		}
	}
	return out
}

// keyAddress is the form of an address in natural keys. It is deliberately simpler than event.ParseAddress and must
// never change: ids are made of it, and must not follow newer tables of Unicode or IDNA.
func keyAddress(s string) string {
	if open := strings.LastIndexByte(s, '<'); open >= 0 {
		if end := strings.IndexByte(s[open:], '>'); end > 0 {
			s = s[open+1 : open+end]
		}
	}
	b := []byte(strings.Trim(s, " \t\r\n"))
	for i, c := range b {
		if isUpper(c) {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
