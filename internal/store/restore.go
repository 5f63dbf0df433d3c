package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tidings/internal/fault"
)

// Restored is what a restore came to.
type Restored struct {
	Contents
	// Replaced is where the database is now that stood in the way; empty: there was none.
	Replaced string
}

// Restore puts a copy of the backup at from under the name to, where no server runs. The copy has an epoch of its own, and
// its audit log has the act, whose At must be set. It is checked before it gets its name and on disk when Restore returns:
// whenever the process ends, under to is what was there before, nothing, or all of the backup. A database at to is
// refused; with replace it gets another name and is kept. The schema is brought to this version by the next Open.
func Restore(
	ctx context.Context, from, to string, replace bool, act Act, progress func(done, total int64),
) (r Restored, err error) {
	if err := isFile(from); err != nil {
		return r, err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return r, unavailable(err, "can't make the folder of the database "+to, "check the path given with --db")
	}
	unlock, err := lockFile(to + ".lock")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := mayWrite(from, to, replace); err != nil {
		return r, err
	}
	r.Contents, err = copyTo(ctx, copying{
		from: from, to: to, progress: progress,
		change: func(c *sqlite.Conn) error { return renew(c, act) },
		before: func() error {
			moved, err := moveAside(to, ".before-"+act.At.UTC().Format("20060102T150405.000Z"))
			r.Replaced = moved
			return err
		},
	})
	return r, err
}

// renew gives a restored database its own epoch, so that whoever followed the one before notices, and records the act.
func renew(c *sqlite.Conn, a Act) (err error) {
	end, err := sqlitex.ImmediateTransaction(c)
	if err != nil {
		return fmt.Errorf("change the epoch: %w", err)
	}
	defer end(&err)
	err = sqlitex.ExecuteTransient(c, `INSERT INTO meta (name, value) VALUES ('epoch', ?1)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, &sqlitex.ExecOptions{Args: []any{rand.Text()}})
	if err != nil {
		return fmt.Errorf("change the epoch: %w", err)
	}
	err = sqlitex.ExecuteTransient(c, `INSERT INTO audit (at, project, by, door, operation, subject, note)
		SELECT ?1, ref, ?3, ?4, ?5, ?6, ?7 FROM projects WHERE id = ?2`,
		&sqlitex.ExecOptions{Args: []any{ms(a.At), DefaultProject, a.By, a.Door, a.Operation, a.Subject, a.Note}})
	if err != nil {
		return fmt.Errorf("record the act: %w", err)
	}
	return nil
}

// moveAside gives a database another name, with its log, which holds commits that are not in the file yet. The file goes
// first: SQLite throws a log without its file away, and never reads it into another.
func moveAside(path, suffix string) (moved string, err error) {
	for _, tail := range [...]string{"", "-wal"} {
		err := os.Rename(path+tail, path+suffix+tail)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return moved, unavailable(err, "can't rename "+path+tail, "check the owner and the mode of its folder")
		}
		moved = path + suffix
	}
	if err := os.Remove(path + "-shm"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return moved, unavailable(err, "can't remove "+path+"-shm", "check the owner and the mode of its folder")
	}
	return moved, syncPath(filepath.Dir(path))
}

// isFile refuses a path where there is no file.
func isFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.Missing("there is no file %s", path)
	case err != nil:
		return unavailable(err, "can't read "+path, "check the owner and the mode of the file")
	case !info.Mode().IsRegular():
		return fault.New(fault.Invalid, "no_file", "%s is not a file", path).WithHint("give the path of a SQLite file")
	}
	return nil
}

// mayWrite refuses to write over what is there, but with replace, and over what is read in any case.
func mayWrite(from, to string, replace bool) error {
	there, err := os.Stat(to)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unavailable(err, "can't look at "+to, "check the owner and the mode of its folder")
	}
	if read, err := os.Stat(from); err == nil && os.SameFile(read, there) {
		return fault.New(fault.Invalid, "same_file", "%s and %s are the same file", from, to).WithHint("give another path")
	}
	if there.IsDir() {
		return fault.New(fault.Invalid, "no_file", "%s is a folder", to).WithHint("give the path of a file in it")
	}
	if !replace {
		return fault.New(fault.Conflict, "file_exists", "%s exists", to).WithHint("give another path, or replace it with --force")
	}
	return nil
}

// removeDatabase removes a file and what SQLite may have put beside it.
func removeDatabase(path string) error {
	var problems []error
	for _, tail := range [...]string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(path + tail); err != nil && !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// syncPath brings a file, or the names in a folder, to the disk.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return unavailable(err, "can't open "+path, "check the owner and the mode")
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return unavailable(err, "can't bring "+path+" to the disk", "check the disk")
	}
	return nil
}

// newestSchema is the highest version among the migrations of an engine.
func newestSchema(dir string) (newest int64, err error) {
	entries, err := migrations.ReadDir(dir)
	if err != nil {
		return 0, fmt.Errorf("migrations: %w", err)
	}
	for _, e := range entries {
		digits, _, _ := strings.Cut(e.Name(), "_")
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("migration %s: %w", e.Name(), err)
		}
		newest = max(newest, n)
	}
	return newest, nil
}
