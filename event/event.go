// Package event is the normalised fact: what became of one email, or what one contact did, in the same words for every
// provider. It holds the names, the fields, the identity, the form of addresses and the public JSON.
//
// A provider adapter makes a Draft of what it read; Draft.Finish makes it an Event, whose ID is the same on every
// machine and by every path. The package does no I/O, reads no clock and imports only the standard library,
// golang.org/x/text, golang.org/x/net and github.com/go-json-experiment/json, so that any program may use it.
package event

//go:generate go test -run TestThePageOfEventsIsCurrent -update

import (
	stdjson "encoding/json"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Event is one normalised fact about one contact. It is immutable: a later version of Tidings may fill a field that
// was empty, never change one. Pointers that do not apply to the name are nil. Times are UTC, to the millisecond.
type Event struct {
	ID          ID          `json:"id"`         // the same for the same fact, anywhere
	Name        Name        `json:"name"`       // what happened
	OccurredAt  time.Time   `json:"occurredAt"` // when it happened, in the provider's words
	ReceivedAt  time.Time   `json:"receivedAt"` // when we took it in
	ProjectID   string      `json:"projectId"`  // prj_…
	Source      *Source     `json:"source,omitempty"`
	ContactID   string      `json:"contactId,omitempty"`   // con_…; empty outside a server
	EmailID     string      `json:"emailId,omitempty"`     // msg_…, the message to this one recipient; empty outside a server
	Recipient   string      `json:"recipient,omitempty"`   // the address by which the contact is known
	RecipientAs string      `json:"recipientAs,omitempty"` // the form as received, where it differs
	Attribution Attribution `json:"attribution,omitempty"` // exact or candidates: how sure it is that it was this recipient
	Message     *Message    `json:"message,omitempty"`
	Bus         *Bus        `json:"bus,omitempty"` // of a custom event that was put on an event bus

	Bounce       *Bounce       `json:"bounce,omitempty"`
	Complaint    *Complaint    `json:"complaint,omitempty"`
	Delay        *Delay        `json:"delay,omitempty"`
	Delivery     *Delivery     `json:"delivery,omitempty"`
	Subscription *Subscription `json:"subscription,omitempty"`
	Reject       *Refusal      `json:"reject,omitempty"`
	Failure      *Refusal      `json:"failure,omitempty"`
	Open         *Engagement   `json:"open,omitempty"`
	Click        *Engagement   `json:"click,omitempty"`
	Client       *Client       `json:"client,omitempty"`
	Automation   *Automation   `json:"automation,omitempty"`

	// Data is a JSON object: the user's own for custom events, the provider's own words that have no field of
	// ours for email events ("bounceSubType", "feedbackId", …). Empty means {}.
	Data stdjson.RawMessage `json:"data"`

	// Raw is the provider's element that this event was made from, exactly as it was verified. It is set for
	// library users; a server keeps it on the receipt instead.
	Raw []byte `json:"-"`
}

// Source names the configured stream that an event came from.
type Source struct {
	ID       string `json:"id,omitempty"` // src_…
	Provider string `json:"provider"`     // the adapter's slug: "ses"
}

// Attribution says how sure it is that the event is about its recipient.
type Attribution string

const (
	// Exact: the provider names the recipient, or the message has only one.
	Exact Attribution = "exact"
	// Candidates: the provider does not say which of several recipients it was; there is one event for each.
	// Such events are never counted as opens, clicks, uniques or last-seen.
	Candidates Attribution = "candidates"
)

// Message is what an event says of its email. Events of one message may know different parts of it.
type Message struct {
	ID           string            `json:"id"` // the provider's message id, bare
	Subject      string            `json:"subject,omitempty"`
	From         string            `json:"from,omitempty"`         // the sender's address
	SenderDomain string            `json:"senderDomain,omitempty"` // the domain of From, lower-case
	Account      string            `json:"account,omitempty"`      // the provider account that sent it (SES sendingAccountId)
	Template     string            `json:"template,omitempty"`
	Workflow     string            `json:"workflow,omitempty"`
	Tags         []string          `json:"tags,omitempty"` // sorted, distinct
	Metadata     map[string]string `json:"metadata,omitempty"`
	SentAt       time.Time         `json:"sentAt,omitzero"` // when the provider took it; zero: not said
}

// BounceClass sorts bounces by what they mean for the address.
type BounceClass string

const (
	Hard         BounceClass = "hard"         // the address does not take mail, for good
	Soft         BounceClass = "soft"         // not now, or not this message
	Block        BounceClass = "block"        // refused by policy; says nothing of the address
	Suppressed   BounceClass = "suppressed"   // an echo: the provider did not try, the address is on its own list
	AutoReply    BounceClass = "auto_reply"   // an out-of-office or another automatic answer
	Undetermined BounceClass = "undetermined" // the provider could not tell
)

// Bounce is a refusal by the recipient's side.
type Bounce struct {
	Class        BounceClass `json:"class"`
	Final        bool        `json:"final"`                  // the provider will not try again
	Reason       string      `json:"reason,omitempty"`       // no_such_user, mailbox_full, message_too_large, …; see Reasons
	SMTPCode     int         `json:"smtpCode,omitzero"`      // 550
	EnhancedCode string      `json:"enhancedCode,omitempty"` // RFC 3463, "5.1.1"
	Diagnostic   string      `json:"diagnostic,omitempty"`   // the remote server's text
}

// Complaint is a report that the recipient did not want the message.
type Complaint struct {
	// FeedbackType is abuse, fraud, virus, other, not-spam or auth-failure (RFC 5965, RFC 6430, RFC 6591); empty: not
	// said, which is common.
	FeedbackType string `json:"feedbackType,omitempty"`
	Echo         bool   `json:"echo,omitzero"` // the provider did not try: the address had complained before
}

// Delay is a delivery that was put off.
type Delay struct {
	Reason       string    `json:"reason,omitempty"`
	Until        time.Time `json:"until,omitzero"` // when the provider gives up; zero: not said
	SMTPCode     int       `json:"smtpCode,omitzero"`
	EnhancedCode string    `json:"enhancedCode,omitempty"`
	Diagnostic   string    `json:"diagnostic,omitempty"`
}

// Delivery is what the recipient's server answered.
type Delivery struct {
	SMTPResponse string `json:"smtpResponse,omitempty"`
	ProcessingMs int64  `json:"processingMs,omitzero"` // milliseconds between acceptance by the provider and delivery
	ReportingMTA string `json:"reportingMta,omitempty"`
}

// Subscription is a change of consent told by a provider.
type Subscription struct {
	List   string   `json:"list,omitempty"`
	Topics []string `json:"topics,omitempty"` // the topics that changed; empty means the whole list
	Origin string   `json:"origin,omitempty"` // how: UnsubscribeHeader, …
}

// Refusal is why a provider did not attempt (reject) or could not make (failure) the message.
type Refusal struct {
	Reason string `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Engagement is an open or a click.
type Engagement struct {
	First    bool                `json:"first"`              // the first of its name that was stored for its message
	Count    int64               `json:"count,omitzero"`     // how many of its name were stored for its message by then, with it; zero: not known
	URL      string              `json:"url,omitempty"`      // clicks only
	LinkTags map[string][]string `json:"linkTags,omitempty"` // clicks only
}

// Client is the program that caused the event, as far as it told.
type Client struct {
	IP        string `json:"ip,omitempty"`
	UserAgent string `json:"userAgent,omitempty"`
	Device    string `json:"device,omitempty"` // desktop, mobile, tablet, bot
	OS        string `json:"os,omitempty"`
	App       string `json:"app,omitempty"` // the browser or mail program
}

// Bus is what a custom event says of the event bus that it was put on, in the words of Amazon EventBridge.
type Bus struct {
	Name      string   `json:"name,omitempty"`      // of the bus, as BusName makes it; empty: not told
	App       string   `json:"app,omitempty"`       // who put it there: EventBridge's source
	ARN       string   `json:"arn,omitempty"`       // of the bus, where it was named by it
	Account   string   `json:"account,omitempty"`   // of AWS, where it came through one
	Region    string   `json:"region,omitempty"`    // the same
	Resources []string `json:"resources,omitempty"` // what it is about, mostly ARNs, as given
	Trace     string   `json:"trace,omitempty"`     // EventBridge's TraceHeader
}

// Verdict says who acted: a person or a program.
type Verdict string

const (
	Human   Verdict = "human"
	Machine Verdict = "machine" // a prefetch or a scanner
	Proxy   Verdict = "proxy"   // an image proxy that loads when a person opens, most of the time
	Unsure  Verdict = "unknown" // nothing to judge by
)

// Automation is the verdict on an open, a click or a mail that came in, with what it rests on. It is a function of the event
// alone.
type Automation struct {
	Verdict Verdict  `json:"verdict"`
	Signals []string `json:"signals,omitempty"`
}

// VerdictOf returns the event's verdict; events that carry none are Unsure for opens and clicks and Human else.
func (e *Event) VerdictOf() Verdict {
	if e.Automation != nil {
		return e.Automation.Verdict
	}
	if e.Name == EmailOpen || e.Name == EmailClick {
		return Unsure
	}
	return Human
}

// MarshalJSON writes the public form: camelCase keys in a fixed order, times in UTC with three digits of a second, data
// never null. Invalid UTF-8 becomes U+FFFD. It fails only for Data that is no JSON.
func (e Event) MarshalJSON() ([]byte, error) {
	type plain Event
	p := plain(e)
	if len(p.Data) == 0 {
		p.Data = stdjson.RawMessage("{}")
	}
	return json.Marshal(&p, json.Deterministic(true), json.WithMarshalers(times),
		jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
}

// times writes a time as RFC 3339 in UTC with three digits of a second.
var times = json.MarshalToFunc(func(enc *jsontext.Encoder, t time.Time) error {
	return enc.WriteToken(jsontext.String(t.UTC().Format("2006-01-02T15:04:05.000Z")))
})

// UnmarshalJSON reads the public form. Unknown keys are passed over: fields are added without notice. Absent keys empty
// their fields: nothing of the event's former value stays. Texts and times come out clean, as from Draft.Finish.
func (e *Event) UnmarshalJSON(b []byte) error {
	type plain Event
	var p plain
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	*e = Event(p)
	e.OccurredAt, e.ReceivedAt = cleanTime(e.OccurredAt), cleanTime(e.ReceivedAt)
	e.clean()
	return nil
}
