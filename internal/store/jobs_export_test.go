package store

import (
	"context"
	"fmt"

	"tidings/internal/job"
)

// EnqueueWithin enqueues in a transaction that stays open until fn returns, as ingest does.
func (s *Store) EnqueueWithin(ctx context.Context, jobs []job.NewJob, fn func() error) error {
	return s.engine.write(ctx, func(c conn) error {
		if _, err := enqueue(ctx, c, s.now(), jobs); err != nil {
			return err
		}
		return fn()
	})
}

// DumpJobs lists every job in words, by ref, and each ref by the job's payload.
func (s *Store) DumpJobs(ctx context.Context) (list []string, refs map[string]int64, err error) {
	refs = make(map[string]int64)
	err = s.engine.read(ctx, func(c conn) error {
		return c.query(ctx, `SELECT ref, payload, kind, unique_key, priority, due_at, state, attempt, lease, leased_until, problem
			FROM jobs ORDER BY ref`, nil, func(r row) error {
			var ref, priority, due, state, attempt, until int64
			var payload []byte
			var kind, key, lease, problem string
			err := r.Scan(&ref, &payload, &kind, &key, &priority, &due, &state, &attempt, &lease, &until, &problem)
			if state != jobRunning {
				lease, until = "", 0
			}
			refs[string(payload)] = ref
			list = append(list, fmt.Sprintf("%s: %s %q priority %d due %d state %d attempt %d lease %q until %d problem %q",
				payload, kind, key, priority, due, state, attempt, lease, until, problem))
			return err
		})
	})
	return list, refs, err
}
