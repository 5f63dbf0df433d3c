package mandrill

import (
	"strings"

	"tidings/event"
	"tidings/provider"
)

// words are the event words with what each becomes.
var words = map[string]func(*record, *event.Event){
	"send":        (*record).fillSent,
	"delivered":   (*record).fillDelivery,
	"deferral":    (*record).fillDelay,
	"hard_bounce": (*record).fillBounce,
	"soft_bounce": (*record).fillBounce,
	"open":        (*record).fillOpen,
	"click":       (*record).fillClick,
	"spam":        (*record).fillComplaint,
	"unsub":       (*record).fillUnsubscribe,
	"reject":      (*record).fillReject,
}

func (r *record) fill(e *event.Event) {
	fill, known := words[r.word()]
	if known {
		fill(r, e)
		return
	}
	e.Name = event.EmailUnknown
	e.Data = provider.Object("event", string(r.Event), "type", string(r.Type), "action", string(r.Action),
		"reason", first(r.Reject.Reason, r.Entry.Reason), "detail", first(r.Reject.Detail, r.Entry.Detail))
}

func (r *record) fillSent(e *event.Event) { e.Name = event.EmailSent }

func (r *record) fillDelivery(e *event.Event) {
	e.Name, e.Delivery = event.EmailDelivery, &event.Delivery{SMTPResponse: r.diagnostic()}
	if n := len(r.Message.SMTP); n > 0 {
		last := r.Message.SMTP[n-1]
		e.Data = provider.Object("sourceIp", string(last.Source), "destinationIp", string(last.Remote))
	}
}

func (r *record) fillDelay(e *event.Event) {
	text := r.diagnostic()
	code, enhanced, reason := provider.Response(text)
	e.Name = event.EmailDelay
	e.Delay = &event.Delay{Reason: reason, SMTPCode: code, EnhancedCode: enhanced, Diagnostic: text}
}

// outcome is what a bounce means. An empty class is that of the event word, an empty reason read off the server's answer.
type outcome struct {
	class  event.BounceClass
	reason string
}

// descriptions are what bounce_description means. "general", and any that is new, mean what word and answer say.
var descriptions = map[string]outcome{
	"bad_mailbox":          {"", event.ReasonNoSuchUser},
	"invalid_domain":       {"", event.ReasonDNS},
	"dns_error":            {"", event.ReasonDNS},
	"mailbox_full":         {event.Soft, event.ReasonMailboxFull},
	"message_too_large":    {event.Soft, event.ReasonMessageTooLarge},
	"too_large":            {event.Soft, event.ReasonMessageTooLarge},
	"timeout":              {event.Soft, event.ReasonRetriesExhausted},
	"unreachable":          {event.Soft, event.ReasonUnreachable},
	"relay_denied":         {event.Block, event.ReasonBlocked},
	"blocked":              {event.Block, event.ReasonBlocked},
	"known_spammer":        {event.Block, event.ReasonBlocked},
	"spam":                 {event.Block, event.ReasonSpam},
	"spam_detected":        {event.Block, event.ReasonSpam},
	"attachment_detected":  {event.Block, event.ReasonAttachmentRejected},
	"auto_reply":           {event.AutoReply, ""},
	"out_of_office":        {event.AutoReply, ""},
	"challenge_response":   {event.AutoReply, ""},
	"undetermined":         {event.Undetermined, ""},
	"temporary_failure":    {event.Soft, ""},
	"virus_detected":       {event.Block, event.ReasonVirus},
	"authentication_error": {event.Block, event.ReasonAuthentication},
}

// fillBounce: Mandrill reports a bounce, soft ones too, when it has given up.
func (r *record) fillBounce(e *event.Event) {
	text := r.diagnostic()
	code, enhanced, reason := provider.Response(text)
	o := descriptions[strings.ToLower(string(r.Message.Description))]
	if o.reason == "" {
		o.reason = reason
	}
	if o.class == "" {
		o.class = event.Hard
		if r.Event == "soft_bounce" {
			o.class = event.Soft
		}
		if class := provider.RefusalClass(o.reason); class != "" {
			o.class = class
		}
	}
	e.Name = event.EmailBounce
	e.Bounce = &event.Bounce{
		Class: o.class, Final: true, Reason: o.reason, SMTPCode: code, EnhancedCode: enhanced, Diagnostic: text,
	}
	e.Data = provider.Object("event", string(r.Event), "bounceDescription", string(r.Message.Description),
		"bgtoolsCode", string(r.Message.Tools))
}

func (r *record) fillOpen(e *event.Event) {
	e.Name, e.Open = event.EmailOpen, &event.Engagement{}
	e.Client, e.Data = r.client(), r.place()
}

func (r *record) fillClick(e *event.Event) {
	e.Name, e.Click = event.EmailClick, &event.Engagement{URL: string(r.URL)}
	e.Client, e.Data = r.client(), r.place()
}

func (r *record) fillComplaint(e *event.Event) {
	e.Name, e.Complaint = event.EmailComplaint, &event.Complaint{}
	e.Client = r.client()
}

func (r *record) fillUnsubscribe(e *event.Event) {
	e.Name, e.Subscription = event.EmailUnsubscribe, &event.Subscription{}
	e.Client, e.Data = r.client(), r.place()
}

// rejects are why Mandrill did not try.
var rejects = map[string]string{
	"hard-bounce":     event.ReasonSuppressed,
	"soft-bounce":     event.ReasonSuppressed,
	"spam":            event.ReasonSuppressed,
	"custom":          event.ReasonSuppressed,
	"unsub":           event.ReasonUnsubscribed,
	"invalid":         event.ReasonNoSuchUser,
	"invalid-sender":  event.ReasonAuthentication,
	"unsigned":        event.ReasonAuthentication,
	"test-mode-limit": event.ReasonThrottled,
	"rule":            event.ReasonBlocked,
}

func (r *record) fillReject(e *event.Event) {
	reason := first(r.Message.Reject.Reason, r.Reject.Reason)
	detail := first(r.Message.Reject.Detail, r.Reject.Detail, provider.Text(reason))
	e.Name, e.Reject = event.EmailReject, &event.Refusal{Reason: rejects[reason], Detail: detail}
	e.Data = provider.Object("reason", reason)
}

func (r *record) client() *event.Client {
	c := event.Client{IP: string(r.IP), UserAgent: string(r.Agent)}
	if c == (event.Client{}) {
		return nil
	}
	c.OS, c.App = string(r.Parsed.OS), string(r.Parsed.Name)
	if r.Parsed.Mobile {
		c.Device = "mobile"
	}
	return &c
}

func (r *record) place() []byte {
	return provider.Object("country", string(r.Location.Country), "region", string(r.Location.Region),
		"city", string(r.Location.City), "agentType", string(r.Parsed.Type))
}
