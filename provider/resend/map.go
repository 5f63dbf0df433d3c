package resend

import (
	"strings"
	"time"

	"tidings/event"
	"tidings/provider"
)

// mapping turns one record into drafts.
type mapping struct {
	record
	source   provider.Source
	message  event.Message
	at       time.Time
	drafts   []event.Draft
	problems []provider.Problem
}

func (m *mapping) problem(code, message string) {
	m.problems = append(m.problems, provider.Problem{Element: 0, Code: code, Message: message})
}

// word is what becomes of an event's type.
type word struct {
	name event.Name
	// whole says that the event is about the email as a whole: about each recipient, of several too.
	whole bool
	// fill adds what is particular; nil: nothing is. Message is the event's own copy.
	fill func(*mapping, *event.Event)
}

// words are the types about an email.
var words = map[string]word{
	"email.sent":             {name: event.EmailSent, whole: true},
	"email.scheduled":        {name: event.EmailQueued, whole: true},
	"email.delivered":        {name: event.EmailDelivery, fill: fillDelivery},
	"email.delivery_delayed": {name: event.EmailDelay, fill: fillDelay},
	"email.bounced":          {name: event.EmailBounce, fill: fillBounce},
	"email.suppressed":       {name: event.EmailBounce, fill: fillSuppressed},
	"email.complained":       {name: event.EmailComplaint, fill: fillComplaint},
	"email.opened":           {name: event.EmailOpen, fill: fillOpen},
	"email.clicked":          {name: event.EmailClick, fill: fillClick},
	"email.failed":           {name: event.EmailFailure, whole: true, fill: fillFailure},
}

// elsewhere are the types, or their beginnings, that tell nothing about an email or an address.
var elsewhere = []string{"domain.", "inbox.", "contact."}

const inbound = "email.received"

func (m *mapping) run() {
	kind := string(m.Type)
	m.at = parseTime(m.CreatedAt)
	if m.CreatedAt != "" && m.at.IsZero() {
		m.problem("bad_time", "created_at is in no known form, the email's is used: "+string(m.CreatedAt))
	}
	w, known := words[kind]
	switch {
	case kind == "":
		m.problem("unreadable", "the body is JSON but not a Resend event: it has no type")
	case kind == inbound:
		m.problem("inbound_mail", "inbound mail on a tracking webhook: let "+inbound+" go to another webhook")
	case known && m.Data.EmailID == "":
		m.problem("unreadable", "the event lacks data.email_id")
	case known:
		m.readEmail(w)
	case strings.HasPrefix(kind, "contact.") && bool(m.Data.Unsubscribed):
		m.readUnsubscribed()
	case hasPrefix(kind, elsewhere):
		m.problem("not_an_email_event", kind+" tells nothing about an email: leave it out of the webhook's events")
	default:
		m.readUnknown()
	}
}

func hasPrefix(s string, list []string) bool {
	for _, p := range list {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// readMessage fills what the event says of its email.
func (m *mapping) readMessage() {
	d := &m.Data
	m.message = event.Message{
		ID: string(d.EmailID), Subject: string(d.Subject), SentAt: parseTime(d.CreatedAt), Template: string(d.TemplateID),
	}
	if m.at.IsZero() {
		m.at = m.message.SentAt
	}
	provider.SetFrom(&m.message, string(d.From))
	provider.ReadLabels(&m.message, provider.Labels(d.Tags), m.source)
}

// people are the recipients, each once. Resend does not say which of several it was.
func (m *mapping) people(whole bool) ([]string, event.Attribution) {
	var list []string
	seen := map[string]bool{}
	for _, address := range m.Data.To {
		if k := provider.KeyAddress(address); k != "" && !seen[k] {
			seen[k] = true
			list = append(list, address)
		}
	}
	if len(list) == 0 {
		m.problem("no_recipient", "the event names no recipient")
	}
	if len(list) > 1 && !whole {
		return list, event.Candidates
	}
	return list, event.Exact
}

func (m *mapping) readEmail(w word) {
	m.readMessage()
	list, attribution := m.people(w.whole)
	for _, address := range list {
		d := m.draft(w.name, address, string(m.Data.EmailID))
		d.Attribution = attribution
		if c := m.Data.Click; c != nil {
			d.Key = append(d.Key, string(c.Link), string(c.Timestamp), string(c.IP), string(c.UserAgent))
		}
		if w.fill != nil {
			w.fill(m, &d.Event)
		}
		if d.Data == nil {
			d.Data = provider.Object(m.common()...)
		}
		m.drafts = append(m.drafts, d)
	}
}

// draft is a draft with its natural key: type, email, recipient and the event's own time.
func (m *mapping) draft(name event.Name, recipient, id string) event.Draft {
	d := event.Draft{
		IdentityAt: m.at,
		Key:        []string{string(m.Type), id, provider.KeyAddress(recipient), string(m.CreatedAt)},
	}
	d.Name, d.OccurredAt, d.Recipient, d.Attribution = name, m.at, recipient, event.Exact
	if id != "" {
		message := m.message
		d.Message = &message
	}
	return d
}

// common are the words of every email event that have no field of ours.
func (m *mapping) common() []string {
	return []string{"messageId", provider.BareID(string(m.Data.MessageID)), "broadcastId", string(m.Data.BroadcastID)}
}

// readUnsubscribed reads a contact that is opted out. One that is not says nothing: the event comes with any change of
// a contact, and is no consent.
func (m *mapping) readUnsubscribed() {
	if m.Data.Email == "" {
		m.problem("no_recipient", "the event names no contact")
		return
	}
	d := m.draft(event.EmailUnsubscribe, string(m.Data.Email), "")
	d.Subscription = &event.Subscription{List: string(m.Data.AudienceID), Origin: string(m.Type)}
	m.drafts = append(m.drafts, d)
}

// readUnknown keeps a type that this version does not know, or one that no event of ours stands for. The key is the one
// that it gets when a later version learns it.
func (m *mapping) readUnknown() {
	m.readMessage()
	id := string(m.Data.EmailID)
	extra := []string{"type", string(m.Type), "origin", string(m.Data.Origin)}
	if m.Data.Email != "" {
		m.Data.To = provider.Texts{string(m.Data.Email)}
	}
	list, attribution := m.people(false)
	for _, address := range list {
		d := m.draft(event.EmailUnknown, address, id)
		d.Attribution = attribution
		d.Data = provider.Object(append(extra, m.common()...)...)
		m.drafts = append(m.drafts, d)
	}
}
