package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// commitsChannel is where nodes tell each other that something was committed.
const commitsChannel = "tidings_commits"

// Notify tells other nodes that something was committed. It is a statement of its own, after the commit: within it, it
// would make transactions wait for each other. SQLite has no other nodes.
func (s *Store) Notify(ctx context.Context) error { return s.engine.notify(ctx) }

// Listen calls wake whenever any node notified, until ctx is done; that is no error. A connection that broke is made
// again: then wake is called too, since something may have been missed. On SQLite it only waits.
func (s *Store) Listen(ctx context.Context, wake func()) error { return s.engine.listen(ctx, wake) }

func (e *sqliteEngine) notify(context.Context) error { return nil }

func (e *sqliteEngine) listen(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return nil
}

func (e *postgresEngine) notify(ctx context.Context) error {
	_, err := e.pool.Exec(ctx, `SELECT pg_notify($1, '')`, commitsChannel)
	return postgresFault(err)
}

// listenAgain is the pause before a connection that broke is made again.
const listenAgain = 2 * time.Second

func (e *postgresEngine) listen(ctx context.Context, wake func()) error {
	for {
		err := e.pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error { return listenOn(ctx, c, wake) })
		if ctx.Err() != nil {
			return nil //nolint:nilerr // it was told to stop
		}
		e.log.WarnContext(ctx, "the connection that other nodes' commits are told on broke, and is made again", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(listenAgain):
		}
	}
}

func listenOn(ctx context.Context, c *pgxpool.Conn, wake func()) error {
	defer func() { _ = c.Conn().Close(context.WithoutCancel(ctx)) }() // it must not go back listening
	if _, err := c.Exec(ctx, `LISTEN `+commitsChannel); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	wake()
	for {
		if _, err := c.Conn().WaitForNotification(ctx); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		wake()
	}
}
