package mailtrap

import (
	"strconv"
	"strings"

	"tidings/event"
	"tidings/provider"
)

// record is one event. Fields that hold what nobody expects are empty.
type record struct {
	Event     provider.Text   `json:"event"`
	ID        provider.Text   `json:"event_id"`
	MessageID provider.Text   `json:"message_id"`
	Email     provider.Text   `json:"email"`
	Timestamp provider.Text   `json:"timestamp"` // seconds
	Stream    provider.Text   `json:"sending_stream"`
	Domain    provider.Text   `json:"sending_domain_name"`
	Category  provider.Text   `json:"category"`
	Variables provider.Labels `json:"custom_variables"`
	IP        provider.Text   `json:"ip"`
	UserAgent provider.Text   `json:"user_agent"`
	URL       provider.Text   `json:"url"`
	Response  provider.Text   `json:"response"`
	Code      provider.Text   `json:"response_code"`
	Bounce    provider.Text   `json:"bounce_category"`
	Reason    provider.Text   `json:"reason"`
}

// mapping turns one element into a draft.
type mapping struct {
	record
	source   provider.Source
	element  int
	text     []byte
	drafts   []event.Draft
	problems []provider.Problem
}

func (m *mapping) problem(code, message string) {
	m.problems = append(m.problems, provider.Problem{Element: m.element, Code: code, Message: message})
}

func (m *mapping) run() {
	err := provider.DecodeJSON(m.text, &m.record)
	switch {
	case err != nil:
		m.problem("unreadable", "the element can't be read: "+provider.JSONTrouble(err))
	case m.Event == "":
		m.problem("unreadable", "the element is not an event: it has no field named event")
	case m.Email == "":
		m.problem("no_recipient", "the event names no recipient: if it is of the audit log, leave that out of this webhook")
	default:
		m.add()
	}
}

func (m *mapping) add() {
	at := provider.UnixTime(string(m.Timestamp))
	d := event.Draft{IdentityAt: at, Element: m.element, Key: m.key()}
	d.Name, d.OccurredAt, d.Recipient, d.Attribution, d.Raw = event.EmailUnknown, at, string(m.Email), event.Exact, m.text
	d.Message = m.message()
	d.Data = provider.Object(
		"event", string(m.Event), "sendingStream", string(m.Stream), "bounceCategory", string(m.Bounce), "reason", string(m.Reason))
	if m.IP != "" || m.UserAgent != "" {
		d.Client = &event.Client{IP: string(m.IP), UserAgent: string(m.UserAgent)}
	}
	if w, ok := words[string(m.Event)]; ok {
		d.Name = w.name
		w.fill(&m.record, &d.Event)
	}
	m.drafts = append(m.drafts, d)
}

// key is the natural key: Mailtrap's own id, else what it is about.
func (r *record) key() []string {
	if r.ID != "" {
		return []string{string(r.Event), string(r.ID)}
	}
	return []string{
		string(r.Event), string(r.MessageID), provider.KeyAddress(string(r.Email)), string(r.Timestamp),
		string(r.URL), string(r.IP), string(r.UserAgent),
	}
}

// message is what the event says of its email; nil: nothing.
func (m *mapping) message() *event.Message {
	if m.MessageID == "" {
		return nil
	}
	out := &event.Message{ID: provider.BareID(string(m.MessageID)), SenderDomain: string(m.Domain)}
	if m.Category != "" {
		out.Tags = []string{string(m.Category)}
	}
	provider.ReadLabels(out, m.Variables, m.source)
	return out
}

// words are the words that are known.
var words = map[string]struct {
	name event.Name
	fill func(*record, *event.Event)
}{
	"delivery":    {event.EmailDelivery, fillDelivery},
	"soft bounce": {event.EmailDelay, fillDelay},
	"suspension":  {event.EmailDelay, fillDelay},
	"bounce":      {event.EmailBounce, fillBounce},
	"reject":      {event.EmailReject, fillReject},
	"open":        {event.EmailOpen, func(_ *record, e *event.Event) { e.Open = &event.Engagement{} }},
	"click":       {event.EmailClick, func(r *record, e *event.Event) { e.Click = &event.Engagement{URL: string(r.URL)} }},
	"spam":        {event.EmailComplaint, func(_ *record, e *event.Event) { e.Complaint = &event.Complaint{} }},
	"unsubscribe": {event.EmailUnsubscribe, fillUnsubscribe},
}

// answer reads what the remote server said, which Mailtrap puts between parentheses.
func (r *record) answer() (code int, enhanced, reason string) {
	code, enhanced, reason = provider.Response(string(r.Response))
	if n, err := strconv.Atoi(string(r.Code)); code == 0 && err == nil && n >= 200 && n < 600 {
		code = n
		reason = event.ReasonOfSMTP(code, enhanced)
	}
	return code, enhanced, reason
}

func fillDelivery(r *record, e *event.Event) {
	e.Delivery = &event.Delivery{SMTPResponse: string(r.Response)}
}

// fillDelay: Mailtrap tries again after a soft bounce, and holds what it suspends.
func fillDelay(r *record, e *event.Event) {
	code, enhanced, reason := r.answer()
	e.Delay = &event.Delay{Reason: reason, SMTPCode: code, EnhancedCode: enhanced, Diagnostic: r.why()}
}

// why is the server's answer, else Mailtrap's reason.
func (r *record) why() string {
	if r.Response != "" {
		return string(r.Response)
	}
	return string(r.Reason)
}

// fillBounce: a bounce is for good, and hard unless the answer speaks of something else than the address.
func fillBounce(r *record, e *event.Event) {
	code, enhanced, reason := r.answer()
	class := provider.RefusalClass(reason)
	if class == "" {
		class = event.Hard
	}
	e.Bounce = &event.Bounce{
		Class: class, Final: true, Reason: reason, SMTPCode: code, EnhancedCode: enhanced, Diagnostic: r.why(),
	}
}

// rejections are the reasons by what the text of one has.
var rejections = []struct{ text, reason string }{
	{"unsubscri", event.ReasonUnsubscribed},
	{"suppress", event.ReasonSuppressed},
	{"spam", event.ReasonSpam},
	{"virus", event.ReasonVirus},
	{"quota", event.ReasonThrottled},
	{"limit", event.ReasonThrottled},
	{"block", event.ReasonBlocked},
}

func fillReject(r *record, e *event.Event) {
	e.Reject = &event.Refusal{Detail: r.why()}
	lower := strings.ToLower(r.why())
	for _, x := range rejections {
		if strings.Contains(lower, x.text) {
			e.Reject.Reason = x.reason
			return
		}
	}
}

func fillUnsubscribe(r *record, e *event.Event) {
	e.Subscription = &event.Subscription{Origin: string(r.Event)}
}
