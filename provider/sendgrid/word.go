package sendgrid

import (
	"strings"

	"tidings/event"
)

// wordAccount tells of the account and not of a message.
const wordAccount = "account_status_change"

// words are the event words with what each becomes.
var words = map[string]func(*record, *event.Event){
	"processed":         readProcessed,
	"delivered":         readDelivered,
	"deferred":          readDeferred,
	"bounce":            readBounce,
	"dropped":           readDropped,
	"open":              readOpen,
	"click":             readClick,
	"spamreport":        readSpamReport,
	"unsubscribe":       readUnsubscribe,
	"group_unsubscribe": readGroupUnsubscribe,
	"group_resubscribe": readGroupResubscribe,
}

func readProcessed(r *record, e *event.Event) {
	e.Name = event.EmailQueued
	e.Message.SentAt = r.sentAt()
	r.more = append(r.more, "asm_group_id", r.group)
}

func readDelivered(r *record, e *event.Event) {
	e.Name = event.EmailDelivery
	e.Delivery = &event.Delivery{SMTPResponse: r.response}
	r.more = append(r.more, "ip", r.ip, "asm_group_id", r.group)
}

func readDeferred(r *record, e *event.Event) {
	e.Name = event.EmailDelay
	text := r.response
	if text == "" {
		text = r.reason
	}
	code, enhanced := event.ParseSMTP(text)
	e.Delay = &event.Delay{Reason: event.ReasonOfSMTP(code, enhanced), SMTPCode: code, EnhancedCode: enhanced, Diagnostic: text}
	r.more = append(r.more, "ip", r.ip, "asm_group_id", r.group)
}

// outcome is what a bounce means. An empty reason is read off the SMTP status alone.
type outcome struct {
	class  event.BounceClass
	reason string
}

// classifications are SendGrid's own reading of what the recipient's server answered:
// https://www.twilio.com/docs/sendgrid/ui/analytics-and-reporting/bounce-and-block-classifications. One that is not
// listed, Invalid Address and Unclassified among them, means what the bounce's type means.
var classifications = map[string]outcome{
	"content":                      {event.Block, event.ReasonContentRejected},
	"reputation":                   {event.Block, event.ReasonBlocked},
	"frequency or volume too high": {event.Block, event.ReasonThrottled},
	"frequency/volume too high":    {event.Block, event.ReasonThrottled},
	"mailbox unavailable":          {event.Soft, event.ReasonMailboxFull},
	"technical":                    {event.Soft, event.ReasonUnreachable},
	"technical failure":            {event.Soft, event.ReasonUnreachable},
}

// bounceTypes are the types of a bounce. A block is a refusal for now: SendGrid tries again with the next message.
var bounceTypes = map[string]outcome{
	"bounce":  {event.Hard, ""},
	"blocked": {event.Block, ""},
	"expired": {event.Soft, event.ReasonRetriesExhausted},
}

func readBounce(r *record, e *event.Event) {
	e.Name = event.EmailBounce
	code, enhanced := event.ParseSMTP(r.reason)
	if r.status != "" && (enhanced == "" || !strings.HasSuffix(r.status, ".0.0")) {
		enhanced = r.status
	}
	o := r.outcome()
	reason := event.ReasonOfSMTP(code, specific(enhanced))
	switch {
	case reason == "":
		reason = o.reason
	case reason == event.ReasonMailboxFull && o.class == event.Hard:
		o.class = event.Soft // full today
	}
	if reason == "" && o.class == event.Hard && strings.EqualFold(r.class, "Invalid Address") {
		reason = event.ReasonNoSuchUser
	}
	e.Bounce = &event.Bounce{
		Class: o.class, Final: true, Reason: reason, SMTPCode: code, EnhancedCode: enhanced, Diagnostic: r.reason,
	}
	r.more = append(r.more, "type", r.kind, "bounce_classification", r.class, "ip", r.ip, "asm_group_id", r.group)
}

func (r *record) outcome() outcome {
	if o, ok := classifications[strings.ToLower(r.class)]; ok {
		return o
	}
	if o, ok := bounceTypes[strings.ToLower(r.kind)]; ok {
		return o
	}
	return outcome{event.Undetermined, ""}
}

// specific is an enhanced code that says more than its first digit, else none.
func specific(enhanced string) string {
	if strings.HasSuffix(enhanced, ".0.0") {
		return ""
	}
	return enhanced
}

// dropReasons are why SendGrid did not try.
var dropReasons = map[string]string{
	"bounced address":        event.ReasonSuppressed,
	"spam reporting address": event.ReasonSuppressed,
	"unsubscribed address":   event.ReasonUnsubscribed,
	"invalid":                event.ReasonNoSuchUser,
	"spam content":           event.ReasonSpam,
	"spam content (if spam checker app is enabled)": event.ReasonSpam,
	"recipient list over package quota":             event.ReasonThrottled,
	"blocked":                                       event.ReasonBlocked,
	"expired":                                       event.ReasonTimeout,
}

func readDropped(r *record, e *event.Event) {
	e.Name = event.EmailReject
	reason := dropReasons[strings.ToLower(r.reason)]
	if reason == "" {
		reason = dropReasons[strings.ToLower(r.kind)]
	}
	e.Reject = &event.Refusal{Reason: reason, Detail: r.reason}
	r.more = append(r.more, "type", r.kind, "status", r.status, "asm_group_id", r.group)
}

func readOpen(r *record, e *event.Event) {
	e.Name = event.EmailOpen
	e.Open = &event.Engagement{}
	e.Client = r.client()
	if r.machine {
		e.Automation = &event.Automation{Verdict: event.Machine, Signals: []string{"sg_machine_open"}}
	}
	r.more = append(r.more, "asm_group_id", r.group)
}

func readClick(r *record, e *event.Event) {
	e.Name = event.EmailClick
	e.Click = &event.Engagement{URL: r.url}
	e.Client = r.client()
	r.more = append(r.more, "asm_group_id", r.group)
}

func readSpamReport(r *record, e *event.Event) {
	e.Name = event.EmailComplaint
	e.Complaint = &event.Complaint{}
	e.Client = r.client()
	r.more = append(r.more, "asm_group_id", r.group)
}

func readUnsubscribe(r *record, e *event.Event) {
	e.Name = event.EmailUnsubscribe
	e.Subscription = &event.Subscription{Origin: r.word}
	e.Client = r.client()
	r.more = append(r.more, "asm_group_id", r.group)
}

func readGroupUnsubscribe(r *record, e *event.Event) {
	r.readGroup(e, event.EmailUnsubscribe)
}

func readGroupResubscribe(r *record, e *event.Event) {
	r.readGroup(e, event.EmailSubscribe)
}

// readGroup: an unsubscribe group is a topic of ours.
func (r *record) readGroup(e *event.Event, name event.Name) {
	e.Name = name
	e.Subscription = &event.Subscription{Origin: r.word}
	if r.group != "" {
		e.Subscription.Topics = []string{r.group}
	}
	e.Client = r.client()
	r.more = append(r.more, "url", r.url)
}
