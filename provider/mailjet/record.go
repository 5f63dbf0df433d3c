package mailjet

import (
	"strings"

	"tidings/event"
	"tidings/provider"
)

// record is one event: https://dev.mailjet.com/email/guides/webhooks/. Ids are beyond 2^53, so they are read as text.
type record struct {
	Event     provider.Text `json:"event"`
	Time      provider.Text `json:"time"`
	MessageID provider.Text `json:"MessageID"`
	GUID      provider.Text `json:"Message_GUID"`
	OldID     provider.Text `json:"mj_message_id"`
	Email     provider.Text `json:"email"`
	Campaign  provider.Text `json:"mj_campaign_id"`
	Contact   provider.Text `json:"mj_contact_id"`
	Custom    provider.Text `json:"customcampaign"`
	CustomID  provider.Text `json:"CustomID"`
	Payload   provider.Text `json:"Payload"`

	Reply     provider.Text `json:"smtp_reply"`
	IP        provider.Text `json:"ip"`
	Geo       provider.Text `json:"geo"`
	Agent     provider.Text `json:"agent"`
	URL       provider.Text `json:"url"`
	Blocked   provider.Flag `json:"blocked"`
	Hard      provider.Flag `json:"hard_bounce"`
	RelatedTo provider.Text `json:"error_related_to"`
	Error     provider.Text `json:"error"`
	Comment   provider.Text `json:"comment"`
	Source    provider.Text `json:"source"`
	List      provider.Text `json:"mj_list_id"`

	labels provider.Labels // of a payload that is a JSON object
}

// id is the message's, the same that the answer to a send has.
func (r *record) id() string {
	for _, id := range [...]provider.Text{r.MessageID, r.OldID, r.GUID} {
		if id != "" && id != "0" {
			return string(id)
		}
	}
	return ""
}

func (r *record) draft(src provider.Source) event.Draft {
	at := provider.UnixTime(string(r.Time))
	d := event.Draft{IdentityAt: at, Key: []string{
		string(r.Event), r.id(), provider.KeyAddress(string(r.Email)), string(r.Time), string(r.URL), string(r.IP),
	}}
	d.OccurredAt, d.Recipient, d.Attribution = at, string(r.Email), event.Exact
	r.readPayload()
	d.Message = r.message(src)
	r.fill(&d.Event)
	return d
}

// message is what the event says of its message; nil where it is about none.
func (r *record) message(src provider.Source) *event.Message {
	if r.id() == "" {
		return nil
	}
	m := &event.Message{ID: r.id()}
	if r.Custom != "" {
		m.Tags = []string{string(r.Custom)}
	}
	provider.ReadLabels(m, r.labels, src)
	return m
}

// readPayload reads what a sender gave along, where it is a JSON object.
func (r *record) readPayload() {
	text := strings.TrimSpace(string(r.Payload))
	if !strings.HasPrefix(text, "{") || provider.DecodeJSON([]byte(text), &r.labels) != nil {
		r.labels = nil
	}
}

// data is what has no field of ours.
func (r *record) data(pairs ...string) []byte {
	pairs = append(pairs, "customId", string(r.CustomID), "messageGuid", string(r.GUID),
		"campaignId", number(r.Campaign), "contactId", number(r.Contact))
	if r.labels == nil {
		pairs = append(pairs, "payload", string(r.Payload))
	}
	return provider.Object(pairs...)
}

// number is an id; Mailjet writes 0 for none.
func number(t provider.Text) string {
	if t == "0" {
		return ""
	}
	return string(t)
}
