package store

import (
	"context"
	"errors"
	"time"
)

// settledWithin is how long the transactions that had begun may take to end, settledPause the time between two looks.
const (
	settledWithin = 30 * time.Second
	settledPause  = 20 * time.Millisecond
)

var errUnsettled = errors.New("transactions that began before are still open")

// settled waits for nothing: SQLite has one writer.
func (e *sqliteEngine) settled(context.Context) error { return nil }

func (e *postgresEngine) settled(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, settledWithin, errUnsettled)
	defer cancel()
	var next string
	if err := e.pool.QueryRow(ctx, `SELECT pg_snapshot_xmax(pg_current_snapshot())::text`).Scan(&next); err != nil {
		return postgresFault(err)
	}
	for {
		var ended bool
		err := e.pool.QueryRow(ctx, `SELECT pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8`, next).Scan(&ended)
		if err != nil || ended {
			return postgresFault(err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(settledPause):
		}
	}
}
