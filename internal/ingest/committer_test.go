package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tidings/internal/fault"
	"tidings/internal/ingest"
	"tidings/internal/receipt"
	"tidings/internal/source"
)

// disk is what a Committer commits to: it records the size of every transaction.
type disk struct {
	mu      sync.Mutex
	batches []int
	stored  map[string]int // Kind of entries, which names them in these tests
	before  func(context.Context, []*receipt.Entry) error
}

func (d *disk) Commit(ctx context.Context, entries []*receipt.Entry) error {
	if d.before != nil {
		if err := d.before(ctx, entries); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.batches = append(d.batches, len(entries))
	for _, e := range entries {
		if d.stored == nil {
			d.stored = map[string]int{}
		}
		d.stored[e.Kind]++
		e.Outcome.New = len(e.Events)
	}
	return nil
}

func (d *disk) sizes() []int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]int(nil), d.batches...)
}

func entry(name string, events int) *receipt.Entry {
	return &receipt.Entry{Source: &source.Source{ID: "src_1"}, Kind: name, Events: make([]receipt.Event, events)}
}

// pass lets the time of a synctest bubble go by.
func pass(d time.Duration) { <-time.After(d) }

// taking makes every transaction take a time.
func taking(d time.Duration) func(context.Context, []*receipt.Entry) error {
	return func(context.Context, []*receipt.Entry) error {
		pass(d)
		return nil
	}
}

func committer(t *testing.T, o ingest.CommitterOptions) *ingest.Committer {
	t.Helper()
	c := ingest.NewCommitter(o)
	t.Cleanup(func() {
		if err := c.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return c
}

func TestALoneRequestDoesNotWaitForOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &disk{before: taking(300 * time.Microsecond)}
		c := committer(t, ingest.CommitterOptions{Commit: d.Commit})
		for i := range 20 {
			start := time.Now()
			if err := c.Submit(t.Context(), entry("lone", 1)); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took != 300*time.Microsecond {
				t.Fatalf("request %d took %v, its commit 300µs", i, took)
			}
			pass(50 * time.Microsecond)
		}
	})
}

func TestACrowdSharesTransactions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const clients, each = 64, 50
		d := &disk{before: taking(400 * time.Microsecond)}
		c := committer(t, ingest.CommitterOptions{Commit: d.Commit})
		var wg sync.WaitGroup
		start := time.Now()
		for i := range clients {
			wg.Go(func() {
				for range each {
					pass(time.Duration(i) * 10 * time.Microsecond) // its own way to us
					if err := c.Submit(t.Context(), entry("crowd", 1)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		took, batches := time.Since(start), len(d.sizes())
		t.Logf("%d requests in %d transactions and %v", clients*each, batches, took)
		// Half of the crowd is waited for, while the other half is on its way.
		if batches > clients*each/16 {
			t.Errorf("%d requests took %d transactions, want 16 requests or more in each", clients*each, batches)
		}
		if d.stored["crowd"] != clients*each {
			t.Errorf("%d stored, want %d", d.stored["crowd"], clients*each)
		}
	})
}

func TestAfterACrowdHasGoneALoneRequestSoonStopsWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &disk{before: taking(300 * time.Microsecond)}
		c := committer(t, ingest.CommitterOptions{Commit: d.Commit})
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() { _ = c.Submit(t.Context(), entry("crowd", 1)) })
		}
		wg.Wait()
		var took time.Duration
		for range 25 {
			start := time.Now()
			_ = c.Submit(t.Context(), entry("lone", 1))
			if took = time.Since(start); took > 1300*time.Microsecond {
				t.Fatalf("a request took %v, more than a commit and a millisecond", took)
			}
		}
		if took != 300*time.Microsecond {
			t.Errorf("the 25th request still took %v", took)
		}
	})
}

// The child of this test has one processor, on which nobody else runs while a commit does.
func TestOneProcessorDoesNotFallToTransactionsOfOne(t *testing.T) {
	const mark = "TIDINGS_TEST_ONE_PROCESSOR"
	if os.Getenv(mark) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1", mark+"=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "requests in") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	const clients, each = 64, 40
	d := &disk{before: func(context.Context, []*receipt.Entry) error {
		for end := time.Now().Add(300 * time.Microsecond); time.Now().Before(end); { // busy, as a pure-Go database is
		}
		return nil
	}}
	c := committer(t, ingest.CommitterOptions{Commit: d.Commit})
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for range each {
				if err := c.Submit(t.Context(), entry("crowd", 1)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	batches := len(d.sizes())
	t.Logf("%d requests in %d transactions", clients*each, batches)
	if batches*8 > clients*each {
		t.Errorf("%d requests took %d transactions, want 8 requests or more in each", clients*each, batches)
	}
}

func TestATransactionIsBounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		o    ingest.CommitterOptions
		with int // events of each entry
		most int // entries of a transaction
	}{
		{"by events", ingest.CommitterOptions{MaxEvents: 1000}, 400, 2},
		{"by bytes", ingest.CommitterOptions{MaxBytes: 10_000}, 5, 3},
		{"but an entry that is too large alone goes alone", ingest.CommitterOptions{MaxEvents: 10}, 400, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := &disk{before: taking(time.Millisecond)}
				c.o.Commit = d.Commit
				com := committer(t, c.o)
				var wg sync.WaitGroup
				for range 20 {
					wg.Go(func() {
						if err := com.Submit(t.Context(), entry("x", c.with)); err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				largest := 0
				for _, n := range d.sizes() {
					largest = max(largest, n)
				}
				if largest != c.most || d.stored["x"] != 20 {
					t.Errorf("at most %d entries in a transaction, want %d; %d stored of 20", largest, c.most, d.stored["x"])
				}
			})
		})
	}
}

func TestOnlyTheEntryThatCanNotBeStoredFails(t *testing.T) {
	t.Parallel()
	for name, poison := range map[string]func() error{
		"it is refused":        func() error { return errors.New("constraint failed") },
		"the store panics":     func() error { panic("out of range") },
		"it contradicts a row": func() error { return fault.New(fault.Conflict, "c", "contradiction") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := &disk{before: func(_ context.Context, entries []*receipt.Entry) error {
					pass(time.Millisecond)
					for _, e := range entries {
						if e.Kind == "poison" {
							return poison()
						}
					}
					return nil
				}}
				c := committer(t, ingest.CommitterOptions{Commit: d.Commit})
				var failed atomic.Int64
				var wg sync.WaitGroup
				for i := range 100 {
					name := fmt.Sprint(i)
					if i == 37 {
						name = "poison"
					}
					wg.Go(func() {
						err := c.Submit(t.Context(), entry(name, 1))
						if (err != nil) != (name == "poison") {
							t.Errorf("%s: %v", name, err)
						}
						if fault.Is(err, fault.Internal) {
							failed.Add(1)
						}
					})
				}
				wg.Wait()
				if len(d.stored) != 99 || failed.Load() != 1 {
					t.Errorf("%d stored and %d failed, want 99 and 1", len(d.stored), failed.Load())
				}
				for name, n := range d.stored {
					if n != 1 {
						t.Errorf("%s was stored %d times", name, n)
					}
				}
			})
		})
	}
}

func TestAStoreThatIsAwayForAMomentIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		d := &disk{before: func(context.Context, []*receipt.Entry) error {
			if tries++; tries < 3 {
				return fault.New(fault.Unavailable, "busy", "busy")
			}
			return nil
		}}
		c := committer(t, ingest.CommitterOptions{Commit: d.Commit})
		if err := c.Submit(t.Context(), entry("x", 1)); err != nil || tries != 3 || d.stored["x"] != 1 {
			t.Errorf("%v after %d tries, stored %v", err, tries, d.stored)
		}
		d.before = func(context.Context, []*receipt.Entry) error {
			tries++
			return fault.New(fault.Unavailable, "down", "the database is down")
		}
		tries = 0
		if err := c.Submit(t.Context(), entry("y", 1)); !fault.Is(err, fault.Unavailable) || tries > 5 {
			t.Errorf("%v after %d tries", err, tries)
		}
	})
}

func TestACommitThatHangsEndsAtItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &disk{before: func(ctx context.Context, _ []*receipt.Entry) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		c := committer(t, ingest.CommitterOptions{Commit: d.Commit, Deadline: 3 * time.Second})
		start := time.Now()
		err := c.Submit(t.Context(), entry("x", 1))
		if took := time.Since(start); !fault.Retryable(err) || took != 3*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestWhoGivesUpWaitingIsStoredAllTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &disk{before: taking(time.Second)}
		c := committer(t, ingest.CommitterOptions{Commit: d.Commit})
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := c.Submit(ctx, entry("x", 1)); !fault.Is(err, fault.Timeout) {
			t.Errorf("got %v", err)
		}
		pass(2 * time.Second)
		synctest.Wait()
		if d.stored["x"] != 1 {
			t.Error("it was not stored")
		}
	})
}

func TestAStuckDiskTurnsRequestsAwayBeforeTheyPileUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		o    ingest.CommitterOptions
		wait time.Duration
		want int // entries that wait
	}{
		{"by number", ingest.CommitterOptions{QueueEntries: 10}, 0, 10},
		{"by bytes", ingest.CommitterOptions{QueueBytes: 10 * 1024}, 0, 10}, // an empty entry of one event counts 1 KiB
		{"by time", ingest.CommitterOptions{MaxWait: time.Second}, time.Second / 10, 11},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				free := make(chan struct{})
				d := &disk{before: func(context.Context, []*receipt.Entry) error { <-free; return nil }}
				c.o.Commit = d.Commit
				com := committer(t, c.o)
				results := make(chan error, 50)
				for range 50 {
					go func() { results <- com.Submit(t.Context(), entry("x", 1)) }()
					pass(c.wait)
					synctest.Wait()
				}
				for range 50 - 1 - c.want {
					if err := <-results; !fault.Is(err, fault.Unavailable) {
						t.Errorf("got %v, want to be turned away", err)
					}
				}
				synctest.Wait()
				if len(results) > 0 {
					t.Errorf("%v was turned away too, want %d to wait", <-results, c.want)
				}
				close(free)
				for range 1 + c.want {
					if err := <-results; err != nil {
						t.Error(err)
					}
				}
				if d.stored["x"] != 1+c.want {
					t.Errorf("%d stored, want %d", d.stored["x"], 1+c.want)
				}
			})
		})
	}
}

func TestSeveralWorkersCommitAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		d := &disk{before: func(context.Context, []*receipt.Entry) error {
			most.Store(max(most.Load(), now.Add(1)))
			pass(time.Second)
			now.Add(-1)
			return nil
		}}
		c := committer(t, ingest.CommitterOptions{Commit: d.Commit, Workers: 4, MaxWait: time.Minute})
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() { _ = c.Submit(t.Context(), entry("x", 1)) })
			pass(10 * time.Millisecond)
		}
		wg.Wait()
		if most.Load() != 4 {
			t.Errorf("%d transactions at once, want 4", most.Load())
		}
	})
}
