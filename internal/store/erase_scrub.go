package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tidings/internal/fault"
	"tidings/internal/job"
)

// scrub overwrites what rows left behind in the pages of the file, a few at a time, and empties the log.
func (e *sqliteEngine) scrub(ctx context.Context, names func([]byte) bool) error {
	if err := e.write(ctx, func(c conn) error { return forgetSamples(ctx, c, names) }); err != nil {
		return fmt.Errorf("forget samples: %w", err)
	}
	roots, err := e.roots(ctx)
	if err != nil {
		return fmt.Errorf("find the tables: %w", err)
	}
	for _, root := range roots {
		if err := e.scrubTree(ctx, root); err != nil {
			return fmt.Errorf("clean the tree of page %d: %w", root, err)
		}
	}
	if err := e.scrubFree(ctx); err != nil {
		return fmt.Errorf("clean free pages: %w", err)
	}
	return e.emptyLog(ctx)
}

// roots are the first pages of all tables and indexes.
func (e *sqliteEngine) roots(ctx context.Context) (list []uint32, err error) {
	list = []uint32{1}
	err = e.snapshot(ctx, func(c conn) error {
		return c.query(ctx, `SELECT rootpage FROM sqlite_schema WHERE rootpage > 1 ORDER BY rootpage`, nil, func(r row) error {
			var n int64
			err := r.Scan(&n)
			list = append(list, uint32(n))
			return err
		})
	})
	return list, err
}

func pagesOf(c conn) (*pageSource, error) {
	s, ok := c.(*sqliteConn)
	if !ok {
		return nil, errPage
	}
	return newPageSource(s.c)
}

// slack runs fn in one write transaction.
func (e *sqliteEngine) slack(ctx context.Context, fn func(*slackClean) error) error {
	return e.transact(ctx, func() error {
		w, err := newSlackClean(e.writer)
		if err != nil {
			return err
		}
		return fn(w)
	})
}

// scrubTree cleans the pages of a table or an index. Rows may come and go meanwhile.
func (e *sqliteEngine) scrubTree(ctx context.Context, root uint32) error {
	for range slackPasses {
		w := &slackWalk{ctx: ctx}
		err := e.snapshot(ctx, func(c conn) (err error) {
			if w.pages, err = pagesOf(c); err != nil {
				return err
			}
			return w.walk(root, 0)
		})
		if err != nil {
			return err
		}
		moved := 0
		for chunk := range slices.Chunk(w.found, slackChunk) {
			began := time.Now()
			err := e.slack(ctx, func(w *slackClean) error {
				for _, path := range chunk {
					there, err := w.clean(path)
					if err != nil {
						return err
					}
					if !there {
						moved++
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			if err := job.Breathe(ctx, time.Since(began)); err != nil {
				return err
			}
		}
		if moved == 0 {
			return nil
		}
	}
	return nil
}

// scrubFree cleans the pages that are in use by nobody.
func (e *sqliteEngine) scrubFree(ctx context.Context) error {
	var dirty []uint32
	err := e.snapshot(ctx, func(c conn) error {
		pages, err := pagesOf(c)
		if err == nil {
			dirty, err = pages.dirtyFree()
		}
		return err
	})
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(dirty, slackChunk) {
		began := time.Now()
		if err := e.slack(ctx, func(w *slackClean) error { return w.free(chunk) }); err != nil {
			return err
		}
		if err := job.Breathe(ctx, time.Since(began)); err != nil {
			return err
		}
	}
	return nil
}

const (
	// logTimeout is how long writers wait at most for those who read, when the log is emptied.
	logTimeout = 200 * time.Millisecond
	// logTries is how often that is tried.
	logTries = 100
)

// emptyLog copies the log into the file and empties it: what stands in it is from before. Nobody may be reading then, nor
// copying it, so it is tried until nobody is.
func (e *sqliteEngine) emptyLog(ctx context.Context) (err error) {
	for range logTries {
		if err = e.tryLog(ctx); !fault.Is(err, fault.Unavailable) {
			return err
		}
		if err := job.Breathe(ctx, logTimeout); err != nil {
			return err
		}
	}
	return err
}

func (e *sqliteEngine) tryLog(ctx context.Context) error {
	if err := e.hold(ctx); err != nil {
		return err
	}
	defer e.release()
	if e.closed || e.writer == nil {
		return fault.New(fault.Unavailable, "closed", "the database is closed, or is opened anew")
	}
	e.writer.SetBusyTimeout(logTimeout)
	return sqliteFault(truncateLog(e.writer))
}

// truncateLog copies the log into the file and empties it.
func truncateLog(c *sqlite.Conn) error {
	busy := 0
	err := sqlitex.ExecuteTransient(c, "PRAGMA wal_checkpoint(TRUNCATE)", &sqlitex.ExecOptions{
		ResultFunc: func(s *sqlite.Stmt) error {
			busy = s.ColumnInt(0)
			return nil
		},
	})
	if err == nil && busy != 0 {
		err = fault.New(fault.Unavailable, "database_busy", "the log of the database is being read, so that it can't be emptied").
			WithHint("it is tried again by itself")
	}
	if err != nil {
		return fmt.Errorf("empty the log: %w", err)
	}
	return nil
}

// forgetSamples removes samples of rows that the planner keeps (sqlite_stat4) and that name somebody.
func forgetSamples(ctx context.Context, c conn, names func([]byte) bool) error {
	var there int64
	found, err := one(ctx, c, `SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat4'`, nil, &there)
	if err != nil || !found {
		return err
	}
	var gone []int64
	err = c.query(ctx, `SELECT rowid, sample FROM sqlite_stat4`, nil, func(r row) error {
		var ref int64
		var sample []byte
		err := r.Scan(&ref, &sample)
		if names(sample) {
			gone = append(gone, ref)
		}
		return err
	})
	for _, ref := range gone {
		if err == nil {
			_, err = c.exec(ctx, `DELETE FROM sqlite_stat4 WHERE rowid = $1`, ref)
		}
	}
	return err
}

// scrub frees what rows that are gone or changed left in the tables, and lets the planner forget its samples of them. Nobody
// waits for it.
func (e *postgresEngine) scrub(ctx context.Context, _ func([]byte) bool) error {
	err := e.pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
		if _, err := c.Exec(ctx, "SET statement_timeout = 0"); err != nil {
			return err
		}
		for _, table := range sortedTexts(eraseTables) {
			if len(eraseTables[table]) == 0 {
				continue
			}
			if _, err := c.Exec(ctx, "VACUUM (ANALYZE) "+table); err != nil {
				return fmt.Errorf("vacuum %s: %w", table, err)
			}
		}
		_, err := c.Exec(ctx, "SET statement_timeout = '"+statementBudget+"'")
		return err
	})
	return postgresFault(err)
}
