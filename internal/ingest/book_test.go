package ingest_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/provider"
)

// book is the store as ingest sees it: what was asked of it and what it was given, in memory.
type book struct {
	disk

	mu       sync.Mutex
	sources  []*source.Source
	version  int64
	lookups  int
	away     error // what everything fails with; nil: nothing
	receipts map[receipt.Key]int
	bodies   map[receipt.Key][32]byte // the hash of each receipt's body
	events   map[event.ID]int
	problems []provider.Problem
	kept     []string
	confirms []source.Confirmation
	refusals map[string]int64
	codec    *receipt.Codec
}

func (b *book) SourceByToken(_ context.Context, slug string, hash [32]byte, _ time.Time) (*source.Source, error) {
	return b.source(func(s *source.Source) bool {
		return s.Provider == slug && (s.TokenHash == hash || s.PreviousTokenHash == hash)
	})
}

func (b *book) SourceByPath(_ context.Context, slug, path string) (*source.Source, error) {
	return b.source(func(s *source.Source) bool { return s.Provider == slug && s.Path == path })
}

func (b *book) source(match func(*source.Source) bool) (*source.Source, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lookups++
	if b.away != nil {
		return nil, b.away
	}
	for _, s := range b.sources {
		if match(s) {
			return s, nil
		}
	}
	return nil, fault.Missing("no such source")
}

func (b *book) SourcesVersion(context.Context) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.version, b.away
}

// set replaces the sources, as an operator does.
func (b *book) set(sources ...*source.Source) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sources = sources
	b.version++
}

func (b *book) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = err
}

func (b *book) Commit(ctx context.Context, entries []*receipt.Entry) error {
	b.mu.Lock()
	away := b.away
	b.mu.Unlock()
	if away != nil {
		return away
	}
	if err := b.disk.Commit(ctx, entries); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range entries {
		e.Outcome.Duplicate = b.receipts[e.Key] > 0
		e.Outcome.Conflict = e.Outcome.Duplicate && b.bodies[e.Key] != e.SHA256
		b.receipts[e.Key]++
		if e.Outcome.Duplicate {
			continue
		}
		b.bodies[e.Key] = e.SHA256
		b.kept = append(b.kept, string(e.Keep))
		b.problems = append(b.problems, e.Problems...)
		for i := range e.Events {
			b.events[e.Events[i].ID]++
		}
		if e.Confirm != nil {
			c := *e.Confirm
			c.ID = int64(len(b.confirms) + 1)
			b.confirms = append(b.confirms, c)
		}
	}
	return nil
}

func (b *book) AddRefusals(_ context.Context, list []source.Refusal) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away != nil {
		return b.away
	}
	for _, r := range list {
		b.refusals[r.Code] += r.Count
	}
	return nil
}

func (b *book) Confirmations(context.Context, int64) ([]source.Confirmation, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]source.Confirmation(nil), b.confirms...), nil
}

func (b *book) MarkConfirmed(_ context.Context, id int64, at time.Time, problem string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.confirms[id-1].ConfirmedAt, b.confirms[id-1].Problem = at, problem
	return nil
}

// stored counts receipts, distinct events and problems.
func (b *book) stored() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Sprintf("%d receipts, %d events, %d problems", len(b.receipts), len(b.events), len(b.problems))
}
