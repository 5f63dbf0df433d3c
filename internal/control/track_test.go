package control_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/receipt"
)

// follower is a control that tracks.
func follower(t *testing.T, url string) *control.Control {
	t.Helper()
	c := importing(t, url)
	c.Submit = func(ctx context.Context, e *receipt.Entry) error { return c.Commit(ctx, []*receipt.Entry{e}) }
	c.Tracking = control.TrackRules{Past: 90 * 24 * time.Hour, Ahead: 5 * time.Minute}
	return c
}

func TestRequestsWithOneIdempotencyKeyAtOnceAreOne(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		c := follower(t, url)
		item := control.TrackItem{Email: "lea@acme.test", Event: "order.paid", Data: []byte(`{"amount":49,"plan":"team"}`)}
		answers := make([]string, 8)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() {
				list, _, err := c.Track(t.Context(), operator, control.TrackRequest{Items: []control.TrackItem{item}, IdempotencyKey: "o-1"})
				answers[i] = fmt.Sprintf("%+v %v", list, err)
			})
		}
		all.Wait()
		for _, a := range answers {
			if a != answers[0] || !strings.Contains(a, "con_") {
				t.Errorf("%s, and %s", answers[0], a)
			}
		}
		other := item
		other.Data = []byte(`{"amount":50,"plan":"team"}`)
		_, _, err := c.Track(t.Context(), operator, control.TrackRequest{Items: []control.TrackItem{other}, IdempotencyKey: "o-1"})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("another request with the key: %v", err)
		}
		page, err := c.ListEvents(t.Context(), operator, control.EventFilter{Names: []string{"order.paid"}})
		must(t, err)
		if len(page.Events) != 1 {
			t.Errorf("%d events", len(page.Events))
		}
		v, err := c.Verify(t.Context(), nil)
		must(t, err)
		if len(v.Differences) > 0 {
			t.Errorf("verify: %+v", v.Differences)
		}
	})
}

func TestWhatIsSaidOfAContactLaterCounts(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, url string) {
		c := follower(t, url)
		no := false
		taken, yes := "u1", true
		for _, list := range [][]control.TrackItem{
			{
				{Email: "lea@acme.test", Event: "seen", Data: []byte(`{"a":1,"b":"x"}`), ExternalID: &taken, Tags: []string{"trial"}},
				{Email: "Lea@ACME.test", Event: "seen", Data: []byte(`{"a":null,"c":[1,2]}`), Subscribed: &no},
				{Email: "bob@acme.test", Event: "seen", Subscribed: &yes, ExternalID: &taken},
			},
			{{Email: "lea@acme.test", Event: "seen", Data: []byte(`{"b":""}`), Timestamp: "2026-04-01"}},
		} {
			got, _, err := c.Track(t.Context(), operator, control.TrackRequest{Items: list})
			must(t, err)
			for i, x := range got {
				if x.Problem != nil || x.Contact == "" || (i == 2) != (len(x.Ignored) == 1 && x.Ignored[0].Code == receipt.ProblemExternalID) && len(list) > 1 {
					t.Errorf("item %d: %+v", i, x)
				}
			}
		}
		k, err := c.Contact(t.Context(), operator, "lea@acme.test")
		must(t, err)
		if got := string(k.Attributes); got != `{"b":"x","c":[1,2]}` || !k.State.Unsubscribed {
			t.Errorf("attributes %s, %+v", got, k.State)
		}
	})
}
