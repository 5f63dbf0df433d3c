package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/store"
)

// The list of emails is the list of events in which each email is left where it stands first.
func TestEmailsStandWhereTheNewestOfTheirEventsDoes(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		feeds := []*feed{newFeed(t, s, "one"), newFeed(t, s, "two")}
		random := rand.New(rand.NewPCG(1, 2))
		names := []event.Name{event.EmailSent, event.EmailDelivery, event.EmailOpen, event.EmailClick, "invoice.paid"}
		for range 80 {
			n := random.IntN(20)
			x := fact{
				name: names[random.IntN(len(names))], to: fmt.Sprintf("p%d@acme.test", n%3), message: fmt.Sprint("m", n),
				at: time.Duration(random.IntN(100)) * time.Minute,
				change: func(d *event.Draft) {
					if random.IntN(4) > 0 && d.Message != nil {
						d.Message.Template = fmt.Sprint("t", n%2)
					}
				},
			}
			if n == 19 {
				x.message = "" // about a contact alone
			}
			f := feeds[random.IntN(2)]
			f.commit(f.entry(x))
		}
		for name, q := range map[string]store.MessageQuery{
			"all": {}, "of a contact": {Contact: "p1@acme.test"}, "of a template": {Template: "t1"}, "of a source": {Source: "src_two"},
			"of a contact and a template": {Contact: "p1@acme.test", Template: "t0"}, "of nobody": {Contact: "x@acme.test"},
			"of no template": {Template: "none"}, "of no source": {Source: "src_none"},
			"in a span":               {From: start.Add(20 * time.Minute), To: start.Add(40 * time.Minute)},
			"of a template in a span": {Template: "t0", Source: "src_one", To: start.Add(50 * time.Minute)},
		} {
			q.Project = store.DefaultProject
			want := emailsOf(t, s, q)
			if len(want) == 0 != (name == "of nobody" || name == "of no template" || name == "of no source") {
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

// emailsOf finds the emails of a question in the list of all its events.
func emailsOf(t *testing.T, s *store.Store, q store.MessageQuery) (ids []string) {
	t.Helper()
	page, err := s.ListEvents(t.Context(), store.EventQuery{
		Project: q.Project, Contact: q.Contact, Template: q.Template, Source: q.Source, From: q.From, To: q.To, Limit: 1000,
		Names: namesOf(q.Status),
	})
	if err != nil || !page.Next.IsZero() {
		t.Fatalf("page %v, %v", page.Next, err)
	}
	seen := map[string]bool{"": true}
	for _, e := range page.Events {
		if !seen[e.EmailID] {
			seen[e.EmailID] = true
			ids = append(ids, e.EmailID)
		}
	}
	return ids
}

func namesOf(n event.Name) []event.Name {
	if n == "" {
		return nil
	}
	return []event.Name{n}
}

func walkMessages(t *testing.T, s *store.Store, q store.MessageQuery) (ids []string) {
	t.Helper()
	for range 100 {
		page, err := s.ListMessages(t.Context(), q)
		if err != nil || q.Limit > 0 && len(page.Messages) > q.Limit {
			t.Fatalf("%d messages, %v", len(page.Messages), err)
		}
		for _, m := range page.Messages {
			ids = append(ids, m.ID)
		}
		if q.After = page.Next; page.Next.IsZero() {
			return ids
		}
	}
	t.Fatalf("%+v has no end", q)
	return nil
}
