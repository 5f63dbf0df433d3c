package store_test

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/receipt"
	"tidings/internal/store"
)

// rebodied makes an entry of the same transport id with the body given, which tells of a person of that name.
func rebodied(f *feed, id, body string) *receipt.Entry {
	e := f.entry(fact{name: event.EmailComplaint, message: body, to: body + "@acme.test", transport: id})
	e.Keep, e.SHA256 = []byte(body), sha256.Sum256([]byte(body))
	return e
}

// checkOneBody holds that of all bodies of one id one was stored, and that each of the others was told so.
func checkOneBody(t *testing.T, s *store.Store, entries []*receipt.Entry) {
	t.Helper()
	first := map[int64]*receipt.Entry{}
	for _, e := range entries {
		if e.Outcome.Duplicate {
			continue
		}
		if first[e.Outcome.Receipt] != nil {
			t.Errorf("receipt %d was stored twice", e.Outcome.Receipt)
		}
		first[e.Outcome.Receipt] = e
	}
	for _, e := range entries {
		stored := first[e.Outcome.Receipt]
		if stored == nil {
			t.Fatalf("nobody stored receipt %d", e.Outcome.Receipt)
		}
		if other := e.SHA256 != stored.SHA256; e.Outcome.Conflict != other {
			t.Errorf("%s after %s: conflict %v", e.Keep, stored.Keep, e.Outcome.Conflict)
		}
		if e.Outcome.Conflict && e.Outcome.New+e.Outcome.Known > 0 {
			t.Errorf("%s brought events: %+v", e.Keep, e.Outcome)
		}
	}
	if n := count(t, s, `SELECT count(*) FROM events WHERE receipt <> 0`); n != int64(len(first)) {
		t.Errorf("%d events of %d receipts", n, len(first))
	}
}

func TestAnIDThatComesAgainWithAnotherBodyIsAConflict(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		genuine, again, forged := rebodied(f, "token", "ann"), rebodied(f, "token", "ann"), rebodied(f, "token", "bob")
		f.commit(genuine)
		f.commit(again)
		f.commit(forged)
		checkOneBody(t, s, []*receipt.Entry{genuine, again, forged})
		if genuine.Outcome.Duplicate || !again.Outcome.Duplicate || !forged.Outcome.Conflict {
			t.Errorf("%+v, %+v, %+v", genuine.Outcome, again.Outcome, forged.Outcome)
		}
		if n := count(t, s, `SELECT coalesce(sum(n), 0) FROM tallies WHERE word = 'conflict'`); n != 1 {
			t.Errorf("%d conflicts are counted", n)
		}
	})
}

func TestTwoBodiesOfOneIDInOneTransactionAreAConflict(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		entries := []*receipt.Entry{
			rebodied(f, "b", "ann"), rebodied(f, "a", "cy"), rebodied(f, "b", "bob"), rebodied(f, "b", "ann"), rebodied(f, "c", "dan"),
		}
		f.commit(entries...)
		checkOneBody(t, s, entries)
		if entries[0].Outcome.Duplicate || !entries[2].Outcome.Conflict {
			t.Errorf("the first does not stay: %+v, %+v", entries[0].Outcome, entries[2].Outcome)
		}
	})
}

// The first of a transaction is not the first of all: what counts is the body that was stored before.
func TestBodiesOfOneTransactionAreComparedWithTheStoredOne(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		entries := []*receipt.Entry{rebodied(f, "a", "ann")}
		f.commit(entries...)
		later := []*receipt.Entry{rebodied(f, "a", "bob"), rebodied(f, "a", "ann"), rebodied(f, "a", "bob"), rebodied(f, "a", "cy")}
		f.commit(later...)
		checkOneBody(t, s, append(entries, later...))
	})
}

// Two nodes take one id with two bodies at once, many times: each time one is stored and the other told so.
func TestTwoBodiesOfOneIDOnTwoNodesAtOnceAreAConflict(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		here, there := open(), open()
		f := newFeed(t, here, "one")
		var entries []*receipt.Entry
		for round := range 20 {
			id := fmt.Sprintf("token-%d", round)
			pair := []*receipt.Entry{
				rebodied(f, id, fmt.Sprintf("ann%d", round)), rebodied(f, id, fmt.Sprintf("bob%d", round)),
			}
			entries = append(entries, pair...)
			var both sync.WaitGroup
			for i, node := range []*store.Store{here, there} {
				both.Go(func() {
					if err := node.Commit(t.Context(), pair[i:i+1]); err != nil {
						t.Error(err)
					}
				})
			}
			both.Wait()
		}
		checkOneBody(t, here, entries)
	})
}

// An id is remembered for as long as receipts are kept, to the end of that time: ingest accepts nothing older.
func TestAnIDIsRememberedWhileReceiptsAreKept(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open(func(o *store.Options) { o.Retention.Receipts = 24 * time.Hour })
		f := newFeed(t, s, "one")
		genuine := rebodied(f, "token", "ann")
		f.commit(genuine)
		if _, err := s.Retain(t.Context(), genuine.ReceivedAt.Add(24*time.Hour-time.Second)); err != nil {
			t.Fatal(err)
		}
		forged := rebodied(f, "token", "bob")
		f.commit(forged)
		if !forged.Outcome.Conflict {
			t.Errorf("forgotten too early: %+v", forged.Outcome)
		}
	})
}
