package awslambda_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/ses/awslambda"
)

// fixture is the payload of a request that the adapter is tested with, too.
func fixture(t testing.TB, name string) json.RawMessage {
	t.Helper()
	text, err := os.ReadFile("../testdata/" + name + ".http")
	if err != nil {
		t.Fatal(err)
	}
	_, payload, _ := bytes.Cut(text, []byte("\n\n"))
	return payload
}

// sink handles events; those of a recipient in refuse fail.
type sink struct {
	names  []event.Name
	refuse event.Name
}

func (s *sink) handler() awslambda.Handler {
	return awslambda.Handler{
		Source: provider.Source{ID: "src_1", Project: "prj_1"},
		Now:    func() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) },
		Handle: func(_ context.Context, events []event.Event) error {
			for _, e := range events {
				if e.Name == s.refuse {
					return errors.New("disk full")
				}
				s.names = append(s.names, e.Name)
			}
			return nil
		},
	}
}

func TestEachRecordIsHandledOrNamed(t *testing.T) {
	t.Parallel()
	const id = "22222222-2222-4333-8444-00000000000"
	for _, c := range []struct {
		name, fixture string
		refuse        event.Name
		want          []event.Name
		failed        []string
		fails         bool
	}{
		{name: "SQS with a poison message", fixture: "lambda_sqs", want: []event.Name{"email.delivery", "email.sent", "email.open"}, failed: []string{id + "4"}},
		{name: "SQS with one that is not handled", fixture: "lambda_sqs", refuse: "email.sent", want: []event.Name{"email.delivery", "email.open"}, failed: []string{id + "2", id + "4"}},
		{name: "SNS", fixture: "lambda_sns", want: []event.Name{"email.bounce"}},
		{name: "SNS that is not handled", fixture: "lambda_sns", refuse: "email.bounce", fails: true},
		{name: "EventBridge", fixture: "eventbridge_api_destination", want: []event.Name{"email.click"}},
		{name: "EventBridge that is not handled", fixture: "eventbridge_api_destination", refuse: "email.click", fails: true},
		{name: "a custom event", fixture: "eventbridge_custom_event", want: []event.Name{"order.paid"}},
		{name: "a custom event of nobody is passed over", fixture: "eventbridge_custom_no_email"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &sink{refuse: c.refuse}
			answer, err := s.handler().Invoke(t.Context(), fixture(t, c.fixture))
			var failed []string
			for _, f := range answer.BatchItemFailures {
				failed = append(failed, f.ItemIdentifier)
			}
			if (err != nil) != c.fails || !cmp.Equal(s.names, c.want) || !cmp.Equal(failed, c.failed) {
				t.Errorf("events %v, failed %v, error %v", s.names, failed, err)
			}
		})
	}
}

func TestAnAnswerWithoutFailuresIsAnEmptyList(t *testing.T) {
	t.Parallel()
	answer, err := (&sink{}).handler().Invoke(t.Context(), fixture(t, "lambda_sns"))
	text, errJSON := json.Marshal(answer)
	if err != nil || errJSON != nil || string(text) != `{"batchItemFailures":[]}` {
		t.Errorf("%s, %v, %v", text, err, errJSON)
	}
}

// FuzzInvoke: whatever a function is invoked with, it answers, and names no message that it was not given.
func FuzzInvoke(f *testing.F) {
	for _, name := range []string{"lambda_sqs", "lambda_sns", "eventbridge_api_destination", "eventbridge_custom_event"} {
		f.Add([]byte(fixture(f, name)))
	}
	f.Add([]byte(`{"Records":[{"eventSource":"aws:sqs","messageId":"1","body":""},7,null]}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		answer, _ := (&sink{}).handler().Invoke(t.Context(), payload)
		var given struct {
			Records []json.RawMessage
		}
		_ = json.Unmarshal(payload, &given)
		if answer.BatchItemFailures == nil || len(answer.BatchItemFailures) > len(given.Records) {
			t.Fatalf("%d records, answer %+v", len(given.Records), answer)
		}
	})
}
