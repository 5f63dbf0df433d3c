package event_test

import (
	"encoding/json"
	"testing"
	"time"

	"tidings/event"
)

// typical is what the SES adapter makes of one delivery: a full message, clean texts.
func typical() event.Draft {
	at := time.Date(2026, 5, 4, 10, 12, 0, 120e6, time.UTC)
	return event.Draft{
		Event: event.Event{
			Name: event.EmailDelivery, OccurredAt: at, Recipient: "ann@acme.test",
			Message: &event.Message{
				ID: "0102019a-1c2d-4e5f-8a9b-0c1d2e3f4a5b-000000", Subject: "Your invoice for May", From: "app@send.test",
				SenderDomain: "send.test", Account: "111122223333", Template: "billing/invoice", Workflow: "billing",
				Tags: []string{"may", "paid"}, Metadata: map[string]string{"order": "17", "plan": "team"},
				SentAt: at.Add(-2 * time.Second),
			},
			Delivery: &event.Delivery{SMTPResponse: "250 2.0.0 OK  1777889520 a1-20020a.123 - gsmtp", ProcessingMs: 1980, ReportingMTA: "a8-31.smtp-out.test"},
			Data:     json.RawMessage(`{"remoteMtaIp":"198.51.100.9"}`),
		},
		IdentityAt: at,
		Key:        []string{"Delivery", "0102019a-1c2d-4e5f-8a9b-0c1d2e3f4a5b-000000", "ann@acme.test", "2026-05-04T10:12:00.120Z"},
	}
}

func origin() event.Origin {
	return event.Origin{Project: "prj_1", SourceID: "src_1", Provider: "ses", ReceivedAt: time.Date(2026, 5, 4, 10, 12, 1, 400e6, time.UTC)}
}

// The path of every event: 20,000 of them a second leave 50 µs for everything.
func BenchmarkFinish(b *testing.B) {
	d, o := typical(), origin()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Finish(o); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewID(b *testing.B) {
	d := typical()
	b.ReportAllocs()
	for b.Loop() {
		event.NewID(d.IdentityAt, "prj_1", "ses", d.Key...)
	}
}

func BenchmarkMarshalJSON(b *testing.B) {
	e, err := typical().Finish(origin())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.MarshalJSON(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseAddress(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		event.ParseAddress("Ann Lee <Ann.Lee@acme.test>")
	}
}
