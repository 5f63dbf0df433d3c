package store_test

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"

	"tidings/internal/stats"
	"tidings/internal/store"
)

// testdata/foundation.db.gz is a store that the first version of this program wrote, with the simulation's seed 5.
func TestAStoreOfTheFirstVersionIsTakenOverWhole(t *testing.T) {
	t.Parallel()
	const events, receipts = 127, 121
	path := filepath.Join(t.TempDir(), "tidings.db")
	f, err := os.Open("testdata/foundation.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}

	s := openerAt(t, path)()
	if due, err := s.RecountDue(t.Context()); err != nil || !due {
		t.Fatalf("no recount is due: %v", err)
	}
	r, err := s.Recount(t.Context(), recountAct(), nil)
	if err != nil || len(r.Left) > 0 || r.Counters == 0 {
		t.Fatalf("recount %+v, %v", r, err)
	}
	if v := verified(t, s); v.Events != events {
		t.Errorf("%d events, want %d", v.Events, events)
	}
	var counted int64
	list, err := s.Stats(t.Context(), store.StatsQuery{Project: store.DefaultProject, By: stats.ByName})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range list {
		counted += g.N
	}
	if counted != events {
		t.Errorf("counted %d events, want %d", counted, events)
	}
	n := 0
	err = s.EachReceipt(t.Context(), store.ReplayQuery{Project: store.DefaultProject}, func(x store.StoredReceipt) error {
		if len(x.Keep) < 500 || x.Keep[0] != '{' {
			t.Errorf("receipt %d has the body %.40q", x.Ref, x.Keep)
		}
		n++
		return nil
	})
	if err != nil || n != receipts {
		t.Errorf("%d receipts, %v, want %d", n, err, receipts)
	}
}
