package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/internal/store"
)

func exclusive(o *store.Options) { o.Exclusive = true }

func TestASecondServerOnOneFileIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	open := opener(t, "sqlite")
	first := open(exclusive)
	_, err := store.Open(t.Context(), store.Options{URL: first.URL(), Exclusive: true})
	if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "another tidings server") {
		t.Fatalf("second server: %v", err)
	}
	beside := open()
	newFeed(t, beside, "beside")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(exclusive)
}

func TestADatabaseOfANewerVersionIsRefusedWithTheReason(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		if err := s.Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, CAST($1 AS `+
			map[string]string{"sqlite": "INTEGER", "postgres": "BOOLEAN"}[s.Engine()]+`))`,
			map[string]any{"sqlite": int64(1), "postgres": "true"}[s.Engine()]); err != nil {
			t.Fatal(err)
		}
		_, err := store.Open(t.Context(), store.Options{URL: s.URL()})
		if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "99999") {
			t.Fatalf("open: %v", err)
		}
	})
}

func TestAFullDiskIsSaidStoresNothingByHalvesAndEndsWithoutRestart(t *testing.T) {
	t.Parallel()
	s := opener(t, "sqlite")()
	f := newFeed(t, s, "one")
	if err := s.LimitPages(1); err != nil {
		t.Fatal(err)
	}
	before := dump(t, s)
	var err error
	stored := 0
	for range 5000 {
		e := f.entry(fact{name: event.EmailSent, message: "m" + strings.Repeat("x", 500) + time.Now().String(), to: ghost})
		if err = s.Commit(t.Context(), entriesOf(e)); err != nil {
			break
		}
		stored++
		before = dump(t, s)
	}
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "full") {
		t.Fatalf("after %d: %v", stored, err)
	}
	if got := dump(t, s); got != before {
		t.Error("something was stored by halves")
	}
	if err := s.LimitPages(0); err != nil {
		t.Fatal(err)
	}
	f.commit(f.entry(fact{name: event.EmailSent, message: "after", to: ghost}))
	verified(t, s)
}

func TestAReadOnlyDatabaseIsSaid(t *testing.T) {
	t.Parallel()
	s := opener(t, "sqlite")()
	if err := s.SetReadOnly(true); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "can't be written") {
		t.Fatalf("ping: %v", err)
	}
	if err := s.SetReadOnly(false); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Fatalf("ping after: %v", err)
	}
}

func TestAFileThatIsNoDatabaseIsSaid(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(t.Context(), store.Options{URL: path})
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "not a SQLite database") {
		t.Fatalf("open: %v", err)
	}
}

func TestAPostgresThatIsDownIsSaid(t *testing.T) {
	t.Parallel()
	_, err := store.Open(t.Context(), store.Options{URL: "postgres://nobody@127.0.0.1:1/none"})
	if !fault.Is(err, fault.Unavailable) {
		t.Fatalf("open: %v", err)
	}
	_, err = store.Open(t.Context(), store.Options{URL: "postgres://user:secret@[bad"})
	if !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), "secret") {
		t.Fatalf("bad URL: %v", err)
	}
}

func TestStragglersMoveToTheirMonthWhenItsPartitionIsMade(t *testing.T) {
	t.Parallel()
	now := start
	s := opener(t, "postgres")(func(o *store.Options) { o.Now = func() time.Time { return now } })
	f := newFeed(t, s, "one")
	f.commit(f.entry(fact{name: event.EmailSent, message: "future", to: ghost, at: 120 * 24 * time.Hour}))
	inDefault := `SELECT count(*) FROM events_default`
	if n, err := s.Count(t.Context(), inDefault); err != nil || n != 1 {
		t.Fatalf("%d in the default partition, %v", n, err)
	}
	if _, err := s.Retain(t.Context(), start.Add(90*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Count(t.Context(), inDefault); err != nil || n != 0 {
		t.Fatalf("%d left in the default partition, %v", n, err)
	}
	if got := len(walk(t, s, store.EventQuery{})); got != 1 {
		t.Errorf("%d events", got)
	}
	verified(t, s)
}

func TestACallWhoseContextEndedStoresNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Commit(ctx, entriesOf(f.entry(fact{name: event.EmailSent, message: "m1", to: ghost}))); err == nil {
			t.Fatal("stored")
		}
		if got := len(walk(t, s, store.EventQuery{})); got != 0 {
			t.Errorf("%d events", got)
		}
	})
}
