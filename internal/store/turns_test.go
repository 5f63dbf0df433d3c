package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/job"
	"tidings/internal/store"
)

func TestWhatPeopleAndTimeDoToSuppressionsFlipsContactsOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		now := start.Add(time.Hour)
		s := open(func(o *store.Options) { o.Now = func() time.Time { return now } })
		f := newFeed(t, s, "turns")
		by := func(operation string) store.Act {
			return store.Act{At: now, By: "test", Door: "ui", Operation: operation}
		}
		put := func(address string, reason contact.Reason, until time.Duration) {
			n := manual(address, 0, until)
			n.Reason = reason
			if _, err := s.Suppress(t.Context(), store.DefaultProject, []store.NewSuppression{n}, false, by("add")); err != nil {
				t.Fatal(err)
			}
		}
		lift := func(address string) {
			if _, err := s.Lift(t.Context(), store.DefaultProject, address, "", "asked", by("lift")); err != nil {
				t.Fatal(err)
			}
		}
		ended := func() {
			if more, err := s.TellEnded(t.Context()); err != nil || more {
				t.Fatal(more, err)
			}
		}
		for _, address := range []string{"ann@acme.test", "bob@acme.test", "cy@acme.test"} {
			edit(t, s, contact.Change{Address: address, At: start.UnixMilli()})
		}
		put("new@acme.test", contact.Manual, 0) // it begins so
		put("ann@acme.test", contact.ComplaintReason, 0)
		put("ann@acme.test", contact.Manual, 0) // is already
		lift("ann@acme.test")
		put("bob@acme.test", contact.Manual, 3*time.Hour)
		put("cy@acme.test", contact.HardBounce, 2*time.Hour)
		ended()
		now = start.Add(4 * time.Hour) // both are over
		hard := func(d *event.Draft) { d.Bounce = &event.Bounce{Class: event.Hard, Reason: "no_such_user", Final: true} }
		f.commit(f.entry(fact{name: event.EmailBounce, message: "m1", to: "cy@acme.test", at: 4 * time.Hour, change: hard})) // nobody was told yet
		put("late@acme.test", contact.Manual, 2*time.Hour)                                                                   // is over when it is put there
		ended()
		ended()
		put("bob@acme.test", contact.Manual, 5*time.Hour)
		want := []string{
			`contact.unsubscribed ann@acme.test {"origin":"ui","reason":"complaint"} 1h0m0s`,
			`contact.subscribed ann@acme.test {"origin":"ui"} 1h0m0s`,
			`contact.unsubscribed bob@acme.test {"origin":"ui","reason":"manual"} 1h0m0s`,
			`contact.unsubscribed cy@acme.test {"origin":"ui","reason":"bounce"} 1h0m0s`,
			`contact.subscribed bob@acme.test {"origin":"expired"} 3h0m0s`,
			`contact.unsubscribed bob@acme.test {"origin":"ui","reason":"manual"} 4h0m0s`,
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, datedFlips(t, s)); diff != "" {
			t.Errorf("flips (-want +got):\n%s", diff)
		}
		verified(t, s)
	})
}

// datedFlips lists the contact.* events of a store with when they happened, sorted.
func datedFlips(t *testing.T, s *store.Store) (list []string) {
	t.Helper()
	page, err := s.ListEvents(t.Context(), store.EventQuery{
		Project: store.DefaultProject, Names: []event.Name{event.ContactSubscribed, event.ContactUnsubscribed}, Limit: 100,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range page.Events {
		list = append(list, fmt.Sprintf("%s %s %s %s", e.Name, e.Recipient, e.Data, e.OccurredAt.Sub(start)))
	}
	slices.Sort(list)
	return list
}

func TestASuppressionTellsSegmentsAlsoOfWhomItFlipsNot(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		edit(t, s, contact.Change{Address: "gone@acme.test", At: start.UnixMilli(), Consent: contact.OptOut})
		_, err := s.CreateSegment(t.Context(), store.DefaultProject, store.Segment{
			ID: "seg_held", Name: "held", Slug: "held", Type: store.DynamicSegment, Track: true,
			Condition: []byte(`{"logic":"AND","groups":[{"filters":[{"field":"suppressed","operator":"equals","value":true}]}]}`),
		}, act("createSegment"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.ComputeSegment(t.Context(), store.DefaultProject, "seg_held", nil); err != nil {
			t.Fatal(err)
		}
		list := []store.NewSuppression{manual("gone@acme.test", 0, 0), manual("new@acme.test", 0, 0)}
		if _, err := s.Suppress(t.Context(), store.DefaultProject, list, false, act("add")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.KeepSegments(t.Context()); err != nil {
			t.Fatal(err)
		}
		page, err := s.ListEvents(t.Context(), store.EventQuery{
			Project: store.DefaultProject, Names: []event.Name{"segment.held.entry"}, Limit: 10,
		})
		if err != nil {
			t.Fatal(err)
		}
		var entered []string
		for _, e := range page.Events {
			entered = append(entered, e.Recipient)
		}
		slices.Sort(entered)
		if want := []string{"gone@acme.test", "new@acme.test"}; !slices.Equal(entered, want) {
			t.Errorf("%q entered, want %q", entered, want)
		}
		if flips := datedFlips(t, s); len(flips) != 0 {
			t.Errorf("flips %q, want none: one had left before, one begins so", flips)
		}
	})
}

func TestAPatternLetsTrackedSegmentsLookAtEverybodyAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		edit(t, s, contact.Change{Address: "ann@acme.test", At: start.UnixMilli()}, contact.Change{Address: "bob@yonder.test", At: start.UnixMilli()})
		_, err := s.CreateSegment(t.Context(), store.DefaultProject, store.Segment{
			ID: "seg_mail", Name: "mail", Slug: "mail", Type: store.DynamicSegment, Track: true,
			Condition: []byte(`{"logic":"AND","groups":[{"filters":[{"field":"subscribed","operator":"equals","value":true}]}]}`),
		}, act("createSegment"))
		if err != nil {
			t.Fatal(err)
		}
		members := func(want ...string) {
			t.Helper()
			jobs, err := s.ClaimJobs(t.Context(), job.ClaimQuery{
				Rooms: []job.Room{{Kind: store.ComputeKind, Limit: 9}}, Limit: 9, Lease: "test", Now: time.Now().AddDate(1, 0, 0),
			})
			if err != nil || len(jobs) != 1 {
				t.Fatalf("%d computations are asked for, want 1: %v", len(jobs), err)
			}
			if _, err := s.ComputeSegment(t.Context(), store.DefaultProject, string(jobs[0].Payload), nil); err != nil {
				t.Fatal(err)
			}
			if err := s.SettleJobs(t.Context(), "test", []job.Outcome{{Ref: jobs[0].Ref}}); err != nil {
				t.Fatal(err)
			}
			list, _, err := s.SegmentMembers(t.Context(), store.DefaultProject, "seg_mail", start, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			got := []string{}
			for _, m := range list {
				got = append(got, m.Contact.Address)
			}
			if !slices.Equal(got, want) {
				t.Errorf("members %q, want %q", got, want)
			}
		}
		members("ann@acme.test", "bob@yonder.test")
		pattern, _ := contact.ParsePattern("*@acme.test")
		if _, err := s.SuppressPattern(t.Context(), store.DefaultProject, pattern, "", act("add")); err != nil {
			t.Fatal(err)
		}
		members("bob@yonder.test")
		if _, err := s.LiftPattern(t.Context(), store.DefaultProject, string(pattern), "asked", act("lift")); err != nil {
			t.Fatal(err)
		}
		members("ann@acme.test", "bob@yonder.test")
	})
}
