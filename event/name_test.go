package event_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
)

func TestTheWordsOfTheReplacedSystemsAreUnderstood(t *testing.T) {
	t.Parallel()
	for _, system := range []struct {
		name  string
		words map[string]event.Name
	}{
		{"Mailshot", map[string]event.Name{
			"delivery": event.EmailDelivery, "open": event.EmailOpen, "click": event.EmailClick, "bounce": event.EmailBounce,
			"complaint": event.EmailComplaint, "reply": event.EmailReply, "Delivery": event.EmailDelivery, "Open": event.EmailOpen,
			"Click": event.EmailClick, "Bounce": event.EmailBounce, "Complaint": event.EmailComplaint,
		}},
		{"MailGlyph", map[string]event.Name{
			"email.sent": event.EmailSent, "email.delivery": event.EmailDelivery, "email.open": event.EmailOpen,
			"email.click": event.EmailClick, "email.bounce": event.EmailBounce, "email.complaint": event.EmailComplaint,
			"email.received": event.EmailReceived, "contact.subscribed": event.ContactSubscribed,
			"contact.unsubscribed": event.ContactUnsubscribed, "segment.vip.entry": "segment.vip.entry",
			"segment.vip.exit": "segment.vip.exit",
		}},
		{"amsdal_mail", map[string]event.Name{
			"queued": event.EmailQueued, "sent": event.EmailSent, "delivered": event.EmailDelivery, "deferred": event.EmailDelay,
			"bounced": event.EmailBounce, "rejected": event.EmailReject, "failed": event.EmailFailure, "opened": event.EmailOpen,
			"clicked": event.EmailClick, "complained": event.EmailComplaint, "unsubscribed": event.EmailUnsubscribe,
			"unknown": event.EmailUnknown,
		}},
		{"Engage", map[string]event.Name{
			"Clicked": event.EmailClick, "Opened": event.EmailOpen, "Failed": event.EmailFailure, "Delivered": event.EmailDelivery,
			"Bounced": event.EmailBounce, "Temp failed": event.EmailDelay, "Complained": event.EmailComplaint, "reject": event.EmailReject,
			"bounce": event.EmailBounce, "complaint": event.EmailComplaint, "delivery": event.EmailDelivery, "open": event.EmailOpen,
			"click": event.EmailClick,
		}},
		{"Tidings, in any case", map[string]event.Name{
			"Email.Bounced": event.EmailBounce, "EMAIL.OPEN": event.EmailOpen, "email.skipped": event.EmailSkipped,
			"skipped": event.EmailSkipped, "inbound": event.EmailReceived, "replied": event.EmailReply, "send": event.EmailSent,
			"delayed": event.EmailDelay, "delay": event.EmailDelay, "subscribed": event.EmailSubscribe,
			"subscribe": event.EmailSubscribe, "unsubscribe": event.EmailUnsubscribe, "failure": event.EmailFailure,
			"received": event.EmailReceived,
		}},
		{"nobody: a custom event", map[string]event.Name{
			"invoice.paid": "invoice.paid", "Invoice.Paid": "Invoice.Paid", "email.nonsense": "email.nonsense", "": "",
		}},
	} {
		t.Run(system.name, func(t *testing.T) {
			t.Parallel()
			for word, want := range system.words {
				if got := event.Canonical(word); got != want {
					t.Errorf("%q: got %q, want %q", word, got, want)
				}
			}
		})
	}
	for _, n := range event.EmailNames() {
		if got := event.Canonical(" " + string(n) + "\t"); got != n {
			t.Errorf("%q became %q", n, got)
		}
	}
}

// Slots are stored: a name may be added at the end, none may move.
func TestEveryNameKeepsItsSlot(t *testing.T) {
	t.Parallel()
	want := []event.Name{
		"email.queued", "email.sent", "email.delivery", "email.delay", "email.bounce", "email.reject", "email.failure",
		"email.open", "email.click", "email.complaint", "email.unsubscribe", "email.subscribe", "email.reply",
		"email.received", "email.skipped", "email.unknown",
	}
	if diff := cmp.Diff(want, event.EmailNames()); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
	for i, n := range want {
		if n.Slot() != i+1 || event.SlotName(i+1) != n {
			t.Errorf("%s: slot %d, and %d is %s", n, n.Slot(), i+1, event.SlotName(i+1))
		}
	}
	if event.Slots != len(want)+1 {
		t.Errorf("Slots is %d, want one more than %d", event.Slots, len(want))
	}
	for _, n := range []event.Name{"", "invoice.paid", event.ContactSubscribed, "email.nonsense"} {
		if n.Slot() != 0 {
			t.Errorf("%q has slot %d", n, n.Slot())
		}
	}
	for _, i := range []int{-1, 0, event.Slots, event.Slots + 1} {
		if n := event.SlotName(i); n != "" {
			t.Errorf("slot %d is %q", i, n)
		}
	}
}

func TestBuiltInNamesCannotBeTracked(t *testing.T) {
	t.Parallel()
	for n, want := range map[event.Name]bool{
		"email.open": true, "email.nonsense": true, "contact.subscribed": true, "contact.unsubscribed": true, "contact.confirmation": true,
		"segment.vip.entry": true, "segment.vip.exit": true,
		"": false, "open": false, "invoice.paid": false, "contact.created": false, "segment.vip": false, "emails.open": false,
		"segment.viewed": false,
	} {
		if got := n.Builtin(); got != want {
			t.Errorf("%q: %v", n, got)
		}
	}
}
