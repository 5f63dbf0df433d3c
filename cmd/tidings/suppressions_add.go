package main

import (
	"fmt"
	"io"
	"strings"

	"tidings/internal/api"
	"tidings/internal/control"
)

type suppressionsAdd struct {
	database `embed:""`
	printing `embed:""`
	Address  string `arg:"" help:"An address, *@domain, or *@*.domain for all below it."`
	Reason   string `placeholder:"REASON" help:"hard_bounce, soft_bounce, complaint, provider or manual. Default: manual."`
	Until    string `placeholder:"TIME" help:"When it ends by itself: a time or a date. Default: never."`
	Note     string `placeholder:"TEXT" help:"Why; it is kept."`
}

// Help is the long help.
func (*suppressionsAdd) Help() string {
	return `  tidings suppressions add ghost@acme.test --note "asked by phone"
  tidings suppressions add ghost@acme.test --until 2027-01-01
  tidings suppressions add '*@bad.test' --note "spam traps"`
}

// Run adds a suppression.
func (s *suppressionsAdd) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.Suppress(c.ctx, who, control.NewSuppression{
			Address: s.Address, Reason: s.Reason, Until: s.Until, Note: strings.TrimSpace(s.Note),
		})
		if err != nil {
			return err
		}
		view := api.AddedOf(x, ops.Now())
		return s.print(c, view, func(w io.Writer) {
			what, became := "", "is suppressed now"
			if view.Pattern != nil {
				what = view.Pattern.Pattern
			}
			if view.Suppression != nil {
				what = view.Suppression.Email + ", reason " + view.Suppression.Reason + ","
			}
			if view.Known {
				became = "was suppressed before and stays so"
			}
			fmt.Fprintf(w, "%s %s.\n", plain(what), became)
		})
	})
}

type suppressionsPatterns struct {
	database `embed:""`
	printing `embed:""`
	State    string `default:"active" enum:"active,lifted,all" help:"active, lifted or all."`
	Cursor   string `placeholder:"CURSOR" help:"Go on where a page ended."`
	Limit    int    `default:"100" placeholder:"N" help:"Length of the page, 1 to 1000."`
}

// Help is the long help.
func (*suppressionsPatterns) Help() string {
	return `A pattern is *@bad.test, which is all addresses of that domain, or *@*.bad.test, which is all of its subdomains.

  tidings suppressions patterns
  tidings suppressions patterns --state all --json`
}

// Run lists patterns.
func (s *suppressionsPatterns) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		f := control.PatternFilter{Cursor: s.Cursor, Limit: s.Limit}
		if active := s.State == "active"; s.State != "all" {
			f.Active = &active
		}
		page, err := ops.SuppressionPatterns(c.ctx, who, f)
		if err != nil {
			return err
		}
		view := api.PatternPageOf(page)
		return s.print(c, view, func(w io.Writer) {
			printPatterns(w, view.Patterns)
			if page.NextCursor != "" {
				fmt.Fprintf(w, "\nThere is more: --cursor %s\n", page.NextCursor)
			}
		})
	})
}

func printPatterns(w io.Writer, patterns []api.Pattern) {
	rows := make([][]string, 0, len(patterns))
	for _, p := range patterns {
		state, note := "active", p.Note
		if !p.Active {
			state, note = "lifted", p.LiftNote
		}
		rows = append(rows, []string{p.ID, p.Pattern, state, when(p.CreatedAt), when(p.LiftedAt), note})
	}
	table(w, []string{"id", "pattern", "state", "added", "lifted", "note"}, rows)
}
