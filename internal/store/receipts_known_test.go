package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/receipt"
	"tidings/internal/store"
	"tidings/provider"
)

func TestKnownReceiptsAreThoseOfTheSourceWithTheirProblems(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f, other := newFeed(t, s, "first"), newFeed(t, s, "other")
		var entries []*receipt.Entry
		for i := range 5 {
			entries = append(entries, f.entry(fact{
				name: event.EmailOpen, message: fmt.Sprintf("m%d", i), to: "ann@acme.test", at: time.Duration(i) * time.Minute,
			}))
		}
		bad := []provider.Problem{{Element: 3, Code: "not_json", Message: "it is not an object"}}
		entries[1].Problems = bad
		f.commit(entries[:3]...)
		keys := make([]receipt.Key, len(entries))
		for i, e := range entries {
			keys[i] = e.Key
		}
		known, err := s.KnownReceipts(t.Context(), f.src, keys)
		want := map[receipt.Key][]provider.Problem{keys[0]: nil, keys[1]: bad, keys[2]: nil}
		if d := cmp.Diff(want, known); d != "" || err != nil {
			t.Errorf("%v %s", err, d)
		}
		if known, err := s.KnownReceipts(t.Context(), other.src, keys); len(known) != 0 || err != nil {
			t.Errorf("of another source: %v %v", known, err)
		}
		if known, err := s.KnownReceipts(t.Context(), f.src, nil); len(known) != 0 || err != nil {
			t.Errorf("of no keys: %v %v", known, err)
		}
	})
}
