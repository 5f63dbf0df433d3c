package mailersend

import (
	"strings"

	"tidings/event"
	"tidings/provider"
)

// words are the event words with what each becomes.
var words = map[string]func(*record, *event.Event){
	"sent":           (*record).fillSent,
	"delivered":      (*record).fillDelivery,
	"deferred":       (*record).fillDelay,
	"soft_bounced":   (*record).fillBounce,
	"hard_bounced":   (*record).fillBounce,
	"opened":         (*record).fillOpen,
	"opened_unique":  (*record).fillOpen,
	"clicked":        (*record).fillClick,
	"clicked_unique": (*record).fillClick,
	"unsubscribed":   (*record).fillUnsubscribe,
	"spam_complaint": (*record).fillComplaint,
}

func (r *record) fill(e *event.Event) {
	fill, known := words[r.word()]
	if known {
		fill(r, e)
		return
	}
	e.Name = event.EmailUnknown
	e.Data = r.data("type", string(r.Type))
}

// data is what has no field of ours. The id of the email is the local part of its Message-ID at mailersend.net.
func (r *record) data(pairs ...string) []byte {
	return provider.Object(append(pairs, "emailId", string(r.Data.Email.ID), "domainId", string(r.DomainID))...)
}

func (r *record) fillSent(e *event.Event) {
	e.Name, e.Data = event.EmailSent, r.data()
}

func (r *record) fillDelivery(e *event.Event) {
	e.Name, e.Delivery, e.Data = event.EmailDelivery, &event.Delivery{}, r.data()
}

func (r *record) fillDelay(e *event.Event) {
	code, enhanced, reason := r.response()
	e.Name, e.Data = event.EmailDelay, r.data()
	e.Delay = &event.Delay{Reason: reason, SMTPCode: code, EnhancedCode: enhanced, Diagnostic: string(r.Data.Morph.Reason)}
}

// reasons are MailerSend's sentences that have no code in them.
var reasons = map[string]string{
	"host or domain name not found": event.ReasonDNS,
	"mailbox full":                  event.ReasonMailboxFull,
	"user unknown":                  event.ReasonNoSuchUser,
}

func (r *record) response() (code int, enhanced, reason string) {
	text := string(r.Data.Morph.Reason)
	code, enhanced, reason = provider.Response(text)
	if reason == "" {
		reason = reasons[strings.ToLower(strings.TrimSpace(text))]
	}
	return code, enhanced, reason
}

// fillBounce: MailerSend does not say of a soft bounce whether it goes on trying.
func (r *record) fillBounce(e *event.Event) {
	hard := r.word() == "hard_bounced"
	code, enhanced, reason := r.response()
	class := provider.RefusalClass(reason)
	switch {
	case class != "":
	case hard:
		class = event.Hard
	default:
		class = event.Soft
	}
	e.Name = event.EmailBounce
	e.Bounce = &event.Bounce{
		Class: class, Final: hard, Reason: reason, SMTPCode: code, EnhancedCode: enhanced,
		Diagnostic: string(r.Data.Morph.Reason),
	}
	e.Data = r.data("type", string(r.Type))
}

func (r *record) fillOpen(e *event.Event) {
	e.Name, e.Open = event.EmailOpen, &event.Engagement{}
	e.Client, e.Data = r.client(), r.data()
}

// fillClick: MailerSend tells no user agent. A click of an address without one would be taken for a program's, so the
// address stays among the data.
func (r *record) fillClick(e *event.Event) {
	e.Name, e.Click = event.EmailClick, &event.Engagement{URL: string(r.Data.Morph.URL)}
	e.Data = r.data("ip", string(r.Data.Morph.IP))
}

// client: MailerSend tells the address alone.
func (r *record) client() *event.Client {
	if r.Data.Morph.IP == "" {
		return nil
	}
	return &event.Client{IP: string(r.Data.Morph.IP)}
}

func (r *record) fillUnsubscribe(e *event.Event) {
	e.Name, e.Subscription = event.EmailUnsubscribe, &event.Subscription{}
	e.Data = r.data("reason", string(r.Data.Morph.Reason), "readableReason", string(r.Data.Morph.Readable))
}

func (r *record) fillComplaint(e *event.Event) {
	e.Name, e.Complaint, e.Data = event.EmailComplaint, &event.Complaint{}, r.data()
}
