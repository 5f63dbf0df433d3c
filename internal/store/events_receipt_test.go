package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/store"
)

// An event belongs to the receipt that was the first to tell it; one that repeats it has none.
func TestAReceiptHasTheEventsThatItWasTheFirstToTell(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		sent := fact{name: event.EmailSent, message: "m1", to: ghost}
		delivery := fact{name: event.EmailDelivery, message: "m1", to: ghost, at: time.Minute}
		other := fact{name: event.EmailDelivery, message: "m2", to: "ann@acme.test", at: time.Hour}
		f.commit(f.entry(sent, other))
		f.commit(f.entry(delivery))
		f.commit(f.entry(sent))
		for id, want := range map[string][]string{
			"rcp_1": {"email.delivery", "email.sent"}, "rcp_2": {"email.delivery"}, "rcp_3": nil, "rcp_9": nil, "rcp_!": nil,
		} {
			q := store.EventQuery{Project: store.DefaultProject, Receipt: id, Limit: 1}
			var got []string
			for {
				page, err := s.ListEvents(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range page.Events {
					got = append(got, string(e.Name))
				}
				if q.After = page.Next; page.Next.IsZero() {
					break
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s:\n%s", id, diff)
			}
		}
		page, err := s.ListEvents(t.Context(), store.EventQuery{
			Project: store.DefaultProject, Receipt: "rcp_1", Names: []event.Name{event.EmailSent}, Contact: ghost,
		})
		if err != nil || len(page.Events) != 1 {
			t.Errorf("with other filters: %+v, %v", page.Events, err)
		}
	})
}
