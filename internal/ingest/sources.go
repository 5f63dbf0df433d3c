package ingest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"tidings/internal/fault"
	"tidings/internal/source"
)

// SourceStore is what ingest asks of stored sources. A source that is not there is a fault.NotFound.
type SourceStore interface {
	// SourceByToken finds a source of a provider by the SHA-256 of its URL's token, which is the current one or,
	// at now, still the one before.
	SourceByToken(ctx context.Context, provider string, hash [32]byte, now time.Time) (*source.Source, error)
	// SourceByPath finds a source of a provider by its fixed path.
	SourceByPath(ctx context.Context, provider, path string) (*source.Source, error)
	// SourcesVersion changes whenever any source does.
	SourcesVersion(ctx context.Context) (int64, error)
}

const (
	sourceTTL    = time.Second // how long a change of a source may go unnoticed
	maxUnknown   = 10_000      // guessed tokens that are remembered as such
	lookupPeriod = 5 * time.Second
)

// door is what leads to a source: hashed, so that the time a look-up takes tells nothing of tokens that exist.
type door [sha256.Size]byte

// found is a source with how it was found.
type found struct {
	source *source.Source
	// hash is the token's; only a token proves that the caller knows one.
	hash  [sha256.Size]byte
	token bool
}

// sources finds the source that a URL belongs to and remembers it for as long as no source changes.
type sources struct {
	store SourceStore
	now   func() time.Time

	mu         sync.Mutex
	known      map[door]found
	unknown    map[door]struct{}
	version    int64
	generation int // counts what was forgotten, so that a look-up from before is not remembered after
	checkedAt  time.Time
	checking   bool
	flight     singleflight.Group
}

// find returns the source that segment, a token or a fixed path, stands for: a NotFound error if there is none.
func (s *sources) find(ctx context.Context, provider, segment string) (found, error) {
	hash := sha256.Sum256([]byte(segment))
	d := door(sha256.Sum256(append([]byte(provider+"\x00"), hash[:]...)))
	s.refresh(ctx)
	s.mu.Lock()
	f, known := s.known[d]
	_, unknown := s.unknown[d]
	s.mu.Unlock()
	switch {
	case known && s.valid(f):
		return f, nil
	case known, unknown:
		return found{}, fault.Missing("no source has this URL")
	}
	return s.load(ctx, d, provider, segment, hash)
}

// valid tells whether a remembered source is still to be found this way: a token from before a rotation ends.
func (s *sources) valid(f found) bool {
	return !f.token || f.hash == f.source.TokenHash || s.now().Before(f.source.PreviousUntil)
}

// refresh forgets everything when sources have changed. It asks once a second, in one goroutine; the others go on
// with what is remembered.
func (s *sources) refresh(ctx context.Context) {
	now := s.now()
	s.mu.Lock()
	due := !s.checking && now.Sub(s.checkedAt) >= sourceTTL
	s.checking = s.checking || due
	s.mu.Unlock()
	if !due {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupPeriod)
	defer cancel()
	version, err := s.store.SourcesVersion(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checking, s.checkedAt = false, now
	if err == nil && version == s.version && s.known != nil {
		return
	}
	if err != nil && s.known != nil {
		return // the store is away: what is remembered is the best there is, and nothing can be stored anyway
	}
	s.version = version
	s.generation++
	s.known, s.unknown = map[door]found{}, map[door]struct{}{}
}

// load asks the store, once for however many requests want the same.
func (s *sources) load(ctx context.Context, d door, provider, segment string, hash [32]byte) (found, error) {
	s.mu.Lock()
	generation := s.generation
	s.mu.Unlock()
	result := s.flight.DoChan(fmt.Sprintf("%d %s", generation, d[:]), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupPeriod)
		defer cancel()
		f, err := s.ask(ctx, provider, segment, hash)
		s.remember(d, generation, f, err)
		return f, err
	})
	select {
	case r := <-result:
		f, _ := r.Val.(found)
		return f, r.Err
	case <-ctx.Done():
		return found{}, fault.Wrap(fault.Timeout, "gave_up", ctx.Err(), "the request ended before its source was found")
	}
}

func (s *sources) ask(ctx context.Context, provider, segment string, hash [32]byte) (found, error) {
	src, err := s.store.SourceByToken(ctx, provider, hash, s.now())
	if err == nil {
		return found{source: src, hash: hash, token: true}, nil
	}
	if fault.Is(err, fault.NotFound) {
		src, err = s.store.SourceByPath(ctx, provider, segment)
	}
	if err != nil {
		return found{}, fmt.Errorf("find source: %w", err)
	}
	return found{source: src}, nil
}

func (s *sources) remember(d door, generation int, f found, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case generation != s.generation || s.known == nil:
	case err == nil:
		s.known[d] = f
	case fault.Is(err, fault.NotFound):
		if len(s.unknown) >= maxUnknown {
			clear(s.unknown)
		}
		s.unknown[d] = struct{}{}
	}
}
