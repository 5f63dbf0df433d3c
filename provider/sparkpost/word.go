package sparkpost

import (
	"strconv"
	"strings"

	"tidings/event"
	"tidings/provider"
)

// words are the types of events with what each becomes. A reader returns names and values for the event's data.
var words = map[string]func(*record, *event.Event) []string{
	"injection":            readInjection,
	"delivery":             readDelivery,
	"delay":                readDelay,
	"bounce":               readBounce,
	"out_of_band":          readBounce,
	"spam_complaint":       readComplaint,
	"policy_rejection":     readRejection,
	"generation_rejection": readRejection,
	"generation_failure":   readFailure,
	"open":                 readOpen,
	"initial_open":         readOpen,
	"amp_open":             readOpen,
	"amp_initial_open":     readOpen,
	"click":                readClick,
	"amp_click":            readClick,
	"list_unsubscribe":     readUnsubscribe,
	"link_unsubscribe":     readUnsubscribe,
}

func readUnknown(r *record, e *event.Event) []string {
	e.Name = event.EmailUnknown
	return []string{"type", string(r.Type), "class", r.class}
}

func readInjection(r *record, e *event.Event) []string {
	e.Name = event.EmailQueued
	e.Message.SentAt = provider.ParseTime(string(r.Timestamp))
	return nil
}

func readDelivery(r *record, e *event.Event) []string {
	e.Name = event.EmailDelivery
	queued, _ := strconv.ParseInt(string(r.QueueTime), 10, 64) // 0 where it is not told
	e.Delivery = &event.Delivery{SMTPResponse: r.diagnostic(), ProcessingMs: max(queued, 0)}
	return []string{"num_retries", string(r.NumRetries)}
}

func readDelay(r *record, e *event.Event) []string {
	e.Name = event.EmailDelay
	code, enhanced := r.smtp()
	reason := bounceClasses[string(r.BounceClass)].reason
	if reason == "" {
		reason = event.ReasonOfSMTP(code, enhanced)
	}
	e.Delay = &event.Delay{Reason: reason, SMTPCode: code, EnhancedCode: enhanced, Diagnostic: r.diagnostic()}
	return []string{"bounce_class", string(r.BounceClass), "num_retries", string(r.NumRetries), "queue_time", string(r.QueueTime)}
}

// outcome is what a class of bounces means. An empty reason is read off the SMTP status.
type outcome struct {
	class  event.BounceClass
	reason string
}

// bounceClasses: https://support.sparkpost.com/docs/deliverability/bounce-classification-codes. Classes 80 and 90 are
// requests by mail, and no bounces.
var bounceClasses = map[string]outcome{
	"1":   {event.Undetermined, ""},
	"10":  {event.Hard, event.ReasonNoSuchUser},
	"20":  {event.Soft, ""},
	"21":  {event.Soft, event.ReasonDNS},
	"22":  {event.Soft, event.ReasonMailboxFull},
	"23":  {event.Soft, event.ReasonMessageTooLarge},
	"24":  {event.Soft, event.ReasonRetriesExhausted},
	"25":  {event.Block, event.ReasonBlocked},
	"30":  {event.Hard, event.ReasonNoSuchUser},
	"40":  {event.Soft, ""},
	"50":  {event.Block, event.ReasonBlocked},
	"51":  {event.Block, event.ReasonBlocked},
	"52":  {event.Block, event.ReasonSpam},
	"53":  {event.Block, event.ReasonAttachmentRejected},
	"54":  {event.Block, event.ReasonBlocked},
	"60":  {event.AutoReply, ""},
	"70":  {event.Soft, ""},
	"100": {event.AutoReply, ""},
}

const (
	classSubscribe   = "80"
	classUnsubscribe = "90"
)

func readBounce(r *record, e *event.Event) []string {
	data := []string{
		"type", string(r.Type), "bounce_class", string(r.BounceClass), "reason", string(r.Reason),
		"num_retries", string(r.NumRetries),
	}
	switch r.BounceClass {
	case classSubscribe:
		e.Name, e.Subscription = event.EmailSubscribe, &event.Subscription{Origin: string(r.Type)}
		return data
	case classUnsubscribe:
		e.Name, e.Subscription = event.EmailUnsubscribe, &event.Subscription{Origin: string(r.Type)}
		return data
	}
	e.Name = event.EmailBounce
	o, ok := bounceClasses[string(r.BounceClass)]
	if !ok {
		o.class = event.Undetermined
	}
	if r.suppressed() {
		o = outcome{event.Suppressed, event.ReasonSuppressed}
	}
	code, enhanced := r.smtp()
	if o.reason == "" && o.class != event.AutoReply {
		o.reason = event.ReasonOfSMTP(code, enhanced)
	}
	e.Bounce = &event.Bounce{
		Class: o.class, Final: true, Reason: o.reason, SMTPCode: code, EnhancedCode: enhanced, Diagnostic: r.diagnostic(),
	}
	return data
}

// suppressed reports whether SparkPost did not try, because the address is on its suppression list. It says so in words
// alone: "recipient address was suppressed due to customer policy".
func (r *record) suppressed() bool {
	return strings.Contains(strings.ToLower(r.diagnostic()), "recipient address") &&
		strings.Contains(strings.ToLower(r.diagnostic()), "suppressed due to")
}

func readRejection(r *record, e *event.Event) []string {
	e.Name = event.EmailReject
	code, enhanced := r.smtp()
	reason := event.ReasonOfSMTP(code, enhanced)
	if r.suppressed() {
		reason = event.ReasonSuppressed
	}
	e.Reject = &event.Refusal{Reason: reason, Detail: r.diagnostic()}
	return []string{"type", string(r.Type), "bounce_class", string(r.BounceClass), "error_code", string(r.ErrorCode)}
}

func readFailure(r *record, e *event.Event) []string {
	e.Name = event.EmailFailure
	e.Failure = &event.Refusal{Reason: event.ReasonTemplate, Detail: r.diagnostic()}
	return []string{"error_code", string(r.ErrorCode)}
}

func readComplaint(r *record, e *event.Event) []string {
	e.Name = event.EmailComplaint
	e.Complaint = &event.Complaint{FeedbackType: strings.ToLower(string(r.FBType))}
	return []string{"report_by", string(r.ReportBy)}
}

func readOpen(r *record, e *event.Event) []string {
	e.Name, e.Open = event.EmailOpen, &event.Engagement{}
	r.engaged(e)
	return []string{"type", string(r.Type), "geo_ip", provider.JSONText(r.Geo)}
}

func readClick(r *record, e *event.Event) []string {
	e.Name, e.Click = event.EmailClick, &event.Engagement{URL: string(r.URL)}
	r.engaged(e)
	return []string{"type", string(r.Type), "target_link_name", string(r.LinkName), "geo_ip", provider.JSONText(r.Geo)}
}

func readUnsubscribe(r *record, e *event.Event) []string {
	e.Name, e.Subscription = event.EmailUnsubscribe, &event.Subscription{Origin: string(r.Type)}
	r.engaged(e)
	e.Automation = nil // it is kept for opens and clicks
	return []string{"target_link_url", string(r.URL), "target_link_name", string(r.LinkName)}
}
