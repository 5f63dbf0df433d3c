package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/store"
)

func bounced(d *event.Draft) {
	d.Bounce = &event.Bounce{Class: event.Hard, Final: true, Reason: "no_such_user"}
}

// Emails of a status are those of the list of events of that name whose status it is.
func TestEmailsAreListedByTheirStatus(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		random := rand.New(rand.NewPCG(3, 4))
		names := []event.Name{event.EmailSent, event.EmailDelivery, event.EmailDelivery, event.EmailOpen, event.EmailDelay, event.EmailBounce}
		for range 90 {
			n := random.IntN(25)
			x := fact{
				name: names[random.IntN(len(names))], to: fmt.Sprintf("p%d@acme.test", n%3), message: fmt.Sprint("m", n),
				at: time.Duration(random.IntN(100)) * time.Minute,
			}
			x.change = func(d *event.Draft) {
				d.Message.Template = fmt.Sprint("t", n%2)
				if x.name == event.EmailBounce {
					bounced(d)
				}
			}
			f.commit(f.entry(x))
		}
		statuses := make(map[string]event.Name)
		for _, m := range walkAll(t, s, store.MessageQuery{Limit: 1000}) {
			statuses[m.ID] = m.Status
		}
		for name, q := range map[string]store.MessageQuery{
			"delivered":               {Status: event.EmailDelivery},
			"opened":                  {Status: event.EmailOpen},
			"bounced of a template":   {Status: event.EmailBounce, Template: "t1"},
			"delivered to a contact":  {Status: event.EmailDelivery, Contact: "p2@acme.test"},
			"bounced within a span":   {Status: event.EmailBounce, From: start.Add(10 * time.Minute), To: start.Add(80 * time.Minute)},
			"opened of a source":      {Status: event.EmailOpen, Source: "src_one"},
			"delayed, which is none":  {Status: event.EmailDelay},
			"complained, which never": {Status: event.EmailComplaint},
		} {
			q.Project = store.DefaultProject
			want := []string(nil)
			for _, id := range emailsOf(t, s, q) {
				if statuses[id] == q.Status {
					want = append(want, id)
				}
			}
			if len(want) == 0 == !strings.Contains(name, ", which") {
				t.Fatalf("%s: %d emails prove nothing", name, len(want))
			}
			for limit := range 5 {
				q.Limit = limit
				if diff := cmp.Diff(want, walkMessages(t, s, q)); diff != "" {
					t.Errorf("%s, %d a page:\n%s", name, limit, diff)
				}
			}
		}
	})
}

func walkAll(t *testing.T, s *store.Store, q store.MessageQuery) []store.Message {
	t.Helper()
	q.Project = store.DefaultProject
	page, err := s.ListMessages(t.Context(), q)
	if err != nil || !page.Next.IsZero() {
		t.Fatalf("%v, %v", page.Next, err)
	}
	return page.Messages
}

func TestAnEmailTellsWhatHappenedLastAndHowManyGotIt(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		f.commit(f.entry(
			fact{name: event.EmailSent, message: "m1", to: ghost}, fact{name: event.EmailSent, message: "m1", to: "ann@acme.test"},
			fact{name: event.EmailSent, message: "m1", to: "lea@acme.test"}, fact{name: event.EmailSent, message: "m2", to: ghost},
		))
		// The later fact comes first.
		f.commit(f.entry(fact{name: event.EmailBounce, message: "m1", to: ghost, at: 2 * time.Minute, change: bounced}))
		f.commit(f.entry(fact{name: event.EmailDelay, message: "m1", to: ghost, at: time.Minute}))
		f.commit(f.entry(fact{name: event.EmailOpen, message: "m2", to: ghost, at: time.Hour, change: func(d *event.Draft) {
			d.Automation = &event.Automation{Verdict: event.Machine}
		}}))
		var got []string
		for _, m := range walkAll(t, s, store.MessageQuery{}) {
			got = append(got, fmt.Sprint(m.Info.ID, " ", m.Recipient, " ", m.Latest.Name, " ", m.Latest.At.Sub(start), " ", m.Recipients))
		}
		want := []string{
			"m2 ghost@acme.test email.open 1h0m0s 1", "m1 ghost@acme.test email.bounce 2m0s 3",
			"m1 ann@acme.test email.sent 0s 3", "m1 lea@acme.test email.sent 0s 3",
		}
		slices.Sort(got[2:])
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// The walk of a rare status goes along the names, not along a template that may have any number of events.
func TestARareStatusIsFoundAlongItsName(t *testing.T) {
	t.Parallel()
	s := opener(t, "sqlite")()
	f := newFeed(t, s, "one")
	f.commit(f.entry(
		fact{name: event.EmailBounce, message: "m1", to: ghost, change: func(d *event.Draft) { bounced(d); d.Message.Template = "welcome" }},
		fact{name: event.EmailDelivery, message: "m2", to: ghost},
	))
	for index, q := range map[string]store.MessageQuery{
		"events_name":     {Template: "welcome", Status: event.EmailBounce},
		"events_template": {Template: "welcome", Status: event.EmailDelivery},
		"events_contact":  {Contact: ghost, Status: event.EmailBounce},
		"events_source":   {Source: "src_one"},
	} {
		q.Project = store.DefaultProject
		plans, err := s.ExplainMessages(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plans, "USING INDEX "+index+" (") || strings.Contains(plans, "TEMP B-TREE FOR ORDER BY") || strings.Contains(plans, "SCAN") {
			t.Errorf("%s:\n%s", index, plans)
		}
	}
}
