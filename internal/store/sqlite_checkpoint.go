package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// checkpointer copies the log into the file beside the writer. Left to itself, SQLite does that within a commit, and
// every request that waits for that commit waits for 64 MB more.
//
// A pass beside the writer can't make the log start anew, because the writer has written on meanwhile. So passes are
// made until little is left, and that little is copied while the writer stands still.
type checkpointer struct {
	engine *sqliteEngine
	conn   *sqlite.Conn
	look   chan struct{} // capacity 1
	done   chan struct{} // closed when it has ended
	// commits since the last look; it belongs to who holds writing.
	commits int
}

const (
	// checkpointPages is how long the log may become, about: 64 MB, since a page that is written often is then copied
	// once.
	checkpointPages = 16000
	// lookEvery is after how many commits the log is looked at.
	lookEvery = 16
	// littlePages are copied in a few milliseconds.
	littlePages = 400
	// maxPasses is after how many passes the rest is copied however much it is: a writer can be faster than we.
	maxPasses = 4
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
	go k.work()
	return k, nil
}

// committed counts a commit. The caller holds writing.
func (k *checkpointer) committed() {
	if k.commits++; k.commits < lookEvery {
		return
	}
	k.commits = 0
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
	length, err := logPages(k.engine.path)
	if err != nil || length < checkpointPages {
		return err
	}
	for range maxPasses {
		left, err := checkpoint(k.conn)
		if err != nil {
			return err
		}
		if left <= littlePages {
			break
		}
	}
	if err := k.engine.hold(context.Background()); err != nil {
		return err
	}
	defer k.engine.release()
	if k.engine.writer != nil { // it is nil while the file waits to be opened anew
		_, err = checkpoint(k.engine.writer)
	}
	return err
}

// checkpoint copies what needs no waiting for anyone, and returns how many pages are left.
func checkpoint(c *sqlite.Conn) (left int, err error) {
	err = sqlitex.ExecuteTransient(c, "PRAGMA wal_checkpoint(PASSIVE)", &sqlitex.ExecOptions{
		ResultFunc: func(s *sqlite.Stmt) error {
			left = s.ColumnInt(1) - s.ColumnInt(2)
			return nil
		},
	})
	if err != nil {
		return 0, fmt.Errorf("checkpoint: %w", err)
	}
	return left, nil
}

// logPages returns how many pages are in the log. SQLite tells it only to who checkpoints, so it is read from the index
// of the log: an unsigned integer of the machine's byte order at byte 16 (https://sqlite.org/walformat.html, 2.1).
func logPages(path string) (int, error) {
	f, err := os.Open(path + "-shm")
	if err != nil {
		return 0, fmt.Errorf("length of the log: %w", err)
	}
	var head [20]byte
	_, err = f.ReadAt(head[:], 0)
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, fmt.Errorf("length of the log: %w", err)
	}
	return int(binary.NativeEndian.Uint32(head[16:])), nil
}

// stop ends the work. Nobody commits any more.
func (k *checkpointer) stop() error {
	close(k.look)
	<-k.done
	return k.conn.Close()
}
