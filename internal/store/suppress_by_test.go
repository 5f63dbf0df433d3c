package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/store"
)

// actBy is the act of a person or key.
func actBy(who string, minutes int) store.Act {
	return store.Act{At: start.Add(time.Duration(minutes) * time.Minute), By: who, Door: "test", Operation: "test"}
}

func TestASuppressionKeepsWhoPutItThereAndWhoLiftedItWithBothNotes(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		noError(t, s.CreatePerson(t.Context(), lea(), link("a"), personAct("createPerson", start)))
		byLea := contact.Author{ID: "per_1", Name: "Lea"}
		put := func(who, note string, since int) {
			t.Helper()
			n := store.NewSuppression{
				Address: ghost, Reason: contact.HardBounce, Since: start.Add(time.Duration(since) * time.Hour), Note: note,
			}
			if _, err := s.Suppress(t.Context(), store.DefaultProject, []store.NewSuppression{n}, false, actBy(who, 0)); err != nil {
				t.Fatal(err)
			}
		}
		expect := func(what string, want contact.Suppression) {
			t.Helper()
			got := suppressionsOf(t, s, ghost)[0]
			if diff := cmp.Diff(want, contact.Suppression{
				Note: got.Note, By: got.By, LiftedAt: got.LiftedAt, LiftedBy: got.LiftedBy, LiftNote: got.LiftNote, Event: got.Event,
			}); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		put("per_1", "asked by phone", 2)
		put("key_1", "", 3)
		expect("put there again, which moved nothing", contact.Suppression{Note: "asked by phone", By: byLea})
		rows, err := s.Lift(t.Context(), store.DefaultProject, ghost, "", "asked again", actBy("per_1", 1))
		if err != nil || len(rows) != 1 || rows[0].LiftNote != "asked again" || rows[0].Note != "asked by phone" {
			t.Errorf("lifted %+v, %v", rows, err)
		}
		expect("lifted", contact.Suppression{
			Note: "asked by phone", By: byLea, LiftedAt: start.Add(time.Minute), LiftedBy: byLea, LiftNote: "asked again",
		})
		put("key_1", "a list", 4)
		expect("put there after the lift", contact.Suppression{Note: "a list", By: contact.Author{ID: "key_1"}})
		put("cli", "", 0)
		expect("put there since an earlier time", contact.Suppression{Note: "a list", By: contact.Author{ID: "cli"}})

		if _, err := s.Lift(t.Context(), store.DefaultProject, ghost, "", "they wrote", actBy("cli", 2)); err != nil {
			t.Fatal(err)
		}
		f := newFeed(t, s, "one")
		e := f.entry(fact{name: event.EmailBounce, message: "m1", to: ghost, at: time.Hour, change: bounce(event.Hard, "")})
		f.commit(e)
		got := suppressionsOf(t, s, ghost)[0]
		expect("suppressed by an event", contact.Suppression{Note: "a list", Event: got.Event})
		if got.Event.IsZero() {
			t.Error("the event did not suppress")
		}
		verified(t, s)
	})
}

func TestAPatternNamesThePeopleWhoAddedAndLiftedIt(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		noError(t, s.CreatePerson(t.Context(), lea(), link("a"), personAct("createPerson", start)))
		if _, err := s.SuppressPattern(t.Context(), store.DefaultProject, "*@bad.test", "trap", actBy("per_1", 0)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.LiftPattern(t.Context(), store.DefaultProject, "*@bad.test", "moved", actBy("key_1", 1)); err != nil {
			t.Fatal(err)
		}
		page, err := s.SuppressionPatterns(t.Context(), store.PatternQuery{Project: store.DefaultProject})
		if err != nil || page.Patterns[0].ByName != "Lea" || page.Patterns[0].LiftedBy != "key_1" || page.Patterns[0].LiftedByName != "" {
			t.Errorf("%+v, %v", page.Patterns, err)
		}
	})
}
