package store

import (
	"context"
	"sync"
)

// contactCount remembers how many contacts each project has up to a Contact.Ref. Contacts are never deleted, and refs only
// grow, so that what was counted once holds and only the newest are counted again.
type contactCount struct {
	mu    sync.Mutex
	known map[int64]countedContacts // by project
}

type countedContacts struct{ upTo, n int64 }

// countTail is how many of the newest refs are counted each time: transactions that have not ended may have some of them.
const countTail = 5000

// countContacts counts the contacts of a project that are not removed.
func (s *Store) countContacts(ctx context.Context, c conn, project int64) (int64, error) {
	s.counted.mu.Lock()
	defer s.counted.mu.Unlock()
	var newest, more, tail, gone int64
	if _, err := one(ctx, c, `SELECT coalesce(max(ref), 0) FROM contacts`, nil, &newest); err != nil {
		return 0, err
	}
	k := s.counted.known[project]
	// The plus keeps SQLite from the index by address, which would be all of the project.
	const between = `SELECT count(*) FROM contacts WHERE +project = $1 AND ref > $2 AND ref <= $3`
	if to := newest - countTail; to > k.upTo {
		if _, err := one(ctx, c, between, []any{project, k.upTo, to}, &more); err != nil {
			return 0, err
		}
		k = countedContacts{to, k.n + more}
		if s.counted.known == nil {
			s.counted.known = make(map[int64]countedContacts)
		}
		s.counted.known[project] = k
	}
	if _, err := one(ctx, c, between, []any{project, k.upTo, newest}, &tail); err != nil {
		return 0, err
	}
	_, err := one(ctx, c, `SELECT count(*) FROM contacts WHERE project = $1 AND status <> 0 AND status = `+itoa(goneContact),
		[]any{project}, &gone)
	return k.n + tail - gone, err
}
