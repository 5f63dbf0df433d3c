package postal

import (
	"slices"
	"strings"
	"time"

	"tidings/event"
	"tidings/provider"
)

// mapping turns one record into a draft.
type mapping struct {
	record
	drafts   []event.Draft
	problems []provider.Problem
}

func (m *mapping) problem(code, message string) {
	m.problems = append(m.problems, provider.Problem{Element: 0, Code: code, Message: message})
}

// words are the events about a message, with what fills them.
var words = map[string]struct {
	name event.Name
	fill func(*payload, *event.Event)
}{
	"MessageSent":           {event.EmailDelivery, fillDelivery},
	"MessageDelayed":        {event.EmailDelay, fillDelay},
	"MessageDeliveryFailed": {event.EmailBounce, fillFailed},
	"MessageHeld":           {event.EmailQueued, fillHeld},
	bounced:                 {event.EmailBounce, fillBounced},
	"MessageLoaded":         {event.EmailOpen, fillOpen},
	"MessageLinkClicked":    {event.EmailClick, fillClick},
}

// bounced is told by its shape: some versions call it MessageDelayed.
const bounced = "MessageBounced"

// elsewhere are the events that tell nothing about a message.
var elsewhere = []string{"DomainDNSError", "SendLimitApproaching", "SendLimitExceeded"}

const incoming = "incoming"

func (m *mapping) run() {
	kind, about := string(m.Event), &m.Payload.Message
	if m.Payload.Original != nil {
		kind, about = bounced, m.Payload.Original
	}
	w, known := words[kind]
	switch {
	case kind == "" && m.RcptTo != "" || about.Direction == incoming:
		m.problem("inbound_mail", "inbound mail on a tracking webhook: its route has an endpoint of its own in Postal")
	case kind == "":
		m.problem("unreadable", "the body is JSON but not a Postal event: it has no event")
	case slices.Contains(elsewhere, kind):
		m.problem("not_an_email_event", kind+" tells nothing about an email: leave it out of the webhook's events")
	case known && (about.MessageID == "" || about.To == ""):
		m.problem("unreadable", "the event lacks its message, or the message its message_id or to")
	case known:
		m.add(kind, about, w.name, w.fill)
	case about.To == "":
		m.problem("no_recipient", "the event is new and names no recipient: "+kind)
	default:
		m.add(kind, about, event.EmailUnknown, fillUnknown)
	}
}

// when returns the time of the event and what tells it from others of its kind. An attempt and a bounce have their own,
// which every webhook of an installation tells alike; for an open or a click the request's time and uuid stand.
func (m *mapping) when(kind string) (time.Time, string) {
	own, stamp := m.Payload.Timestamp, m.Payload.Timestamp
	if kind == bounced && m.Payload.Bounce != nil {
		own, stamp = m.Payload.Bounce.ID, m.Payload.Bounce.Timestamp
	}
	if at := provider.UnixTime(string(stamp)); !at.IsZero() {
		return at, string(own)
	}
	return provider.UnixTime(string(m.Timestamp)), string(m.UUID)
}

// add makes the draft.
func (m *mapping) add(kind string, about *message, name event.Name, fill func(*payload, *event.Event)) {
	at, own := m.when(kind)
	d := event.Draft{
		IdentityAt: at,
		Key:        []string{kind, string(about.ID), string(about.Token), provider.KeyAddress(string(about.To)), own},
	}
	d.Name, d.OccurredAt, d.Recipient, d.Attribution = name, at, string(about.To), event.Exact
	d.Message = readMessage(about)
	d.Data = provider.Object(
		"event", string(m.Event), "status", string(m.Payload.Status), "details", string(m.Payload.Details),
		"postalId", string(about.ID), "token", string(about.Token))
	fill(&m.Payload, &d.Event)
	m.drafts = append(m.drafts, d)
}

func readMessage(about *message) *event.Message {
	out := &event.Message{
		ID: provider.BareID(string(about.MessageID)), Subject: string(about.Subject),
		SentAt: provider.UnixTime(string(about.Timestamp)),
	}
	if about.From != "" {
		provider.SetFrom(out, string(about.From))
	}
	if about.Tag != "" {
		out.Tags = []string{string(about.Tag)}
	}
	return out
}

func fillUnknown(*payload, *event.Event) {}

func fillDelivery(p *payload, e *event.Event) {
	e.Delivery = &event.Delivery{SMTPResponse: strings.TrimSpace(string(p.Output))}
	if took := e.OccurredAt.Sub(e.Message.SentAt); !e.Message.SentAt.IsZero() && took > 0 {
		e.Delivery.ProcessingMs = took.Milliseconds()
	}
}

// answer is what the remote server said, else what Postal says of it.
func (p *payload) answer() string {
	if text := strings.TrimSpace(string(p.Output)); text != "" {
		return text
	}
	return strings.TrimSpace(string(p.Details))
}

func fillDelay(p *payload, e *event.Event) {
	text := p.answer()
	code, enhanced, reason := provider.Response(text)
	e.Delay = &event.Delay{Reason: reason, SMTPCode: code, EnhancedCode: enhanced, Diagnostic: text}
}

// gaveUp is how Postal's details begin when it has tried for as long as it tries.
const gaveUp = "Maximum number of delivery attempts"

// fillFailed: Postal does not say why it gave up, so the server's answer does.
func fillFailed(p *payload, e *event.Event) {
	text := p.answer()
	code, enhanced, reason := provider.Response(text)
	class := provider.RefusalClass(reason)
	switch {
	case strings.Contains(string(p.Details), gaveUp):
		class, reason = event.Soft, event.ReasonRetriesExhausted
	case class != "":
	case code >= 500 || strings.HasPrefix(enhanced, "5"):
		class = event.Hard
	case code >= 400 || strings.HasPrefix(enhanced, "4"):
		class = event.Soft
	default:
		class = event.Undetermined
	}
	e.Bounce = &event.Bounce{
		Class: class, Final: true, Reason: reason, SMTPCode: code, EnhancedCode: enhanced, Diagnostic: text,
	}
}

// onList is in the details of a message that is held because of its recipient.
const onList = "suppression list"

// fillHeld: a held message waits for a person, unless its recipient is suppressed.
func fillHeld(p *payload, e *event.Event) {
	if strings.Contains(string(p.Details), onList) {
		e.Name = event.EmailReject
		e.Reject = &event.Refusal{Reason: event.ReasonSuppressed, Detail: string(p.Details)}
	}
}

// bounceTypes are the classes of a message that came back.
var bounceTypes = map[string]event.BounceClass{"hard": event.Hard, "soft": event.Soft}

// fillBounced: a message came back after it was delivered. Only newer versions say how.
func fillBounced(p *payload, e *event.Event) {
	e.Bounce = &event.Bounce{Class: event.Undetermined, Final: true}
	if p.Bounce == nil {
		return
	}
	e.Bounce.Diagnostic = string(p.Bounce.Subject)
	if class, ok := bounceTypes[string(p.Bounce.BounceType)]; ok {
		e.Bounce.Class = class
	}
}

func fillOpen(p *payload, e *event.Event) {
	e.Open, e.Client = &event.Engagement{}, p.client()
}

func fillClick(p *payload, e *event.Event) {
	e.Click, e.Client = &event.Engagement{URL: string(p.URL)}, p.client()
}

func (p *payload) client() *event.Client {
	if p.IP == "" && p.UserAgent == "" {
		return nil
	}
	return &event.Client{IP: string(p.IP), UserAgent: string(p.UserAgent)}
}
