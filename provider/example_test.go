package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/ses"
	"tidings/provider/ses/snssign"
)

// A program that wants to know of bounces serves a handler at the URL that SNS calls. Here a signer stands in for SNS;
// against the real one neither the pinned certificate nor Options are needed.
func ExampleHandler() {
	sns, err := snssign.NewSigner(snssign.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	const topic = "arn:aws:sns:eu-west-1:111122223333:ses"
	src := provider.Source{
		ID: "src_1", Project: "prj_1",
		Topics:             []string{topic},
		SigningCertificate: sns.Certificate(),
	}
	handler := provider.Handler(ses.Adapter, src, func(_ context.Context, events []event.Event) error {
		for _, e := range events {
			fmt.Println(e.Name, e.Recipient, e.Bounce.Class)
		}
		return nil // the provider gets its 200 only now
	})

	body := sns.Notification(topic, "11111111-2222-4333-8444-555555555555", `{
		"eventType": "Bounce",
		"mail": {"timestamp": "2026-05-04T10:11:58.000Z", "messageId": "m1", "destination": ["ghost@acme.test"]},
		"bounce": {"bounceType": "Permanent", "bounceSubType": "NoEmail", "timestamp": "2026-05-04T10:12:00.120Z",
			"bouncedRecipients": [{"emailAddress": "ghost@acme.test"}], "feedbackId": "f1"}}`, time.Now())
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/webhooks/ses", strings.NewReader(string(body))))
	fmt.Println(w.Code)
	// Output:
	// email.bounce ghost@acme.test hard
	// 200
}
