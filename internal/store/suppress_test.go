package store_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/store"
)

func suppress(t *testing.T, s *store.Store, list ...store.NewSuppression) map[int]bool {
	t.Helper()
	known, err := s.Suppress(t.Context(), store.DefaultProject, list, false, act("add"))
	if err != nil {
		t.Fatal(err)
	}
	return known
}

func manual(address string, since, until time.Duration) store.NewSuppression {
	n := store.NewSuppression{Address: address, Reason: contact.Manual, Since: start.Add(since), Note: "by hand"}
	if until != 0 {
		n.Until = start.Add(until)
	}
	return n
}

func TestASuppressionByHandMakesTheContactAndNoEvent(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		if known := suppress(t, s, manual(ghost, 0, 0)); len(known) != 0 {
			t.Errorf("known before: %v", known)
		}
		k, err := s.Contact(t.Context(), store.DefaultProject, ghost)
		if err != nil {
			t.Fatal(err)
		}
		want := []contact.Suppression{{Reason: contact.Manual, Since: start, Note: "by hand", By: contact.Author{ID: "test"}}}
		if diff := cmp.Diff(want, k.Suppressions); diff != "" {
			t.Errorf("suppressions (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(contact.State{}, k.State); diff != "" {
			t.Errorf("the act counts as an event (-want +got):\n%s", diff)
		}
		if n, err := s.Count(t.Context(), `SELECT count(*) FROM audit WHERE operation = 'add'`); err != nil || n != 1 {
			t.Errorf("%d acts in the audit log, %v, want 1", n, err)
		}
		verified(t, s)
	})
}

func TestAnActThatCanNotBeRecordedSuppressesNobody(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		if err := s.Exec(t.Context(), `DROP TABLE audit`); err != nil {
			t.Fatal(err)
		}
		_, err := s.Suppress(t.Context(), store.DefaultProject, []store.NewSuppression{manual(ghost, 0, 0)}, false, act("add"))
		if err == nil {
			t.Fatal("an act without a record was accepted")
		}
		for _, table := range []string{"contacts", "suppressions"} {
			if n, err := s.Count(t.Context(), `SELECT count(*) FROM `+table); err != nil || n != 0 {
				t.Errorf("%d rows in %s, %v", n, table, err)
			}
		}
	})
}

func TestOfWhatIsThereAndWhatIsAddedTheEarlierBeginAndTheLaterEndCount(t *testing.T) {
	const day = 24 * time.Hour
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		for i, c := range []struct {
			name                 string
			first, second        [2]time.Duration
			wantSince, wantUntil time.Duration // until 0: for good
		}{
			{"the same again", [2]time.Duration{0, day}, [2]time.Duration{0, day}, 0, day},
			{"an earlier begin", [2]time.Duration{day, 0}, [2]time.Duration{-day, 0}, -day, 0},
			{"a later begin", [2]time.Duration{-day, 0}, [2]time.Duration{day, 0}, -day, 0},
			{"a later end", [2]time.Duration{0, day}, [2]time.Duration{0, 2 * day}, 0, 2 * day},
			{"an earlier end", [2]time.Duration{0, 2 * day}, [2]time.Duration{0, day}, 0, 2 * day},
			{"no end any more", [2]time.Duration{0, day}, [2]time.Duration{0, 0}, 0, 0},
			{"an end where there was none", [2]time.Duration{0, 0}, [2]time.Duration{0, day}, 0, 0},
		} {
			want := manual("", c.wantSince, c.wantUntil)
			for _, together := range []bool{false, true} {
				address := fmt.Sprintf("a%d-%t@acme.test", i, together)
				first, second := manual(address, c.first[0], c.first[1]), manual(address, c.second[0], c.second[1])
				if together {
					suppress(t, s, first, second)
				} else {
					suppress(t, s, first)
					suppress(t, s, second)
				}
				got := suppressionsOf(t, s, address)
				if len(got) != 1 || !got[0].Since.Equal(want.Since) || !got[0].Until.Equal(want.Until) {
					t.Errorf("%s, in one act: %t: %+v, want since %s until %s", c.name, together, got, want.Since, want.Until)
				}
			}
		}
	})
}

func TestAddingUndoesALiftAndTellsWhatHeldBefore(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		f.commit(f.entry(fact{name: event.EmailBounce, message: "m1", to: ghost, change: bounce(event.Hard, "")}))
		hard := store.NewSuppression{Address: ghost, Reason: contact.HardBounce, Since: start.Add(time.Minute)}
		other := manual("ann@acme.test", 0, 0)
		known := suppress(t, s, hard, other, other)
		if diff := cmp.Diff(map[int]bool{0: true, 2: true}, known); diff != "" {
			t.Errorf("known (-want +got):\n%s", diff)
		}
		if got := suppressionsOf(t, s, ghost); got[0].Event.IsZero() || !got[0].Since.Equal(start) {
			t.Errorf("what was there lost its fact: %+v", got)
		}
		verified(t, s)
		if _, err := s.Lift(t.Context(), store.DefaultProject, ghost, "", "they wrote", act("lift")); err != nil {
			t.Fatal(err)
		}
		hard.Note = "they bounced elsewhere"
		if known := suppress(t, s, hard); len(known) != 0 {
			t.Errorf("a lifted suppression was said to hold: %v", known)
		}
		got := suppressionsOf(t, s, ghost)[0]
		want := contact.Suppression{Reason: contact.HardBounce, Since: start, Note: "they bounced elsewhere", By: contact.Author{ID: "test"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after the lift was undone (-want +got):\n%s", diff)
		}
	})
}

func TestADryRunSaysTheSameAndChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		suppress(t, s, manual("ann@acme.test", 0, 0))
		list := []store.NewSuppression{manual("ann@acme.test", 0, 0), manual("bob@acme.test", 0, 0), manual("bob@acme.test", 0, 0)}
		dry, err := s.Suppress(t.Context(), store.DefaultProject, list, true, act("add"))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := s.Count(t.Context(), `SELECT (SELECT count(*) FROM contacts) + (SELECT count(*) FROM audit)`); err != nil || n != 2 {
			t.Errorf("%d contacts and acts, %v, want 1 of each", n, err)
		}
		if diff := cmp.Diff(suppress(t, s, list...), dry); diff != "" {
			t.Errorf("the dry run (-wet +dry):\n%s", diff)
		}
	})
}

// Facts and acts of the same contact, in any order, end in a suppression that holds from the earliest on.
func TestNoOrderOfFactsAndActsLosesASuppression(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			address := fmt.Sprintf("p%d@acme.test", n)
			earliest := time.Duration(1 << 60)
			for i, at := range rapid.SliceOfN(rapid.IntRange(0, 5), 1, 5).Draw(rt, "at") {
				after := time.Duration(at) * time.Hour
				earliest = min(earliest, after)
				if rapid.Bool().Draw(rt, "fact") {
					f.commit(f.entry(fact{
						name: event.EmailBounce, message: fmt.Sprint(address, i), to: address, at: after,
						change: bounce(event.Hard, ""),
					}))
					continue
				}
				suppress(t, s, store.NewSuppression{Address: address, Reason: contact.HardBounce, Since: start.Add(after)})
			}
			got := suppressionsOf(t, s, address)
			if len(got) != 1 || !got[0].Active(start) || !got[0].Since.Equal(start.Add(earliest)) {
				rt.Errorf("%+v, want one since %s", got, start.Add(earliest))
			}
		})
	})
}

func TestAPatternIsAddedOnceShownOnItsContactsAndLifted(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		ctx := t.Context()
		add := func(p contact.Pattern, note string) store.SuppressionPattern {
			t.Helper()
			x, err := s.SuppressPattern(ctx, store.DefaultProject, p, note, act("pattern"))
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		of := func(address string) (list []contact.Pattern) {
			t.Helper()
			k, err := s.Contact(ctx, store.DefaultProject, address)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range k.Patterns {
				list = append(list, p.Pattern)
			}
			return list
		}
		suppress(t, s, manual("ann@bad.test", 0, 0), manual("ann@mail.bad.test", 0, 0), manual("ann@notbad.test", 0, 0))
		exact, below := add("*@bad.test", "spam trap"), add("*@*.bad.test", "spam trap")
		if again := add("*@bad.test", "still"); again.ID != exact.ID || again.Note != "still" {
			t.Errorf("added again %+v, was %+v", again, exact)
		}
		for address, want := range map[string][]contact.Pattern{
			"ann@bad.test": {"*@bad.test"}, "ann@mail.bad.test": {"*@*.bad.test"}, "ann@notbad.test": nil,
		} {
			if got := of(address); !slices.Equal(got, want) {
				t.Errorf("%s has patterns %v, want %v", address, got, want)
			}
		}
		lifted, err := s.LiftPattern(ctx, store.DefaultProject, exact.ID, "bought it", act("lift"))
		if err != nil || lifted.LiftNote != "bought it" || lifted.LiftedBy != "test" || lifted.LiftedAt.IsZero() {
			t.Errorf("lifted %+v, %v", lifted, err)
		}
		if got := of("ann@bad.test"); got != nil {
			t.Errorf("a lifted pattern still shows: %v", got)
		}
		for _, id := range []string{exact.ID, "sup_zz", "", "con_1"} {
			if _, err := s.LiftPattern(ctx, store.DefaultProject, id, "x", act("lift")); !fault.Is(err, fault.NotFound) {
				t.Errorf("lift of %q: %v", id, err)
			}
		}
		if again := add("*@bad.test", "back"); again.ID != exact.ID || !again.LiftedAt.IsZero() || again.LiftNote != "" {
			t.Errorf("added after its lift: %+v", again)
		}
		page, err := s.SuppressionPatterns(ctx, store.PatternQuery{Project: store.DefaultProject, Limit: 1})
		if err != nil || len(page.Patterns) != 1 || page.Patterns[0].ID != below.ID {
			t.Errorf("first page %+v, %v", page, err)
		}
		page, err = s.SuppressionPatterns(ctx, store.PatternQuery{Project: store.DefaultProject, After: page.Next, Limit: 1})
		if err != nil || len(page.Patterns) != 1 || page.Patterns[0].ID != exact.ID || page.Next != 0 {
			t.Errorf("last page %+v, %v", page, err)
		}
		active := false
		page, err = s.SuppressionPatterns(ctx, store.PatternQuery{Project: store.DefaultProject, Active: &active})
		if err != nil || len(page.Patterns) != 0 {
			t.Errorf("lifted patterns %+v, %v", page, err)
		}
		list := []store.NewPattern{{Pattern: "*@bad.test"}, {Pattern: "*@new.test"}, {Pattern: "*@new.test"}}
		want := map[int]bool{0: true, 1: false, 2: true}
		for _, dry := range []bool{true, false} {
			known, err := s.SuppressPatterns(ctx, store.DefaultProject, list, dry, act("import"))
			if err != nil || !maps.Equal(known, want) {
				t.Errorf("dry %t: known %v, %v, want %v", dry, known, err, want)
			}
		}
		if got := of("ann@bad.test"); !slices.Equal(got, []contact.Pattern{"*@bad.test"}) {
			t.Errorf("patterns %v", got)
		}
	})
}

// BenchmarkSuppress adds suppressions of new contacts as an import does. One iteration is one line.
func BenchmarkSuppress(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			s := opener(b, engine)()
			const size = 2000
			b.ResetTimer()
			for i := 0; i < b.N; i += size {
				list := make([]store.NewSuppression, min(size, b.N-i))
				for j := range list {
					list[j] = store.NewSuppression{
						Address: fmt.Sprintf("person%d@domain%d.test", (i+j)*7919%1_000_003, j%300), Reason: contact.HardBounce, Since: start,
					}
				}
				if _, err := s.Suppress(b.Context(), store.DefaultProject, list, false, act("import")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
