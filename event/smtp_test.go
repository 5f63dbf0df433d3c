package event_test

import (
	"slices"
	"testing"

	"tidings/event"
)

func TestTheStatusIsFoundInADiagnostic(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		code     int
		enhanced string
	}{
		{"both, after the type", "smtp; 550 5.1.1 no such user", 550, "5.1.1"},
		{"without a blank", "smtp;550 5.1.1 no such user", 550, "5.1.1"},
		{"a multiline answer", "smtp; 550-5.1.1 The email account", 550, "5.1.1"},
		{"no type", "550 5.1.1 <ghost@acme.test>: rejected", 550, "5.1.1"},
		{"only the code", "smtp; 550 no such user", 550, ""},
		{"only the code, nothing after", "550", 550, ""},
		{"only the enhanced code", "5.2.2 over quota", 0, "5.2.2"},
		{"a number sign", "550 #5.1.0 Address rejected", 550, "5.1.0"},
		{"brackets", "550 (5.7.1) refused", 550, "5.7.1"},
		{"three digits of detail", "550 5.7.133 denied", 550, "5.7.133"},
		{"a full stop after it", "550 5.1.1. Bye", 550, "5.1.1"},
		{"classes that differ", "smtp; 554 4.4.7 Message expired: unable to deliver in 840 minutes.<421 4.4.0 no DNS>", 554, "4.4.7"},
		{"in a sentence", "X-Postfix; host mx.acme.test[192.0.2.1] said: 450 4.2.2 over quota", 450, "4.2.2"},
		{"success", "250 2.0.0 OK", 250, "2.0.0"},
		{"a version in a refusal", "550 2.1.5 is no status", 550, ""},
		{"an address of four numbers", "5.1.1.7 refused", 0, ""},
		{"a code alone in a sentence", "there are 550 reasons", 0, ""},
		{"a longer number", "5501 reasons", 0, ""},
		{"a detail of four digits", "550 5.1.1234", 550, ""},
		{"an unfinished status", "550 5.1.", 550, ""},
		{"an impossible code", "999 5.1.1", 0, ""},
		{"words", "smtp; mailbox unavailable", 0, ""},
		{"only a type", "smtp;", 0, ""},
		{"nothing", "", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code, enhanced := event.ParseSMTP(c.in)
			if code != c.code || enhanced != c.enhanced {
				t.Errorf("%q: got %d %q, want %d %q", c.in, code, enhanced, c.code, c.enhanced)
			}
		})
	}
}

func TestAStatusHasAReason(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code     int
		enhanced string
		want     string
	}{
		{550, "5.1.1", event.ReasonNoSuchUser},
		{550, "5.1.2", event.ReasonDNS},
		{553, "5.1.3", event.ReasonNoSuchUser},
		{550, "5.1.10", event.ReasonDNS},
		{550, "5.1.8", ""}, // the sender's address
		{550, "5.2.1", event.ReasonNoSuchUser},
		{450, "4.2.1", event.ReasonThrottled},
		{552, "5.2.2", event.ReasonMailboxFull},
		{452, "4.2.2", event.ReasonMailboxFull},
		{552, "5.2.3", event.ReasonMessageTooLarge},
		{552, "5.3.4", event.ReasonMessageTooLarge},
		{421, "4.3.2", event.ReasonUnreachable},
		{450, "4.4.0", ""},
		{421, "4.4.1", event.ReasonUnreachable},
		{550, "5.4.6", event.ReasonUnreachable},
		{451, "4.4.3", event.ReasonDNS},
		{554, "4.4.7", event.ReasonRetriesExhausted},
		{452, "4.5.3", event.ReasonThrottled},
		{554, "5.6.1", event.ReasonContentRejected},
		{550, "5.7.1", event.ReasonBlocked},
		{550, "5.7.133", event.ReasonBlocked},
		{550, "5.7.26", event.ReasonAuthentication},
		{550, "5.7.17", event.ReasonNoSuchUser},
		{550, "5.0.0", ""},
		{552, "5.0.0", ""},
		{250, "2.2.2", ""},
		{552, "", event.ReasonMailboxFull},
		{551, "", event.ReasonNoSuchUser},
		{421, "", event.ReasonUnreachable},
		{550, "", ""},
		{0, "", ""},
		{0, "5", ""},
		{0, "5.", ""},
		{0, "nonsense.", ""},
	} {
		if got := event.ReasonOfSMTP(c.code, c.enhanced); got != c.want {
			t.Errorf("%d %q: got %q, want %q", c.code, c.enhanced, got, c.want)
		}
	}
}

func TestOnlyReasonsOfTheAddressCountTowardsSuppression(t *testing.T) {
	t.Parallel()
	want := []string{event.ReasonMailboxFull, event.ReasonUnreachable, event.ReasonDNS, event.ReasonRetriesExhausted}
	for _, r := range append(event.Reasons(), "", "general") {
		if got := event.AddressReason(r); got != slices.Contains(want, r) {
			t.Errorf("%q: %v", r, got)
		}
	}
}
