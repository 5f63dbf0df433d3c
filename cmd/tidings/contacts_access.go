package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"tidings/internal/control"
)

type contactsAccess struct {
	database `embed:""`
	Contact  string `arg:"" help:"The contact's address or id (con_…)."`
	File     string `arg:"" optional:"" help:"Where to write. Default: the standard output."`
	Format   string `default:"json" enum:"json,csv" help:"json or csv."`
}

// Help is the long help.
func (*contactsAccess) Help() string {
	return `What a person may ask for (GDPR, articles 15 and 20): attributes, tags, topics, the history of consent, suppressions,
segments and all events. CSV has a row for each value. A file is there whole or not at all, and its owner alone may read it.

  tidings contacts access ghost@acme.test
  tidings contacts access con_4f person.csv --format csv`
}

// Run exports.
func (s *contactsAccess) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		if s.File == "" {
			return ops.ContactAccess(c.ctx, who, s.Contact, s.Format, c.out)
		}
		f, err := os.CreateTemp(filepath.Dir(s.File), ".tidings-access-*")
		if err != nil {
			return usageError{fmt.Errorf("the file: %w", err)}
		}
		err = errors.Join(ops.ContactAccess(c.ctx, who, s.Contact, s.Format, f), f.Sync(), f.Close())
		if err == nil {
			err = os.Rename(f.Name(), s.File)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("write %s: %w", s.File, err), os.Remove(f.Name()))
		}
		return nil
	})
}
