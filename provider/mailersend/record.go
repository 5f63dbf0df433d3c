package mailersend

import (
	"strings"
	"time"

	"tidings/event"
	"tidings/provider"
)

// record is one event: https://developers.mailersend.com/api/v1/webhooks.html#payload-example.
type record struct {
	Type     provider.Text `json:"type"`
	DomainID provider.Text `json:"domain_id"`
	Data     activity      `json:"data"`
}

type activity struct {
	ID         provider.Text `json:"id"`
	Type       provider.Text `json:"type"`
	CreatedAt  provider.Text `json:"created_at"`
	TemplateID provider.Text `json:"template_id"`
	Email      email         `json:"email"`
	Morph      morph         `json:"morph"`
}

type email struct {
	ID        provider.Text  `json:"id"`
	CreatedAt provider.Text  `json:"created_at"`
	From      provider.Text  `json:"from"`
	Subject   provider.Text  `json:"subject"`
	Status    provider.Text  `json:"status"`
	Tags      provider.Texts `json:"tags"`
	Message   message        `json:"message"`
	Recipient recipient      `json:"recipient"`
}

type message struct {
	ID provider.Text `json:"id"`
}

type recipient struct {
	Email provider.Text `json:"email"`
}

// morph is what the activity is about: an open, a click, a bounce, …
type morph struct {
	Object    provider.Text `json:"object"`
	ID        provider.Text `json:"id"`
	CreatedAt provider.Text `json:"created_at"`
	Reason    provider.Text `json:"reason"`
	Readable  provider.Text `json:"readable_reason"`
	URL       provider.Text `json:"url"`
	IP        provider.Text `json:"ip"`
}

// word is the event word, without the family that it belongs to.
func (r *record) word() string {
	if r.Type == "" {
		return string(r.Data.Type)
	}
	return strings.TrimPrefix(string(r.Type), "activity.")
}

// engaged says that an open or a click with an id of its own is told. "opened" and "opened_unique" tell of the same one.
func (r *record) engaged() bool {
	m := r.Data.Morph
	return m.ID != "" && m.CreatedAt != "" && (m.Object == "open" || m.Object == "click")
}

func (r *record) draft() event.Draft {
	a := &r.Data
	at, key := parseTime(a.CreatedAt), []string{string(a.ID)}
	switch {
	case r.engaged():
		at, key = parseTime(a.Morph.CreatedAt), []string{string(a.Morph.Object), string(a.Morph.ID)}
	case a.ID == "":
		key = []string{r.word(), r.messageID(), provider.KeyAddress(string(a.Email.Recipient.Email)), string(a.CreatedAt)}
	}
	d := event.Draft{IdentityAt: at, Key: key}
	d.OccurredAt, d.Recipient, d.Attribution = at, string(a.Email.Recipient.Email), event.Exact
	d.Message = r.message()
	r.fill(&d.Event)
	return d
}

// messageID is the message's, as the answer to a send has it in X-Message-Id.
func (r *record) messageID() string {
	if id := r.Data.Email.Message.ID; id != "" {
		return string(id)
	}
	return string(r.Data.Email.ID)
}

func (r *record) message() *event.Message {
	e := &r.Data.Email
	m := &event.Message{
		ID: r.messageID(), Subject: string(e.Subject), Template: string(r.Data.TemplateID), Tags: e.Tags,
		SentAt: parseTime(e.CreatedAt),
	}
	provider.SetFrom(m, string(e.From))
	return m
}

// parseTime reads a time; zero where it is absent or in another form.
func parseTime(t provider.Text) time.Time {
	at, err := time.Parse(time.RFC3339, string(t))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
