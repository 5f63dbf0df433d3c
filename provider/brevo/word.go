package brevo

import (
	"slices"
	"strings"

	"tidings/event"
	"tidings/provider"
)

// word is what becomes of an event's word.
type word struct {
	name event.Name
	key  string // stands for the word in natural keys; empty: the word itself
	fill func(*record, *event.Event)
}

// words are the words that are known. Brevo has told the first open twice, as unique_opened and opened: in keys they are
// one word, so that it is one event.
var words = map[string]word{
	"request":           {name: event.EmailQueued, fill: nothing},
	"sent":              {name: event.EmailSent, fill: nothing},
	"delivered":         {name: event.EmailDelivery, fill: fillDelivery},
	"deferred":          {name: event.EmailDelay, fill: fillDelay},
	"soft_bounce":       {name: event.EmailBounce, fill: fillSoft},
	"hard_bounce":       {name: event.EmailBounce, fill: fillHard},
	"invalid_email":     {name: event.EmailBounce, fill: fillInvalid},
	"blocked":           {name: event.EmailReject, fill: fillBlocked},
	"error":             {name: event.EmailFailure, fill: fillError},
	"spam":              {name: event.EmailComplaint, key: "spam", fill: fillComplaint},
	"complaint":         {name: event.EmailComplaint, key: "spam", fill: fillComplaint},
	"unsubscribed":      {name: event.EmailUnsubscribe, key: "unsubscribe", fill: fillUnsubscribe},
	"unsubscribe":       {name: event.EmailUnsubscribe, key: "unsubscribe", fill: fillUnsubscribe},
	"list_addition":     {name: event.EmailSubscribe, fill: fillAddition},
	"opened":            {name: event.EmailOpen, key: "opened", fill: fillOpen},
	"unique_opened":     {name: event.EmailOpen, key: "opened", fill: fillOpen},
	"proxy_open":        {name: event.EmailOpen, key: "proxy_open", fill: fillProxy},
	"unique_proxy_open": {name: event.EmailOpen, key: "proxy_open", fill: fillProxy},
	"click":             {name: event.EmailClick, fill: fillClick},
}

func nothing(*record, *event.Event) {}

func fillDelivery(_ *record, e *event.Event) { e.Delivery = &event.Delivery{} }

func fillDelay(r *record, e *event.Event) {
	code, enhanced, reason := r.response()
	e.Delay = &event.Delay{Reason: reason, SMTPCode: code, EnhancedCode: enhanced, Diagnostic: r.text()}
}

// text is the reason without the blanks that Brevo puts around it.
func (r *record) text() string { return strings.TrimSpace(string(r.Reason)) }

// phrases are what Brevo itself writes where no server answered.
var phrases = []struct{ text, reason string }{
	{"unable to find mx", event.ReasonDNS},
	{"domain not found", event.ReasonDNS},
	{"user unknown", event.ReasonNoSuchUser},
	{"mailbox full", event.ReasonMailboxFull},
	{"connection timed out", event.ReasonUnreachable},
}

// answerMark stands before a server's answer.
const answerMark = "RecipientError:"

// response reads the reason as a server's answer.
func (r *record) response() (code int, enhanced, reason string) {
	answer := r.text()
	if _, after, ok := strings.Cut(answer, answerMark); ok {
		answer = after
	}
	code, enhanced, reason = provider.Response(answer)
	if reason != "" {
		return code, enhanced, reason
	}
	lower := strings.ToLower(r.text())
	for _, p := range phrases {
		if strings.Contains(lower, p.text) {
			return code, enhanced, p.reason
		}
	}
	return code, enhanced, ""
}

func (r *record) bounce(class event.BounceClass) *event.Bounce {
	code, enhanced, reason := r.response()
	return &event.Bounce{
		Class: class, Final: true, Reason: reason, SMTPCode: code, EnhancedCode: enhanced, Diagnostic: r.text(),
	}
}

// fillSoft: what Brevo tries again is deferred, so a soft bounce is final too.
func fillSoft(r *record, e *event.Event) { e.Bounce = r.bounce(event.Soft) }

func fillHard(r *record, e *event.Event) { e.Bounce = r.bounce(event.Hard) }

func fillInvalid(r *record, e *event.Event) {
	e.Bounce = r.bounce(event.Hard)
	if e.Bounce.Reason == "" {
		e.Bounce.Reason = event.ReasonNoSuchUser
	}
}

// lists are what Brevo writes where an address is on one of its lists.
var lists = []struct{ text, reason string }{
	{"unsubscri", event.ReasonUnsubscribed},
	{"blacklist user", event.ReasonSuppressed},
	{"blacklisted", event.ReasonSuppressed},
	{"blocklisted", event.ReasonSuppressed},
	{"hard bounce", event.ReasonSuppressed},
}

// fillBlocked: Brevo did not try.
func fillBlocked(r *record, e *event.Event) {
	e.Reject = &event.Refusal{Reason: event.ReasonBlocked, Detail: r.text()}
	lower := strings.ToLower(r.text())
	for _, l := range lists {
		if strings.Contains(lower, l.text) {
			e.Reject.Reason = l.reason
			return
		}
	}
}

func fillError(r *record, e *event.Event) {
	_, _, reason := r.response()
	e.Failure = &event.Refusal{Reason: reason, Detail: r.text()}
}

func fillComplaint(_ *record, e *event.Event) { e.Complaint = &event.Complaint{} }

// fillUnsubscribe: whoever leaves at Brevo gets no mail of any list, so the lists are data and no topics.
func fillUnsubscribe(r *record, e *event.Event) {
	e.Subscription = &event.Subscription{Origin: string(r.Event)}
}

// fillAddition: only these lists are joined.
func fillAddition(r *record, e *event.Event) {
	e.Subscription = &event.Subscription{Topics: slices.Sorted(slices.Values(r.Lists)), Origin: string(r.Event)}
}

func fillOpen(_ *record, e *event.Event) { e.Open = &event.Engagement{} }

// signalProxy is the signal of an open that Brevo itself calls loaded by a proxy, as Apple's mail programs do.
const signalProxy = "proxy_open"

func fillProxy(_ *record, e *event.Event) {
	e.Open = &event.Engagement{}
	e.Automation = &event.Automation{Verdict: event.Proxy, Signals: []string{signalProxy}}
}

func fillClick(r *record, e *event.Event) { e.Click = &event.Engagement{URL: r.link()} }
