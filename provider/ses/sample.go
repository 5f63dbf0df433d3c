package ses

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/ses/snssign"
)

const (
	// sampleRecipient is the mailbox simulator's: SES keeps it for tests, so it is nobody's.
	// https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html
	sampleRecipient = "success@simulator.amazonses.com"
	sampleSender    = "self-test@simulator.amazonses.com"
	sampleAccount   = "123456789012"
	sampleLifetime  = 10 * time.Minute
	// sampleCertificateURL is not Amazon's, so that a sample that is posted anywhere else is refused by its sight.
	sampleCertificateURL = "https://self-test.invalid/"
)

// sample makes a notification of a delivery, as SNS posts it for the first topic of a source. Amazon's key is Amazon's,
// so it is signed by a key that is forgotten at once. A source without topics takes nothing from SNS, so it gets what
// EventBridge posts.
func sample(src provider.Source, now time.Time) (provider.Sample, error) {
	s, err := SampleOf(src, now, func(id string) any { return sampleRecord(src, id, now) })
	s.Name, s.Recipient = event.EmailDelivery, sampleRecipient
	return s, err
}

// SampleOf is a sample that holds another record of SES, which record makes with an id of its own. Name and Recipient are
// the caller's to set.
func SampleOf(src provider.Source, now time.Time, record func(id string) any) (provider.Sample, error) {
	id := uuid()
	message, err := json.Marshal(record(id))
	if err != nil {
		return provider.Sample{}, fmt.Errorf("write the sample: %w", err)
	}
	header := http.Header{"Content-Type": {"text/plain; charset=UTF-8"}, "User-Agent": {"Amazon Simple Notification Service Agent"}}
	header.Set(headerType, typeNotification)
	header.Set(headerID, id)
	if len(src.Topics) == 0 {
		return sampleBridge(src, id, message, now), nil
	}
	if len(src.BasicAuth) > 0 {
		setBasicAuth(header, src.BasicAuth[0])
	}
	s := provider.Sample{Header: header}
	signer, err := snssign.NewSigner(snssign.Config{NotBefore: now.Add(-sampleLifetime), NotAfter: now.Add(sampleLifetime)})
	if err != nil {
		return provider.Sample{}, fmt.Errorf("make a signer for the sample: %w", err)
	}
	topic := src.Topics[0]
	header.Set(headerTopic, topic)
	s.Certificate = signer.Certificate()
	s.Body = signer.Sign(map[string]string{
		"Type": typeNotification, "MessageId": id, "TopicArn": topic, "Subject": "Amazon SES Email Event Notification",
		"Message": string(message), "Timestamp": snssign.Timestamp(now), "SigningCertURL": sampleCertificateURL,
	})
	s.Note = "SNS topic " + topic
	return s, nil
}

// sampleBridge wraps a record as EventBridge does, with the source's API key or its user and password.
func sampleBridge(src provider.Source, id string, record []byte, now time.Time) provider.Sample {
	header := http.Header{"Content-Type": {"application/json; charset=utf-8"}, "User-Agent": {"Amazon/EventBridge/ApiDestinations"}}
	switch {
	case len(src.Secrets) > 0:
		header.Set(headerKey, src.Secrets[0])
	case len(src.BasicAuth) > 0:
		setBasicAuth(header, src.BasicAuth[0])
	}
	account := sampleAccountOf(src)
	body := `{"version":"0","id":"` + id + `","detail-type":"Email Delivered","source":"` + bridgeSource + `","account":"` +
		account + `","time":"` + now.UTC().Format(time.RFC3339) + `","region":"us-east-1","resources":[],"detail":` +
		string(record) + `}`
	return provider.Sample{
		Header: header, Body: []byte(body), Note: "EventBridge, with the key of the source",
	}
}

func setBasicAuth(header http.Header, pair string) {
	user, password, _ := strings.Cut(pair, ":")
	r := http.Request{Header: header}
	r.SetBasicAuth(user, password)
}

// sampleAccountOf is the account that a source takes events of.
func sampleAccountOf(src provider.Source) string {
	if src.Account != "" {
		return src.Account
	}
	return sampleAccount
}

// sampleRecord is what SES publishes of a delivery.
func sampleRecord(src provider.Source, id string, now time.Time) any {
	type object = map[string]any
	at := snssign.Timestamp(now)
	return object{
		"eventType": "Delivery",
		"mail": object{
			"timestamp": at, "messageId": "self-test-" + id, "source": sampleSender, "sendingAccountId": sampleAccountOf(src),
			"destination": []string{sampleRecipient},
			"tags":        object{"ses:configuration-set": []string{"self-test"}},
		},
		"delivery": object{
			"timestamp": at, "processingTimeMillis": 1, "recipients": []string{sampleRecipient},
			"smtpResponse": "250 2.0.0 self-test", "reportingMTA": "simulator.amazonses.com",
		},
	}
}

// uuid makes a random UUID, which is what SNS names messages by.
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
