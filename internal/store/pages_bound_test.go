package store_test

import (
	"fmt"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/receipt"
	"tidings/internal/store"
)

// A filter may hold for one event in thousands: a page ends at its bound all the same, and the next one goes on there.
func TestAPageThatFindsNextToNothingEndsAtItsBoundAndGoesOn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		welcome := func(d *event.Draft) {
			d.Message.Template, d.Message.Workflow, d.Message.Tags = "welcome", "on", []string{"may"}
		}
		rare := func(d *event.Draft) {
			d.Message.Template, d.Message.Workflow, d.Message.Tags = "welcome", "off", []string{"june"}
		}
		entries := []*receipt.Entry{f.entry(fact{name: event.EmailBounce, message: "rare", to: ghost, change: rare})}
		for i := range 5100 {
			entries = append(entries, f.entry(fact{
				name: event.EmailDelivery, message: fmt.Sprint("m", i), to: ghost, at: time.Duration(i+1) * time.Second, change: welcome,
			}))
		}
		f.commit(entries...)
		for name, q := range map[string]store.EventQuery{
			"two filters of the event": {Template: "welcome", Names: []event.Name{event.EmailBounce}},
			"a filter of the email":    {Template: "welcome", Workflow: "off"},
			"a tag":                    {Template: "welcome", Tag: "june"},
		} {
			q.Project, q.Limit = store.DefaultProject, 20
			first, err := s.ListEvents(t.Context(), q)
			if err != nil || len(first.Events) != 0 || !first.Bounded || first.Next.IsZero() {
				t.Fatalf("%s: the first page has %d events, bounded %t, next %s, %v", name, len(first.Events), first.Bounded, first.Next, err)
			}
			q.After = first.Next
			second, err := s.ListEvents(t.Context(), q)
			if err != nil || len(second.Events) != 1 || second.Bounded || !second.Next.IsZero() {
				t.Errorf("%s: the second page has %d events, bounded %t, next %s, %v", name, len(second.Events), second.Bounded, second.Next, err)
			}
		}
	})
}
