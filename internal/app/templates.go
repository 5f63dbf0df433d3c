package app

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"tidings/internal/store"
)

const (
	// settle is how long the folder must be quiet before it is read: editors write a file in several steps.
	settle = 300 * time.Millisecond
	// lookAgain is when a folder that can't be watched is read again.
	lookAgain = 10 * time.Second
)

// followTemplates reads the folder of templates, and reads it again whenever something in it changes. What is wrong with it is
// logged and shown with the templates; it never stops the server.
func (a *App) followTemplates(ctx context.Context) error {
	dir := a.config.Templates
	if dir == "" {
		return nil
	}
	watcher, err := fsnotify.NewWatcher()
	if err == nil {
		defer watcher.Close() //nolint:errcheck // the process ends
		err = watchAll(watcher, dir)
	}
	if err != nil {
		a.log.WarnContext(ctx, "the folder of templates can't be watched: it is read every 10 seconds", "folder", dir, "error", err)
		return a.rereadTemplates(ctx, dir)
	}
	a.readTemplates(ctx, dir)
	quiet := time.NewTimer(settle)
	quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-watcher.Events:
			if e.Has(fsnotify.Chmod) {
				continue
			}
			if info, err := os.Stat(e.Name); e.Has(fsnotify.Create) && err == nil && info.IsDir() {
				if err := watchAll(watcher, e.Name); err != nil {
					a.log.WarnContext(ctx, "a folder of templates can't be watched", "folder", e.Name, "error", err)
				}
			}
			quiet.Reset(settle)
		case err := <-watcher.Errors:
			a.log.WarnContext(ctx, "watch the folder of templates", "error", err)
			quiet.Reset(settle)
		case <-quiet.C:
			a.readTemplates(ctx, dir)
		}
	}
}

// rereadTemplates is for folders of systems that tell nothing of changes.
func (a *App) rereadTemplates(ctx context.Context, dir string) error {
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		a.readTemplates(ctx, dir)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// watchAll watches a folder and every one in it.
func watchAll(w *fsnotify.Watcher, dir string) error {
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") && name != dir {
			return filepath.SkipDir
		}
		return w.Add(name)
	})
	if err != nil {
		return fmt.Errorf("watch folder: %w", err)
	}
	return nil
}

func (a *App) readTemplates(ctx context.Context, dir string) {
	sum, err := a.control.ReadTemplates(ctx, store.DefaultProject, os.DirFS(dir))
	if err != nil {
		if ctx.Err() == nil {
			a.log.ErrorContext(ctx, "templates of the folder were not read: those that were read before stay", "folder", dir,
				"error", err)
		}
		return
	}
	if sum.FolderSync != (store.FolderSync{}) {
		a.log.InfoContext(ctx, "templates read", "folder", dir, "files", sum.Files, "created", sum.Created, "changed", sum.Changed,
			"removed", sum.Removed)
	}
	for _, f := range sum.Troubles {
		a.logTrouble(ctx, f)
	}
}

func (a *App) logTrouble(ctx context.Context, f store.TemplateFile) {
	for _, p := range f.Problems {
		a.log.WarnContext(ctx, "a template is broken: it stays as it was", "file", f.Path, "line", p.Line, "column", p.Column,
			"problem", p.Message)
	}
}
