package postmark

import (
	"tidings/event"
	"tidings/provider"
)

// words are the records with what each becomes. A reader returns names and values for the event's data.
var words = map[string]func(*record, *event.Event) []string{
	"Delivery":           readDelivery,
	"Bounce":             readBounce,
	"SpamComplaint":      readComplaint,
	"Open":               readOpen,
	"Click":              readClick,
	"SubscriptionChange": readSubscription,
}

func readUnknown(r *record, e *event.Event) []string {
	e.Name = event.EmailUnknown
	return []string{"RecordType", string(r.RecordType)}
}

func readDelivery(r *record, e *event.Event) []string {
	e.Name = event.EmailDelivery
	e.Delivery = &event.Delivery{SMTPResponse: string(r.Details)}
	return nil
}

// outcome is what a type of bounces means. An empty reason is read off the SMTP status.
type outcome struct {
	name   event.Name
	class  event.BounceClass
	reason string
}

// bounceTypes: https://postmarkapp.com/developer/api/bounce-api#bounce-types. TypeCode is not read: Postmark's own sample
// of a complaint has another one than its table. SpamNotification is the recipient's server that takes the message for
// spam, and nobody's complaint.
var bounceTypes = map[string]outcome{
	"HardBounce":              {event.EmailBounce, event.Hard, ""},
	"SoftBounce":              {event.EmailBounce, event.Soft, ""},
	"Unknown":                 {event.EmailBounce, event.Undetermined, ""},
	"OpenRelayTest":           {event.EmailBounce, event.Undetermined, ""},
	"AutoResponder":           {event.EmailBounce, event.AutoReply, ""},
	"AddressChange":           {event.EmailBounce, event.AutoReply, ""},
	"ChallengeVerification":   {event.EmailBounce, event.AutoReply, ""},
	"SpamNotification":        {event.EmailBounce, event.Block, event.ReasonSpam},
	"VirusNotification":       {event.EmailBounce, event.Block, event.ReasonVirus},
	"Blocked":                 {event.EmailBounce, event.Block, event.ReasonBlocked},
	"DMARCPolicy":             {event.EmailBounce, event.Block, event.ReasonAuthentication},
	"Transient":               {event.EmailDelay, "", ""},
	"DnsError":                {event.EmailDelay, "", event.ReasonDNS},
	"BadEmailAddress":         {event.EmailReject, "", event.ReasonNoSuchUser},
	"ManuallyDeactivated":     {event.EmailReject, "", event.ReasonSuppressed},
	"Unconfirmed":             {event.EmailReject, "", ""},
	"SMTPApiError":            {event.EmailFailure, "", event.ReasonProviderFailure},
	"TemplateRenderingFailed": {event.EmailFailure, "", event.ReasonTemplate},
	"SpamComplaint":           {event.EmailComplaint, "", ""},
	"Unsubscribe":             {event.EmailUnsubscribe, "", ""},
	"Subscribe":               {event.EmailSubscribe, "", ""},
}

func readBounce(r *record, e *event.Event) []string {
	o, ok := bounceTypes[string(r.Type)]
	if !ok {
		o = outcome{event.EmailBounce, event.Undetermined, ""}
	}
	text := string(r.Details)
	code, enhanced := event.ParseSMTP(text)
	if o.reason == "" && o.class != event.AutoReply {
		o.reason = event.ReasonOfSMTP(code, enhanced)
	}
	e.Name = o.name
	switch o.name {
	case event.EmailDelay:
		e.Delay = &event.Delay{Reason: o.reason, SMTPCode: code, EnhancedCode: enhanced, Diagnostic: text}
	case event.EmailReject:
		e.Reject = &event.Refusal{Reason: o.reason, Detail: r.detail()}
	case event.EmailFailure:
		e.Failure = &event.Refusal{Reason: o.reason, Detail: r.detail()}
	case event.EmailComplaint:
		e.Complaint = &event.Complaint{}
	case event.EmailUnsubscribe, event.EmailSubscribe:
		e.Subscription = &event.Subscription{List: string(r.MessageStream), Origin: string(r.Type)}
	default:
		e.Bounce = &event.Bounce{
			Class: o.class, Final: true, Reason: o.reason, SMTPCode: code, EnhancedCode: enhanced, Diagnostic: text,
		}
	}
	return r.bounceData()
}

func (r *record) detail() string {
	if r.Details != "" {
		return string(r.Details)
	}
	return string(r.Description)
}

func (r *record) bounceData() []string {
	return []string{
		"ID", string(r.ID), "Type", string(r.Type), "TypeCode", string(r.TypeCode), "Description", string(r.Description),
		"Inactive", string(r.Inactive),
	}
}

func readComplaint(r *record, e *event.Event) []string {
	e.Name, e.Complaint = event.EmailComplaint, &event.Complaint{}
	return r.bounceData()
}

func readOpen(r *record, e *event.Event) []string {
	e.Name, e.Open = event.EmailOpen, &event.Engagement{}
	r.engaged(e)
	return []string{
		"FirstOpen", string(r.FirstOpen), "ReadSeconds", string(r.ReadSeconds), "Platform", string(r.Platform), "Geo", geo(r),
	}
}

func readClick(r *record, e *event.Event) []string {
	e.Name, e.Click = event.EmailClick, &event.Engagement{URL: string(r.OriginalLink)}
	r.engaged(e)
	return []string{"ClickLocation", string(r.ClickLocation), "Platform", string(r.Platform), "Geo", geo(r)}
}

// geo is what Postmark says of the place; nothing where it says nothing.
func geo(r *record) string {
	text := provider.JSONText(r.Geo)
	if text == "{}" {
		return ""
	}
	return text
}

// readSubscription: Postmark tells of every change to the list of those that a stream does not send to. One that follows a
// bounce or a complaint is their echo, and counts in no rate.
func readSubscription(r *record, e *event.Event) []string {
	data := []string{"SuppressionReason", string(r.SuppressionReason), "Origin", string(r.Origin)}
	if !r.SuppressSending {
		e.Name = event.EmailSubscribe
		e.Subscription = &event.Subscription{List: string(r.MessageStream), Origin: string(r.Origin)}
		return data
	}
	switch r.SuppressionReason {
	case "HardBounce":
		e.Name = event.EmailBounce
		e.Bounce = &event.Bounce{Class: event.Suppressed, Final: true, Reason: event.ReasonSuppressed}
	case "SpamComplaint":
		e.Name, e.Complaint = event.EmailComplaint, &event.Complaint{Echo: true}
	default:
		e.Name = event.EmailUnsubscribe
		e.Subscription = &event.Subscription{List: string(r.MessageStream), Origin: string(r.Origin)}
	}
	return data
}
