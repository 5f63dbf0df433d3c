package awslambda_test

import (
	"context"
	"encoding/json"
	"fmt"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/ses/awslambda"
)

// A function that reads a queue to which an SNS topic of SES delivers. Its main is lambda.Start(handler.Invoke).
func ExampleHandler() {
	handler := awslambda.Handler{
		Source: provider.Source{ID: "src_1", Project: "prj_1"},
		Handle: func(_ context.Context, events []event.Event) error {
			for _, e := range events {
				fmt.Println(e.Name, e.Recipient, e.Bounce.Class)
			}
			return nil
		},
	}
	record, _ := json.Marshal(`{"eventType": "Bounce",
		"mail": {"timestamp": "2026-05-04T10:11:58.000Z", "messageId": "m1", "destination": ["ghost@acme.test"]},
		"bounce": {"bounceType": "Permanent", "bounceSubType": "NoEmail", "timestamp": "2026-05-04T10:12:00.120Z",
			"bouncedRecipients": [{"emailAddress": "ghost@acme.test"}], "feedbackId": "f1"}}`)
	answer, err := handler.Invoke(context.Background(), json.RawMessage(`{"Records": [
		{"eventSource": "aws:sqs", "messageId": "q1", "body": `+string(record)+`},
		{"eventSource": "aws:sqs", "messageId": "q2", "body": "not from SES"}]}`))
	text, _ := json.Marshal(answer)
	fmt.Println(string(text), err)
	// Output:
	// email.bounce ghost@acme.test hard
	// {"batchItemFailures":[{"itemIdentifier":"q2"}]} <nil>
}

// Listeners do their work before Lambda is answered, because a function may be frozen afterwards: no Background here.
func ExampleHandler_listeners() {
	bounced := func(_ context.Context, e event.Event) error {
		fmt.Println("stop mailing", e.Recipient)
		return nil
	}
	handler := awslambda.Handler{
		Source: provider.Source{ID: "src_1", Project: "prj_1"},
		Handle: provider.Chain(bounced, provider.Only(event.EmailBounce)).Handle,
	}
	_, err := handler.Invoke(context.Background(), json.RawMessage(`{"Records": [{"EventSource": "aws:sns", "Sns": {
		"MessageId": "11111111-2222-4333-8444-555555555555", "TopicArn": "arn:aws:sns:eu-west-1:111122223333:ses",
		"Timestamp": "2026-05-04T10:12:01.000Z", "Type": "Notification", "Message":
		"{\"eventType\":\"Bounce\",\"mail\":{\"timestamp\":\"2026-05-04T10:11:58.000Z\",\"messageId\":\"m1\",\"destination\":[\"ghost@acme.test\"]},\"bounce\":{\"bounceType\":\"Permanent\",\"bounceSubType\":\"NoEmail\",\"timestamp\":\"2026-05-04T10:12:00.120Z\",\"bouncedRecipients\":[{\"emailAddress\":\"ghost@acme.test\"}],\"feedbackId\":\"f1\"}}"
		}}]}`))
	fmt.Println(err)
	// Output:
	// stop mailing ghost@acme.test
	// <nil>
}
