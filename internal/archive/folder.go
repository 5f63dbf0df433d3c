package archive

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"tidings/internal/export"
	"tidings/internal/fault"
)

const (
	folderMode = 0o750
	fileMode   = 0o640
	unfinished = ".unfinished" // how files end while they are written; their names begin with a dot
)

// folder is a folder below the operator's. The root keeps every name within it, whatever links there are.
type folder struct {
	root  *os.Root
	swept map[string]bool // folders and names of which what an earlier try left was removed
}

func openFolder(top, name string) (export.Place, error) {
	above, err := os.OpenRoot(top)
	if err != nil {
		return nil, folderFault(err)
	}
	root, err := below(above, name)
	if err := errors.Join(err, above.Close()); err != nil {
		return nil, err
	}
	return &folder{root: root, swept: make(map[string]bool)}, nil
}

// below makes and opens a folder.
func below(above *os.Root, name string) (*os.Root, error) {
	if err := above.MkdirAll(name, folderMode); err != nil {
		return nil, folderFault(err)
	}
	if err := syncUp(above, name); err != nil {
		return nil, err
	}
	root, err := above.OpenRoot(name)
	if err != nil {
		return nil, folderFault(err)
	}
	return root, nil
}

// folderFault says in words what the file system answered.
func folderFault(err error) error {
	return fault.Wrap(fault.Unavailable, "folder", err, "the folder for exports can't be written").
		WithHint("check that it exists, that it may be written, and that there is room")
}

// syncUp makes the entries of a folder durable, and those of the folders above it.
func syncUp(root *os.Root, name string) error {
	for {
		if err := syncFolder(root, name); err != nil || name == "." {
			return err
		}
		name = path.Dir(name)
	}
}

func syncFolder(root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return folderFault(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return folderFault(fmt.Errorf("sync %s: %w", name, err))
	}
	return nil
}

// Close implements export.Place.
func (f *folder) Close() error { return f.root.Close() }

// Create implements export.Place.
func (f *folder) Create(_ context.Context, name string) (export.Sink, error) {
	dir, base := path.Split(name)
	dir = path.Clean(dir)
	if err := f.root.MkdirAll(dir, folderMode); err != nil {
		return nil, folderFault(err)
	}
	if err := f.sweep(dir, base); err != nil {
		return nil, err
	}
	s := &fileSink{root: f.root, name: name, temporary: path.Join(dir, "."+base+"."+rand.Text()+unfinished)}
	var err error
	if s.file, err = f.root.OpenFile(s.temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode); err != nil {
		return nil, folderFault(err)
	}
	return s, nil
}

// sweep removes what an earlier try of the same file left. Whoever still writes it, a server that lost its turn, fails.
func (f *folder) sweep(dir, base string) error {
	if f.swept[path.Join(dir, base)] {
		return nil
	}
	f.swept[path.Join(dir, base)] = true
	list, err := fs.ReadDir(f.root.FS(), dir)
	if err != nil {
		return folderFault(err)
	}
	for _, e := range list {
		if strings.HasPrefix(e.Name(), "."+base+".") && strings.HasSuffix(e.Name(), unfinished) {
			if err := f.root.Remove(path.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return folderFault(err)
			}
		}
	}
	return nil
}

// fileSink is a file that gets its name when it is whole.
type fileSink struct {
	file      *os.File
	root      *os.Root
	name      string
	temporary string
	ended     bool
}

// Write implements export.Sink.
func (s *fileSink) Write(b []byte) (int, error) {
	n, err := s.file.Write(b)
	if err != nil {
		return n, folderFault(err)
	}
	return n, nil
}

// Commit implements export.Sink.
func (s *fileSink) Commit() error {
	s.ended = true
	err := errors.Join(s.file.Sync(), s.file.Close())
	if err == nil {
		err = s.root.Rename(s.temporary, s.name)
	}
	if err != nil {
		return errors.Join(folderFault(err), ignoreMissing(s.root.Remove(s.temporary)))
	}
	return syncUp(s.root, path.Dir(s.name))
}

// Abort implements export.Sink.
func (s *fileSink) Abort() {
	if s.ended {
		return
	}
	s.ended = true
	_ = s.file.Close() // what was not written is not wanted, and the next try sweeps
	_ = s.root.Remove(s.temporary)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
