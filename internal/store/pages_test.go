package store_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/store"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }

func TestPagesOfEveryFilterHoldEveryEventOnceNewestFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		commitShuffled(t, s, newFeed(t, s, "one"), newRand(8), randomFacts(newRand(9), 600))
		all := walk(t, s, store.EventQuery{Limit: 1000})
		fromSES := 0
		for i := range all { // what followed of them, contact.unsubscribed, has no message
			if all[i].Source.Provider == "ses" {
				fromSES++
			}
			if all[i].Message == nil {
				all[i].Message = &event.Message{}
			}
		}
		if fromSES != 600 || len(all) == 600 {
			t.Fatalf("%d events of SES and %d of what followed of them", fromSES, len(all)-fromSES)
		}
		middle := start.Add(20 * 24 * time.Hour)
		for name, f := range map[string]struct {
			q    store.EventQuery
			keep func(event.Event) bool
		}{
			"no filter": {store.EventQuery{}, func(event.Event) bool { return true }},
			"one name":  {store.EventQuery{Names: []event.Name{event.EmailOpen}}, func(e event.Event) bool { return e.Name == event.EmailOpen }},
			"two names": {store.EventQuery{Names: []event.Name{event.EmailOpen, event.EmailClick}}, func(e event.Event) bool { return e.Name == event.EmailOpen || e.Name == event.EmailClick }},
			"contact":   {store.EventQuery{Contact: "person1@domain1.test"}, func(e event.Event) bool { return e.Recipient == "person1@domain1.test" }},
			"message":   {store.EventQuery{Message: "message-3"}, func(e event.Event) bool { return e.Message.ID == "message-3" }},
			"template":  {store.EventQuery{Template: "template-2"}, func(e event.Event) bool { return e.Message.Template == "template-2" }},
			"workflow":  {store.EventQuery{Workflow: "workflow-1"}, func(e event.Event) bool { return e.Message.Workflow == "workflow-1" }},
			"tag":       {store.EventQuery{Tag: "tag-1"}, func(e event.Event) bool { return slices.Contains(e.Message.Tags, "tag-1") }},
			"provider":  {store.EventQuery{Provider: "ses"}, func(e event.Event) bool { return e.Source.Provider == "ses" }},
			"no source": {store.EventQuery{Source: "src_none"}, func(event.Event) bool { return false }},
			"from":      {store.EventQuery{From: middle}, func(e event.Event) bool { return !e.OccurredAt.Before(middle) }},
			"to":        {store.EventQuery{To: middle}, func(e event.Event) bool { return e.OccurredAt.Before(middle) }},
			"together": {store.EventQuery{Template: "template-2", Names: []event.Name{event.EmailOpen}, To: middle}, func(e event.Event) bool {
				return e.Message.Template == "template-2" && e.Name == event.EmailOpen && e.OccurredAt.Before(middle)
			}},
			"never seen": {store.EventQuery{Names: []event.Name{"invoice.paid"}}, func(event.Event) bool { return false }},
		} {
			want := []event.ID{}
			for _, e := range all {
				if f.keep(e) {
					want = append(want, e.ID)
				}
			}
			for _, limit := range []int{1, 7, 100} {
				if limit == 1 && len(want) > 60 {
					continue
				}
				f.q.Limit = limit
				got := []event.ID{}
				for _, e := range walk(t, s, f.q) {
					got = append(got, e.ID)
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s, pages of %d: %s", name, limit, d)
				}
			}
		}
	})
}

// walk reads all pages of a query.
func walk(t *testing.T, s *store.Store, q store.EventQuery) (all []event.Event) {
	t.Helper()
	q.Project = store.DefaultProject
	for {
		page, err := s.ListEvents(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Events...)
		if page.Next.IsZero() {
			return all
		}
		q.After = page.Next
	}
}

func TestSchemasOfBothEnginesAreTheSame(t *testing.T) {
	var schemas [][]string
	for _, engine := range []string{"sqlite", "postgres"} {
		list, err := opener(t, engine)().Schema(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		schemas = append(schemas, list)
	}
	// The one column that only PostgreSQL needs: followers read below the oldest transaction that is under way.
	schemas[1] = slices.DeleteFunc(schemas[1], func(c string) bool { return c == "events.xid xid8 null NO" })
	if d := cmp.Diff(schemas[0], schemas[1]); d != "" {
		t.Error(d)
	}
}
