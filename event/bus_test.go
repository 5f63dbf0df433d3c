package event_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
)

func TestABusIsNamedByItsNameOrItsARN(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"orders": "orders", "": "", "a/b": "a/b",
		"arn:aws:events:eu-west-1:111122223333:event-bus/orders":            "orders",
		"arn:aws-cn:events:cn-north-1:111122223333:event-bus/aws.partner/x": "aws.partner/x",
		"arn:aws:events:eu-west-1:111122223333:event-bus/":                  "arn:aws:events:eu-west-1:111122223333:event-bus/",
		"arn:aws:sqs:eu-west-1:111122223333:orders":                         "arn:aws:sqs:eu-west-1:111122223333:orders",
	} {
		if got := event.BusName(given); got != want {
			t.Errorf("%q is %q, want %q", given, got, want)
		}
	}
}

func TestWhatABusSaysIsCleanedAndComesBackFromJSON(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 10, 12, 0, 0, time.UTC)
	said := event.Bus{
		Name: "orders", App: "a\x00b", Trace: strings.Repeat("x", 2000), Account: "1", Region: "r",
		Resources: append([]string{"z", "", "a"}, make([]string, 60)...),
	}
	draft := event.Draft{Event: event.Event{Name: "order.paid", OccurredAt: at, Bus: &said}, IdentityAt: at, Key: []string{"1"}}
	e, err := draft.Finish(event.Origin{Project: "prj_1", Provider: "track", ReceivedAt: at})
	if err != nil {
		t.Fatal(err)
	}
	want := &event.Bus{
		Name: "orders", App: "a\uFFFDb", Trace: strings.Repeat("x", 1024), Account: "1", Region: "r", Resources: []string{"z", "a"},
	}
	if diff := cmp.Diff(want, e.Bus); diff != "" {
		t.Error(diff)
	}
	if said.App != "a\x00b" || len(said.Resources) != 63 {
		t.Error("what the draft points to was changed")
	}
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var back event.Event
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e, back); diff != "" {
		t.Error(diff)
	}
}
