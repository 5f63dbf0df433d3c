package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/internal/source"
	"tidings/internal/store"
)

func TestASelfTestIsFoundOnceUntilItsEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		act := store.Act{At: start, Project: store.DefaultProject, By: "cli", Door: "cli", Operation: "testSource", Subject: f.src.ID}
		begin := func(n byte) [32]byte {
			t.Helper()
			test := source.Test{TokenHash: [32]byte{n}, SourceRef: f.src.Ref, ExpiresAt: start.Add(time.Minute)}
			if err := s.BeginTest(t.Context(), test, act); err != nil {
				t.Fatal(err)
			}
			return test.TokenHash
		}
		take := func(slug string, hash [32]byte, after time.Duration) error {
			t.Helper()
			_, src, err := s.TakeTest(t.Context(), slug, hash, start.Add(after))
			if err == nil && src.ID != f.src.ID {
				t.Errorf("source %s", src.ID)
			}
			return err
		}
		hash, late := begin(1), begin(2)
		for _, c := range []struct {
			name  string
			err   error
			found bool
		}{
			{"another token", take("ses", [32]byte{9}, 0), false},
			{"another provider", take("other", hash, 0), false},
			{"in time", take("ses", hash, 59*time.Second), true},
			{"again", take("ses", hash, 59*time.Second), false},
			{"too late", take("ses", late, time.Minute), false},
		} {
			if c.found && c.err != nil || !c.found && !fault.Is(c.err, fault.NotFound) {
				t.Errorf("%s: %v", c.name, c.err)
			}
		}
		want := source.Verdict{At: start, Status: 403, Code: "stale", Message: "old", Events: []source.VerdictEvent{{Name: "a"}}}
		if err := s.FinishTest(t.Context(), hash, want); err != nil {
			t.Fatal(err)
		}
		got, err := s.EndTest(t.Context(), hash)
		if err != nil || got == nil {
			t.Fatalf("%v, %v", got, err)
		}
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Error(diff)
		}
		for _, gone := range [][32]byte{hash, late} { // the one ended, the other brought no verdict
			if got, err := s.EndTest(t.Context(), gone); got != nil || err != nil {
				t.Errorf("%+v, %v", got, err)
			}
		}
	})
}

func TestRefusalsAreToldByDayAndWeekAlsoAfterARestart(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		now := start.Add(10 * 24 * time.Hour)
		add := func(code string, ago time.Duration, n int64, message string) {
			t.Helper()
			r := source.Refusal{SourceRef: f.src.Ref, Code: code, Count: n, LastAt: now.Add(-ago), LastMessage: message}
			if err := s.AddRefusals(t.Context(), []source.Refusal{r}); err != nil {
				t.Fatal(err)
			}
		}
		const day = 24 * time.Hour
		add("bad_signature", 9*day, 100, "forgotten")
		add("bad_signature", 3*day, 5, "z: older")
		add("bad_signature", 2*time.Hour, 2, "b")
		add("bad_signature", time.Hour, 1, "a: newest")
		add("stale", 2*day, 7, "old")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open()
		h, err := s.SourceHealth(t.Context(), f.src.Ref, now)
		if err != nil {
			t.Fatal(err)
		}
		want := []source.Refusal{
			{SourceRef: f.src.Ref, Code: "bad_signature", Count: 8, Count24h: 3, LastAt: now.Add(-time.Hour), LastMessage: "a: newest"},
			{SourceRef: f.src.Ref, Code: "stale", Count: 7, LastAt: now.Add(-2 * day), LastMessage: "old"},
		}
		if diff := cmp.Diff(want, h.Refusals); diff != "" {
			t.Error(diff)
		}
		all, err := s.SourcesHealth(t.Context(), store.DefaultProject, now)
		if diff := cmp.Diff(h, all[f.src.Ref]); diff != "" || err != nil || len(h.Hours) != 0 {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

func TestTheHoursOfASourceAreThoseOfTheTwoWeeksBeforeItsNewest(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		first := start.Unix() / 3600
		for i, hour := range []int64{0, 1, 1, 15 * 24, 15*24 + 5} {
			e := f.entry(fact{name: event.EmailSent, message: "m" + string(rune('0'+i)), to: ghost})
			e.ReceivedAt = start.Add(time.Duration(hour) * time.Hour)
			f.commit(e)
		}
		h, err := s.SourceHealth(t.Context(), f.src.Ref, start.Add(60*24*time.Hour))
		if diff := cmp.Diff([]int64{first + 15*24, first + 15*24 + 5}, h.Hours); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}
