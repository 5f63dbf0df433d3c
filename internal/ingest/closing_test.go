package ingest_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tidings/internal/fault"
	"tidings/internal/ingest"
	"tidings/internal/receipt"
)

func TestClosingStoresWhatWaits(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			d := &disk{before: taking(10 * time.Millisecond)}
			c := ingest.NewCommitter(ingest.CommitterOptions{Commit: d.Commit, MaxEvents: 10, Workers: workers})
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					if err := c.Submit(t.Context(), entry("x", 1)); err != nil {
						t.Error(err)
					}
				})
			}
			synctest.Wait()
			if err := c.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if d.stored["x"] != 100 {
				t.Errorf("%d workers: %d stored of 100", workers, d.stored["x"])
			}
			if err := c.Submit(t.Context(), entry("late", 1)); !fault.Is(err, fault.Unavailable) || d.stored["late"] != 0 {
				t.Errorf("after the end: %v, %v", err, d.stored)
			}
			if err := c.Close(t.Context()); err != nil {
				t.Errorf("closing twice: %v", err)
			}
			wg.Wait()
		})
	}
}

func TestClosingBreaksOffAStuckCommitWhenItMustEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &disk{before: func(ctx context.Context, _ []*receipt.Entry) error { <-ctx.Done(); return ctx.Err() }}
		c := ingest.NewCommitter(ingest.CommitterOptions{Commit: d.Commit, Deadline: time.Hour})
		result := make(chan error, 1)
		go func() { result <- c.Submit(t.Context(), entry("x", 1)) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Close(ctx); !fault.Is(err, fault.Timeout) {
			t.Errorf("close: %v", err)
		}
		if err := <-result; err == nil {
			t.Error("it was told that it is stored")
		}
	})
}
