package main

import (
	"fmt"
	"io"
	"time"

	"tidings/internal/config"
	"tidings/internal/fault"
	"tidings/internal/store"
)

type restoreCommand struct {
	config.Database `embed:""`
	printing        `embed:""`
	File            string `arg:"" type:"path" help:"A file that tidings backup wrote."`
	Force           bool   `help:"Put it in the place of a database that is there, which gets another name and is kept."`
}

// Help is the long help.
func (*restoreCommand) Help() string {
	return `Puts a checked copy of a backup in the place of the database, with a new epoch, so that whoever follows the database
notices. No server may have it open. When the command is killed, what was there before is there still, or all of the
backup. Then start the server: it brings the schema to its version.

  tidings restore /var/backups/tidings.db
  tidings restore latest.db --db /var/lib/tidings/tidings.db --force`
}

// Run restores.
func (r *restoreCommand) Run(c *console) error {
	if r.DB.Postgres() {
		return fault.BadField("db", "restore writes SQLite files; this database is PostgreSQL's").
			WithHint("use its own tool: pg_restore --clean --if-exists --dbname='%s' %s", r.DB, r.File)
	}
	to := string(r.DB)
	act := store.Act{At: time.Now(), By: "cli", Door: "cli", Operation: "restore", Subject: r.File}
	show, hide := c.progress("restore")
	done, err := store.Restore(c.ctx, r.File, to, r.Force, act, show)
	hide()
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	view := viewContents(to, done.Replaced, done.Contents)
	return r.print(c, view, func(w io.Writer) {
		fmt.Fprintf(w, "%s is restored from %s.\n", to, r.File)
		if done.Replaced != "" {
			fmt.Fprintf(w, "What was there before is %s; remove it when you do not need it any more.\n", done.Replaced)
		}
		fmt.Fprintln(w)
		printContents(w, view)
	})
}
