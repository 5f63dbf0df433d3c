package resend

import (
	"strings"

	"tidings/event"
	"tidings/provider"
)

// Resend sends through Amazon SES, and the words of a bounce are SES's.
var bounceTypes = map[string]event.BounceClass{
	"permanent":    event.Hard,
	"transient":    event.Soft,
	"undetermined": event.Undetermined,
}

// outcome is what a bounce means. An empty reason is read off the diagnostic.
type outcome struct {
	class  event.BounceClass
	reason string
}

// subTypes refine a type, in lower case without anything but letters; one that is not listed means what its type means.
var subTypes = map[string]outcome{
	"noemail":                   {event.Hard, event.ReasonNoSuchUser},
	"suppressed":                {event.Suppressed, event.ReasonSuppressed},
	"onaccountsuppressionlist":  {event.Suppressed, event.ReasonSuppressed},
	"ontenantsuppressionlist":   {event.Suppressed, event.ReasonSuppressed},
	"emailvalidationsuppressed": {event.Suppressed, event.ReasonSuppressed},
	"unsubscribedrecipient":     {event.Suppressed, event.ReasonSuppressed},
	"mailboxfull":               {event.Soft, event.ReasonMailboxFull},
	"messagetoolarge":           {event.Soft, event.ReasonMessageTooLarge},
	"contentrejected":           {event.Soft, event.ReasonContentRejected},
	"attachmentrejected":        {event.Soft, event.ReasonAttachmentRejected},
	"customtimeoutexceeded":     {event.Soft, event.ReasonTimeout},
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// diagnostic is what the remote server said, else Resend's own explanation.
func (b *bounce) diagnostic() string {
	if len(b.Diagnostic) > 0 {
		return strings.Join(b.Diagnostic, "\n")
	}
	return string(b.Message)
}

// fillBounce: a type that is missing or new is undetermined, which never suppresses. Texts are not guessed from.
func fillBounce(m *mapping, e *event.Event) {
	b := m.Data.Bounce
	if b == nil {
		b = &bounce{}
	}
	o, ok := subTypes[letters(string(b.SubType))]
	if !ok {
		o.class = bounceTypes[letters(string(b.Type))]
	}
	if o.class == "" {
		o.class = event.Undetermined
	}
	setBounce(m, e, b, o)
}

func fillSuppressed(m *mapping, e *event.Event) {
	b := m.Data.Suppressed
	if b == nil {
		b = &bounce{}
	}
	setBounce(m, e, b, outcome{event.Suppressed, event.ReasonSuppressed})
}

func setBounce(m *mapping, e *event.Event, b *bounce, o outcome) {
	text := b.diagnostic()
	code, enhanced, reason := provider.Response(text)
	if o.reason == "" {
		o.reason = reason
	}
	e.Bounce = &event.Bounce{
		Class: o.class, Final: true, Reason: o.reason, SMTPCode: code, EnhancedCode: enhanced, Diagnostic: text,
	}
	e.Data = provider.Object(append([]string{
		"bounceType", string(b.Type), "bounceSubType", string(b.SubType), "bounceMessage", string(b.Message),
	}, m.common()...)...)
}

func fillDelivery(_ *mapping, e *event.Event) { e.Delivery = &event.Delivery{} }

func fillDelay(_ *mapping, e *event.Event) { e.Delay = &event.Delay{} }

func fillComplaint(_ *mapping, e *event.Event) { e.Complaint = &event.Complaint{} }

func fillOpen(_ *mapping, e *event.Event) { e.Open = &event.Engagement{} }

func fillClick(m *mapping, e *event.Event) {
	e.Click = &event.Engagement{}
	c := m.Data.Click
	if c == nil {
		return
	}
	e.Click.URL = string(c.Link)
	if c.IP != "" || c.UserAgent != "" {
		e.Client = &event.Client{IP: string(c.IP), UserAgent: string(c.UserAgent)}
	}
	if at := parseTime(c.Timestamp); !at.IsZero() {
		e.OccurredAt = at
	}
}

// failures are the reasons that Resend gives for an email that it did not send.
var failures = map[string]string{
	"reached_daily_quota":   event.ReasonThrottled,
	"reached_monthly_quota": event.ReasonThrottled,
}

func fillFailure(m *mapping, e *event.Event) {
	e.Failure = &event.Refusal{}
	if f := m.Data.Failed; f != nil {
		e.Failure.Reason, e.Failure.Detail = failures[string(f.Reason)], string(f.Reason)
	}
}
