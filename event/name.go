package event

import (
	"slices"
	"strings"
)

// Name says what happened. Built-in names begin with "email.", "contact." or "segment."; every other name is a
// custom event of the user's own. The zero value is no name and is never stored.
type Name string

// The email vocabulary: what can become of one email to one recipient.
const (
	EmailQueued      Name = "email.queued"      // the provider took the message into its queue
	EmailSent        Name = "email.sent"        // handed to the provider, once per message and recipient
	EmailDelivery    Name = "email.delivery"    // the recipient's mail server accepted it
	EmailDelay       Name = "email.delay"       // not accepted yet, the provider goes on trying
	EmailBounce      Name = "email.bounce"      // refused by the recipient's side, or given up
	EmailReject      Name = "email.reject"      // the provider refused to attempt it
	EmailFailure     Name = "email.failure"     // it could not be made, e.g. a template did not render
	EmailOpen        Name = "email.open"        // its pixel was loaded
	EmailClick       Name = "email.click"       // one of its links was followed
	EmailComplaint   Name = "email.complaint"   // the recipient's provider reported a complaint
	EmailUnsubscribe Name = "email.unsubscribe" // the recipient opted out, of a topic or of all
	EmailSubscribe   Name = "email.subscribe"   // the recipient opted in again, to a topic or to all
	EmailReply       Name = "email.reply"       // the recipient answered
	EmailReceived    Name = "email.received"    // an inbound email
	EmailSkipped     Name = "email.skipped"     // we decided not to send it
	EmailUnknown     Name = "email.unknown"     // a provider's word that this version does not know; kept for replay
)

// Contact events, written when a contact's consent flips.
const (
	ContactSubscribed   Name = "contact.subscribed"
	ContactUnsubscribed Name = "contact.unsubscribed"
	// ContactConfirmation tells that a contact asked to be subscribed and has to confirm it.
	ContactConfirmation Name = "contact.confirmation"
)

var contactNames = []Name{ContactSubscribed, ContactUnsubscribed, ContactConfirmation}

// Events of broadcasts, which are about no contact.
const (
	BroadcastFinished Name = "broadcast.finished" // everything was handed over, or never will be
	BroadcastSettled  Name = "broadcast.settled"  // no more is expected of what was handed over
)

var broadcastNames = []Name{BroadcastFinished, BroadcastSettled}

// emailNames lists the email vocabulary in a fixed order. The place of a name in it is its Slot, which is stored:
// names are only ever appended.
var emailNames = []Name{
	EmailQueued, EmailSent, EmailDelivery, EmailDelay, EmailBounce, EmailReject, EmailFailure, EmailOpen, EmailClick,
	EmailComplaint, EmailUnsubscribe, EmailSubscribe, EmailReply, EmailReceived, EmailSkipped, EmailUnknown,
}

// EmailNames returns the email vocabulary in its fixed order.
func EmailNames() []Name { return append([]Name(nil), emailNames...) }

// Slots is one more than the highest Slot.
const Slots = 17

// Slot returns the fixed place of an email name, from 1; 0 stands for every other name. Slots are stored in the
// state of messages and contacts and never change.
func (n Name) Slot() int { return slots[n] }

var slots = func() map[Name]int {
	m := make(map[Name]int, len(emailNames))
	for i, n := range emailNames {
		m[n] = i + 1
	}
	return m
}()

// SlotName is the inverse of Slot: the name at slot i, or "" where there is none.
func SlotName(i int) Name {
	if i < 1 || i > len(emailNames) {
		return ""
	}
	return emailNames[i-1]
}

// Builtin reports whether the name belongs to Tidings and so can't be tracked from outside: everything under
// "email.", the three contact names, "segment.<slug>.entry|exit", and the two of broadcasts.
func (n Name) Builtin() bool {
	s := string(n)
	if strings.HasPrefix(s, "email.") || slices.Contains(contactNames, n) || slices.Contains(broadcastNames, n) {
		return true
	}
	return strings.HasPrefix(s, "segment.") && (strings.HasSuffix(s, ".entry") || strings.HasSuffix(s, ".exit"))
}

// aliases holds the words that the replaced systems use for our names: amsdal_mail's and anymail's participles,
// Mailshot's bare words, MailGlyph's and Engage's spellings.
var aliases = map[string]Name{
	"queued": EmailQueued,
	"sent":   EmailSent, "send": EmailSent,
	"delivery": EmailDelivery, "delivered": EmailDelivery,
	"delay": EmailDelay, "delayed": EmailDelay, "deferred": EmailDelay, "temp failed": EmailDelay,
	"bounce": EmailBounce, "bounced": EmailBounce,
	"reject": EmailReject, "rejected": EmailReject,
	"failure": EmailFailure, "failed": EmailFailure,
	"open": EmailOpen, "opened": EmailOpen,
	"click": EmailClick, "clicked": EmailClick,
	"complaint": EmailComplaint, "complained": EmailComplaint,
	"unsubscribe": EmailUnsubscribe, "unsubscribed": EmailUnsubscribe,
	"subscribe": EmailSubscribe, "subscribed": EmailSubscribe,
	"reply": EmailReply, "replied": EmailReply,
	"received": EmailReceived, "inbound": EmailReceived,
	"skipped": EmailSkipped,
	"unknown": EmailUnknown,
}

// Canonical turns a word of one of the replaced systems ("delivered", "opened", "email.bounced") into our name.
// A word it does not know is returned unchanged: it may be a custom event. Case does not matter for known words.
func Canonical(word string) Name {
	w := strings.ToLower(strings.TrimSpace(word))
	if n, ok := aliases[strings.TrimPrefix(w, "email.")]; ok {
		return n
	}
	return Name(strings.TrimSpace(word))
}
