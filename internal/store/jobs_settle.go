package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/internal/job"
)

// maxProblem bounds the text that a failed job keeps, in bytes.
const maxProblem = 2000

// ExtendLease moves the end of a lease on jobs, and names those that the lease does not hold any more; they are not
// changed.
func (s *Store) ExtendLease(ctx context.Context, lease string, until time.Time, refs []int64) (lost []int64, err error) {
	err = s.engine.write(ctx, func(c conn) error {
		held := make(map[int64]bool, len(refs))
		for part := range slices.Chunk(refs, maxRefs) {
			err := c.query(ctx, `UPDATE jobs SET leased_until = $2 WHERE lease = $1 AND state = 2
				AND ref IN (`+refMarks(3, part)+`) RETURNING ref`, refArgs(part, lease, ms(until)), func(r row) error {
				var ref int64
				err := r.Scan(&ref)
				held[ref] = true
				return err
			})
			if err != nil {
				return fmt.Errorf("extend leases: %w", err)
			}
		}
		lost = slices.DeleteFunc(slices.Clone(refs), func(ref int64) bool { return held[ref] })
		return nil
	})
	return lost, err
}

// errLostLease says that a job is not held under the lease any more.
func errLostLease() error {
	return fault.New(fault.Conflict, "lease_lost", "another worker has the job, or it is done")
}

// SettleJobs stores how runs ended, all of them or none: where the lease does not hold one of the jobs any more, nothing
// changes and the error is a Conflict. A lease that ended is still held until somebody else claims the job.
//
// A job that is to run again while another one of its kind and key waits becomes one with it: the other one takes over
// its attempts, its due time and its problem.
func (s *Store) SettleJobs(ctx context.Context, lease string, outcomes []job.Outcome) error {
	return s.engine.write(ctx, func(c conn) error {
		var done []int64
		var next []job.NewJob
		for _, o := range outcomes {
			next = append(next, o.Next...)
			if o.Ending == job.Done {
				done = append(done, o.Ref)
				continue
			}
			if err := putBack(ctx, c, lease, o); err != nil {
				return err
			}
		}
		if err := removeDone(ctx, c, lease, done); err != nil {
			return err
		}
		_, err := enqueue(ctx, c, s.now(), next)
		return err
	})
}

func removeDone(ctx context.Context, c conn, lease string, refs []int64) error {
	for part := range slices.Chunk(refs, maxRefs) {
		n, err := c.exec(ctx, `DELETE FROM jobs WHERE lease = $1 AND state = 2 AND ref IN (`+refMarks(2, part)+`)`,
			refArgs(part, lease)...)
		if err != nil {
			return fmt.Errorf("remove jobs that are done: %w", err)
		}
		if int(n) != len(part) {
			return errLostLease()
		}
	}
	return nil
}

// putBack ends a run whose job stays.
func putBack(ctx context.Context, c conn, lease string, o job.Outcome) error {
	j, found, err := take(ctx, c, o.Ref, jobRunning, lease)
	if err != nil {
		return err
	}
	if !found {
		return errLostLease()
	}
	j.DueAt, j.Problem = o.At, event.CleanText(o.Problem, maxProblem)
	if o.Ending == job.Parked {
		return park(ctx, c, j)
	}
	if o.Ending == job.Released {
		j.Attempt--
	}
	return putWaiting(ctx, c, j)
}

// take removes a job from the table, to be put back otherwise in the same transaction: an upsert is the one statement
// that meets a waiting job of the same key without a moment in between.
func take(ctx context.Context, c conn, ref int64, state int, lease string) (j job.Job, found bool, err error) {
	err = c.query(ctx, `DELETE FROM jobs WHERE ref = $1 AND state = $2 AND lease = $3 RETURNING `+jobFields,
		[]any{ref, state, lease}, func(r row) error {
			found = true
			j, err = scanJob(r)
			return err
		})
	return j, found, wrapStep("take a job", err)
}

const insertJob = `INSERT INTO jobs (` + jobFields + `, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

func jobArgs(j job.Job, state int) []any {
	return []any{
		j.Ref, j.Kind, j.Key, int64(j.Priority), ms(j.DueAt), j.Attempt, j.Payload, j.Problem, ms(j.CreatedAt), state,
	}
}

func putWaiting(ctx context.Context, c conn, j job.Job) error {
	_, err := c.exec(ctx, insertJob+` ON CONFLICT (kind, unique_key) WHERE unique_key <> '' AND state = 0
		DO UPDATE SET attempt = excluded.attempt, due_at = excluded.due_at, problem = excluded.problem`,
		jobArgs(j, jobWaiting)...)
	return wrapStep("let a job wait", err)
}

// park keeps a dead letter, the newest only of those that are the same work.
func park(ctx context.Context, c conn, j job.Job) error {
	if j.Key != "" {
		_, err := c.exec(ctx, `DELETE FROM jobs WHERE kind = $1 AND unique_key = $2 AND state = 1`, j.Kind, j.Key)
		if err != nil {
			return fmt.Errorf("replace a parked job: %w", err)
		}
	}
	_, err := c.exec(ctx, insertJob, jobArgs(j, jobParked)...)
	return wrapStep("park a job", err)
}

// ParkedJobs lists the jobs that ran out of attempts, newest first.
func (s *Store) ParkedJobs(ctx context.Context, q job.ParkedQuery) (list []job.Job, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		return c.query(ctx, `SELECT `+jobFields+` FROM jobs WHERE state = 1 AND (kind = $1 OR $1 = '')
			AND (ref < $2 OR $2 = 0) ORDER BY ref DESC LIMIT $3`,
			[]any{q.Kind, q.Before, cmp.Or(q.Limit, 100)}, func(r row) error {
				j, err := scanJob(r)
				list = append(list, j)
				return err
			})
	})
	return list, err
}

// RequeueJob lets a parked job run again, at once and with all its attempts. Where another one of its kind and key
// waits, that one takes its place.
func (s *Store) RequeueJob(ctx context.Context, ref int64) error {
	return s.engine.write(ctx, func(c conn) error {
		j, found, err := take(ctx, c, ref, jobParked, "")
		if err != nil {
			return err
		}
		if !found {
			return fault.Missing("there is no parked job %d", ref)
		}
		j.Attempt, j.Problem, j.DueAt = 0, "", s.now()
		return putWaiting(ctx, c, j)
	})
}
