package store_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/receipt"
	"tidings/internal/store"
)

// The variables that make a run of the tests a process that restores and is killed.
const (
	killFrom = "TIDINGS_TEST_RESTORE_FROM"
	killInto = "TIDINGS_TEST_RESTORE_INTO"
	killAt   = "TIDINGS_TEST_RESTORE_KILL"
)

func TestMain(m *testing.M) {
	if os.Getenv(killInto) != "" {
		os.Exit(restoreAndDie())
	}
	os.Exit(m.Run())
}

var restoring = store.Act{At: start, By: "test", Door: "test", Operation: "restore"}

// restoreAndDie restores and is killed at a step of the copy, or runs to its end.
func restoreAndDie() int {
	step := 0
	_, err := store.Restore(context.Background(), os.Getenv(killFrom), os.Getenv(killInto), true, restoring, func(int64, int64) {
		if step++; fmt.Sprint(step) == os.Getenv(killAt) {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// filled makes a SQLite database with some events, and returns where it is.
func filled(t *testing.T, messages int) (path string, s *store.Store, f *feed) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "tidings.db")
	s = openerAt(t, path)()
	f = newFeed(t, s, "one")
	for i := range messages {
		f.commit(f.entry(deliveryOf(i)))
	}
	return path, s, f
}

func deliveryOf(i int) fact {
	return fact{
		name: event.EmailDelivery, message: fmt.Sprint("m", i), to: fmt.Sprintf("p%d@acme.test", i), at: time.Duration(i) * time.Second,
	}
}

// sound opens a database, verifies it and returns the verification.
func sound(t *testing.T, path string) store.Verification {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: path, Soft: contact.DefaultSoftPolicy})
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	defer s.Close()
	v, err := s.Verify(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Differences) > 0 {
		t.Errorf("%s: %v", path, v.Differences)
	}
	return v
}

func TestABackupBesideCommitsHasAllThatWasCommittedBeforeIt(t *testing.T) {
	t.Parallel()
	path, _, f := filled(t, 300)
	ctx, stop := context.WithCancel(t.Context())
	var commits sync.WaitGroup
	going := make(chan struct{})
	commits.Go(func() {
		for i := 300; ctx.Err() == nil; i++ {
			if err := f.store.Commit(t.Context(), []*receipt.Entry{f.entry(deliveryOf(i))}); err != nil {
				t.Error(err)
				return
			}
			if i == 301 {
				close(going)
			}
		}
	})
	<-going
	to := filepath.Join(t.TempDir(), "backup.db")
	found, err := store.Backup(t.Context(), path, to, false, nil)
	stop()
	commits.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if v := sound(t, to); v.Events < 302 || v.Events != found.Events {
		t.Errorf("the backup has %d events, says %d, and 302 were committed before it", v.Events, found.Events)
	}
}

func TestABackupDoesNotReplaceAFileUnasked(t *testing.T) {
	t.Parallel()
	path, _, _ := filled(t, 1)
	to := filepath.Join(t.TempDir(), "backup.db")
	if err := os.WriteFile(to, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Backup(t.Context(), path, to, false, nil); !fault.Is(err, fault.Conflict) {
		t.Errorf("error %v, want a conflict", err)
	}
	if b, _ := os.ReadFile(to); string(b) != "precious" {
		t.Errorf("the file is now %q", b)
	}
	if _, err := store.Backup(t.Context(), path, to, true, nil); err != nil {
		t.Error(err)
	}
	if _, err := store.Backup(t.Context(), path, path, true, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("a backup of a database over itself: %v", err)
	}
	if _, err := store.Backup(t.Context(), path+".absent", to, true, nil); !fault.Is(err, fault.NotFound) {
		t.Errorf("a backup of nothing: %v", err)
	}
}

func TestARestoredDatabaseHasEverythingAndAnEpochOfItsOwn(t *testing.T) {
	t.Parallel()
	path, s, _ := filled(t, 50)
	before, err := s.Epoch(t.Context())
	if err != nil || before == "" {
		t.Fatalf("epoch %q, %v", before, err)
	}
	backup, to := filepath.Join(t.TempDir(), "backup.db"), filepath.Join(t.TempDir(), "new", "tidings.db")
	if _, err := store.Backup(t.Context(), path, backup, false, nil); err != nil {
		t.Fatal(err)
	}
	r, err := store.Restore(t.Context(), backup, to, false, restoring, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := start.Add(49 * time.Second); r.Events != 50 || !r.Newest.Equal(want) || r.Replaced != "" {
		t.Errorf("restored %+v, want 50 events, the newest at %v", r, want)
	}
	restored := openerAt(t, to)()
	after, err := restored.Epoch(t.Context())
	if err != nil || after != r.Epoch || after == before || after == "" {
		t.Errorf("epoch %q after, %q reported, %q before, %v", after, r.Epoch, before, err)
	}
	if v := sound(t, to); v.Events != 50 {
		t.Errorf("%d events, want 50", v.Events)
	}
}

func TestARestoreKeepsWhatItReplaces(t *testing.T) {
	t.Parallel()
	path, s, _ := filled(t, 3)
	backup := filepath.Join(t.TempDir(), "backup.db")
	if _, err := store.Backup(t.Context(), path, backup, false, nil); err != nil {
		t.Fatal(err)
	}
	f := newFeed(t, s, "two")
	f.commit(f.entry(deliveryOf(77)))
	if _, err := store.Restore(t.Context(), backup, path, false, restoring, nil); !fault.Is(err, fault.Conflict) {
		t.Errorf("a restore over a database: %v", err)
	}
	r, err := store.Restore(t.Context(), backup, path, true, restoring, nil)
	if err != nil {
		t.Fatal(err)
	}
	if v := sound(t, path); v.Events != 3 {
		t.Errorf("%d events after the restore, want 3", v.Events)
	}
	if v := sound(t, r.Replaced); v.Events != 4 {
		t.Errorf("%d events in what was replaced, want 4", v.Events)
	}
}

func TestARestoreIsRefusedWhileAServerRuns(t *testing.T) {
	t.Parallel()
	path, _, _ := filled(t, 1)
	backup := filepath.Join(t.TempDir(), "backup.db")
	if _, err := store.Backup(t.Context(), path, backup, false, nil); err != nil {
		t.Fatal(err)
	}
	openerAt(t, path)(func(o *store.Options) { o.Exclusive = true })
	_, err := store.Restore(t.Context(), backup, path, true, restoring, nil)
	if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "another tidings server") {
		t.Errorf("error %v", err)
	}
}

func TestOnlyAWholeBackupOfAKnownVersionIsRestored(t *testing.T) {
	t.Parallel()
	path, s, _ := filled(t, 400)
	dir := t.TempDir()
	good := filepath.Join(dir, "good.db")
	if _, err := store.Backup(t.Context(), path, good, false, nil); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`); err != nil {
		t.Fatal(err)
	}
	flipped := slices.Clone(whole)
	for i := len(flipped) / 2; i < len(flipped); i++ {
		flipped[i] ^= 0x55
	}
	for _, c := range []struct {
		name, says string
		bytes      []byte
	}{
		{"text", "not a SQLite database", []byte(strings.Repeat("no database at all\n", 100))},
		{"an empty file", "not one of tidings", nil},
		{"half a backup", "damaged", whole[:len(whole)/2]},
		{"a damaged backup", "damaged", flipped},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			from, to := filepath.Join(t.TempDir(), "backup.db"), filepath.Join(t.TempDir(), "tidings.db")
			if err := os.WriteFile(from, c.bytes, 0o600); err != nil {
				t.Fatal(err)
			}
			refusesToRestore(t, from, to, c.says)
		})
	}
	refusesToRestore(t, path, filepath.Join(dir, "newer.db"), "schema version 999")
}

func refusesToRestore(t *testing.T, from, to, says string) {
	t.Helper()
	_, err := store.Restore(t.Context(), from, to, false, restoring, nil)
	if err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("error %v, want one that says %q", err, says)
	}
	for _, tail := range []string{"", ".part", ".part-journal"} {
		if _, err := os.Stat(to + tail); err == nil {
			t.Errorf("%s is there", to+tail)
		}
	}
}

func TestAKilledRestoreLeavesNoHalfDatabase(t *testing.T) {
	t.Parallel()
	path, s, f := filled(t, 1)
	// Some 10 MB, so that the copy has several steps.
	if err := s.Exec(t.Context(), `INSERT INTO meta (name, value) VALUES ('big', CAST(zeroblob(10000000) AS TEXT))`); err != nil {
		t.Fatal(err)
	}
	backup, to := filepath.Join(t.TempDir(), "backup.db"), filepath.Join(t.TempDir(), "tidings.db")
	if _, err := store.Backup(t.Context(), path, backup, false, nil); err != nil {
		t.Fatal(err)
	}
	f.commit(f.entry(deliveryOf(5)))
	if _, err := store.Backup(t.Context(), path, to, false, nil); err != nil {
		t.Fatal(err)
	}
	for step := range 3 {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), killFrom+"="+backup, killInto+"="+to, fmt.Sprintf("%s=%d", killAt, step+1))
		out, err := child.CombinedOutput()
		if status, ok := child.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
			t.Fatalf("step %d: the restore was not killed: %v\n%s", step+1, err, out)
		}
		if v := sound(t, to); v.Events != 2 {
			t.Errorf("step %d: %d events, want the 2 that were there before", step+1, v.Events)
		}
	}
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), killFrom+"="+backup, killInto+"="+to)
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("a restore after the killed ones: %v\n%s", err, out)
	}
	if v := sound(t, to); v.Events != 1 {
		t.Errorf("%d events, want the 1 of the backup", v.Events)
	}
	if _, err := os.Stat(to + ".part"); err == nil {
		t.Error("the killed restores left their part")
	}
}
