package store_test

import (
	"strings"
	"testing"

	"tidings/event"
	"tidings/internal/store"
)

// A filter that has an index is served by it, in the order of the index: a page must not cost what the whole store does.
func TestAFilteredPageWalksItsIndexWithoutSortingAllOfIt(t *testing.T) {
	t.Parallel()
	s := opener(t, "sqlite")()
	f := newFeed(t, s, "one")
	f.commit(f.entry(fact{name: event.EmailOpen, message: "m1", to: ghost, change: func(d *event.Draft) { d.Message.Template = "welcome" }}))
	after := event.FirstID(start.AddDate(1, 0, 0))
	for index, q := range map[string]store.EventQuery{
		"events_contact":  {Contact: ghost},
		"events_name":     {Names: []event.Name{event.EmailOpen}},
		"events_template": {Template: "welcome"},
		"events_source":   {Source: f.src.ID},
	} {
		q.Project, q.Limit, q.From, q.After = store.DefaultProject, 50, start.AddDate(-1, 0, 0), after
		page, err := s.ListEvents(t.Context(), q)
		if err != nil || len(page.Events) != 1 {
			t.Fatalf("%s: %d events, %v", index, len(page.Events), err)
		}
		plans, err := s.Explain(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plans, index+" (") || !strings.Contains(plans, "<expr>>? AND <expr><?") ||
			strings.Contains(plans, "TEMP B-TREE FOR ORDER BY") {
			t.Errorf("%s:\n%s", index, plans)
		}
	}
}

// A receipt has a handful of events, which have no order in its index: what they cost is theirs, not the store's.
func TestTheEventsOfAReceiptAreReadByTheirIndex(t *testing.T) {
	t.Parallel()
	s := opener(t, "sqlite")()
	f := newFeed(t, s, "one")
	f.commit(f.entry(fact{name: event.EmailOpen, message: "m1", to: ghost}))
	plans, err := s.Explain(t.Context(), store.EventQuery{
		Project: store.DefaultProject, Receipt: "rcp_1", Names: []event.Name{event.EmailOpen}, From: start, Limit: 50,
	})
	if err != nil || !strings.Contains(plans, "USING INDEX events_receipt (receipt=?)") {
		t.Errorf("%v\n%s", err, plans)
	}
}

// To enter a workflow must not cost more the more contacts are in it.
func TestARunOfAContactIsFoundByTheContactAndRunsAreCountedByTheirIndexAlone(t *testing.T) {
	t.Parallel()
	plans, err := opener(t, "sqlite")().ExplainRuns(t.Context())
	if err != nil || !strings.Contains(plans, "USING INDEX runs_begun (workflow=? AND contact=?)") ||
		!strings.Contains(plans, "USING COVERING INDEX runs_at (workflow=?)") {
		t.Errorf("%v\n%s", err, plans)
	}
}
