package store

import (
	"context"
	"slices"
	"time"

	"tidings/internal/job"
)

// hastening is an engine that tells when a job was stored that somebody waits for: whoever runs jobs need not be asked for
// it again and again.
type hastening struct {
	engine
	tell func()
}

// write tells once the transaction is committed: whoever looks before does not find the job.
func (e hastening) write(ctx context.Context, fn func(conn) error) error {
	urgent := false
	err := e.engine.write(ctx, func(c conn) error {
		urgent = false
		return fn(hasteConn{c, &urgent})
	})
	e.hasten(err, urgent)
	return err
}

func (e hastening) ingest(ctx context.Context, fn func(batch) error) error {
	urgent := false
	err := e.engine.ingest(ctx, func(b batch) error {
		urgent = false
		return fn(hasteBatch{b, &urgent})
	})
	e.hasten(err, urgent)
	return err
}

func (e hastening) hasten(err error, urgent bool) {
	if err == nil && urgent {
		e.tell()
	}
}

// hasteConn and hasteBatch note that an urgent job was stored.
type (
	hasteConn struct {
		conn
		urgent *bool
	}
	hasteBatch struct {
		batch
		urgent *bool
	}
)

func (c hasteConn) noteUrgent()  { *c.urgent = true }
func (b hasteBatch) noteUrgent() { *b.urgent = true }

// noteUrgent notes that one of the jobs which were stored is for now, and somebody waits for it.
func noteUrgent(c conn, now time.Time, jobs []job.NewJob) {
	noting, ok := c.(interface{ noteUrgent() })
	if ok && slices.ContainsFunc(jobs, func(j job.NewJob) bool { return j.Priority == job.Urgent && !j.DueAt.After(now) }) {
		noting.noteUrgent()
	}
}
