package sparkpost

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
	"tidings/provider"
)

// record is one event: https://developers.sparkpost.com/api/webhooks/#webhooks-event-reference. Numbers come as numbers
// and as strings.
type record struct {
	Type           provider.Text   `json:"type"`
	EventID        provider.Text   `json:"event_id"`
	Timestamp      provider.Text   `json:"timestamp"`
	TransmissionID provider.Text   `json:"transmission_id"`
	MessageID      provider.Text   `json:"message_id"`
	RcptTo         provider.Text   `json:"rcpt_to"`
	RawRcptTo      provider.Text   `json:"raw_rcpt_to"`
	CampaignID     provider.Text   `json:"campaign_id"`
	Meta           provider.Labels `json:"rcpt_meta"`
	Tags           provider.Texts  `json:"rcpt_tags"`
	Subject        provider.Text   `json:"subject"`
	FriendlyFrom   provider.Text   `json:"friendly_from"`
	MsgFrom        provider.Text   `json:"msg_from"`
	TemplateID     provider.Text   `json:"template_id"`
	SubaccountID   provider.Text   `json:"subaccount_id"`
	InjectionTime  provider.Text   `json:"injection_time"`
	BounceClass    provider.Text   `json:"bounce_class"`
	ErrorCode      provider.Text   `json:"error_code"`
	RawReason      provider.Text   `json:"raw_reason"`
	Reason         provider.Text   `json:"reason"`
	IP             provider.Text   `json:"ip_address"`
	UserAgent      provider.Text   `json:"user_agent"`
	Parsed         jsontext.Value  `json:"user_agent_parsed"`
	URL            provider.Text   `json:"target_link_url"`
	LinkName       provider.Text   `json:"target_link_name"`
	FBType         provider.Text   `json:"fbtype"`
	ReportBy       provider.Text   `json:"report_by"`
	NumRetries     provider.Text   `json:"num_retries"`
	QueueTime      provider.Text   `json:"queue_time"`
	SendingIP      provider.Text   `json:"sending_ip"`
	RecvMethod     provider.Text   `json:"recv_method"`
	MailboxProv    provider.Text   `json:"mailbox_provider"`
	Geo            jsontext.Value  `json:"geo_ip"`

	class string // the member of msys that it stood in
}

// parsedAgent is what SparkPost read off a user agent.
type parsedAgent struct {
	Family       provider.Text `json:"agent_family"`
	OS           provider.Text `json:"os_family"`
	IsMobile     provider.Flag `json:"is_mobile"`
	IsProxy      provider.Flag `json:"is_proxy"`
	IsPrefetched provider.Flag `json:"is_prefetched"`
}

// The rcpt_meta members that hold our own words, unless the source names others.
const (
	defaultTemplateTag = "templateKey"
	defaultWorkflowTag = "sequenceId"
)

func (r *record) recipient() string { return string(cmp.Or(r.RawRcptTo, r.RcptTo)) }

func (r *record) diagnostic() string { return string(cmp.Or(r.RawReason, r.Reason)) }

func (r *record) draft(src provider.Source) event.Draft {
	at := provider.ParseTime(string(r.Timestamp))
	d := event.Draft{IdentityAt: at, Key: r.key()}
	d.OccurredAt, d.Recipient, d.Attribution = at, r.recipient(), event.Exact
	d.Message = r.message(src)
	fill, known := words[string(r.Type)]
	if !known {
		fill = readUnknown
	}
	more := fill(r, &d.Event)
	d.Data = provider.Object(append(more, "message_id", string(r.MessageID), "transmission_id", string(r.TransmissionID),
		"sending_ip", string(r.SendingIP), "recv_method", string(r.RecvMethod), "mailbox_provider", string(r.MailboxProv))...)
	return d
}

// key is the natural key: SparkPost's own id of the event, else its words.
func (r *record) key() []string {
	if r.EventID != "" {
		return []string{"event_id", string(r.EventID)}
	}
	return []string{
		string(r.Type), string(r.TransmissionID), string(r.MessageID), provider.KeyAddress(r.recipient()), string(r.Timestamp),
		string(r.URL), string(r.IP), string(r.UserAgent),
	}
}

// message: the sender knows the transmission. Opens and clicks of mail older than 60 days lack it and have the
// message's own id alone.
func (r *record) message(src provider.Source) *event.Message {
	templateTag, workflowTag := cmp.Or(src.TemplateTag, defaultTemplateTag), cmp.Or(src.WorkflowTag, defaultWorkflowTag)
	from := event.ParseAddress(string(cmp.Or(r.FriendlyFrom, r.MsgFrom)))
	m := &event.Message{
		ID:      string(cmp.Or(r.TransmissionID, r.MessageID)),
		Subject: string(r.Subject), From: from.Key, SenderDomain: from.Domain, Account: string(r.SubaccountID),
		Template: cmp.Or(r.Meta[templateTag], string(r.TemplateID)), Workflow: r.Meta[workflowTag],
		Tags: slices.Clone(r.Tags), SentAt: provider.ParseTime(string(r.InjectionTime)),
	}
	if r.CampaignID != "" {
		m.Tags = append(m.Tags, string(r.CampaignID))
	}
	delete(r.Meta, templateTag)
	delete(r.Meta, workflowTag)
	m.Metadata = r.Meta
	return m
}

// smtp is what the remote server answered; error_code is its code.
func (r *record) smtp() (code int, enhanced string) {
	code, enhanced = event.ParseSMTP(r.diagnostic())
	if n, err := strconv.Atoi(string(r.ErrorCode)); err == nil && n >= 200 && n < 600 {
		code = n
	}
	return code, enhanced
}

// engaged sets who opened or clicked.
func (r *record) engaged(e *event.Event) {
	var p parsedAgent
	if len(r.Parsed) > 0 && provider.DecodeJSON(r.Parsed, &p) != nil {
		p = parsedAgent{}
	}
	c := event.Client{IP: string(r.IP), UserAgent: string(r.UserAgent), OS: string(p.OS), App: string(p.Family)}
	if p.IsMobile {
		c.Device = "mobile"
	}
	if c != (event.Client{}) {
		e.Client = &c
	}
	switch {
	case bool(p.IsPrefetched):
		e.Automation = &event.Automation{Verdict: event.Machine, Signals: []string{"is_prefetched"}}
	case bool(p.IsProxy):
		e.Automation = &event.Automation{Verdict: event.Proxy, Signals: []string{"is_proxy"}}
	}
}
