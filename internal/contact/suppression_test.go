package contact_test

import (
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/contact"
)

func bounce(c event.BounceClass, reason string) event.Event {
	return event.Event{Name: event.EmailBounce, Bounce: &event.Bounce{Class: c, Final: true, Reason: reason}}
}

func complaint(feedback string) event.Event {
	return event.Event{Name: event.EmailComplaint, Complaint: &event.Complaint{FeedbackType: feedback}}
}

func ofCandidates(e event.Event) event.Event {
	e.Attribution = event.Candidates
	return e
}

// The rows are those of the table of suppressions in the documentation, in its order.
func TestSuppresses(t *testing.T) {
	t.Parallel()
	echo := event.Event{Name: event.EmailComplaint, Complaint: &event.Complaint{Echo: true}}
	for _, c := range []struct {
		name  string
		event event.Event
		want  contact.Reason
		soft  bool
	}{
		{"a hard bounce", bounce(event.Hard, "no_such_user"), contact.HardBounce, false},
		{"a full mailbox counts", bounce(event.Soft, "mailbox_full"), "", true},
		{"exhausted retries count", bounce(event.Soft, "retries_exhausted"), "", true},
		{"a message too large never counts", bounce(event.Soft, "message_too_large"), "", false},
		{"refused content never counts", bounce(event.Soft, "content_refused"), "", false},
		{"a soft bounce without a reason never counts", bounce(event.Soft, ""), "", false},
		{"an undetermined bounce", bounce(event.Undetermined, "mailbox_full"), "", false},
		{"an automatic answer", bounce(event.AutoReply, ""), "", false},
		{"a block", bounce(event.Block, "mailbox_full"), "", false},
		{"the echo of the provider's list", bounce(event.Suppressed, ""), contact.ProviderList, false},
		{"the echo of a complaint", echo, contact.ProviderList, false},
		{"a complaint of abuse", complaint("abuse"), contact.ComplaintReason, false},
		{"a complaint of fraud", complaint("fraud"), contact.ComplaintReason, false},
		{"a complaint of a virus", complaint("virus"), contact.ComplaintReason, false},
		{"a complaint of another kind", complaint("other"), contact.ComplaintReason, false},
		{"a complaint of no kind", complaint(""), contact.ComplaintReason, false},
		{"a complaint of an unknown kind", complaint("tomorrow's"), contact.ComplaintReason, false},
		{"a complaint without details", event.Event{Name: event.EmailComplaint}, contact.ComplaintReason, false},
		{"not-spam retracts", complaint("not-spam"), "", false},
		{"auth-failure is no person's act", complaint("auth-failure"), "", false},
		{"an unsubscribe", event.Event{Name: event.EmailUnsubscribe}, "", false},
		{"a delivery", event.Event{Name: event.EmailDelivery}, "", false},
		{"a bounce without details", event.Event{Name: event.EmailBounce}, "", false},
		{"a reject", event.Event{Name: event.EmailReject}, "", false},
		{"a candidates' complaint, where safety wins", ofCandidates(complaint("abuse")), contact.ComplaintReason, false},
		{"a candidates' hard bounce", ofCandidates(bounce(event.Hard, "no_such_user")), "", false},
		{"a candidates' full mailbox", ofCandidates(bounce(event.Soft, "mailbox_full")), "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			reason, suppresses := contact.Suppresses(&c.event)
			if reason != c.want || suppresses != (c.want != "") {
				t.Errorf("Suppresses: %q, %v, want %q", reason, suppresses, c.want)
			}
			if soft := contact.SoftBounce(&c.event); soft != c.soft {
				t.Errorf("SoftBounce: %v, want %v", soft, c.soft)
			}
		})
	}
}

func TestASuppressionIsActiveUntilItsEndOrItsLift(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name        string
		suppression contact.Suppression
		want        bool
	}{
		{"for good", contact.Suppression{Since: now.AddDate(-9, 0, 0)}, true},
		{"before its end", contact.Suppression{Until: now.Add(time.Millisecond)}, true},
		{"at its end", contact.Suppression{Until: now}, false},
		{"after its end", contact.Suppression{Until: now.Add(-time.Hour)}, false},
		{"lifted", contact.Suppression{LiftedAt: now.Add(-time.Hour)}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.suppression.Active(now); got != c.want {
				t.Errorf("active %v, want %v", got, c.want)
			}
		})
	}
}
