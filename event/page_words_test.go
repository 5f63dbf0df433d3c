package event_test

import (
	"strings"
	"testing"

	"tidings/event"
)

// statuses are the SMTP statuses (RFC 3463) that a reason is read off; the tests of ReasonOf hold the same.
var statuses = map[string]string{
	event.ReasonNoSuchUser: "x.1.1, x.1.3, 5.2.1", event.ReasonMailboxFull: "x.2.2", event.ReasonUnreachable: "x.3.2, x.4.1",
	event.ReasonDNS: "x.1.2, x.1.10, x.4.3", event.ReasonRetriesExhausted: "x.4.7", event.ReasonMessageTooLarge: "x.2.3, x.3.4",
	event.ReasonContentRejected: "x.6.x", event.ReasonBlocked: "x.7.x", event.ReasonAuthentication: "x.7.20 to x.7.27",
	event.ReasonThrottled: "4.2.1, x.4.5, x.5.3, x.7.28",
}

// system is one of the systems whose words filters take, with its word for each of our names. aws is the provider's own.
type system struct {
	title string
	aws   bool
	words map[event.Name]string
}

func systems() []system {
	return []system{
		{"Amazon SES", true, map[event.Name]string{
			event.EmailSent: "Send", event.EmailDelivery: "Delivery", event.EmailDelay: "DeliveryDelay", event.EmailBounce: "Bounce",
			event.EmailReject: "Reject", event.EmailFailure: "Rendering Failure", event.EmailOpen: "Open", event.EmailClick: "Click",
			event.EmailComplaint: "Complaint", event.EmailUnsubscribe: "Subscription, out", event.EmailSubscribe: "Subscription, in",
			event.EmailReceived: "Received", event.EmailUnknown: "any other",
		}},
		{"Mailshot", false, map[event.Name]string{
			event.EmailDelivery: "`delivery`", event.EmailBounce: "`bounce`", event.EmailOpen: "`open`", event.EmailClick: "`click`",
			event.EmailComplaint: "`complaint`", event.EmailReply: "`reply`",
		}},
		{"MailGlyph", false, map[event.Name]string{
			event.EmailSent: "`email.sent`", event.EmailDelivery: "`email.delivery`", event.EmailBounce: "`email.bounce`",
			event.EmailOpen: "`email.open`", event.EmailClick: "`email.click`", event.EmailComplaint: "`email.complaint`",
			event.EmailReceived: "`email.received`",
		}},
		{"amsdal_mail, anymail", false, map[event.Name]string{
			event.EmailQueued: "`queued`", event.EmailSent: "`sent`", event.EmailDelivery: "`delivered`", event.EmailDelay: "`deferred`",
			event.EmailBounce: "`bounced`", event.EmailReject: "`rejected`", event.EmailFailure: "`failed`", event.EmailOpen: "`opened`",
			event.EmailClick: "`clicked`", event.EmailComplaint: "`complained`", event.EmailUnsubscribe: "`unsubscribed`",
			event.EmailSubscribe: "`subscribed` (anymail)", event.EmailReceived: "`inbound` (anymail)", event.EmailUnknown: "`unknown`",
		}},
		{"Engage", false, map[event.Name]string{
			event.EmailDelivery: "Delivered", event.EmailDelay: "Temp failed", event.EmailBounce: "Bounced", event.EmailReject: "reject",
			event.EmailFailure: "Failed", event.EmailOpen: "Opened", event.EmailClick: "Clicked", event.EmailComplaint: "Complained",
		}},
	}
}

// words is the table of the same names in other systems. A word that filters would not take for our name fails.
func words(t *testing.T) string {
	t.Helper()
	head := "| Tidings |"
	for _, s := range systems() {
		head += " " + s.title + " |"
	}
	var rows []string
	for _, n := range event.EmailNames() {
		cells := []string{"`" + string(n) + "`"}
		for _, s := range systems() {
			cell := s.words[n]
			cells = append(cells, cell)
			bare, _, _ := strings.Cut(strings.ReplaceAll(cell, "`", ""), " (")
			if cell != "" && !s.aws && event.Canonical(bare) != n {
				t.Errorf("%s's word %q means %s, not %s", s.title, bare, event.Canonical(bare), n)
			}
		}
		rows = append(rows, row(cells...))
	}
	return table(head, rows)
}
