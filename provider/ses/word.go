package ses

import "tidings/event"

// outcome is what a bounce means. An empty reason is read off the SMTP status.
type outcome struct {
	class  event.BounceClass
	reason string
}

// bounceTypes are the outcomes by bounceType alone; a type that is not listed is undetermined. An undetermined bounce
// never suppresses.
var bounceTypes = map[string]outcome{
	"Permanent":    {event.Hard, ""},
	"Transient":    {event.Soft, ""},
	"Undetermined": {event.Undetermined, ""},
}

// bounceSubTypes refine a bounceType; a pair that is not listed means what its type means. Pairs marked (seen) are not
// in the documentation. A transient General may be an out-of-office reply: SES does not tell them apart.
var bounceSubTypes = map[[2]string]outcome{
	{"Permanent", "NoEmail"}:                   {event.Hard, event.ReasonNoSuchUser},
	{"Permanent", "Suppressed"}:                {event.Suppressed, event.ReasonSuppressed},
	{"Permanent", "OnAccountSuppressionList"}:  {event.Suppressed, event.ReasonSuppressed},
	{"Permanent", "OnTenantSuppressionList"}:   {event.Suppressed, event.ReasonSuppressed},
	{"Permanent", "EmailValidationSuppressed"}: {event.Suppressed, event.ReasonSuppressed},
	{"Permanent", "UnsubscribedRecipient"}:     {event.Suppressed, event.ReasonSuppressed}, // (seen)
	{"Transient", "MailboxFull"}:               {event.Soft, event.ReasonMailboxFull},
	{"Transient", "MessageTooLarge"}:           {event.Soft, event.ReasonMessageTooLarge},
	{"Transient", "ContentRejected"}:           {event.Soft, event.ReasonContentRejected},
	{"Transient", "AttachmentRejected"}:        {event.Soft, event.ReasonAttachmentRejected},
	{"Transient", "CustomTimeoutExceeded"}:     {event.Soft, event.ReasonTimeout},
}

// actionDelayed marks a recipient of a bounce record who has not bounced: SES still tries. One Permanent record may
// hold both kinds.
const actionDelayed = "delayed"

// delayTypes are the reasons by delayType. An empty or absent one is read off the SMTP status.
var delayTypes = map[string]string{
	"MailboxFull":                    event.ReasonMailboxFull,
	"SpamDetected":                   event.ReasonSpam,
	"RecipientServerError":           event.ReasonUnreachable,
	"TransientCommunicationFailure":  event.ReasonUnreachable,
	"IPFailure":                      event.ReasonBlocked,
	"BYOIPHostNameLookupUnavailable": event.ReasonDNS,
	"InternalFailure":                event.ReasonProviderFailure,
	"SendingDeferral":                event.ReasonThrottled,
}

// complaintEchoes are the sub-types of complaints that SES makes up: it did not send, because the address had
// complained before.
var complaintEchoes = map[string]bool{
	"OnAccountSuppressionList": true,
	"OnTenantSuppressionList":  true,
}

// rejectReasons: a virus is the only thing that SES rejects.
var rejectReasons = map[string]string{
	"Bad content": event.ReasonVirus,
}

const (
	optIn  = "OptIn"
	optOut = "OptOut"
)
