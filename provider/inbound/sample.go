package inbound

import (
	"time"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/ses"
	"tidings/provider/ses/snssign"
)

// sampleSender never was a person's: Amazon's simulator of mailboxes.
const sampleSender = "success@simulator.amazonses.com"

// sample is a notification of a mail that came in.
func sample(src provider.Source, now time.Time) (provider.Sample, error) {
	type object = map[string]any
	at := snssign.Timestamp(now)
	s, err := ses.SampleOf(src, now, func(id string) any {
		pass := object{"status": "PASS"}
		return object{
			"notificationType": "Received",
			"mail": object{
				"timestamp": at, "source": sampleSender, "messageId": "self-test-" + id,
				"destination":      []string{"self-test@example.invalid"},
				"headersTruncated": false,
				"headers":          []object{{"name": "Auto-Submitted", "value": "auto-generated"}},
				"commonHeaders":    object{"from": []string{sampleSender}, "subject": "Self-test"},
			},
			"receipt": object{
				"timestamp": at, "processingTimeMillis": 1, "recipients": []string{"self-test@example.invalid"},
				"spamVerdict": pass, "virusVerdict": pass, "spfVerdict": pass, "dkimVerdict": pass, "dmarcVerdict": pass,
				"action": object{"type": "SNS"},
			},
		}
	})
	s.Name, s.Recipient = event.EmailReceived, sampleSender
	return s, err
}
