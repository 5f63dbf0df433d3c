package store

import (
	"context"
	"time"
)

// Gauges are what operators watch of a database as it stands.
type Gauges struct {
	Bytes   int64 // that the database takes on disk; of SQLite without its log
	Jobs    []JobCount
	Sources []SourceGauge // that are enabled
	Sends   SendGauge
}

// SendGauge is how many emails of ours wait, are handed over, or are uncertain.
type SendGauge struct {
	Queued, Handing, Uncertain int64
	OldestDueAt                time.Time // of the queued ones; zero: none waits
}

// JobCount is how many jobs of a kind are in a state: waiting, parked or running.
type JobCount struct {
	Kind, State string
	Count       int64
}

// SourceGauge is when the newest event of a source occurred; zero: none came yet.
type SourceGauge struct {
	ID, Provider string
	LastEventAt  time.Time
}

// jobStates are the words for the states of jobs as they are stored.
var jobStates = map[int64]string{0: "waiting", 1: "parked", 2: "running"}

// Gauges reads them. It costs one step in an index for each source, and a walk over the jobs.
func (s *Store) Gauges(ctx context.Context) (g Gauges, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		for _, part := range [...]func(context.Context, conn, *Gauges) error{s.bytes, countJobs, s.lastEvents, countSends} {
			if err := part(ctx, c, &g); err != nil {
				return err
			}
		}
		return nil
	})
	return g, err
}

func (s *Store) bytes(ctx context.Context, c conn, g *Gauges) error {
	sql := `SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()`
	if s.Engine() == "postgres" {
		sql = `SELECT pg_database_size(current_database())`
	}
	_, err := one(ctx, c, sql, nil, &g.Bytes)
	return err
}

func countJobs(ctx context.Context, c conn, g *Gauges) error {
	return c.query(ctx, `SELECT kind, state, count(*) FROM jobs GROUP BY kind, state ORDER BY kind, state`, nil, func(r row) error {
		var j JobCount
		var state int64
		err := r.Scan(&j.Kind, &state, &j.Count)
		j.State = jobStates[state]
		g.Jobs = append(g.Jobs, j)
		return err
	})
}

func (s *Store) lastEvents(ctx context.Context, c conn, g *Gauges) error {
	var refs []int64
	err := c.query(ctx, `SELECT ref, id, provider FROM sources WHERE disabled_at = 0 ORDER BY ref`, nil, func(r row) error {
		var ref int64
		var src SourceGauge
		err := r.Scan(&ref, &src.ID, &src.Provider)
		refs, g.Sources = append(refs, ref), append(g.Sources, src)
		return err
	})
	if err != nil {
		return err
	}
	for i, ref := range refs {
		var occurred int64
		_, err := one(ctx, c, `SELECT occurred_at FROM events WHERE source = $1
			ORDER BY `+s.engine.stem("id")+` DESC, id DESC LIMIT 1`, []any{ref}, &occurred)
		if err != nil {
			return err
		}
		g.Sources[i].LastEventAt = at(occurred)
	}
	return nil
}

// countSends walks over the indexes of what is not done with: sends_due and sends_open.
func countSends(ctx context.Context, c conn, g *Gauges) error {
	var due int64
	_, err := one(ctx, c, `SELECT count(*), coalesce(min(due_at), 0) FROM sends WHERE status = `+itoa(queuedSend), nil,
		&g.Sends.Queued, &due)
	if err != nil {
		return err
	}
	g.Sends.OldestDueAt = at(due)
	for status, n := range map[int]*int64{handingSend: &g.Sends.Handing, uncertainSend: &g.Sends.Uncertain} {
		if _, err := one(ctx, c, `SELECT count(*) FROM sends WHERE status IN (2, 6) AND status = `+itoa(status), nil, n); err != nil {
			return err
		}
	}
	return nil
}
