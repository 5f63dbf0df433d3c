package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tidings/event"
	"tidings/internal/fault"
)

// Contents are what a SQLite file of this program holds.
type Contents struct {
	Schema int64  // version of its schema
	Epoch  string // see Store.Epoch
	Bytes  int64  // length of the file

	Events, Messages, Contacts, Suppressions, Sources, Receipts int64

	Newest time.Time // of the newest event, whole seconds UTC; zero without events
}

// backupPages is how much is copied between two calls of progress: 4 MiB with pages of 4 KiB.
const backupPages = 1024

// Backup copies the SQLite file at from, which a server may have open and write to, into a new file at to. The copy has
// everything that was committed before the call and nothing half; it is checked and on disk when Backup returns. A file
// at to is refused, and with replace exchanged once the copy is whole. While it runs, the log of a server that writes
// grows. progress, which may be nil, is told how many pages are done.
func Backup(ctx context.Context, from, to string, replace bool, progress func(done, total int64)) (Contents, error) {
	if err := isFile(from); err != nil {
		return Contents{}, err
	}
	if err := mayWrite(from, to, replace); err != nil {
		return Contents{}, err
	}
	if _, err := os.Stat(to + "-wal"); err == nil {
		return Contents{}, fault.New(fault.Conflict, "database_in_use", "%s is a database with a log beside it", to).
			WithHint("give another path; tidings restore is what replaces a database")
	}
	return copyTo(ctx, copying{from: from, to: to, progress: progress})
}

// copying says what to copy, and what else is to be done.
type copying struct {
	from, to string
	progress func(done, total int64)  // nil: nobody looks
	change   func(*sqlite.Conn) error // nil: the copy stays as it is
	before   func() error             // nil; else called before the whole copy gets its name
}

// copyTo makes a checked copy beside its place and gives it its name when it is whole and on disk.
func copyTo(ctx context.Context, o copying) (found Contents, err error) {
	beside := o.to + ".part"
	unlock, err := emptyFile(beside)
	if err != nil {
		return found, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeDatabase(beside))
		}
		err = errors.Join(err, unlock())
	}()
	if found, err = copyInto(ctx, o, beside); err != nil {
		return found, err
	}
	if err := syncPath(beside); err != nil {
		return found, err
	}
	if o.before != nil {
		if err := o.before(); err != nil {
			return found, err
		}
	}
	if err := os.Rename(beside, o.to); err != nil {
		return found, unavailable(err, "can't write "+o.to, "check the owner and the mode of its folder")
	}
	return found, syncPath(filepath.Dir(o.to))
}

// emptyFile makes a file, or empties what a process that was killed left of one, and keeps others off it.
func emptyFile(path string) (unlock func() error, err error) {
	unlock, err = lockFile(path)
	if fault.Is(err, fault.Conflict) {
		return nil, fault.New(fault.Conflict, "busy", "another backup or restore writes %s", path).WithHint("wait until it is done")
	}
	if err != nil {
		return nil, err
	}
	err = os.Truncate(path, 0)
	if leftover := os.Remove(path + "-journal"); err == nil && !errors.Is(leftover, fs.ErrNotExist) {
		err = leftover
	}
	if err != nil {
		return nil, errors.Join(unavailable(err, "can't write "+path, "check its owner and mode"), unlock())
	}
	return unlock, nil
}

// copyInto copies one snapshot into the empty file at to, checks it and reads what it holds.
func copyInto(ctx context.Context, o copying, to string) (found Contents, err error) {
	src, err := sqlite.OpenConn(o.from, sqlite.OpenReadOnly)
	if err != nil {
		return found, sqliteFault(fmt.Errorf("open %s: %w", o.from, err))
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	src.SetBusyTimeout(busyTimeout)
	dst, err := sqlite.OpenConn(to, sqlite.OpenReadWrite)
	if err != nil {
		return found, sqliteFault(fmt.Errorf("open %s: %w", to, err))
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	src.SetInterrupt(ctx.Done())
	dst.SetInterrupt(ctx.Done())
	// A copy that is not whole is thrown away: it needs no journal, and one fsync at its end.
	if err := pragmas(dst, "PRAGMA synchronous=OFF"); err != nil {
		return found, sqliteFault(err)
	}
	if err := copyPages(ctx, dst, src, o.progress); err != nil {
		return found, sqliteFault(fmt.Errorf("copy %s: %w", o.from, err))
	}
	// A file without a log beside it can be carried anywhere; a server turns the log on again.
	if err := pragmas(dst, "PRAGMA journal_mode=DELETE"); err != nil {
		return found, sqliteFault(err)
	}
	if err := checkFile(dst); err != nil {
		return found, sqliteFault(err)
	}
	if o.change != nil {
		if err := o.change(dst); err != nil {
			return found, sqliteFault(err)
		}
	}
	found, err = contents(dst)
	return found, sqliteFault(err)
}

// copyPages copies a snapshot. Without the transaction that holds it, every commit of a server would begin the copy anew.
func copyPages(ctx context.Context, dst, src *sqlite.Conn, progress func(done, total int64)) (err error) {
	end := sqlitex.Transaction(src)
	defer end(&err)
	if err := sqlitex.ExecuteTransient(src, "SELECT count(*) FROM sqlite_schema", nil); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	b, err := sqlite.NewBackup(dst, "main", src, "main")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if more, err = b.Step(backupPages); err != nil {
			return err
		}
		if total := int64(b.PageCount()); progress != nil {
			progress(total-int64(b.Remaining()), total)
		}
	}
	return nil
}

// checkFile asks SQLite whether a file is whole, and refuses one that this program can't know.
func checkFile(c *sqlite.Conn) error {
	var wrong []string
	err := sqlitex.ExecuteTransient(c, "PRAGMA quick_check(10)", &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			if line := stmt.ColumnText(0); line != "ok" {
				wrong = append(wrong, line)
			}
			return nil
		},
	})
	if err != nil {
		return fmt.Errorf("check the copy: %w", err)
	}
	if len(wrong) > 0 {
		return fault.New(fault.Conflict, "damaged_database", "the database is damaged: %s", wrong[0]).
			WithHint("use an older backup; keep the damaged file")
	}
	return checkSchema(c)
}

// checkSchema refuses files that are no database of this program, or one of a newer version.
func checkSchema(c *sqlite.Conn) error {
	ours, err := number(c, `SELECT count(*) FROM sqlite_schema
		WHERE type = 'table' AND name IN ('goose_db_version', 'meta', 'events', 'audit')`)
	if err != nil {
		return err
	}
	if ours != 4 {
		return fault.New(fault.Conflict, "not_tidings", "the file is a SQLite database, but not one of tidings").
			WithHint("give a file that tidings backup wrote")
	}
	version, err := number(c, schemaVersion)
	if err != nil {
		return err
	}
	newest, err := newestSchema("migrations/sqlite")
	if err != nil {
		return err
	}
	if version > newest {
		return fault.New(fault.Conflict, "newer_database",
			"the database has schema version %d, this program knows versions up to %d", version, newest).
			WithHint("use the version of tidings that wrote it, or a newer one")
	}
	return nil
}

const schemaVersion = `SELECT max(version_id) FROM goose_db_version WHERE is_applied`

// contents reads what a database of any version that this program knows holds.
func contents(c *sqlite.Conn) (found Contents, err error) {
	for _, q := range []struct {
		sql  string
		into *int64
	}{
		{schemaVersion, &found.Schema},
		{`SELECT count(*) FROM events`, &found.Events},
		{`SELECT count(*) FROM messages`, &found.Messages},
		{`SELECT count(*) FROM contacts`, &found.Contacts},
		{`SELECT count(*) FROM suppressions`, &found.Suppressions},
		{`SELECT count(*) FROM sources`, &found.Sources},
		{`SELECT count(*) FROM receipts`, &found.Receipts},
		{`SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()`, &found.Bytes},
	} {
		if *q.into, err = number(c, q.sql); err != nil {
			return found, fmt.Errorf("read what the copy holds: %w", err)
		}
	}
	var newest event.ID
	err = sqlitex.ExecuteTransient(c, `SELECT id FROM events ORDER BY id DESC LIMIT 1`, &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			stmt.ColumnBytes(0, newest[:])
			found.Newest = newest.Time()
			return nil
		},
	})
	if err != nil {
		return found, fmt.Errorf("read the newest event: %w", err)
	}
	err = sqlitex.ExecuteTransient(c, `SELECT value FROM meta WHERE name = 'epoch'`, &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error { found.Epoch = stmt.ColumnText(0); return nil },
	})
	if err != nil {
		return found, fmt.Errorf("read the epoch: %w", err)
	}
	return found, nil
}

func number(c *sqlite.Conn, sql string) (n int64, err error) {
	err = sqlitex.ExecuteTransient(c, sql, &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error { n = stmt.ColumnInt64(0); return nil },
	})
	return n, err
}
