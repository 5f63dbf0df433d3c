package mailjet

import (
	"strings"

	"tidings/event"
	"tidings/provider"
)

// words are the event words with what each becomes. What Mailjet calls sent is accepted by the recipient's server.
var words = map[string]func(*record, *event.Event){
	"sent":    (*record).fillDelivery,
	"open":    (*record).fillOpen,
	"click":   (*record).fillClick,
	"bounce":  (*record).fillBounce,
	"blocked": (*record).fillReject,
	"spam":    (*record).fillComplaint,
	"unsub":   (*record).fillUnsubscribe,
}

func (r *record) fill(e *event.Event) {
	fill, known := words[string(r.Event)]
	if known {
		fill(r, e)
		return
	}
	e.Name = event.EmailUnknown
	e.Data = r.data("event", string(r.Event))
}

func (r *record) fillDelivery(e *event.Event) {
	e.Name, e.Delivery = event.EmailDelivery, &event.Delivery{SMTPResponse: string(r.Reply)}
	e.Data = r.data()
}

func (r *record) fillOpen(e *event.Event) {
	e.Name, e.Open = event.EmailOpen, &event.Engagement{}
	e.Client, e.Data = r.client(), r.data("geo", string(r.Geo))
}

func (r *record) fillClick(e *event.Event) {
	e.Name, e.Click = event.EmailClick, &event.Engagement{URL: string(r.URL)}
	e.Client, e.Data = r.client(), r.data("geo", string(r.Geo))
}

func (r *record) client() *event.Client {
	if r.IP == "" && r.Agent == "" {
		return nil
	}
	return &event.Client{IP: string(r.IP), UserAgent: string(r.Agent)}
}

// meaning is what an error means. An empty class is that of hard_bounce.
type meaning struct {
	class  event.BounceClass
	reason string
}

// greylisted is a refusal for now, after which Mailjet tries again.
const greylisted = "greylisted"

// meanings are what Mailjet's words for why mean:
// https://dev.mailjet.com/email/guides/webhooks/#possible-values-for-errors. One that is not listed means what hard_bounce
// and the server's answer say.
var meanings = map[string]meaning{
	"user unknown":          {"", event.ReasonNoSuchUser},
	"mailbox inactive":      {"", event.ReasonNoSuchUser},
	"quota exceeded":        {event.Soft, event.ReasonMailboxFull},
	"invalid domain":        {"", event.ReasonDNS},
	"no mail host":          {"", event.ReasonDNS},
	"relay/access denied":   {event.Block, event.ReasonBlocked},
	"sender blocked":        {event.Block, event.ReasonBlocked},
	"content blocked":       {event.Block, event.ReasonContentRejected},
	"policy issue":          {event.Block, event.ReasonBlocked},
	"system issue":          {event.Soft, event.ReasonProviderFailure},
	"protocol issue":        {event.Soft, event.ReasonUnreachable},
	"connection issue":      {event.Soft, event.ReasonUnreachable},
	greylisted:              {event.Soft, event.ReasonThrottled},
	"blacklisted":           {event.Suppressed, event.ReasonSuppressed},
	"spam reporter":         {event.Suppressed, event.ReasonSuppressed},
	"preblocked":            {event.Suppressed, event.ReasonSuppressed},
	"typofix":               {"", event.ReasonDNS},
	"duplicate in campaign": {event.Undetermined, ""},
}

// fillBounce: a hard bounce is final; of a soft one Mailjet does not say whether it tries again, but of greylisting.
func (r *record) fillBounce(e *event.Event) {
	code, enhanced, reason := provider.Response(string(r.Comment))
	m := meanings[r.error()]
	if m.reason == "" {
		m.reason = reason
	}
	e.Data = r.failure()
	if r.error() == greylisted && !bool(r.Hard) {
		e.Name = event.EmailDelay
		e.Delay = &event.Delay{Reason: m.reason, SMTPCode: code, EnhancedCode: enhanced, Diagnostic: string(r.Comment)}
		return
	}
	if m.class == "" {
		m.class = event.Soft
		if r.Hard {
			m.class = event.Hard
		}
	}
	e.Name = event.EmailBounce
	e.Bounce = &event.Bounce{
		Class: m.class, Final: bool(r.Hard), Reason: m.reason, SMTPCode: code, EnhancedCode: enhanced,
		Diagnostic: string(r.Comment),
	}
}

func (r *record) error() string { return strings.ToLower(string(r.Error)) }

func (r *record) failure() []byte {
	blocked := ""
	if r.Blocked {
		blocked = "true"
	}
	return r.data("error", string(r.Error), "errorRelatedTo", string(r.RelatedTo), "blocked", blocked)
}

// fillReject: Mailjet did not try.
func (r *record) fillReject(e *event.Event) {
	detail := string(r.Error)
	if r.Comment != "" {
		detail = string(r.Comment)
	}
	e.Name, e.Reject = event.EmailReject, &event.Refusal{Reason: meanings[r.error()].reason, Detail: detail}
	e.Data = r.failure()
}

func (r *record) fillComplaint(e *event.Event) {
	e.Name, e.Complaint = event.EmailComplaint, &event.Complaint{}
	e.Data = r.data("source", string(r.Source))
}

func (r *record) fillUnsubscribe(e *event.Event) {
	e.Name, e.Subscription = event.EmailUnsubscribe, &event.Subscription{List: number(r.List)}
	e.Client, e.Data = r.client(), r.data("geo", string(r.Geo))
}
