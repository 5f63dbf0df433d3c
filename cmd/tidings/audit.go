package main

import (
	"fmt"
	"io"
	"strings"

	"tidings/internal/api"
	"tidings/internal/control"
)

type auditCommand struct {
	database  `embed:""`
	printing  `embed:""`
	Operation string `placeholder:"NAME" help:"Only this operation: updateSource."`
	By        string `placeholder:"ID" help:"Only by this key (key_…) or person (per_…), cli or server."`
	Door      string `placeholder:"DOOR" help:"Only through api, ui, cli, mcp or server."`
	Target    string `placeholder:"ID" help:"Only what was done to this: an id, or a contact's address."`
	From      string `placeholder:"TIME" help:"Not before this time or date."`
	To        string `placeholder:"TIME" help:"Before this time or date."`
	Cursor    string `placeholder:"CURSOR" help:"Go on where a page ended."`
	Limit     int    `default:"50" placeholder:"N" help:"Length of the page, 1 to 1000."`
}

// Help is the long help.
func (*auditCommand) Help() string {
	return `Newest first: every act that changed something, through the API, the web UI, the command line or by the server
itself. What only reads is not here, and values of secrets never are.

  tidings audit
  tidings audit --target src_01jq7z9f3v8k2m5n --from 2026-05-01
  tidings audit --by key_01jq7z9f3v8k2m5n --json`
}

// Run lists acts.
func (a *auditCommand) Run(c *console) error {
	return a.local(c, func(ops *control.Control, who control.Actor) error {
		found, err := ops.ListActs(c.ctx, who, control.AuditFilter{
			Operation: a.Operation, By: a.By, Door: a.Door, Target: a.Target, From: a.From, To: a.To,
			Cursor: a.Cursor, Limit: a.Limit,
		})
		if err != nil {
			return err
		}
		page := api.ActPageOf(found)
		if a.JSON {
			if err := api.Encode(c.out, page); err != nil {
				return fmt.Errorf("print: %w", err)
			}
			fmt.Fprintln(c.out)
			return nil
		}
		printActs(c.out, page)
		return nil
	})
}

func printActs(w io.Writer, page api.ActPage) {
	if len(page.Acts) == 0 {
		fmt.Fprintln(w, "There is no such act.")
		return
	}
	rows := make([][]string, len(page.Acts))
	for i, x := range page.Acts {
		by := x.By
		if x.ByName != "" {
			by = x.ByName + " (" + x.By + ")"
		}
		rows[i] = []string{when(x.At), by, x.Operation, x.Target, actInWords(x), x.ID}
	}
	table(w, []string{"at", "by", "operation", "target", "what", "id"}, rows)
	if page.NextCursor != "" {
		fmt.Fprintf(w, "\nThere is more: --cursor %s\n", page.NextCursor)
	}
}

// actInWords says what an act changed, and its note.
func actInWords(x api.Act) string {
	var parts []string
	for _, c := range x.Changes {
		switch {
		case c.From == "" && c.To == "":
			parts = append(parts, c.Field+" changed")
		case c.From == "":
			parts = append(parts, c.Field+": "+c.To)
		default:
			parts = append(parts, fmt.Sprintf("%s: %s → %s", c.Field, c.From, orNone(c.To)))
		}
	}
	if x.Note != "" {
		parts = append(parts, x.Note)
	}
	return strings.Join(parts, "; ")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
