package store

import (
	"cmp"
	"context"
	"slices"

	"tidings/internal/workflow"
)

// maxRunsMerged is from which place on a page of runs is sorted by the database.
const maxRunsMerged = 10_000

// newestRuns finds the refs of runs of one workflow, newest first. The index has them in their order by status: the newest
// of each are read, and no others, however many runs there are.
func newestRuns(ctx context.Context, c conn, q RunQuery) (refs []any, err error) {
	statuses := q.Statuses
	if len(statuses) == 0 {
		statuses = runStatuses
	}
	var found []int64
	for _, status := range statuses {
		q.Statuses = []workflow.Status{status}
		where, args, err := runCondition(ctx, c, &q)
		if err != nil {
			return nil, err
		}
		err = c.query(ctx, `SELECT r.ref FROM runs r JOIN workflows w ON w.ref = r.workflow `+where+` ORDER BY r.ref DESC LIMIT `+
			itoa(q.Offset+q.Limit), args, func(r row) error {
			var ref int64
			err := r.Scan(&ref)
			found = append(found, ref)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(found, func(a, b int64) int { return cmp.Compare(b, a) })
	for _, ref := range found[min(q.Offset, len(found)):min(q.Offset+q.Limit, len(found))] {
		refs = append(refs, ref)
	}
	return refs, nil
}

// RunsOf is how many runs of a workflow have a status.
type RunsOf struct {
	WorkflowID string
	Key        string // of the workflow
	Status     workflow.Status
	N          int64
}

// CountRunsByStatus counts what Runs would list, by workflow and status. Of each status it looks at most at a number;
// q.Statuses must not be empty.
func (s *Store) CountRunsByStatus(ctx context.Context, q RunQuery, most int) (list []RunsOf, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list = nil
		for _, status := range q.Statuses {
			one := q
			one.Before, one.Statuses = 0, []workflow.Status{status}
			where, args, err := runCondition(ctx, c, &one)
			if err != nil || where == "" {
				return err
			}
			err = c.query(ctx, `SELECT x.id, x.key, count(*) FROM (SELECT w.id, w.key FROM runs r
				JOIN workflows w ON w.ref = r.workflow `+where+` LIMIT `+itoa(most)+`) x GROUP BY x.id, x.key
				ORDER BY x.key`, args, func(r row) error {
				n := RunsOf{Status: status}
				err := r.Scan(&n.WorkflowID, &n.Key, &n.N)
				list = append(list, n)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// CountRunMails counts the emails that were queued for runs, by Run.Ref.
func (s *Store) CountRunMails(ctx context.Context, refs []int64) (map[int64]int64, error) {
	mails := make(map[int64]int64, len(refs))
	if len(refs) == 0 {
		return mails, nil
	}
	args := make([]any, len(refs))
	for i, ref := range refs {
		args[i] = ref
	}
	err := s.engine.read(ctx, func(c conn) error {
		return c.query(ctx, `SELECT run, count(*) FROM run_steps WHERE outcome = 'sent' AND run IN (`+marks(1, len(args))+`)
			GROUP BY run`, args, func(r row) error {
			var ref, n int64
			err := r.Scan(&ref, &n)
			mails[ref] = n
			return err
		})
	})
	return mails, err
}
