package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidings/internal/job"
)

// What a job is at. The numbers are stored, and in the conditions of the indexes.
const (
	jobWaiting = 0
	jobParked  = 1
	jobRunning = 2
)

// Enqueue stores jobs and says how many of them were added: those whose kind and key wait already are not.
func (s *Store) Enqueue(ctx context.Context, jobs []job.NewJob) (added int, err error) {
	if len(jobs) == 0 {
		return 0, nil
	}
	err = s.engine.write(ctx, func(c conn) error {
		added, err = enqueue(ctx, c, s.now(), jobs)
		return err
	})
	return added, err
}

// enqueue is Enqueue within a transaction. A waiting job that stands for one of these is locked until the end of the
// transaction: it must not run before what is written here can be read.
func enqueue(ctx context.Context, c conn, now time.Time, jobs []job.NewJob) (added int, err error) {
	list := distinct(jobs)
	for len(list) > 0 {
		n := insertSizes[len(insertSizes)-1]
		for _, size := range insertSizes {
			if size <= len(list) && !slices.ContainsFunc(list[:size], alone) {
				n = size
				break
			}
		}
		k, err := insertJobs(ctx, c, now, list[:n])
		if err == nil && k == 1 && n == 1 && list[0].Alone {
			k, err = keepIfAlone(ctx, c, list[0])
		}
		if err != nil {
			return 0, fmt.Errorf("enqueue: %w", err)
		}
		if k > 0 {
			noteUrgent(c, now, list[:n])
		}
		added += k
		list = list[n:]
	}
	return added, nil
}

func alone(j job.NewJob) bool { return j.Alone }

// distinct leaves one job for each kind and key, sorted so that nodes wait for each other in one order only. Jobs
// without a key come first and keep their order.
func distinct(jobs []job.NewJob) []job.NewJob {
	list := slices.Clone(jobs)
	slices.SortStableFunc(list, func(a, b job.NewJob) int {
		if a.Key == "" && b.Key == "" {
			return 0
		}
		return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.Kind, b.Kind))
	})
	return slices.CompactFunc(list, func(a, b job.NewJob) bool { return a.Key != "" && a.Key == b.Key && a.Kind == b.Kind })
}

// insertSizes are the numbers of rows that one statement adds: few texts, so that each is prepared once.
var insertSizes = [...]int{64, 16, 4, 1}

const jobColumns = 6

func insertJobs(ctx context.Context, c conn, now time.Time, list []job.NewJob) (int, error) {
	args := make([]any, 0, jobColumns*len(list))
	for _, j := range list {
		due := j.DueAt
		if due.IsZero() {
			due = now
		}
		args = append(args, j.Kind, j.Key, int64(j.Priority), ms(due), j.Payload, ms(now))
	}
	added, err := c.exec(ctx, insertText(len(list)), args...)
	return int(added), err
}

// insertText is the statement for n rows. The update that never happens is what locks the row in the way: DO NOTHING
// would leave it to a claimer that works at the same moment.
func insertText(n int) string {
	var b strings.Builder
	b.WriteString(`INSERT INTO jobs (kind, unique_key, priority, due_at, payload, created_at) VALUES `)
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(" + marks(1+i*jobColumns, jobColumns) + ")")
	}
	b.WriteString(` ON CONFLICT (kind, unique_key) WHERE unique_key <> '' AND state = 0
		DO UPDATE SET due_at = jobs.due_at WHERE 1 = 0`)
	return b.String()
}

// keepIfAlone takes back a job that was just added where another one runs. It looks after the insert, which waited for
// whoever claimed or finished that other one meanwhile.
func keepIfAlone(ctx context.Context, c conn, j job.NewJob) (int, error) {
	gone, err := c.exec(ctx, `DELETE FROM jobs WHERE kind = $1 AND unique_key = $2 AND state = 0 AND unique_key <> ''
		AND EXISTS (SELECT 1 FROM jobs r WHERE r.kind = $1 AND r.unique_key = $2 AND r.state = 2)`, j.Kind, j.Key)
	return 1 - int(gone), err
}

// ClaimJobs takes jobs that are due under a lease, by priority, then by the time they are due. Each has one attempt more.
// A running job whose lease ended is claimed as one that waits.
func (s *Store) ClaimJobs(ctx context.Context, q job.ClaimQuery) (list []job.Job, err error) {
	if q.Limit <= 0 || len(q.Rooms) == 0 {
		return nil, nil
	}
	sql, args := s.candidatesQuery(q)
	err = s.engine.write(ctx, func(c conn) error {
		list = nil
		found, err := candidates(ctx, c, sql, args)
		if err != nil {
			return fmt.Errorf("find jobs: %w", err)
		}
		list, err = lease(ctx, c, q, choose(found, q))
		return err
	})
	return list, err
}

type candidate struct {
	ref, priority, due int64
	kind               string
}

// candidatesQuery has one short range for each kind, of waiting jobs in each priority and of leases that ended. On
// PostgreSQL it passes over rows that another node is claiming.
func (s *Store) candidatesQuery(q job.ClaimQuery) (sql string, args []any) {
	lock := ""
	if s.engine.name() == "postgres" {
		lock = " FOR UPDATE SKIP LOCKED"
	}
	args = []any{ms(q.Now)}
	var parts []string
	for _, room := range q.Rooms {
		kind, limit := "$"+itoa(len(args)+1), "$"+itoa(len(args)+2)
		args = append(args, room.Kind, min(room.Limit, q.Limit))
		add := func(where, order string) {
			parts = append(parts, "SELECT * FROM (SELECT ref, priority, due_at, kind FROM jobs WHERE kind = "+kind+
				" AND "+where+" ORDER BY "+order+" LIMIT "+limit+lock+") x"+itoa(len(parts)))
		}
		for p := job.Urgent; p <= job.Later; p++ {
			add("state = 0 AND due_at <= $1 AND priority = "+itoa(int(p)), "due_at, ref")
		}
		add("state = 2 AND leased_until <= $1", "leased_until, ref")
	}
	return strings.Join(parts, " UNION ALL "), args
}

func candidates(ctx context.Context, c conn, sql string, args []any) (found []candidate, err error) {
	err = c.query(ctx, sql, args, func(r row) error {
		var x candidate
		err := r.Scan(&x.ref, &x.priority, &x.due, &x.kind)
		found = append(found, x)
		return err
	})
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(a.due, b.due), cmp.Compare(a.ref, b.ref))
	})
	return found, err
}

// choose takes candidates, which are sorted, as far as there is room.
func choose(found []candidate, q job.ClaimQuery) (refs []int64) {
	room := make(map[string]int, len(q.Rooms))
	for _, r := range q.Rooms {
		room[r.Kind] = r.Limit
	}
	for _, x := range found {
		if len(refs) == q.Limit {
			break
		}
		if room[x.kind] > 0 {
			room[x.kind]--
			refs = append(refs, x.ref)
		}
	}
	return refs
}

const jobFields = `ref, kind, unique_key, priority, due_at, attempt, payload, problem, created_at`

func lease(ctx context.Context, c conn, q job.ClaimQuery, refs []int64) (list []job.Job, err error) {
	for part := range slices.Chunk(refs, maxRefs) {
		err := c.query(ctx, `UPDATE jobs SET state = 2, lease = $1, leased_until = $2, attempt = attempt + 1
			WHERE ref IN (`+refMarks(3, part)+`) RETURNING `+jobFields,
			refArgs(part, q.Lease, ms(q.Until)), func(r row) error {
				j, err := scanJob(r)
				list = append(list, j)
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("lease jobs: %w", err)
		}
	}
	slices.SortFunc(list, func(a, b job.Job) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), a.DueAt.Compare(b.DueAt), cmp.Compare(a.Ref, b.Ref))
	})
	return list, nil
}

func scanJob(r row) (j job.Job, err error) {
	var priority, due, created int64
	err = r.Scan(&j.Ref, &j.Kind, &j.Key, &priority, &due, &j.Attempt, &j.Payload, &j.Problem, &created)
	j.Priority, j.DueAt, j.CreatedAt = job.Priority(priority), at(due), at(created)
	return j, err
}

// maxRefs is how many jobs one statement names.
const maxRefs = 512

// refMarks and refArgs name jobs in an IN list whose length is a power of two, the last one repeated, so that there are
// few texts to prepare.
func refMarks(from int, refs []int64) string { return marks(from, padded(len(refs))) }

func refArgs(refs []int64, first ...any) []any {
	args := first
	for i := range padded(len(refs)) {
		args = append(args, refs[min(i, len(refs)-1)])
	}
	return args
}

func padded(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}

// FreeJobs ends every lease, so that what a process that ended was running runs again at once. It is for the start of one that is
// alone.
func (s *Store) FreeJobs(ctx context.Context) error {
	return s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `UPDATE jobs SET leased_until = 0 WHERE state = 2`)
		return err
	})
}
