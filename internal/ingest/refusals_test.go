package ingest_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/ingest"
	"tidings/internal/source"
)

// ledger records what a RefusalLog stores.
type ledger struct {
	mu   sync.Mutex
	away error
	got  []source.Refusal
}

func (l *ledger) AddRefusals(_ context.Context, list []source.Refusal) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away == nil {
		l.got = append(l.got, list...)
	}
	return l.away
}

func (l *ledger) take(away error) []source.Refusal {
	l.mu.Lock()
	defer l.mu.Unlock()
	got := l.got
	l.got, l.away = nil, away
	return got
}

func TestCountsOfRefusalsAreStoredEveryFiveSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{}
		r := ingest.NewRefusalLog(l, time.Now, discard())
		src := &source.Source{Ref: 7, ID: "src_7"}
		start := time.Now()
		r.Add(t.Context(), "ses", src, 403, "stale", "first")
		r.Add(t.Context(), "ses", src, 403, "stale", strings.Repeat("ä", 200))
		r.Add(t.Context(), "ses", nil, 403, "unknown_source", "of nobody: only logged")
		pass(4999 * time.Millisecond)
		synctest.Wait()
		if got := l.take(errors.New("locked")); got != nil {
			t.Errorf("stored before its time: %+v", got)
		}
		pass(time.Second) // the store is away now
		r.Add(t.Context(), "ses", src, 403, "stale", "last")
		later := time.Now()
		l.take(nil)
		pass(5 * time.Second)
		synctest.Wait()
		want := []source.Refusal{{SourceRef: 7, Code: "stale", Count: 3, LastAt: later, LastMessage: "last"}}
		if d := cmp.Diff(want, l.take(nil)); d != "" {
			t.Error(d)
		}
		r.Add(t.Context(), "ses", src, 403, "stale", strings.Repeat("ä", 200))
		r.Close(t.Context())
		got := l.take(nil)
		if len(got) != 1 || got[0].Count != 1 || got[0].LastMessage != strings.Repeat("ä", 150) {
			t.Errorf("at the end: %+v", got)
		}
		if !later.After(start) {
			t.Error("no time has passed")
		}
		r.Close(t.Context()) // once more is harmless
	})
}

func TestRefusalsAreBoundedInMemory(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	r := ingest.NewRefusalLog(l, time.Now, discard())
	for i := range 20_000 {
		r.Add(t.Context(), "ses", &source.Source{Ref: int64(i)}, 403, "stale", "x")
	}
	r.Close(t.Context())
	if got := len(l.take(nil)); got != 10_000 {
		t.Errorf("%d counts were kept, want 10000", got)
	}
}
