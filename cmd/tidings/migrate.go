package main

import (
	"fmt"
	"io"

	"tidings/internal/control"
)

type migrateCommand struct {
	database `embed:""`
	printing `embed:""`
}

// Help is the long help.
func (*migrateCommand) Help() string {
	return `serve does this too when it starts. Migrations only go forward; a database of a newer version is refused.

  tidings migrate
  tidings migrate --db postgres://tidings@db.example.com/tidings`
}

// Run migrates by opening.
func (m *migrateCommand) Run(c *console) error {
	return m.local(c, func(ops *control.Control, _ control.Actor) error {
		done := struct {
			DB     string `json:"db"`
			Engine string `json:"engine"`
		}{m.DB.String(), ops.Store.Engine()}
		return m.print(c, done, func(w io.Writer) {
			fmt.Fprintf(w, "%s (%s) has the schema of this version.\n", done.DB, done.Engine)
		})
	})
}
