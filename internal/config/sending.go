package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Sending says what emails are made of, and where mail goes that is written instead of sent.
type Sending struct {
	Templates string `placeholder:"DIR" type:"path" help:"Folder of templates (onboarding/welcome.html), read at the start and whenever a file changes; empty: none."`
	Outbox    string `placeholder:"DIR" type:"path" help:"Folder that senders of the kind file write mail into. Default: outbox beside the SQLite file, or data/outbox."`
}

// Validate reports every problem, each with its flag.
func (s Sending) Validate() error {
	if s.Templates == "" {
		return nil
	}
	switch info, err := os.Stat(s.Templates); {
	case errors.Is(err, fs.ErrNotExist):
		return problem("templates", "there is no folder %s: make it, or leave the flag out", s.Templates)
	case err != nil:
		return problem("templates", "%w", err)
	case !info.IsDir():
		return problem("templates", "%s is no folder", s.Templates)
	}
	return nil
}

// OutboxFolder is the folder, with a database that may tell it.
func (s Sending) OutboxFolder(db DatabaseURL) string {
	const name = "outbox"
	switch {
	case s.Outbox != "":
		return s.Outbox
	case db.Postgres() || db == "":
		return filepath.Join("data", name)
	}
	return filepath.Join(filepath.Dir(string(db)), name)
}
