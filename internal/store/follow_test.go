package store_test

import (
	ordering "cmp"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/receipt"
	"tidings/internal/store"
)

// walkLog reads the log after a position, page by page, until it has n events. On PostgreSQL the log ends before the
// oldest transaction that runs, in whatever database of the server: other tests may keep it waiting.
func walkLog(t *testing.T, s *store.Store, after store.Position, n, limit int) (ids []event.ID, end store.Position) {
	t.Helper()
	for {
		list, err := s.Follow(t.Context(), store.DefaultProject, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range list {
			if ordering.Or(ordering.Compare(after.Transaction, l.At.Transaction), ordering.Compare(after.Seq, l.At.Seq)) >= 0 {
				t.Fatalf("%+v comes after %+v", l.At, after)
			}
			ids, after = append(ids, l.Event.ID), l.At
		}
		if len(ids) >= n && len(list) < limit {
			return ids, after
		}
	}
}

func TestTheLogIsInTheOrderOfCommitsWhateverTheFactsTimesAre(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "log")
		var want []event.ID
		for i, ago := range []time.Duration{time.Hour, 48 * time.Hour, time.Minute, 24 * time.Hour} {
			e := f.entry(fact{name: event.EmailDelivery, message: fmt.Sprintf("m%d", i), to: "a@b.test", at: -ago})
			f.commit(e)
			want = append(want, e.Events[0].ID)
		}
		got, last := walkLog(t, s, store.Position{}, len(want), 3)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("the log (-committed +read):\n%s", d)
		}
		end, err := s.End(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if end != last {
			t.Errorf("the end is %+v, the last event stands at %+v", end, last)
		}
	})
}

func TestWhoFollowsWhileManyCommitMissesNothingAndGetsNothingTwice(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "log")
		const writers, each = 6, 15
		batches := make([][][]*receipt.Entry, writers)
		want := 0
		for w := range writers {
			for i := range each {
				var batch []*receipt.Entry
				for j := range 1 + (w+i)%4 {
					want++
					batch = append(batch, f.entry(fact{
						name: event.EmailDelivery, message: fmt.Sprintf("m%d-%d-%d", w, i, j), to: fmt.Sprintf("p%d@b.test", i%5),
						at: -time.Duration((w*7+i*3+j)%50) * time.Hour,
					}))
				}
				batches[w] = append(batches[w], batch)
			}
		}
		var writing sync.WaitGroup
		failed := make(chan error, writers)
		for w := range writers {
			writing.Go(func() {
				for _, batch := range batches[w] {
					if err := s.Commit(context.WithoutCancel(t.Context()), batch); err != nil {
						failed <- err
						return
					}
				}
			})
		}
		got, _ := walkLog(t, s, store.Position{}, want, 7)
		writing.Wait()
		select {
		case err := <-failed:
			t.Fatal(err)
		default:
		}
		all, _ := walkLog(t, s, store.Position{}, want, 1000)
		if d := cmp.Diff(all, got); d != "" {
			t.Errorf("followed while it grew and read afterwards differ (-after +while):\n%s", d)
		}
		if len(all) != want {
			t.Errorf("%d events, want %d", len(all), want)
		}
	})
}

func TestCommitsAreToldToWhoListens(t *testing.T) {
	t.Parallel()
	open := opener(t, "postgres")
	a, b := open(), open()
	woken := make(chan struct{}, 16)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Listen(ctx, func() { woken <- struct{}{} }) }()
	<-woken // it listens
	if err := a.Notify(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-woken
	stop()
	if err := <-ended; err != nil {
		t.Errorf("listening ended with %v", err)
	}
}
