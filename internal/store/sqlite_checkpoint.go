package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// checkpointer copies the log into the file beside the writer. Left to itself, SQLite does that within a commit, and
// every request that waits for that commit waits for 64 MB more.
//
// A pass beside the writer can't make the log start anew, because the writer has written on meanwhile. So passes are
// made until little is left, and that little is copied while the writer stands still.
//
// How long the log is, SQLite tells only to who checkpoints. (It stands in the file of the log's index, but whoever
// opens and closes that file takes away the locks that SQLite holds on it: fcntl(2).) So it is reckoned from what a
// commit took lately.
type checkpointer struct {
	engine *sqliteEngine
	conn   *sqlite.Conn
	look   chan struct{} // capacity 1
	done   chan struct{} // closed when it has ended

	commits atomic.Int64 // since the log began anew
	unseen  atomic.Int64 // commits since the log was looked at
	pages   atomic.Int64 // that a commit takes, lately
}

const (
	// checkpointPages is how long the log may become, about: 64 MB, since a page that is written often is then copied
	// once.
	checkpointPages = 16000
	// lookAfter is after how many commits the log is looked at however short it should be.
	lookAfter = 256
	// guessedPages is what a commit takes before one was seen.
	guessedPages = 1000
	// littlePages are copied in a few milliseconds.
	littlePages = 400
	// maxPasses is after how many passes the rest is copied however much it is: a writer can be faster than we.
	maxPasses = 4
	// longPages is how long the log may become before the rest is copied however much it is.
	longPages = 3 * checkpointPages
)

func startCheckpointer(e *sqliteEngine) (*checkpointer, error) {
	c, err := sqlite.OpenConn(e.path, sqlite.OpenReadWrite|sqlite.OpenWAL)
	if err != nil {
		return nil, sqliteFault(fmt.Errorf("open for checkpoints: %w", err))
	}
	c.SetBusyTimeout(busyTimeout)
	if err := pragmas(c, "PRAGMA synchronous=FULL", "PRAGMA cache_size=-64"); err != nil {
		return nil, errors.Join(sqliteFault(err), c.Close())
	}
	k := &checkpointer{
		engine: e, conn: c, look: make(chan struct{}, 1), done: make(chan struct{}),
	}
	k.pages.Store(guessedPages)
	go k.work()
	return k, nil
}

// committed counts a commit.
func (k *checkpointer) committed() {
	commits := k.commits.Add(1)
	if unseen := k.unseen.Add(1); unseen < lookAfter && commits*k.pages.Load() < checkpointPages {
		return
	}
	select {
	case k.look <- struct{}{}:
	default: // it is at work already
	}
}

func (k *checkpointer) work() {
	defer close(k.done)
	for range k.look {
		if err := k.run(); err != nil {
			k.engine.log.Warn("the log of the database could not be copied into its file; it is tried again", "error", err)
		}
	}
}

func (k *checkpointer) run() error {
	for range maxPasses {
		k.unseen.Store(0)
		commits := k.commits.Load()
		length, left, err := checkpoint(k.conn)
		if err != nil {
			return err
		}
		k.pages.Store(max(1, int64(length)/max(1, commits)))
		if length < checkpointPages {
			return nil
		}
		if left <= littlePages || length > longPages {
			break
		}
	}
	if err := k.engine.hold(context.Background()); err != nil {
		return err
	}
	defer k.engine.release()
	if k.engine.writer == nil { // the file waits to be opened anew
		return nil
	}
	_, left, err := checkpoint(k.engine.writer)
	if left == 0 {
		k.commits.Store(0)
	}
	return err
}

// checkpoint copies what needs no waiting for anyone. It returns how many pages the log has, and how many of them are
// not in the file yet.
func checkpoint(c *sqlite.Conn) (length, left int, err error) {
	err = sqlitex.ExecuteTransient(c, "PRAGMA wal_checkpoint(PASSIVE)", &sqlitex.ExecOptions{
		ResultFunc: func(s *sqlite.Stmt) error {
			length, left = s.ColumnInt(1), s.ColumnInt(1)-s.ColumnInt(2)
			return nil
		},
	})
	if err != nil {
		return 0, 0, fmt.Errorf("checkpoint: %w", err)
	}
	return length, left, nil
}

// stop ends the work. Nobody commits any more.
func (k *checkpointer) stop() error {
	close(k.look)
	<-k.done
	return k.conn.Close()
}
