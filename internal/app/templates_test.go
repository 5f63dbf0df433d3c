package app_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tidings/internal/control"
	"tidings/internal/store"
)

// listener is a log that tells when something is said.
type listener chan struct{}

func (l listener) Enabled(context.Context, slog.Level) bool { return true }
func (l listener) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l listener) WithGroup(string) slog.Handler            { return l }

func (l listener) Handle(context.Context, slog.Record) error {
	select {
	case l <- struct{}{}:
	default:
	}
	return nil
}

func TestATemplateOfTheFolderFollowsItsFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("welcome.html", "---\nsubject: Hi\n---\n<p>1</p>")
	o := options(t)
	o.Config.Templates = dir
	said := make(listener, 100)
	o.Logger = slog.New(said)
	a, stop := start(t, o)
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	becomes := func(key, body string, troubles int) {
		t.Helper()
		var last string
		for end := time.After(20 * time.Second); ; {
			page, err := a.Control().Templates(t.Context(), control.Actor{Project: store.DefaultProject}, control.TemplateSearch{})
			if err != nil {
				t.Fatal(err)
			}
			last = ""
			for _, x := range page.Templates {
				if x.Key == key {
					last = x.Body
				}
			}
			if last == body && len(page.Troubles) == troubles {
				return
			}
			select {
			case <-said:
			case <-end:
				t.Fatalf("%s is %q, want %q", key, last, body)
			}
		}
	}
	becomes("welcome", "<p>1</p>", 0)
	write("welcome.html", "---\nsubject: Hi\n---\n<p>2</p>")
	becomes("welcome", "<p>2</p>", 0)
	write("onboarding/new.html", "<p>new</p>")
	becomes("onboarding/new", "<p>new</p>", 0)
	write("welcome.html", "{{ broken")
	becomes("welcome", "<p>2</p>", 1)
	if err := os.Remove(filepath.Join(dir, "onboarding", "new.html")); err != nil {
		t.Fatal(err)
	}
	becomes("onboarding/new", "", 1)
}
