package sendgrid

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/provider"
)

// record is one event: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event. The sender's own unique
// arguments stand among SendGrid's members; whatever is not SendGrid's is theirs.
type record struct {
	word, email, timestamp, id, messageID, smtpID string
	reason, response, status, kind, class         string
	ip, agent, url                                string
	machine                                       provider.Flag
	group                                         string

	more   []string // names and values of SendGrid's that have no field of ours
	labels provider.Labels
	tags   provider.Texts

	template, workflow string
}

// fields are SendGrid's members with a field of ours.
var fields = map[string]func(*record) *string{
	"event":                 func(r *record) *string { return &r.word },
	"email":                 func(r *record) *string { return &r.email },
	"timestamp":             func(r *record) *string { return &r.timestamp },
	"sg_event_id":           func(r *record) *string { return &r.id },
	"sg_message_id":         func(r *record) *string { return &r.messageID },
	"smtp-id":               func(r *record) *string { return &r.smtpID },
	"reason":                func(r *record) *string { return &r.reason },
	"response":              func(r *record) *string { return &r.response },
	"status":                func(r *record) *string { return &r.status },
	"type":                  func(r *record) *string { return &r.kind },
	"bounce_classification": func(r *record) *string { return &r.class },
	"ip":                    func(r *record) *string { return &r.ip },
	"useragent":             func(r *record) *string { return &r.agent },
	"url":                   func(r *record) *string { return &r.url },
	"asm_group_id":          func(r *record) *string { return &r.group },
	"sg_template_id":        func(r *record) *string { return &r.template },
}

// others are SendGrid's members that go into an event's data.
var others = map[string]bool{
	"attempt": true, "tls": true, "cert_err": true, "sg_content_type": true, "url_offset": true, "pool": true,
	"marketing_campaign_id": true, "marketing_campaign_name": true, "marketing_campaign_version": true,
	"marketing_campaign_split_id": true, "sg_template_name": true, "sg_user_id": true,
}

// The unique arguments that hold our own words, unless the source names others.
const (
	defaultTemplateTag = "templateKey"
	defaultWorkflowTag = "sequenceId"
)

func readRecord(text jsontext.Value, src provider.Source) (*record, error) {
	r := &record{more: make([]string, 0, 24)}
	templateTag, workflowTag := src.TemplateTag, src.WorkflowTag
	if templateTag == "" {
		templateTag = defaultTemplateTag
	}
	if workflowTag == "" {
		workflowTag = defaultWorkflowTag
	}
	ownTemplate := ""
	err := provider.EachMember(text, func(name string, v jsontext.Value) {
		field, known := fields[name]
		switch {
		case known:
			*field(r) = provider.TextOf(v)
		case name == "category":
			r.tags = provider.TextsOf(v)
		case name == "sg_machine_open":
			r.machine = provider.FlagOf(v)
		case others[name]:
			r.more = append(r.more, name, provider.JSONText(v))
		case name == templateTag:
			ownTemplate = provider.TextOf(v)
		case name == workflowTag:
			r.workflow = provider.TextOf(v)
		default:
			r.labels.Set(name, v)
		}
	})
	if ownTemplate != "" {
		r.template = ownTemplate
	}
	return r, err
}

func (r *record) draft() event.Draft {
	at := provider.UnixTime(r.timestamp)
	d := event.Draft{IdentityAt: at, Key: r.key()}
	d.OccurredAt, d.Recipient, d.Attribution = at, r.email, event.Exact
	d.Message = &event.Message{
		ID: messageID(r.messageID, r.smtpID), Template: r.template, Workflow: r.workflow, Tags: r.tags, Metadata: r.labels,
	}
	fill, known := words[r.word]
	if !known {
		d.Name = event.EmailUnknown
		r.more = append(r.more, "event", r.word)
	} else {
		fill(r, &d.Event)
	}
	r.more = append(r.more, "sg_message_id", r.messageID, "smtp-id", r.smtpID)
	d.Data = provider.Object(r.more...)
	return d
}

// key is the natural key: SendGrid's own id of the event, else its words.
func (r *record) key() []string {
	if r.id != "" {
		return []string{"sg_event_id", r.id}
	}
	return []string{r.word, r.messageID, provider.KeyAddress(r.email), r.timestamp, r.url, r.ip, r.agent, r.group}
}

// messageID is what SendGrid answered to the sender as X-Message-Id: the beginning of sg_message_id, up to the name of the
// machine that worked on it. Asynchronous bounces may lack that; then it is in the local part of smtp-id, unless the
// sender chose the Message-ID.
func messageID(id, smtpID string) string {
	for _, machine := range [...]string{".filter", ".recvd-"} {
		if i := strings.Index(id, machine); i > 0 {
			return id[:i]
		}
	}
	if id != "" {
		// An id that begins with the machine has no part of its own.
		if head, _, ok := strings.Cut(id, "."); ok && !strings.HasPrefix(id, "filter") {
			return head
		}
		return id
	}
	smtpID = provider.BareID(smtpID)
	local, host, _ := strings.Cut(smtpID, "@")
	if strings.Contains(host, "ismtpd") {
		return local
	}
	return smtpID
}

func (r *record) client() *event.Client {
	if r.ip == "" && r.agent == "" {
		return nil
	}
	return &event.Client{IP: r.ip, UserAgent: r.agent}
}

// sentAt is when SendGrid took the message, which only processed tells.
func (r *record) sentAt() time.Time { return provider.UnixTime(r.timestamp) }
