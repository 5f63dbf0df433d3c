package postmark

import (
	"cmp"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/provider"
)

// record is one webhook: https://postmarkapp.com/developer/webhooks/webhooks-overview. The kinds of records share most of
// their members.
type record struct {
	RecordType    provider.Text   `json:"RecordType"`
	MessageID     provider.Text   `json:"MessageID"`
	ServerID      provider.Text   `json:"ServerID"`
	ServerIDToo   provider.Text   `json:"ServerId"`
	MessageStream provider.Text   `json:"MessageStream"`
	Tag           provider.Text   `json:"Tag"`
	Metadata      provider.Labels `json:"Metadata"`
	Recipient     provider.Text   `json:"Recipient"`
	Email         provider.Text   `json:"Email"`
	From          provider.Text   `json:"From"`
	Subject       provider.Text   `json:"Subject"`
	Details       provider.Text   `json:"Details"`

	DeliveredAt provider.Text `json:"DeliveredAt"`
	BouncedAt   provider.Text `json:"BouncedAt"`
	ReceivedAt  provider.Text `json:"ReceivedAt"`
	ChangedAt   provider.Text `json:"ChangedAt"`

	ID          provider.Text `json:"ID"`
	Type        provider.Text `json:"Type"`
	TypeCode    provider.Text `json:"TypeCode"`
	Description provider.Text `json:"Description"`
	Inactive    provider.Text `json:"Inactive"`

	FirstOpen     provider.Text  `json:"FirstOpen"`
	ReadSeconds   provider.Text  `json:"ReadSeconds"`
	Platform      provider.Text  `json:"Platform"`
	UserAgent     provider.Text  `json:"UserAgent"`
	Client        jsontext.Value `json:"Client"`
	OS            jsontext.Value `json:"OS"`
	Geo           jsontext.Value `json:"Geo"`
	OriginalLink  provider.Text  `json:"OriginalLink"`
	ClickLocation provider.Text  `json:"ClickLocation"`

	SuppressSending   provider.Flag `json:"SuppressSending"`
	SuppressionReason provider.Text `json:"SuppressionReason"`
	Origin            provider.Text `json:"Origin"`

	FromFull jsontext.Value `json:"FromFull"` // only inbound mail has it
}

// The Metadata members that hold our own words, unless the source names others.
const (
	defaultTemplateTag = "templateKey"
	defaultWorkflowTag = "sequenceId"
)

func (r *record) inbound() bool {
	return r.RecordType == "Inbound" || r.Type == "InboundError" || r.RecordType == "" && len(r.FromFull) > 0
}

func (r *record) recipient() string { return string(cmp.Or(r.Recipient, r.Email)) }

func (r *record) time() string {
	return string(cmp.Or(r.DeliveredAt, r.BouncedAt, r.ReceivedAt, r.ChangedAt))
}

func (r *record) draft(src provider.Source) event.Draft {
	at := provider.ParseTime(r.time())
	d := event.Draft{IdentityAt: at, Key: r.key()}
	d.OccurredAt, d.Recipient, d.Attribution = at, r.recipient(), event.Exact
	d.Message = r.message(src)
	fill, known := words[string(r.RecordType)]
	if !known {
		fill = readUnknown
	}
	more := fill(r, &d.Event)
	d.Data = provider.Object(append(more, "MessageStream", string(r.MessageStream))...)
	return d
}

// key is the natural key: the id of a bounce or complaint, else the record's words. The message's id alone is no key: all
// its opens and clicks share it.
func (r *record) key() []string {
	if r.ID != "" && r.ID != "0" {
		return []string{string(r.RecordType), "ID", string(r.ID)}
	}
	direction := ""
	if r.SuppressSending {
		direction = "SuppressSending"
	}
	return []string{
		string(r.RecordType), string(r.MessageID), provider.KeyAddress(r.recipient()), r.time(), string(r.OriginalLink), direction,
	}
}

func (r *record) message(src provider.Source) *event.Message {
	templateTag, workflowTag := cmp.Or(src.TemplateTag, defaultTemplateTag), cmp.Or(src.WorkflowTag, defaultWorkflowTag)
	from := event.ParseAddress(string(r.From))
	m := &event.Message{
		ID: string(r.MessageID), Subject: string(r.Subject), From: from.Key, SenderDomain: from.Domain,
		Account:  string(cmp.Or(r.ServerID, r.ServerIDToo)),
		Template: r.Metadata[templateTag], Workflow: r.Metadata[workflowTag],
	}
	if r.Tag != "" {
		m.Tags = []string{string(r.Tag)}
	}
	delete(r.Metadata, templateTag)
	delete(r.Metadata, workflowTag)
	m.Metadata = r.Metadata
	return m
}

// named is a client or an operating system, as Postmark read it off the user agent.
type named struct {
	Name provider.Text `json:"Name"`
	IP   provider.Text `json:"IP"` // of Geo
}

// part reads a member that may be an object, null or absent.
func part(v jsontext.Value) (n named) {
	if v.Kind() != jsontext.KindBeginObject || provider.DecodeJSON(v, &n) != nil {
		return named{}
	}
	return n
}

// engaged sets who opened or clicked.
func (r *record) engaged(e *event.Event) {
	c := event.Client{
		IP: string(part(r.Geo).IP), UserAgent: string(r.UserAgent), Device: devices[string(r.Platform)],
		OS: told(string(part(r.OS).Name)), App: told(string(part(r.Client).Name)),
	}
	if c != (event.Client{}) {
		e.Client = &c
	}
}

// devices are ours for Postmark's platforms. WebMail and Unknown say nothing of the device.
var devices = map[string]string{"Desktop": "desktop", "Mobile": "mobile", "Tablet": "tablet"}

// told is a name, unless it is the word for none.
func told(name string) string {
	if strings.EqualFold(name, "unknown") {
		return ""
	}
	return name
}
