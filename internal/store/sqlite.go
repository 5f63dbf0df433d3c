package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tidings/event"
	"tidings/internal/fault"
)

// sqliteEngine is one SQLite file: WAL, an fsync at every commit, one writing connection and a pool of reading ones.
type sqliteEngine struct {
	path   string
	log    *slog.Logger
	reads  *sqlitex.Pool
	unlock func() error

	textsMu sync.RWMutex
	texts   map[string]string // SQL with $1 → SQL with ?1

	writing     chan struct{} // holds one token while what follows is held
	closed      bool
	writer      *sqlite.Conn
	batch       *sqliteBatch // prepared on writer
	checkpoints *checkpointer
}

const (
	readers    = 4
	readBudget = 10 * time.Second
	// autoCheckpoint is when the writer copies the log into the file itself: a program beside the server, or a server
	// whose checkpointer can't keep up.
	autoCheckpoint = 4 * checkpointPages
	busyTimeout    = 10 * time.Second
)

// writerPragmas are for the writing connection. synchronous=FULL is what makes a 200 true.
var writerPragmas = []string{
	"PRAGMA journal_mode=WAL",
	"PRAGMA synchronous=FULL",
	fmt.Sprintf("PRAGMA wal_autocheckpoint=%d", autoCheckpoint),
	"PRAGMA cache_size=-65536",
	"PRAGMA temp_store=MEMORY",
	"PRAGMA foreign_keys=ON",
	"PRAGMA trusted_schema=OFF",
	"PRAGMA secure_delete=ON",
}

func openSQLite(ctx context.Context, path string, o Options) (*sqliteEngine, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, unavailable(err, "can't make the folder of the database "+path, "check the path given with --db")
	}
	e := &sqliteEngine{
		path: path, log: o.Logger, unlock: func() error { return nil }, writing: make(chan struct{}, 1),
	}
	if o.Exclusive {
		unlock, err := lockFile(path + ".lock")
		if err != nil {
			return nil, err
		}
		e.unlock = unlock
	}
	err := migrateSQLite(ctx, path, o.Logger)
	if err == nil {
		err = e.open()
	}
	if err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

func (e *sqliteEngine) open() error {
	if err := e.openWriter(); err != nil {
		return err
	}
	pool, err := sqlitex.NewPool(e.path, sqlitex.PoolOptions{
		Flags: sqlite.OpenReadOnly | sqlite.OpenWAL, PoolSize: readers,
		PrepareConn: func(c *sqlite.Conn) error {
			c.SetBusyTimeout(busyTimeout)
			return pragmas(c, "PRAGMA cache_size=-8192", "PRAGMA temp_store=MEMORY", "PRAGMA query_only=ON")
		},
	})
	if err != nil {
		return sqliteFault(fmt.Errorf("open for reading: %w", err))
	}
	e.reads = pool
	e.checkpoints, err = startCheckpointer(e)
	return err
}

// openWriter opens the writing connection. Callers hold writing, or are alone.
func (e *sqliteEngine) openWriter() error {
	c, err := sqlite.OpenConn(e.path, sqlite.OpenReadWrite|sqlite.OpenWAL)
	if err != nil {
		return sqliteFault(fmt.Errorf("open for writing: %w", err))
	}
	c.SetBusyTimeout(busyTimeout)
	if err := pragmas(c, writerPragmas...); err != nil {
		return errors.Join(sqliteFault(err), c.Close())
	}
	e.writer, e.batch = c, newSQLiteBatch(c)
	return nil
}

func pragmas(c *sqlite.Conn, list ...string) error {
	for _, p := range list {
		if err := sqlitex.ExecuteTransient(c, p, nil); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	return nil
}

func (e *sqliteEngine) name() string { return "sqlite" }

func (e *sqliteEngine) stem(id string) string { return "substr(" + id + ", 1, 8)" }

func (e *sqliteEngine) sums() bool { return true }

func (e *sqliteEngine) read(ctx context.Context, fn func(conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, readBudget)
	defer cancel()
	return e.snapshot(ctx, fn)
}

func (e *sqliteEngine) snapshot(ctx context.Context, fn func(conn) error) (err error) {
	c, err := e.reads.Take(ctx)
	if err != nil {
		return fault.Wrap(fault.Timeout, "busy", err, "no reading connection became free in time")
	}
	defer e.reads.Put(c)
	done := sqlitex.Transaction(c)
	defer func() { done(&err); err = sqliteFault(err) }()
	old := c.SetInterrupt(ctx.Done())
	defer c.SetInterrupt(old)
	return fn(&sqliteConn{c: c, engine: e})
}

func (e *sqliteEngine) write(ctx context.Context, fn func(conn) error) error {
	return e.transact(ctx, func() error { return fn(&sqliteConn{c: e.writer, engine: e}) })
}

func (e *sqliteEngine) ingest(ctx context.Context, fn func(batch) error) error {
	return e.transact(ctx, func() error { return fn(e.batch) })
}

// transact runs fn in one write transaction. Nothing interrupts it once it began: a commit is short, and what it
// answers for is many requests at once.
func (e *sqliteEngine) transact(ctx context.Context, fn func() error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := e.hold(ctx); err != nil {
		return err
	}
	defer e.release()
	if e.closed {
		return fault.New(fault.Unavailable, "closed", "the database is closed")
	}
	if e.writer == nil {
		if err := e.openWriter(); err != nil {
			return err
		}
	}
	defer func() {
		if isIOError(err) {
			// A failed write or fsync leaves it open what is on disk: start anew from the file.
			e.closeWriter()
		}
		err = sqliteFault(err)
	}()
	end, err := e.begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	err = fn()
	end(&err)
	if err == nil {
		e.checkpoints.committed()
	}
	return err
}

// begin takes the write lock of the file. Another program may hold it: the wait ends with ctx, at most at busyTimeout.
func (e *sqliteEngine) begin(ctx context.Context) (end func(*error), err error) {
	wait := busyTimeout
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, max(time.Until(deadline), time.Millisecond))
	}
	e.writer.SetBusyTimeout(wait)
	return sqlitex.ImmediateTransaction(e.writer)
}

// hold waits for the writing connection, as long as ctx lets it: whoever has it may wait for another program.
func (e *sqliteEngine) hold(ctx context.Context) error {
	select {
	case e.writing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, "database_busy", ctx.Err(), "the database is busy: a write did not get its turn in time")
	}
}

func (e *sqliteEngine) release() { <-e.writing }

func (e *sqliteEngine) closeWriter() {
	if e.writer == nil {
		return
	}
	if err := e.writer.Close(); err != nil {
		e.log.Warn("close the writing connection", "err", err)
	}
	e.writer, e.batch = nil, nil
}

// lockMessages has nothing to do: whoever writes is alone.
func (e *sqliteEngine) lockMessages(context.Context, conn, int64, int64) error { return nil }

// lockErasing has nothing to do: whoever writes is alone.
func (e *sqliteEngine) lockErasing(context.Context, conn) error { return nil }

// ping proves that the file can be written: it takes the write lock and changes one row.
func (e *sqliteEngine) ping(ctx context.Context) error {
	return e.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `INSERT INTO meta (name, value) VALUES ('ping', '1')
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`)
		return err
	})
}

// tend lets SQLite refresh the statistics that its planner uses.
func (e *sqliteEngine) tend(ctx context.Context, _ time.Time, _ time.Duration) error {
	return e.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `PRAGMA optimize`)
		return err
	})
}

func (e *sqliteEngine) close() error {
	var err error
	if e.reads != nil {
		err = e.reads.Close()
	}
	if e.checkpoints != nil {
		err = errors.Join(err, e.checkpoints.stop())
	}
	if err := e.hold(context.Background()); err != nil {
		return err
	}
	defer e.release()
	e.closed = true
	e.closeWriter()
	return errors.Join(err, e.unlock())
}

// sqliteConn is a connection within a transaction.
type sqliteConn struct {
	c      *sqlite.Conn
	engine *sqliteEngine
}

func (s *sqliteConn) query(_ context.Context, sql string, args []any, scan func(row) error) (err error) {
	stmt, err := s.c.Prepare(s.engine.text(sql))
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	defer func() { err = errors.Join(err, stmt.Reset(), stmt.ClearBindings()) }()
	for i, a := range args {
		if err := bind(stmt, i+1, a); err != nil {
			return err
		}
	}
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return err
		}
		if scan == nil {
			continue
		}
		if err := scan(sqliteRow{stmt}); err != nil {
			return err
		}
	}
}

func (s *sqliteConn) exec(ctx context.Context, sql string, args ...any) (int64, error) {
	if err := s.query(ctx, sql, args, nil); err != nil {
		return 0, err
	}
	return int64(s.c.Changes()), nil
}

// text turns $1 into ?1: SQLite numbers the first by appearance, the second by its number.
func (e *sqliteEngine) text(sql string) string {
	e.textsMu.RLock()
	t, ok := e.texts[sql]
	e.textsMu.RUnlock()
	if ok {
		return t
	}
	t = strings.ReplaceAll(sql, "$", "?")
	e.textsMu.Lock()
	defer e.textsMu.Unlock()
	if e.texts == nil || len(e.texts) >= maxTexts {
		e.texts = make(map[string]string)
	}
	e.texts[sql] = t
	return t
}

// maxTexts bounds the translated statements: filters make new ones.
const maxTexts = 1000

func bind(stmt *sqlite.Stmt, i int, a any) error {
	switch v := a.(type) {
	case int64:
		stmt.BindInt64(i, v)
	case int:
		stmt.BindInt64(i, int64(v))
	case float64:
		stmt.BindFloat(i, v)
	case bool:
		stmt.BindBool(i, v)
	case string:
		stmt.BindText(i, v)
	case []byte:
		bindBytes(stmt, i, v)
	case event.ID:
		stmt.BindBytes(i, v[:])
	default:
		return fmt.Errorf("bind $%d: unsupported type %T", i, a)
	}
	return nil
}

// bindBytes binds an empty slice as an empty value, not as NULL.
func bindBytes(stmt *sqlite.Stmt, i int, b []byte) {
	if len(b) == 0 {
		stmt.BindZeroBlob(i, 0)
		return
	}
	stmt.BindBytes(i, b)
}

type sqliteRow struct{ stmt *sqlite.Stmt }

func (r sqliteRow) Scan(dest ...any) error {
	for i, d := range dest {
		switch p := d.(type) {
		case *int64:
			*p = r.stmt.ColumnInt64(i)
		case *int:
			*p = r.stmt.ColumnInt(i)
		case *bool:
			*p = r.stmt.ColumnInt64(i) != 0
		case *string:
			*p = r.stmt.ColumnText(i)
		case *[]byte:
			*p = columnBytes(r.stmt, i)
		case *event.ID:
			r.stmt.ColumnBytes(i, p[:])
		default:
			return fmt.Errorf("scan column %d: unsupported type %T", i, d)
		}
	}
	return nil
}

func columnBytes(stmt *sqlite.Stmt, i int) []byte {
	b := make([]byte, stmt.ColumnLen(i))
	stmt.ColumnBytes(i, b)
	return b
}

func isIOError(err error) bool {
	return err != nil && sqlite.ErrCode(err).ToPrimary() == sqlite.ResultIOErr
}

// sqliteFaults says what a person can do about SQLite's result codes.
var sqliteFaults = map[sqlite.ResultCode]struct{ message, hint string }{
	sqlite.ResultFull: {"the disk of the database is full", "free space; intake goes on by itself then"},
	sqlite.ResultReadOnly: {
		"the database can't be written", "check the owner and the mode of the file, and that its disk is mounted read-write",
	},
	sqlite.ResultBusy:   {"the database is locked by another program", "end the other program, or wait until it is done"},
	sqlite.ResultLocked: {"the database is locked", "try again"},
	sqlite.ResultIOErr: {
		"the disk of the database reports an error", "check the disk; the store opens the file anew at the next request",
	},
	sqlite.ResultCantOpen: {"the database file can't be opened", "check that the folder exists and may be written"},
	sqlite.ResultNotADB:   {"the file is not a SQLite database", "point --db at another path"},
	sqlite.ResultCorrupt: {
		"the database file is damaged", "stop the server and start from the newest backup; keep the damaged file",
	},
	sqlite.ResultNoMem: {"SQLite ran out of memory", "give the process more memory"},
}

// sqliteFault gives an error of SQLite its kind. Other errors pass unchanged.
func sqliteFault(err error) error {
	if err == nil || fault.KindOf(err) != fault.Internal {
		return err
	}
	code := sqlite.ErrCode(err).ToPrimary()
	if code == sqlite.ResultInterrupt {
		return fault.Wrap(fault.Timeout, "query_timeout", err, "the query took too long")
	}
	if f, ok := sqliteFaults[code]; ok {
		return unavailable(err, f.message, f.hint)
	}
	return err
}
