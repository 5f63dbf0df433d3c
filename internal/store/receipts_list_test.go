package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/receipt"
	"tidings/internal/store"
	"tidings/provider"
)

// receiptAt stores a receipt that came at a time after start, with a problem or without.
func receiptAt(f *feed, after time.Duration, code string) *receipt.Entry {
	f.t.Helper()
	f.n++
	body := []byte(fmt.Sprint(f.src.ID, f.n))
	res := provider.Result{Transport: provider.Transport{ID: string(body), At: start}, Keep: body, Kind: "notification"}
	if code != "" {
		res.Kind, res.Problems = "odd", []provider.Problem{{Element: -1, Code: code, Message: "says \"code\":\"other\""}}
	}
	e := f.build.Build(f.src, res, body, start.Add(after))
	f.commit(e)
	return e
}

func walkReceipts(t *testing.T, s *store.Store, q store.ReceiptQuery) (refs []int64, pages int) {
	t.Helper()
	q.Project = store.DefaultProject
	for pages = 1; pages < 1000; pages++ {
		page, err := s.ListReceipts(t.Context(), q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		for _, r := range page.Receipts {
			refs = append(refs, r.Ref)
		}
		if q.After = page.Next; page.Next == 0 {
			return refs, pages
		}
	}
	t.Fatalf("%+v has no end", q)
	return nil, 0
}

func TestReceiptsAreFoundByWhatIsAskedWhateverTheLengthOfAPage(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		one, two := newFeed(t, s, "one"), newFeed(t, s, "two")
		day := 24 * time.Hour
		for i := range 10 {
			f, code := one, ""
			if i%2 == 1 {
				f = two
			}
			if i%3 == 0 {
				code = []string{"bad_time", "unreadable"}[i/3%2]
			}
			receiptAt(f, time.Duration(i)*5*day, code)
		}
		for name, c := range map[string]struct {
			q    store.ReceiptQuery
			want []int64
		}{
			"all":             {store.ReceiptQuery{}, []int64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}},
			"of a source":     {store.ReceiptQuery{Source: two.src.ID}, []int64{10, 8, 6, 4, 2}},
			"no source":       {store.ReceiptQuery{Source: "src_none"}, nil},
			"with a problem":  {store.ReceiptQuery{Problem: "any"}, []int64{10, 7, 4, 1}},
			"with this one":   {store.ReceiptQuery{Problem: "bad_time"}, []int64{7, 1}},
			"of words alone":  {store.ReceiptQuery{Problem: "other"}, nil},
			"both":            {store.ReceiptQuery{Problem: "any", Source: one.src.ID}, []int64{7, 1}},
			"of a kind":       {store.ReceiptQuery{Kind: "odd"}, []int64{10, 7, 4, 1}},
			"an unknown kind": {store.ReceiptQuery{Kind: "none"}, nil},
			"in a span":       {store.ReceiptQuery{From: start.Add(10 * day), To: start.Add(20 * day)}, []int64{4, 3}},
			"since":           {store.ReceiptQuery{From: start.Add(40 * day)}, []int64{10, 9}},
			"until":           {store.ReceiptQuery{To: start.Add(time.Second)}, []int64{1}},
			"before all":      {store.ReceiptQuery{To: start}, nil},
		} {
			for limit := range 4 {
				c.q.Limit = limit
				if got, _ := walkReceipts(t, s, c.q); fmt.Sprint(got) != fmt.Sprint(c.want) {
					t.Errorf("%s, %d a page: %v, want %v", name, limit, got, c.want)
				}
			}
		}
	})
}

func TestAPageOfReceiptsThatHardlyMatchEndsAtABoundAndASpanAtItsEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		one := newFeed(t, s, "one")
		other := newFeed(t, s, "two")
		first := receiptAt(other, 0, "")
		receiptAt(one, 0, "")
		numbers := "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 25000) "
		key := map[string]string{"sqlite": "CAST(v AS BLOB)", "postgres": "CAST(CAST(v AS TEXT) AS BYTEA)"}[s.Engine()]
		err := s.Exec(t.Context(), numbers+`INSERT INTO receipts (source, key, kind, received_at, n, sha256, block, begins, size)
			SELECT r.source, `+key+`, r.kind, r.received_at + CAST(v AS BIGINT) * 3600000, 1, r.sha256, r.block, 0, 0 FROM n
			JOIN receipts r ON r.ref = 2 ORDER BY v`)
		if err != nil {
			t.Fatal(err)
		}
		if got, pages := walkReceipts(t, s, store.ReceiptQuery{Source: other.src.ID}); len(got) != 1 || got[0] != first.Outcome.Receipt || pages != 3 {
			t.Errorf("receipts %v in %d pages, want the first in three", got, pages)
		}
		late := receiptAt(other, 25001*time.Hour, "bad_time")
		for name, q := range map[string]store.ReplayQuery{
			"of a source": {Source: other.src.ID, After: first.Outcome.Receipt}, "with problems": {OnlyProblems: true},
			"of a span": {From: start.Add(25001 * time.Hour)},
		} {
			q.Project = store.DefaultProject
			if got := eachReceipt(t, s, q, func() {}); len(got) != 1 || got[0].Ref != late.Outcome.Receipt {
				t.Errorf("a replay %s reads %+v, want the last receipt", name, got)
			}
		}
		newest := start.Add(25000 * time.Hour)
		for name, c := range map[string]struct {
			q     store.ReceiptQuery
			pages int
		}{
			"the newest hours": {store.ReceiptQuery{From: newest.Add(-2 * time.Hour)}, 1},
			"the oldest hours": {store.ReceiptQuery{To: start.Add(4 * time.Hour)}, 1},
			"between":          {store.ReceiptQuery{From: start.Add(12000 * time.Hour), To: start.Add(12003 * time.Hour)}, 2},
		} {
			if got, pages := walkReceipts(t, s, c.q); len(got) < 3 || len(got) > 6 || pages > c.pages {
				t.Errorf("%s: %d receipts in %d pages", name, len(got), pages)
			}
		}
	})
}

func TestATrialTellsWhatACommitWouldAndStoresNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		f.commit(f.entry(fact{name: event.EmailSent, message: "m1", to: "ann@acme.test"}))
		before := dump(t, s)
		e := f.entry(fact{name: event.EmailOpen, message: "m1", to: "ann@acme.test"}, fact{name: event.EmailSent, message: "m2", to: "new@acme.test"})
		if err := s.Try(t.Context(), []*receipt.Entry{e}); err != nil {
			t.Fatal(err)
		}
		if e.Outcome.New != 2 {
			t.Errorf("outcome %+v", e.Outcome)
		}
		if got := dump(t, s); got != before {
			t.Errorf("a trial left something:\n%s\nbefore it was\n%s", got, before)
		}
		e.Outcome = receipt.Outcome{}
		f.commit(e)
		if e.Outcome.New != 2 || e.Outcome.Duplicate {
			t.Errorf("afterwards it is %+v", e.Outcome)
		}
		verified(t, s)
	})
}

// eachReceipt reads the receipts of a replay, and does something after the first.
func eachReceipt(t *testing.T, s *store.Store, q store.ReplayQuery, afterFirst func()) (list []store.StoredReceipt) {
	t.Helper()
	err := s.EachReceipt(t.Context(), q, func(x store.StoredReceipt) error {
		if list = append(list, x); len(list) == 1 {
			afterFirst()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAReplayKnowsASourceThatWasMadeMeanwhile(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		receiptAt(newFeed(t, s, "one"), 0, "")
		list := eachReceipt(t, s, store.ReplayQuery{Project: store.DefaultProject}, func() {
			receiptAt(newFeed(t, s, "two"), 0, "")
		})
		if len(list) != 2 || list[0].Source.Name != "one" || list[1].Source.Name != "two" {
			t.Errorf("receipts %+v", list)
		}
		if list := eachReceipt(t, s, store.ReplayQuery{Project: store.DefaultProject, Newest: 1}, func() {}); len(list) != 1 {
			t.Errorf("%d receipts up to the first", len(list))
		}
	})
}

func TestListsOfReceiptsWalkAnIndexWithoutSorting(t *testing.T) {
	t.Parallel()
	s := opener(t, "sqlite")()
	for source, want := range map[int64]string{
		0: "SEARCH r USING INTEGER PRIMARY KEY (rowid<?)",
		1: "SEARCH r USING INDEX receipts_problems (source=? AND ref<?)",
	} {
		got, err := s.ExplainReceipts(t.Context(), source)
		if err != nil || !strings.HasPrefix(got, want) || strings.Contains(got, "TEMP B-TREE") {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
}
