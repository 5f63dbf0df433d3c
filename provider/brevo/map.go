package brevo

import (
	"slices"
	"strings"

	"tidings/event"
	"tidings/provider"
)

// mapping turns one element into drafts.
type mapping struct {
	record
	source     provider.Source
	element    int
	text       []byte
	drafts     []event.Draft
	problems   []provider.Problem
	unreadable bool
}

func (m *mapping) problem(code, message string) {
	m.problems = append(m.problems, provider.Problem{Element: m.element, Code: code, Message: message})
}

func (m *mapping) run() {
	if err := provider.DecodeJSON(m.text, &m.record); err != nil {
		m.unreadable = true
		m.problem(provider.JSONCode(err), "it can't be read: "+provider.JSONTrouble(err))
		return
	}
	switch {
	case m.Event != "":
		m.read()
	case len(m.Items) > 0:
		m.problem("inbound_mail", "inbound mail on a tracking webhook: give the inbound webhook another URL")
	case m.SMSStatus != "":
		m.problem("not_an_email_event", "an SMS: leave SMS out of this webhook")
	default:
		m.unreadable = true
		m.problem("unexpected_shape", "it has no field named event")
	}
}

func (m *mapping) read() {
	w := words[string(m.Event)]
	if w.name == "" {
		w = word{name: event.EmailUnknown, fill: nothing}
	}
	if len(m.Email) == 0 {
		m.problem("no_recipient", "the event names no recipient")
	}
	at, text := m.when()
	key := w.key
	if key == "" {
		key = string(m.Event)
	}
	for _, address := range m.Email {
		d := event.Draft{
			IdentityAt: at, Element: m.element,
			Key: []string{key, m.messageID(), provider.KeyAddress(address), text, m.link()},
		}
		d.Key = append(d.Key, m.Lists...)
		d.Name, d.OccurredAt, d.Recipient, d.Attribution, d.Raw = w.name, at, address, event.Exact, m.text
		d.Message = m.message()
		d.Data = provider.Object(m.more()...)
		d.Client = m.client()
		w.fill(&m.record, &d.Event)
		m.drafts = append(m.drafts, d)
	}
}

// link is where a click led.
func (r *record) link() string {
	if r.Link != "" {
		return string(r.Link)
	}
	return string(r.URL)
}

// message is what the event says of its email; nil: nothing.
func (m *mapping) message() *event.Message {
	id := m.messageID()
	if id == "" {
		return nil
	}
	out := event.Message{
		ID: id, Subject: string(m.Subject), SentAt: readTime(string(m.SentStamp)), Tags: slices.Clone(m.labels()),
	}
	if m.Sender != "" {
		provider.SetFrom(&out, string(m.Sender))
	}
	provider.ReadLabels(&out, m.custom(), m.source)
	if out.Template == "" && m.TemplateID != "0" {
		out.Template = string(m.TemplateID)
	}
	return &out
}

// more are the words that have no field of ours.
func (r *record) more() []string {
	return []string{
		"event", string(r.Event), "campaignId", string(r.CampaignID), "campaignName", strings.TrimSpace(string(r.CampaignName)),
		"lists", strings.Join(r.Lists, ","), "contactId", string(r.ContactID), "sendingIp", string(r.SendingIP),
	}
}

func (r *record) client() *event.Client {
	if r.UserAgent == "" && r.Device == "" {
		return nil
	}
	return &event.Client{UserAgent: string(r.UserAgent), Device: strings.ToLower(string(r.Device))}
}
