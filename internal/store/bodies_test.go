package store_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/receipt"
	"tidings/internal/store"
)

// bodied makes an entry with a body of its own, of at least a size.
func bodied(f *feed, n, size int) *receipt.Entry {
	e := f.entry(fact{name: event.EmailSent, message: fmt.Sprint("m", n), to: ghost})
	noise := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)})
	var b strings.Builder
	for b.Len() < size {
		fmt.Fprintf(&b, `{"n":%d,"noise":"%x"}`, n, noise.Uint64())
	}
	e.Keep = []byte(b.String())
	return e
}

func (f *feed) body(e *receipt.Entry) []byte {
	f.t.Helper()
	list, err := f.store.ListReceipts(f.t.Context(), store.ReceiptQuery{Project: store.DefaultProject, After: e.Outcome.Receipt + 1, Limit: 1})
	if err != nil || len(list.Receipts) != 1 {
		f.t.Fatalf("receipt %d: %+v, %v", e.Outcome.Receipt, list, err)
	}
	b, err := f.store.ReceiptBody(f.t.Context(), store.DefaultProject, list.Receipts[0].ID)
	if err != nil {
		f.t.Fatal(err)
	}
	return b
}

func count(t *testing.T, s *store.Store, sql string) int64 {
	t.Helper()
	n, err := s.Count(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestBodiesOfOneTransactionComeBackEachByItself(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		var entries []*receipt.Entry
		for i, size := range []int{1, 0, 2000, 300 << 10, 200 << 10, 100 << 10, 50 << 10, 17, 1 << 20, 3000} {
			e := bodied(f, i, size)
			if size == 0 {
				e.Keep = nil
			}
			entries = append(entries, e)
		}
		f.commit(entries...)
		for _, e := range entries {
			if got := f.body(e); !bytes.Equal(got, e.Keep) {
				t.Errorf("a body of %d bytes came back as %d others", len(e.Keep), len(got))
			}
		}
		if n := count(t, s, `SELECT count(*) FROM blocks`); n < 4 || n > 8 {
			t.Errorf("%d blocks", n)
		}
		n := 0
		err := s.EachReceipt(t.Context(), store.ReplayQuery{Project: store.DefaultProject}, func(r store.StoredReceipt) error {
			for _, e := range entries {
				if e.Outcome.Receipt == r.Ref && !bytes.Equal(r.Keep, e.Keep) {
					t.Errorf("replay reads %d bytes of a body of %d", len(r.Keep), len(e.Keep))
				}
			}
			n++
			return nil
		})
		if err != nil || n != len(entries) {
			t.Errorf("replay read %d receipts, %v", n, err)
		}
	})
}

func TestAQueueThatIsSentAgainDoesNotFillTheDisk(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		var entries []*receipt.Entry
		for i := range 50 {
			entries = append(entries, bodied(f, i, 3000))
		}
		f.commit(entries...)
		const stored = `SELECT coalesce(sum(length(bytes)), 0) FROM blocks`
		before := count(t, s, stored)
		f.commit(entries...)
		if after := count(t, s, stored); after != before {
			t.Errorf("%d bytes became %d", before, after)
		}
		late := bodied(f, 99, 3000)
		f.commit(append(entries[:40:40], late)...)
		if grown := count(t, s, stored) - before; grown > 3000 {
			t.Errorf("one new body of 3,000 bytes among 40 known ones took %d", grown)
		}
		if late.Outcome.Duplicate || !entries[3].Outcome.Duplicate {
			t.Errorf("outcomes %+v, %+v", late.Outcome, entries[3].Outcome)
		}
		for _, e := range []*receipt.Entry{late, entries[0], entries[49]} {
			if !bytes.Equal(f.body(e), e.Keep) {
				t.Error("a body came back as another")
			}
		}
	})
}

func TestRetentionRemovesBodiesWithTheirReceiptsAndNoOthers(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open(func(o *store.Options) { o.Retention.Receipts = 24 * time.Hour })
		f := newFeed(t, s, "one")
		old, young, straddling := bodied(f, 1, 100), bodied(f, 2, 100), bodied(f, 3, 100)
		young.ReceivedAt = old.ReceivedAt.Add(12 * time.Hour)
		f.commit(old)
		f.commit(bodied(f, 4, 100), young)
		straddling.ReceivedAt = young.ReceivedAt
		f.commit(straddling)
		removed, err := s.Retain(t.Context(), old.ReceivedAt.Add(25*time.Hour))
		if err != nil || removed.Receipts != 2 {
			t.Fatalf("%+v, %v", removed, err)
		}
		if n := count(t, s, `SELECT count(*) FROM blocks`); n != 2 {
			t.Errorf("%d blocks are left, want the young ones' two", n)
		}
		for _, e := range []*receipt.Entry{young, straddling} {
			if !bytes.Equal(f.body(e), e.Keep) {
				t.Error("a young body is gone")
			}
		}
		if _, err := s.Retain(t.Context(), old.ReceivedAt.Add(50*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if n := count(t, s, `SELECT count(*) FROM blocks`); n != 0 {
			t.Errorf("%d blocks are left of receipts that are gone", n)
		}
	})
}
