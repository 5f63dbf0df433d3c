package mandrill

import (
	"time"

	"tidings/event"
	"tidings/provider"
)

// record is one event: https://mailchimp.com/developer/transactional/docs/webhooks/. Changes of the lists of rejections
// have type and action in place of event, and reject or entry in place of msg.
type record struct {
	Event  provider.Text `json:"event"`
	Type   provider.Text `json:"type"`
	Action provider.Text `json:"action"`
	ID     provider.Text `json:"_id"`
	Time   provider.Text `json:"ts"`
	IP     provider.Text `json:"ip"`
	Agent  provider.Text `json:"user_agent"`
	URL    provider.Text `json:"url"`
	Diag   provider.Text `json:"diag"`

	Message  message `json:"msg"`
	Parsed   agent   `json:"user_agent_parsed"`
	Location place   `json:"location"`
	Reject   entry   `json:"reject"`
	Entry    entry   `json:"entry"`
}

type message struct {
	ID          provider.Text   `json:"_id"`
	Time        provider.Text   `json:"ts"`
	Subject     provider.Text   `json:"subject"`
	Email       provider.Text   `json:"email"`
	Sender      provider.Text   `json:"sender"`
	Template    provider.Text   `json:"template"`
	Subaccount  provider.Text   `json:"subaccount"`
	State       provider.Text   `json:"state"`
	Tags        provider.Texts  `json:"tags"`
	Metadata    provider.Labels `json:"metadata"` // [] where there are none
	Diag        provider.Text   `json:"diag"`
	Description provider.Text   `json:"bounce_description"`
	Tools       provider.Text   `json:"bgtools_code"`
	SMTP        []smtpEvent     `json:"smtp_events"`
	Reject      entry           `json:"reject"`
}

// smtpEvent is one try to deliver, the last one last.
type smtpEvent struct {
	Diag   provider.Text `json:"diag"`
	Source provider.Text `json:"source_ip"`
	Remote provider.Text `json:"destination_ip"`
}

type agent struct {
	Type   provider.Text `json:"type"`
	Name   provider.Text `json:"ua_family"`
	OS     provider.Text `json:"os_family"`
	Mobile provider.Flag `json:"mobile"`
}

type place struct {
	Country provider.Text `json:"country_short"`
	Region  provider.Text `json:"region"`
	City    provider.Text `json:"city"`
}

// entry is one address of a list of rejections.
type entry struct {
	Email      provider.Text `json:"email"`
	Reason     provider.Text `json:"reason"`
	Detail     provider.Text `json:"detail"`
	Subaccount provider.Text `json:"subaccount"`
	CreatedAt  provider.Text `json:"created_at"`
	LastAt     provider.Text `json:"last_event_at"`
}

func (r *record) word() string {
	if r.Event != "" {
		return string(r.Event)
	}
	return string(r.Type)
}

func (r *record) recipient() string {
	return first(r.Message.Email, r.Reject.Email, r.Entry.Email)
}

func first(list ...provider.Text) string {
	for _, t := range list {
		if t != "" {
			return string(t)
		}
	}
	return ""
}

// lists writes the times of lists like this, in UTC.
const lists = "2006-01-02 15:04:05"

// at is the event's own time, and as it is written.
func (r *record) at() (time.Time, string) {
	if r.Time != "" {
		return provider.UnixTime(string(r.Time)), string(r.Time)
	}
	text := first(r.Reject.LastAt, r.Reject.CreatedAt, r.Entry.CreatedAt)
	at, err := time.Parse(lists, text)
	if err != nil {
		return time.Time{}, text
	}
	return at, text
}

func (r *record) draft(src provider.Source) event.Draft {
	at, written := r.at()
	d := event.Draft{IdentityAt: at, Key: []string{r.word(), r.id(), written, string(r.URL), string(r.IP)}}
	if r.id() == "" {
		d.Key = []string{r.word(), string(r.Action), provider.KeyAddress(r.recipient()), written}
	}
	d.OccurredAt, d.Recipient, d.Attribution = at, r.recipient(), event.Exact
	d.Message = r.message(src)
	r.fill(&d.Event)
	return d
}

func (r *record) id() string { return first(r.ID, r.Message.ID) }

// message is what the event says of its message; nil where it is about none.
func (r *record) message(src provider.Source) *event.Message {
	if r.id() == "" {
		return nil
	}
	m := &event.Message{
		ID: r.id(), Subject: string(r.Message.Subject), Account: string(r.Message.Subaccount),
		Template: string(r.Message.Template), Tags: r.Message.Tags, SentAt: provider.UnixTime(string(r.Message.Time)),
	}
	provider.SetFrom(m, string(r.Message.Sender))
	provider.ReadLabels(m, r.Message.Metadata, src)
	return m
}

// diagnostic is what the recipient's server said last.
func (r *record) diagnostic() string {
	if text := first(r.Message.Diag, r.Diag); text != "" {
		return text
	}
	for i := len(r.Message.SMTP) - 1; i >= 0; i-- {
		if text := r.Message.SMTP[i].Diag; text != "" {
			return string(text)
		}
	}
	return ""
}
