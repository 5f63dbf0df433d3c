package message_test

import (
	"testing"

	"tidings/event"
	"tidings/internal/message"
)

func TestRankOf(t *testing.T) {
	t.Parallel()
	bounce := func(c event.BounceClass, final bool) event.Event {
		return event.Event{Name: event.EmailBounce, Bounce: &event.Bounce{Class: c, Final: final}}
	}
	candidates := func(e event.Event) event.Event {
		e.Attribution = event.Candidates
		return e
	}
	named := func(n event.Name) event.Event { return event.Event{Name: n, Attribution: event.Exact} }
	for _, c := range []struct {
		name        string
		event       event.Event
		suppressing bool
		want        message.Rank
	}{
		{"queued", named(event.EmailQueued), false, message.Queued},
		{"sent", named(event.EmailSent), false, message.Sent},
		{"delivery", named(event.EmailDelivery), false, message.Delivered},
		{"open", named(event.EmailOpen), false, message.Opened},
		{"click", named(event.EmailClick), false, message.Clicked},
		{"failure", named(event.EmailFailure), false, message.Failed},
		{"reject", named(event.EmailReject), false, message.Rejected},
		{"a final hard bounce", bounce(event.Hard, true), true, message.Bounced},
		{"a final soft bounce", bounce(event.Soft, true), false, message.Bounced},
		{"a final block", bounce(event.Block, true), false, message.Bounced},
		{"a soft bounce that is tried again", bounce(event.Soft, false), false, message.NoRank},
		{"the echo of a list", bounce(event.Suppressed, true), true, message.NoRank},
		{"an automatic answer", bounce(event.AutoReply, true), false, message.NoRank},
		{"an undetermined bounce", bounce(event.Undetermined, true), false, message.NoRank},
		{"a bounce that says nothing", named(event.EmailBounce), false, message.NoRank},
		{"a complaint that suppresses", named(event.EmailComplaint), true, message.Complained},
		{"a complaint that does not", named(event.EmailComplaint), false, message.NoRank},
		{"a candidates' complaint", candidates(named(event.EmailComplaint)), true, message.Complained},
		{"a candidates' open", candidates(named(event.EmailOpen)), false, message.NoRank},
		{"a candidates' bounce", candidates(bounce(event.Hard, true)), false, message.NoRank},
		{"delay", named(event.EmailDelay), false, message.NoRank},
		{"unsubscribe", named(event.EmailUnsubscribe), false, message.NoRank},
		{"unknown", named(event.EmailUnknown), false, message.NoRank},
		{"a custom event", named("invoice.paid"), false, message.NoRank},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := message.RankOf(&c.event, c.suppressing); got != c.want {
				t.Errorf("rank %d, want %d", got, c.want)
			}
		})
	}
}

func TestTheRankTellsMoreTheFurtherTheMessageCame(t *testing.T) {
	t.Parallel()
	order := []event.Name{
		"", event.EmailQueued, event.EmailSent, event.EmailDelivery, event.EmailOpen, event.EmailClick,
		event.EmailFailure, event.EmailReject, event.EmailBounce, event.EmailComplaint,
	}
	for i, want := range order {
		if got := message.Rank(i).Name(); got != want {
			t.Errorf("rank %d is %q, want %q", i, got, want)
		}
	}
	if got := message.Rank(len(order)).Name(); got != "" {
		t.Errorf("the rank beyond the last is %q, want none", got)
	}
}
