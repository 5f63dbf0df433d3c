package simulate_test

import (
	"net/http"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/simulate"
	"tidings/provider"
	"tidings/provider/sendgrid"
)

func TestEveryFactIsOneElementThatSendGridsAdapterReads(t *testing.T) {
	t.Parallel()
	o := options("")
	o.Events = 30_000 // so that the rare ones are among them
	script := simulate.NewScript(o)
	source := provider.Source{ID: "src_1", Project: "prj_1", BasicAuth: []string{"user:password"}}
	now := o.Start.Add(10 * 24 * time.Hour)
	header := http.Header{"Authorization": {"Basic dXNlcjpwYXNzd29yZA=="}}
	names, distinct := map[event.Name]bool{}, map[event.ID]bool{}
	for range o.Events {
		f := script.Next()
		body := append(script.SendGrid([]byte("["), f), ']')
		result, err := sendgrid.Adapter.Open(provider.Request{Method: http.MethodPost, Header: header, Body: body}, source, now)
		if err != nil || len(result.Problems) > 0 || len(result.Drafts) != 1 {
			t.Fatalf("%v %v %d drafts\n%s", err, result.Problems, len(result.Drafts), body)
		}
		e, err := result.Drafts[0].Finish(event.Origin{Project: "prj_1", Provider: "sendgrid", ReceivedAt: now})
		if err != nil {
			t.Fatal(err)
		}
		if e.Recipient == "" || e.Message.Template == "" && len(e.Message.Tags) == 0 || e.Message.ID != script.SendGridMessageID(f) {
			t.Fatalf("event %+v of\n%s", e, body)
		}
		names[e.Name], distinct[e.ID] = true, true
	}
	for _, want := range []event.Name{
		event.EmailQueued, event.EmailDelivery, event.EmailDelay, event.EmailBounce, event.EmailOpen, event.EmailClick,
		event.EmailComplaint, event.EmailReject, event.EmailUnsubscribe,
	} {
		if !names[want] {
			t.Errorf("no %s among %d facts", want, o.Events)
		}
	}
	if len(distinct) != int(o.Events) {
		t.Errorf("%d distinct ids of %d facts", len(distinct), o.Events)
	}
}
