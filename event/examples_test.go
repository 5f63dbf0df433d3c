package event_test

import (
	"encoding/json"
	"testing"
	"time"

	"tidings/event"
)

var happened = time.Date(2026, 5, 4, 10, 12, 0, 120e6, time.UTC)

// examples returns one finished event for each email name, with every field that applies to it.
func examples(tb testing.TB) []event.Event {
	tb.Helper()
	client := &event.Client{IP: "198.51.100.7", UserAgent: "Mozilla/5.0", Device: "desktop", OS: "macOS", App: "Mail"}
	parts := map[event.Name]event.Event{
		event.EmailDelivery: {Delivery: &event.Delivery{SMTPResponse: "250 2.0.0 OK", ProcessingMs: 1980, ReportingMTA: "a8-31.smtp-out.test"}},
		event.EmailDelay: {Delay: &event.Delay{
			Reason: event.ReasonMailboxFull, Until: happened.Add(14 * time.Hour), SMTPCode: 452, EnhancedCode: "4.2.2",
			Diagnostic: "smtp; 452 4.2.2 over quota",
		}},
		event.EmailBounce: {Bounce: &event.Bounce{
			Class: event.Hard, Final: true, Reason: event.ReasonNoSuchUser, SMTPCode: 550, EnhancedCode: "5.1.1",
			Diagnostic: "smtp; 550 5.1.1 no such user",
		}},
		event.EmailReject:  {Reject: &event.Refusal{Reason: event.ReasonVirus, Detail: "Bad content"}},
		event.EmailFailure: {Failure: &event.Refusal{Reason: event.ReasonTemplate, Detail: "attribute 'name' is not present"}},
		event.EmailOpen: {
			Open: &event.Engagement{First: true}, Client: client,
			Automation: &event.Automation{Verdict: event.Proxy, Signals: []string{"user_agent"}},
		},
		event.EmailClick: {
			Click: &event.Engagement{
				First: true, URL: "https://acme.test/may?a=1&b=2",
				LinkTags: map[string][]string{"campaign": {"may"}, "place": {"button", "top"}},
			},
			Client: client, Automation: &event.Automation{Verdict: event.Human},
		},
		event.EmailComplaint:   {Complaint: &event.Complaint{FeedbackType: "abuse", Echo: true}, Client: &event.Client{UserAgent: "Feedback-Loop/1.0"}},
		event.EmailUnsubscribe: {Subscription: &event.Subscription{List: "news", Topics: []string{"may", "offers"}, Origin: "UnsubscribeHeader"}},
		event.EmailSubscribe:   {Subscription: &event.Subscription{List: "news", Topics: []string{"may"}}},
	}
	var out []event.Event
	for _, name := range event.EmailNames() {
		e := parts[name]
		e.Name = name
		e.OccurredAt = happened
		e.ContactID, e.EmailID = "con_1", "msg_1"
		e.Recipient = "Ann <Ann@Acme.test>"
		e.Message = &event.Message{
			ID: "0102019a-two", Subject: "Hi \u2028 <Ann>", From: "app@send.test", SenderDomain: "send.test", Account: "111122223333",
			Template: "onboarding/welcome", Workflow: "onboarding", Tags: []string{"may", "paid"},
			Metadata: map[string]string{"order": "17", "plan": "team"}, SentAt: happened.Add(-2 * time.Second),
		}
		e.Data = json.RawMessage(`{"feedbackId":"0100019a-feedback"}`)
		finished, err := event.Draft{Event: e, IdentityAt: happened, Key: []string{string(name), "0102019a-two"}}.Finish(origin())
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, finished)
	}
	return out
}
