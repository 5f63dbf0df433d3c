package main

import (
	"fmt"
	"io"
	"strconv"

	"tidings/internal/api"
	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/internal/store"
)

type eraseCommand struct {
	Person erasePerson `cmd:"" default:"withargs" help:"Erase a person by an address (this is also what erase alone does)."`
	List   eraseList   `cmd:"" help:"List erasures: when, by whom and why, never who it was."`
}

type erasePerson struct {
	database     `embed:""`
	printing     `embed:""`
	config.Rules `embed:""`
	Email        string `arg:"" name:"email" help:"The address, in any spelling that means the same."`
	Note         string `required:"" placeholder:"TEXT" help:"Why; it stays, so it must not hold the address."`
	Background   bool   `help:"Leave the work to the server and return at once."`
}

// Help is the long help.
func (*erasePerson) Help() string {
	return `Erases everything that is kept of a person: it can't be undone. Events stay as numbers, so that statistics stay true,
and a keyed hash of the address keeps its suppressions in force. It works beside a running server. Where it is stopped, the
server goes on with it.

  tidings erase leaver@acme.test --note "asked for it by letter of 4 May"
  tidings erase other@acme.test --note "art. 17" --background --json`
}

// Run erases.
func (e *erasePerson) Run(c *console) error {
	return e.with(c, config.Config{Rules: e.Rules}, func(ops *control.Control, who control.Actor) error {
		x, err := ops.EraseContact(c.ctx, who, e.Email, e.Note)
		if err != nil {
			return err
		}
		if !e.Background {
			if err := ops.RunErasure(c.ctx, x.ID, false); err != nil {
				return err
			}
			if x, err = ops.Erasure(c.ctx, who, x.ID); err != nil {
				return err
			}
		}
		view := api.ErasureOf(&x)
		return e.printAPI(c, view, func(w io.Writer) { printErasure(w, &view) })
	})
}

func printErasure(w io.Writer, x *api.Erasure) {
	switch x.Status {
	case store.ErasureDone.String():
		fmt.Fprintf(w, "Erased (%s).\n", x.ID)
	default:
		fmt.Fprintf(w, "Nothing of the person is shown or mailed any more; the server erases the rest (%s).\n", x.ID)
	}
	if x.Suppressed {
		fmt.Fprintln(w, "Mail to the address stays suppressed.")
	}
	fmt.Fprintln(w)
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	table(w, []string{"what", "count"}, [][]string{
		{"contacts", n(x.Counts.Contacts)},
		{"events", n(x.Counts.Events)},
		{"emails", n(x.Counts.Messages)},
		{"requests", n(x.Counts.Receipts)},
		{"audit log", n(x.Counts.Audit)},
		{"other rows", n(x.Counts.Others)},
	})
}

type eraseList struct {
	database `embed:""`
	printing `embed:""`
	Cursor   string `placeholder:"CURSOR" help:"Go on where a page ended."`
	Limit    int    `default:"50" placeholder:"N" help:"Length of the page, 1 to 1000."`
}

// Help is the long help.
func (*eraseList) Help() string {
	return `Newest first.

  tidings erase list
  tidings erase list --json`
}

// Run lists erasures.
func (e *eraseList) Run(c *console) error {
	return e.local(c, func(ops *control.Control, who control.Actor) error {
		page, err := ops.Erasures(c.ctx, who, e.Cursor, e.Limit)
		if err != nil {
			return err
		}
		view := api.ErasurePageOf(page)
		return e.printAPI(c, view, func(w io.Writer) {
			rows := make([][]string, 0, len(view.Erasures))
			for i := range view.Erasures {
				x := &view.Erasures[i]
				by := x.By
				if x.ByName != "" {
					by = x.ByName
				}
				rows = append(rows, []string{when(x.RequestedAt), x.Status, by, plain(x.Note), plain(x.Problem), x.ID})
			}
			table(w, []string{"asked for", "status", "by", "note", "problem", "id"}, rows)
			printMore(w, page.NextCursor)
		})
	})
}
