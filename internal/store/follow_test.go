package store_test

import (
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

// walkLog reads the log from a position to its end, page by page.
func walkLog(t *testing.T, s *store.Store, after store.Position, limit int) (ids []event.ID, end store.Position) {
	t.Helper()
	for {
		list, err := s.Follow(t.Context(), store.DefaultProject, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range list {
			if !after.Less(l.At) {
				t.Fatalf("%+v comes after %+v", l.At, after)
			}
			ids, after = append(ids, l.Event.ID), l.At
		}
		if len(list) < limit {
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
		got, _ := walkLog(t, s, store.Position{}, 3)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("the log (-committed +read):\n%s", d)
		}
		end, err := s.End(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if rest, _ := walkLog(t, s, end, 3); len(rest) != 0 {
			t.Errorf("%d events after the end", len(rest))
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
		done := make(chan struct{})
		go func() { writing.Wait(); close(done) }()
		var got []event.ID
		var at store.Position
		for over := false; !over; {
			select {
			case <-done:
				over = true // and one look more
			default:
			}
			var more []event.ID
			more, at = walkLog(t, s, at, 7)
			got = append(got, more...)
		}
		select {
		case err := <-failed:
			t.Fatal(err)
		default:
		}
		all, _ := walkLog(t, s, store.Position{}, 1000)
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
