package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tidings/internal/api"
	"tidings/internal/control"
	"tidings/internal/store"
)

type suppressionsCommand struct {
	List suppressionsList `cmd:"" default:"withargs" help:"List suppressions, newest first (this is also what suppressions alone does)."`
	Lift suppressionsLift `cmd:"" help:"Lift a contact's suppressions; a new bounce or complaint suppresses again."`

	Add      suppressionsAdd      `cmd:"" help:"Suppress an address, or all of a domain."`
	Import   suppressionsImport   `cmd:"" help:"Add the suppressions of a list: ours, or another provider's."`
	Export   suppressionsExport   `cmd:"" help:"Write all that holds as a list that import reads back."`
	Patterns suppressionsPatterns `cmd:"" help:"List suppressed domains."`
}

// suppressionView is a suppression as it is printed.
type suppressionView struct {
	ContactID string    `json:"contactId"`
	Address   string    `json:"address"`
	Reason    string    `json:"reason"`
	Active    bool      `json:"active"`
	Since     time.Time `json:"since"`
	Until     time.Time `json:"until,omitzero"`
	LiftedAt  time.Time `json:"liftedAt,omitzero"`
	Event     string    `json:"event,omitempty"`
	Note      string    `json:"note,omitempty"`

	By           string `json:"by,omitempty"`
	ByName       string `json:"byName,omitempty"`
	LiftedBy     string `json:"liftedBy,omitempty"`
	LiftedByName string `json:"liftedByName,omitempty"`
	LiftNote     string `json:"liftNote,omitempty"`
}

func viewSuppressions(rows []store.SuppressionRow, now time.Time) []suppressionView {
	views := make([]suppressionView, 0, len(rows))
	for _, r := range rows {
		v := suppressionView{
			ContactID: r.ContactID, Address: r.Address, Reason: string(r.Reason), Active: r.Active(now),
			Since: r.Since, Until: r.Until, LiftedAt: r.LiftedAt, Note: r.Note,
			By: r.By.ID, ByName: r.By.Name, LiftedBy: r.LiftedBy.ID, LiftedByName: r.LiftedBy.Name, LiftNote: r.LiftNote,
		}
		if !r.Event.IsZero() {
			v.Event = r.Event.String()
		}
		views = append(views, v)
	}
	return views
}

func printSuppressions(w io.Writer, views []suppressionView) {
	rows := make([][]string, 0, len(views))
	for _, v := range views {
		state := "ended"
		if v.Active {
			state = "active"
		}
		rows = append(rows, []string{
			v.Address, v.Reason, state, when(v.Since), when(v.Until), putBy(v.Event, v.By, v.ByName), v.Note,
			when(v.LiftedAt), cmp.Or(v.LiftedByName, v.LiftedBy), v.LiftNote,
		})
	}
	table(w, []string{"contact", "reason", "state", "since", "until", "by", "note", "lifted", "lifted by", "why"}, rows)
}

// putBy says who put a suppression there.
func putBy(event, by, name string) string {
	if event != "" {
		return "event"
	}
	return cmp.Or(name, by)
}

type suppressionsList struct {
	database `embed:""`
	printing `embed:""`
	Reason   string `placeholder:"REASON" help:"hard_bounce, soft_bounce, complaint, provider or manual."`
	Contact  string `placeholder:"ADDRESS|ID" help:"Of this contact."`
	State    string `default:"active" enum:"active,ended,all" help:"active, ended or all."`
	Cursor   string `placeholder:"CURSOR" help:"Go on where a page ended."`
	Limit    int    `default:"100" placeholder:"N" help:"Length of the page, 1 to 1000."`
}

// Help is the long help.
func (*suppressionsList) Help() string {
	return `  tidings suppressions
  tidings suppressions --reason complaint --state all
  tidings suppressions --contact ghost@acme.test --json`
}

// Run lists suppressions.
func (s *suppressionsList) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		filter := control.SuppressionFilter{Reason: s.Reason, Contact: s.Contact, Cursor: s.Cursor, Limit: s.Limit}
		if active := s.State == "active"; s.State != "all" {
			filter.Active = &active
		}
		page, err := ops.ListSuppressions(c.ctx, who, filter)
		if err != nil {
			return err
		}
		view := struct {
			Suppressions []suppressionView `json:"suppressions"`
			NextCursor   string            `json:"nextCursor,omitempty"`
		}{viewSuppressions(page.Rows, ops.Now()), page.NextCursor}
		return s.print(c, view, func(w io.Writer) {
			printSuppressions(w, view.Suppressions)
			if page.NextCursor != "" {
				fmt.Fprintf(w, "\nThere is more: --cursor %s\n", page.NextCursor)
			}
		})
	})
}

type suppressionsLift struct {
	database `embed:""`
	printing `embed:""`
	Contact  string `arg:"" help:"The contact's address or id (con_…), or a pattern or its id (sup_…)."`
	Reason   string `placeholder:"REASON" help:"Lift only this reason. Default: all that hold. Not for patterns."`
	Note     string `required:"" placeholder:"TEXT" help:"Why; it is kept."`
}

// Help is the long help.
func (*suppressionsLift) Help() string {
	return `  tidings suppressions lift ghost@acme.test --note "new mailbox, confirmed by phone"
  tidings suppressions lift ghost@acme.test --reason hard_bounce --note "was our mistake"
  tidings suppressions lift '*@bad.test' --note "they moved to us"`
}

// Run lifts suppressions.
func (s *suppressionsLift) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		if strings.HasPrefix(s.Contact, "*@") || strings.HasPrefix(s.Contact, "sup_") {
			return s.pattern(c, ops, who)
		}
		rows, err := ops.Lift(c.ctx, who, s.Contact, s.Reason, strings.TrimSpace(s.Note))
		if err != nil {
			return err
		}
		views := viewSuppressions(rows, ops.Now())
		return s.print(c, views, func(w io.Writer) { printSuppressions(w, views) })
	})
}

// pattern lifts a pattern.
func (s *suppressionsLift) pattern(c *console, ops *control.Control, who control.Actor) error {
	if s.Reason != "" {
		return usageError{errors.New("--reason is not for patterns: they have one reason")}
	}
	p, err := ops.LiftPattern(c.ctx, who, s.Contact, strings.TrimSpace(s.Note))
	if err != nil {
		return err
	}
	page := api.PatternPageOf(control.PatternPage{Patterns: []store.SuppressionPattern{p}})
	return s.print(c, page.Patterns[0], func(w io.Writer) { printPatterns(w, page.Patterns) })
}
