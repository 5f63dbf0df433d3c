package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidings/internal/api"
	"tidings/internal/control"
)

type contactsSet struct {
	database   `embed:""`
	printing   `embed:""`
	ID         string   `arg:"" name:"contact" help:"The contact's address, id (con_…) or external id (ext:…). An address that is new becomes a contact."`
	Values     []string `arg:"" optional:"" name:"key=value" help:"Attributes. Numbers, true, false and JSON are taken as such; key= takes one away."`
	Subscribed string   `placeholder:"yes|no" enum:"yes,no," default:"" help:"Whether it wants mail."`
	ExternalID *string  `placeholder:"ID" help:"What your own system knows it by; empty takes it away."`
	Topic      []string `sep:"none" placeholder:"SLUG=yes|no" help:"Whether it takes a topic; may be repeated."`

	SnoozedUntil *string `placeholder:"TIME" help:"Until when it wants no mail that it does not need, a time or a date; empty ends that."`
}

// Help is the long help.
func (*contactsSet) Help() string {
	return `What is not named stays as it is. A text that looks like a number stays text in JSON's quotes.

  tidings contacts set ann@acme.test plan=team amount=12.5 trialEnds=2026-06-01
  tidings contacts set ann@acme.test 'zip="00123"' nickname= --subscribed no
  tidings contacts set ann@acme.test --snoozed-until 2026-07-01`
}

// Run changes a contact.
func (s *contactsSet) Run(c *console) error {
	edit := control.ContactEdit{
		ExternalID: s.ExternalID, SnoozedUntil: s.SnoozedUntil, Data: make(map[string]json.RawMessage),
	}
	for _, pair := range s.Values {
		key, text, ok := strings.Cut(pair, "=")
		if !ok {
			return usageError{fmt.Errorf("%q is not key=value", pair)}
		}
		value, err := control.TypedValue(text)
		if err != nil {
			return usageError{fmt.Errorf("%s: %w", key, err)}
		}
		edit.Data[key] = value
	}
	for _, pair := range s.Topic {
		slug, word, _ := strings.Cut(pair, "=")
		if word != "yes" && word != "no" {
			return usageError{fmt.Errorf("%q is not SLUG=yes or SLUG=no", pair)}
		}
		if edit.Topics == nil {
			edit.Topics = make(map[string]bool)
		}
		edit.Topics[slug] = word == "yes"
	}
	if s.Subscribed != "" {
		yes := s.Subscribed == "yes"
		edit.Subscribed = &yes
	}
	return editContact(c, &s.database, &s.printing, s.ID, edit)
}

type contactsTag struct {
	database `embed:""`
	printing `embed:""`
	ID       string   `arg:"" name:"contact" help:"The contact's address, id (con_…) or external id (ext:…). An address that is new becomes a contact."`
	Tags     []string `arg:"" name:"tag" help:"The tags."`
	Remove   bool     `help:"Take the tags away."`
}

// Help is the long help.
func (*contactsTag) Help() string {
	return `Gives a contact tags, or takes them away.

  tidings contacts tag ann@acme.test vip beta
  tidings contacts tag ann@acme.test beta --remove`
}

// Run tags a contact.
func (s *contactsTag) Run(c *console) error {
	edit := control.ContactEdit{Tags: s.Tags}
	if s.Remove {
		edit = control.ContactEdit{RemoveTags: s.Tags}
	}
	return editContact(c, &s.database, &s.printing, s.ID, edit)
}

// editContact changes a contact and prints it.
func editContact(c *console, d *database, p *printing, id string, edit control.ContactEdit) error {
	return d.local(c, func(ops *control.Control, who control.Actor) error {
		put := func() (control.EditedContact, error) { return ops.UpdateContact(c.ctx, who, id, edit) }
		if strings.Contains(id, "@") && !strings.HasPrefix(id, "ext:") {
			edit.Email = id
			put = func() (control.EditedContact, error) { return ops.PutContact(c.ctx, who, edit) }
		}
		x, err := put()
		if err != nil {
			return err
		}
		view := api.ContactOf(&x.Contact, ops.Now())
		return p.printAPI(c, view, func(w io.Writer) {
			word := "changed"
			if x.New {
				word = "made"
			}
			fmt.Fprintf(w, "%s (%s) is %s.\n", plain(view.Email), view.ID, word)
			if len(x.Ignored) > 0 {
				fmt.Fprintf(w, "Keys that attributes can't have, passed over: %s\n", plain(strings.Join(x.Ignored, ", ")))
			}
			printAttributes(w, &view)
		})
	})
}

// printAttributes prints what was said of a contact.
func printAttributes(w io.Writer, k *api.Contact) {
	var rows [][]string
	add := func(what, value string) {
		if value != "" {
			rows = append(rows, []string{what, value})
		}
	}
	add("external id", plain(k.ExternalID))
	if !k.SnoozedUntil.IsZero() {
		add("paused until", k.SnoozedUntil.UTC().Format(time.DateTime))
	}
	add("tags", plain(strings.Join(k.Tags, ", ")))
	if k.Status != "ACTIVE" && k.ExpiresAt != nil {
		add("waits for room until", *k.ExpiresAt)
	}
	for _, slug := range slices.Sorted(maps.Keys(k.Topics)) {
		add("topic "+slug, map[bool]string{true: "yes", false: "no"}[k.Topics[slug]])
	}
	for _, key := range slices.Sorted(maps.Keys(k.Data)) {
		add(plain(key), plain(fmt.Sprint(k.Data[key])))
	}
	section(w, []string{"what was said", "value"}, rows)
}

type contactsImport struct {
	database `embed:""`
	printing `embed:""`
	File     string `arg:"" help:"The list; - is the standard input."`
	DryRun   bool   `help:"Say what would happen and change nothing."`
	Report   string `placeholder:"FILE" help:"Write every bad line to a file, as CSV."`
}

// Help is the long help.
func (*contactsImport) Help() string {
	return `The list is CSV with a header: email, and where there are such subscribed, externalId, tags (with ; between them) and
topics.SLUG; every other column is an attribute of its name. Cells are typed: numbers, true and false, dates, JSON; a cell in
JSON's quotes is text; an empty one says nothing. Good lines are taken where others are bad (code 6). A list may be imported
again: what is there is the same the second time.

  tidings contacts import people.csv --dry-run
  tidings contacts import people.csv --report bad.csv
  tidings contacts import - --json`
}

// Run imports a list.
func (s *contactsImport) Run(c *console) error {
	from := suppressionsImport{File: s.File}
	list, size, err := from.open()
	if err != nil {
		return err
	}
	defer list.Close()
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		options := control.ContactImportOptions{DryRun: s.DryRun}
		done := func() error { return nil }
		if s.Report != "" {
			f, err := os.OpenFile(s.Report, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
			if err != nil {
				return usageError{fmt.Errorf("the report: %w", err)}
			}
			options.Report, done = f, f.Close
		}
		show, hide := c.progress("import")
		sum, err := ops.ImportContacts(c.ctx, who, list, options,
			func(lines, bytes int64) { show(lines, estimate(lines, bytes, size)) })
		hide()
		err = errors.Join(err, done())
		if err != nil && sum.Lines == 0 {
			return err
		}
		view := api.ContactImportOf(sum, s.DryRun)
		printed := s.print(c, view, func(w io.Writer) { printContactImport(w, view) })
		if err == nil && sum.Bad > 0 {
			err = errBadLines
		}
		return errors.Join(err, printed)
	})
}

func printContactImport(w io.Writer, r api.ContactImport) {
	words := "%d lines: %d new, %d changed, %d the same, %d bad.\n"
	if r.DryRun {
		words = "%d lines: %d would be new, %d are there, %d the same, %d bad.\n"
	}
	fmt.Fprintf(w, words, r.Lines, r.Created, r.Updated, r.Same, r.Bad)
	rows := make([][]string, 0, toldLines)
	for _, b := range r.BadLines[:min(len(r.BadLines), toldLines)] {
		rows = append(rows, []string{strconv.Itoa(b.Line), plain(b.Field), plain(b.Message)})
	}
	section(w, []string{"line", "field", "problem"}, rows)
	if more := r.Bad - int64(len(rows)); more > 0 {
		fmt.Fprintf(w, "\nand %d more: --report FILE has them all\n", more)
	}
}

type contactsExport struct {
	database `embed:""`
	File     string `arg:"" optional:"" help:"Where to write. Default: the standard output."`
	Format   string `default:"csv" enum:"csv,jsonl" help:"csv or jsonl."`
	Search   string `placeholder:"TEXT" help:"Text of the address; @ and a domain is that domain."`
	Who      string `default:"all" enum:"all,subscribed,unsubscribed,suppressed" help:"all, subscribed (may be mailed), unsubscribed or suppressed."`
}

// Help is the long help.
func (*contactsExport) Help() string {
	return `Writes contacts with what was said of them. In CSV, cells that a spreadsheet would take for a formula begin with an
apostrophe, which import takes off again. A file is there whole or not at all, and its owner alone may read it.

  tidings contacts export people.csv
  tidings contacts export --format jsonl --who subscribed | head`
}

// Run exports.
func (s *contactsExport) Run(c *console) error {
	filter := control.ContactFilter{Search: s.Search}
	filter.Subscribed, filter.Suppressed = contactStates[s.Who][0], contactStates[s.Who][1]
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		if s.File == "" {
			return ops.ExportContacts(c.ctx, who, filter, s.Format, c.out)
		}
		f, err := os.CreateTemp(filepath.Dir(s.File), ".tidings-export-*")
		if err != nil {
			return usageError{fmt.Errorf("the file: %w", err)}
		}
		err = errors.Join(ops.ExportContacts(c.ctx, who, filter, s.Format, f), f.Sync(), f.Close())
		if err == nil {
			err = os.Rename(f.Name(), s.File)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("write %s: %w", s.File, err), os.Remove(f.Name()))
		}
		return nil
	})
}
