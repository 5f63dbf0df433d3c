package store_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/receipt"
	"tidings/internal/store"
)

// Whoever adds a table or a column that can hold a text must say in eraseTables what erasing a person does with it.
func TestErasingDecidesAboutEveryColumnThatCanHoldAText(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		schema, err := s.Schema(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		decided := store.EraseTables()
		tables := map[string]bool{}
		for _, line := range schema {
			name, kind, _ := strings.Cut(line, " ")
			table, column, _ := strings.Cut(name, ".")
			tables[table] = true
			if decided[table] == nil {
				t.Errorf("nothing is said of the table %s", table)
				continue
			}
			text := strings.HasPrefix(kind, "text") || strings.HasPrefix(kind, "bytes")
			if text != decided[table][column] {
				t.Errorf("%s: it can hold a text: %v; something is said of it: %v", name, text, decided[table][column])
			}
		}
		for table := range decided {
			if !tables[table] {
				t.Errorf("there is no table %s", table)
			}
		}
		named, walked := store.Searched()
		slices.Sort(walked)
		if d := cmp.Diff(named, walked); d != "" {
			t.Errorf("the tables that are searched (-named +walked):\n%s", d)
		}
	})
}

func TestAFileIsCleanedOfWhatWasDeletedWhileOthersWrite(t *testing.T) {
	t.Parallel()
	s := opener(t, "sqlite")()
	f := newFeed(t, s, "main")
	if err := s.SetSecureDelete(false); err != nil { // as versions before did
		t.Fatal(err)
	}
	const secret = "secretandnotforothers"
	var entries []*receipt.Entry
	for i := range 3000 {
		to := fmt.Sprintf("%s%d@acme.test", secret, i*7919%3000)
		if i%2 == 0 {
			to = fmt.Sprintf("other%d@acme.test", i*7919%3000)
		}
		entries = append(entries, f.entry(fact{name: event.EmailOpen, message: fmt.Sprint("m", i), to: to, change: func(d *event.Draft) {
			d.Data = []byte(`{"long":"` + strings.Repeat(secret[:i%20], i%400) + `"}`)
		}}))
	}
	f.commit(entries...)
	for _, sql := range []string{
		`DELETE FROM contacts WHERE address LIKE 'secret%'`, `DELETE FROM receipts`, `DELETE FROM blocks`,
		`UPDATE messages SET info = x''`, `UPDATE events SET detail = x''`, `DELETE FROM terms WHERE text LIKE 'secret%'`,
	} {
		if err := s.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SetSecureDelete(true); err != nil {
		t.Fatal(err)
	}
	if !fileHolds(t, s.URL(), secret) {
		t.Fatal("there is nothing to clean")
	}
	before, err := s.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var others sync.WaitGroup
	others.Go(func() {
		g := newFeed(t, s, "beside")
		for i := 0; ctx.Err() == nil; i++ {
			g.commit(g.entry(fact{name: event.EmailSent, message: fmt.Sprint("n", i), to: fmt.Sprintf("x%d@acme.test", i*7919%100_003)}))
		}
	})
	err = s.Scrub(t.Context())
	cancel()
	others.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Scrub(t.Context()); err != nil { // the log holds what was written meanwhile
		t.Fatal(err)
	}
	if fileHolds(t, s.URL(), secret) {
		t.Error("the file still holds what was deleted")
	}
	if verdict, err := s.Check(t.Context()); err != nil || verdict != "ok" {
		t.Errorf("the file is %s, %v", verdict, err)
	}
	after, err := s.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(after, "\n")
	for _, line := range strings.Split(before, "\n") {
		if _, found := slices.BinarySearch(lines, line); !found && !strings.HasPrefix(line, "counter") {
			t.Fatalf("%s is gone", line)
		}
	}
}

// An index has the address, so that the contact is found; its row can't be read.
func TestAnErasureDoesNotBeginWhereTheContactCantBeRead(t *testing.T) {
	t.Parallel()
	open := opener(t, "sqlite")
	s := open()
	f := newFeed(t, s, "main")
	f.commit(f.entry(fact{name: event.EmailOpen, message: "m1", to: "ann@acme.test"}))
	err := s.Exec(t.Context(), `UPDATE sqlite_dbpage SET data = zeroblob(length(data))
		WHERE pgno = (SELECT rootpage FROM sqlite_schema WHERE name = 'contacts')`)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = open().BeginErasure(t.Context(), store.DefaultProject, "ann@acme.test", store.Act{At: start, Project: store.DefaultProject})
	if err == nil || !strings.Contains(err.Error(), "look at the contact that has the address") {
		t.Errorf("it says %v", err)
	}
}

func fileHolds(t testing.TB, path, text string) bool {
	t.Helper()
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}

// BenchmarkErase erases one person after another out of a store of 200,000 events. Its longest step is what others may have to
// wait for at the worst, reading and writing together.
func BenchmarkErase(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			s := opener(b, engine)()
			f := newFeed(b, s, "bench")
			for i := 0; i < 200_000; i += 1000 {
				var batch []*receipt.Entry
				for j := range 1000 {
					batch = append(batch, f.entry(lifeOf(i+j)))
				}
				f.commit(batch...)
			}
			n, longest := 0, time.Duration(0)
			for b.Loop() {
				n++
				x, err := s.BeginErasure(b.Context(), store.DefaultProject, recipient(n), store.Act{At: start, Project: store.DefaultProject})
				for err == nil && x.Status == store.ErasureRunning {
					began := time.Now()
					x, err = s.EraseMore(b.Context(), x.ID, store.EraseTools{})
					if took := time.Since(began); x.Status == store.ErasureRunning { // the last one cleans the file in many transactions
						longest = max(longest, took)
					}
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(longest.Milliseconds()), "longest-ms")
		})
	}
}

// BenchmarkScrub cleans the file of a store of 200,000 events, where little is to be cleaned.
func BenchmarkScrub(b *testing.B) {
	s := opener(b, "sqlite")()
	f := newFeed(b, s, "bench")
	for i := 0; i < 200_000; i += 1000 {
		var batch []*receipt.Entry
		for j := range 1000 {
			batch = append(batch, f.entry(lifeOf(i+j)))
		}
		f.commit(batch...)
	}
	for b.Loop() {
		if err := s.Scrub(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	info, err := os.Stat(s.URL())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/1e6, "MB")
}
