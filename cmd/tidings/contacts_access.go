package main

import (
	"io"

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
		return c.into(s.File, func(w io.Writer) error { return ops.ContactAccess(c.ctx, who, s.Contact, s.Format, w) })
	})
}
