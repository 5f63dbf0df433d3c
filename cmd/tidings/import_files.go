package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tidings/internal/pull"
)

// filesOf finds the files that paths name, in their order, and how large they are together: 0 where nobody knows it. A
// folder stands for the files in it and below, sorted, without hidden ones. The context is that of reading objects of S3, too.
func filesOf(ctx context.Context, paths []string) (files []pull.File, size int64, err error) {
	l := &fileList{seen: map[string]bool{}}
	for _, p := range paths {
		if strings.HasPrefix(p, pull.S3Scheme) {
			if err := l.addObjects(ctx, p); err != nil {
				return nil, 0, err
			}
			continue
		}
		if err := l.add(p); err != nil {
			return nil, 0, usageError{err}
		}
	}
	if l.unknown {
		l.size = 0
	}
	return l.files, l.size, nil
}

type fileList struct {
	files   []pull.File
	seen    map[string]bool
	size    int64
	unknown bool // the size of one of them
	s3      *pull.S3
}

// addObjects lists objects of S3, which is asked for only where a path names it.
func (l *fileList) addObjects(ctx context.Context, url string) (err error) {
	if l.s3 == nil {
		if l.s3, err = pull.OpenS3(ctx); err != nil {
			return err
		}
	}
	files, size, err := l.s3.Files(ctx, url)
	if err != nil {
		return err
	}
	for _, f := range files {
		l.put(f.Name, f.Open)
	}
	l.size += size
	return nil
}

func (l *fileList) add(path string) error {
	if path == "-" {
		l.unknown = true
		l.put("-", func() (io.ReadCloser, error) { return io.NopCloser(os.Stdin), nil })
		return nil
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return l.addFolder(path)
	}
	if err == nil {
		l.addFile(path, info)
		return nil
	}
	matches, bad := filepath.Glob(path)
	if bad != nil {
		return fmt.Errorf("the pattern %s: %w", path, bad)
	}
	if len(matches) == 0 && strings.ContainsAny(path, "*?[") {
		return fmt.Errorf("no file is named like %s", path)
	}
	if len(matches) == 0 {
		return fmt.Errorf("the file: %w", err)
	}
	for _, m := range matches {
		if err := l.add(m); err != nil {
			return err
		}
	}
	return nil
}

func (l *fileList) addFolder(root string) error {
	before := len(l.files)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if hidden := strings.HasPrefix(d.Name(), ".") && path != root; hidden && d.IsDir() {
			return fs.SkipDir
		} else if hidden || d.IsDir() {
			return nil
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		l.addFile(path, info)
		return nil
	})
	if err != nil {
		return fmt.Errorf("the folder: %w", err)
	}
	if len(l.files) == before {
		return fmt.Errorf("the folder %s has no files", root)
	}
	return nil
}

func (l *fileList) addFile(path string, info fs.FileInfo) {
	l.unknown = l.unknown || !info.Mode().IsRegular()
	if l.put(path, func() (io.ReadCloser, error) { return os.Open(path) }) {
		l.size += info.Size()
	}
}

// put adds a file, if it is not there yet.
func (l *fileList) put(name string, open func() (io.ReadCloser, error)) bool {
	if l.seen[name] {
		return false
	}
	l.seen[name] = true
	l.files = append(l.files, pull.File{Name: name, Open: open})
	return true
}
