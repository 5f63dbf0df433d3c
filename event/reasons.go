package event

import "slices"

// The reasons of bounces, delays, rejects and failures: why, in one word, whatever the provider calls it. They are
// stable: one is added, never renamed. An empty reason means that the provider said nothing in particular; such a soft
// bounce may even be an out-of-office reply.
const (
	ReasonNoSuchUser         = "no_such_user"        // the mailbox does not exist, is closed, or its name is malformed
	ReasonMailboxFull        = "mailbox_full"        // over quota
	ReasonUnreachable        = "unreachable"         // the recipient's server does not answer, or fails
	ReasonDNS                = "dns"                 // the recipient's domain does not resolve or takes no mail
	ReasonRetriesExhausted   = "retries_exhausted"   // tried for as long as the provider tries (4.4.7)
	ReasonTimeout            = "timeout"             // the sender's own limit on time ran out
	ReasonMessageTooLarge    = "message_too_large"   // the message, not the address
	ReasonContentRejected    = "content_rejected"    // the message, not the address
	ReasonAttachmentRejected = "attachment_rejected" // the message, not the address
	ReasonSpam               = "spam"                // taken for spam
	ReasonBlocked            = "blocked"             // refused by policy or for a bad reputation
	ReasonAuthentication     = "authentication"      // SPF, DKIM or DMARC did not pass
	ReasonThrottled          = "throttled"           // too much at once
	ReasonSuppressed         = "suppressed"          // on the provider's own list: it did not try
	ReasonUnsubscribed       = "unsubscribed"        // opted out at the provider: it did not try
	ReasonProviderFailure    = "provider_failure"    // the provider's own trouble
	ReasonTemplate           = "template"            // a template did not render
	ReasonVirus              = "virus"               // malware found in the message
)

// reasons lists the vocabulary in the order of the documentation.
var reasons = []string{
	ReasonNoSuchUser, ReasonMailboxFull, ReasonUnreachable, ReasonDNS, ReasonRetriesExhausted, ReasonTimeout,
	ReasonMessageTooLarge, ReasonContentRejected, ReasonAttachmentRejected, ReasonSpam, ReasonBlocked,
	ReasonAuthentication, ReasonThrottled, ReasonSuppressed, ReasonUnsubscribed, ReasonProviderFailure, ReasonTemplate,
	ReasonVirus,
}

// Reasons returns the vocabulary of reasons in a fixed order.
func Reasons() []string { return slices.Clone(reasons) }

// AddressReason reports whether the reason of a soft bounce speaks of the address, so that it counts towards
// suppression, rather than of the message, the sender or nothing in particular.
func AddressReason(reason string) bool {
	switch reason {
	case ReasonMailboxFull, ReasonUnreachable, ReasonDNS, ReasonRetriesExhausted:
		return true
	}
	return false
}
