// Package awslambda reads events of Amazon SES in an AWS Lambda function that is invoked by SNS, SQS or EventBridge. It
// knows nothing of Lambda's own packages: Handler.Invoke is what lambda.Start takes.
package awslambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/ses"
)

// Handler hands the events of an invocation to Handle, record by record. Nothing is proved: whoever may invoke the
// function is believed, and AWS IAM says who may. Source and Handle are required; of Source, Project and ID go into
// events, Account is asked for where it is set, and TemplateTag and WorkflowTag are used.
type Handler struct {
	Source provider.Source
	Handle provider.Handle  // gets what one record holds; an error makes AWS deliver that record again
	Now    func() time.Time // the clock; nil means time.Now
	Log    *slog.Logger     // gets problems and failures; nil means none
}

// Answer is what Lambda wants to be told of a batch from SQS: the messages to deliver again. The event source mapping
// must have ReportBatchItemFailures, else AWS takes every answer for a success of all.
type Answer struct {
	BatchItemFailures []ItemFailure `json:"batchItemFailures"` // never null
}

// ItemFailure is a message of the batch that was not handled.
type ItemFailure struct {
	ItemIdentifier string `json:"itemIdentifier"` // the SQS message id
}

type record struct {
	MessageID   string `json:"messageId"`
	EventSource string `json:"eventSource"`
}

const sqsSource = "aws:sqs"

// Invoke handles one invocation. Records from SQS that were not handled, and those that can't be read, are in the
// answer: SQS delivers them again and moves them to its dead-letter queue in the end. For SNS and EventBridge, which
// know no such answer, it returns an error, and Lambda invokes the function again with the same event.
func (h Handler) Invoke(ctx context.Context, payload json.RawMessage) (Answer, error) {
	answer := Answer{BatchItemFailures: []ItemFailure{}}
	var invocation struct{ Records []json.RawMessage }
	if err := json.Unmarshal(payload, &invocation); err != nil {
		return answer, fmt.Errorf("read invocation: %w", err)
	}
	if len(invocation.Records) == 0 { // EventBridge invokes with the event itself
		result, err := ses.Adapter.Reparse(payload, h.Source)
		if err != nil {
			return answer, fmt.Errorf("read event: %w", err)
		}
		return answer, h.handle(ctx, result)
	}
	var failed []error
	for _, text := range invocation.Records {
		err := h.record(ctx, text)
		if err == nil {
			continue
		}
		h.log().WarnContext(ctx, "record not handled", "error", err)
		var r record
		if json.Unmarshal(text, &r) == nil && r.EventSource == sqsSource && r.MessageID != "" {
			answer.BatchItemFailures = append(answer.BatchItemFailures, ItemFailure{r.MessageID})
			continue
		}
		failed = append(failed, err)
	}
	return answer, errors.Join(failed...)
}

func (h Handler) record(ctx context.Context, text json.RawMessage) error {
	body := bytes.Join([][]byte{[]byte(`{"Records":[`), text, []byte(`]}`)}, nil)
	result, err := ses.ReadLambda(body, h.Source)
	if err != nil {
		return fmt.Errorf("read record: %w", err)
	}
	return h.handle(ctx, result)
}

// unreadable is the problem of what is no SES record. Others are of records that are understood.
const unreadable = "unreadable"

func (h Handler) handle(ctx context.Context, result provider.Result) error {
	for _, p := range result.Problems {
		h.log().WarnContext(ctx, "problem in a record", "code", p.Code, "message", p.Message)
		if p.Code == unreadable && len(result.Drafts) == 0 {
			return fmt.Errorf("read record: %s", p.Message)
		}
	}
	events, err := h.events(result)
	if err != nil || len(events) == 0 {
		return err
	}
	if err := h.Handle(ctx, events); err != nil {
		return fmt.Errorf("handle events: %w", err)
	}
	return nil
}

func (h Handler) events(result provider.Result) ([]event.Event, error) {
	now := time.Now
	if h.Now != nil {
		now = h.Now
	}
	return ses.Adapter.Finish(result, h.Source, now())
}

func (h Handler) log() *slog.Logger {
	if h.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return h.Log
}
