package generic

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/provider"
)

// record is one event as a sender writes it: the public JSON of event.Event, and other systems' words for the members that
// every sender needs.
type record struct {
	ID          provider.Text       `json:"id"`
	Name        provider.Text       `json:"name"`
	Event       provider.Text       `json:"event"`
	Type        provider.Text       `json:"type"`
	OccurredAt  stamp               `json:"occurredAt"`
	Timestamp   stamp               `json:"timestamp"`
	Recipient   provider.Text       `json:"recipient"`
	Email       provider.Text       `json:"email"`
	To          provider.Text       `json:"to"`
	Attribution event.Attribution   `json:"attribution"`
	MessageID   provider.Text       `json:"messageId"`
	Message     message             `json:"message"`
	Bounce      *bounce             `json:"bounce"`
	Complaint   *event.Complaint    `json:"complaint"`
	Delay       *delay              `json:"delay"`
	Delivery    *event.Delivery     `json:"delivery"`
	Subscribed  *event.Subscription `json:"subscription"`
	Reject      *event.Refusal      `json:"reject"`
	Failure     *event.Refusal      `json:"failure"`
	Open        *event.Engagement   `json:"open"`
	Click       *event.Engagement   `json:"click"`
	Client      *event.Client       `json:"client"`
	Automation  *event.Automation   `json:"automation"`
	Data        jsontext.Value      `json:"data"`

	problems []provider.Problem
}

type message struct {
	ID           provider.Text   `json:"id"`
	Subject      string          `json:"subject"`
	From         string          `json:"from"`
	SenderDomain string          `json:"senderDomain"`
	Account      provider.Text   `json:"account"`
	Template     string          `json:"template"`
	Workflow     string          `json:"workflow"`
	Tags         provider.Texts  `json:"tags"`
	Metadata     provider.Labels `json:"metadata"`
	SentAt       stamp           `json:"sentAt"`
}

type bounce struct {
	Class        event.BounceClass `json:"class"`
	Final        *bool             `json:"final"`
	Reason       string            `json:"reason"`
	SMTPCode     int               `json:"smtpCode"`
	EnhancedCode string            `json:"enhancedCode"`
	Diagnostic   string            `json:"diagnostic"`
}

type delay struct {
	Reason       string `json:"reason"`
	Until        stamp  `json:"until"`
	SMTPCode     int    `json:"smtpCode"`
	EnhancedCode string `json:"enhancedCode"`
	Diagnostic   string `json:"diagnostic"`
}

// stamp is a time as RFC 3339 or in seconds since 1970, and its text as it was written.
type stamp struct {
	text string
	at   time.Time
}

// UnmarshalJSONFrom reads any value; what is no time is zero and keeps its text.
func (s *stamp) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	v, err := d.ReadValue()
	s.text = strings.TrimSpace(provider.TextOf(v))
	s.at = provider.ParseTime(s.text)
	return err
}

func (r *record) word() string {
	return string(cmp.Or(r.Name, r.Event, r.Type))
}

func (r *record) recipient() string {
	return string(cmp.Or(r.Recipient, r.Email, r.To))
}

func (r *record) messageID() string {
	return provider.BareID(string(cmp.Or(r.Message.ID, r.MessageID)))
}

// time is when it happened, as it was written too: the event's own time, else its message's.
func (r *record) time() stamp {
	for _, s := range [...]stamp{r.OccurredAt, r.Timestamp, r.Message.SentAt} {
		if s.text != "" {
			return s
		}
	}
	return stamp{}
}

func (r *record) draft() event.Draft {
	when := r.time()
	if when.text != "" && when.at.IsZero() {
		r.problem("bad_time", "%.60q is no time: want 2026-05-04T10:12:00.120Z or seconds since 1970", when.text)
	}
	d := event.Draft{IdentityAt: when.at, Key: r.key()}
	d.Name = event.Canonical(r.word())
	d.OccurredAt, d.Recipient, d.Attribution = when.at, r.recipient(), event.Exact
	if r.Attribution != "" {
		d.Attribution = known(r, "attribution", r.Attribution, event.Exact, event.Candidates)
	}
	d.Message = r.message()
	d.Data = []byte(r.Data)
	if len(r.Data) > 0 && r.Data.Kind() != jsontext.KindBeginObject {
		d.Data = provider.Object("data", provider.JSONText(r.Data))
	}
	d.Client = r.Client
	r.parts(&d.Event)
	return d
}

// key is the natural key: the sender's own id of the fact, else its words.
func (r *record) key() []string {
	if r.ID != "" {
		return []string{"id", string(r.ID)}
	}
	key := []string{r.word(), r.messageID(), provider.KeyAddress(r.recipient()), r.time().text}
	if r.Click != nil {
		key = append(key, "url", r.Click.URL)
	}
	if r.Client != nil {
		key = append(key, "client", r.Client.IP, r.Client.UserAgent)
	}
	if r.Subscribed != nil {
		topics := slices.Clone(r.Subscribed.Topics)
		slices.Sort(topics)
		key = append(append(key, "list", r.Subscribed.List), topics...)
	}
	return key
}

func (r *record) message() *event.Message {
	m := r.Message
	from := event.ParseAddress(m.From)
	return &event.Message{
		ID: r.messageID(), Subject: m.Subject, From: from.Key, SenderDomain: cmp.Or(m.SenderDomain, from.Domain),
		Account: string(m.Account), Template: m.Template, Workflow: m.Workflow, Tags: m.Tags, Metadata: m.Metadata,
		SentAt: m.SentAt.at,
	}
}
