package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"tidings/internal/config"
	"tidings/internal/fault"
	"tidings/internal/store"
)

type backupCommand struct {
	config.Database `embed:""`
	printing        `embed:""`
	File            string `arg:"" type:"path" help:"Where to write the backup."`
	Force           bool   `help:"Replace a file that is there."`
}

// Help is the long help.
func (*backupCommand) Help() string {
	return `Copies a SQLite database as it is at this moment, also while a server writes to it. The copy is one file, checked and
on disk when the command ends. It holds secrets: the settings of sources and the addresses of people.

  tidings backup /var/backups/tidings.db
  tidings backup --db data/tidings.db --force latest.db --json`
}

// contentsView is what a database holds, as it is printed.
type contentsView struct {
	File         string    `json:"file"`
	Replaced     string    `json:"replaced,omitempty"`
	Bytes        int64     `json:"bytes"`
	Schema       int64     `json:"schema"`
	Epoch        string    `json:"epoch"`
	Events       int64     `json:"events"`
	NewestEvent  time.Time `json:"newestEvent,omitzero"`
	Messages     int64     `json:"messages"`
	Contacts     int64     `json:"contacts"`
	Suppressions int64     `json:"suppressions"`
	Sources      int64     `json:"sources"`
	Receipts     int64     `json:"receipts"`
}

func viewContents(file, replaced string, x store.Contents) contentsView {
	return contentsView{
		File: file, Replaced: replaced, Bytes: x.Bytes, Schema: x.Schema, Epoch: x.Epoch,
		Events: x.Events, NewestEvent: x.Newest, Messages: x.Messages, Contacts: x.Contacts,
		Suppressions: x.Suppressions, Sources: x.Sources, Receipts: x.Receipts,
	}
}

func printContents(w io.Writer, v contentsView) {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	table(w, []string{"what", "value"}, [][]string{
		{"events", n(v.Events)},
		{"newest event", when(v.NewestEvent)},
		{"messages", n(v.Messages)},
		{"contacts", n(v.Contacts)},
		{"suppressions", n(v.Suppressions)},
		{"sources", n(v.Sources)},
		{"receipts", n(v.Receipts)},
		{"bytes", n(v.Bytes)},
		{"schema version", n(v.Schema)},
		{"epoch", v.Epoch},
	})
}

// Run copies the database.
func (b *backupCommand) Run(c *console) error {
	if b.DB.Postgres() {
		return fault.BadField("db", "backup copies SQLite files; this database is PostgreSQL's").
			WithHint("use its own tool: pg_dump --format=custom --file=%s '%s'", b.File, b.DB)
	}
	show, hide := c.progress("backup")
	found, err := store.Backup(c.ctx, string(b.DB), b.File, b.Force, show)
	hide()
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	view := viewContents(b.File, "", found)
	return b.print(c, view, func(w io.Writer) {
		fmt.Fprintf(w, "%s is a whole copy of %s.\n\n", b.File, b.DB)
		printContents(w, view)
	})
}
