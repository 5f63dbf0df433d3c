package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/api"
	"tidings/internal/control"
	"tidings/internal/store"
)

type contactsCommand struct {
	List contactsList `cmd:"" default:"withargs" help:"List and search contacts, newest first (this is also what contacts alone does)."`
	Get  contactsGet  `cmd:"" aliases:"show" help:"Tell what is known of a contact, and why it gets no mail (also: show)."`

	Set    contactsSet    `cmd:"" help:"Make a contact, or change its attributes and its consent."`
	Tag    contactsTag    `cmd:"" help:"Give a contact tags, or take them away."`
	Import contactsImport `cmd:"" help:"Make and change the contacts of a list in CSV."`
	Export contactsExport `cmd:"" help:"Write contacts as CSV or JSON lines."`
	Access contactsAccess `cmd:"" help:"Write everything that is kept of a person."`
}

type contactsList struct {
	database   `embed:""`
	printing   `embed:""`
	Search     string `placeholder:"TEXT" help:"Text of the address; @ and a domain is that domain."`
	Domain     string `placeholder:"DOMAIN" help:"Whose address is of this domain."`
	Who        string `default:"all" enum:"all,subscribed,unsubscribed,suppressed" help:"all, subscribed (may be mailed), unsubscribed or suppressed."`
	SeenAfter  string `placeholder:"TIME" help:"Whose latest event is of this time or date or later."`
	SeenBefore string `placeholder:"TIME" help:"Whose latest event is earlier, or that had none."`
	Cursor     string `placeholder:"CURSOR" help:"Go on where a page ended."`
	Limit      int    `default:"50" placeholder:"N" help:"Length of the page, 1 to 1000."`
}

// Help is the long help.
func (*contactsList) Help() string {
	return `Addresses that begin with a text come first, by address; then those that have it elsewhere.

  tidings contacts --search ann
  tidings contacts --search @acme.test --who suppressed
  tidings contacts --seen-before 2026-01-01 --json`
}

// Run lists contacts.
func (k *contactsList) Run(c *console) error {
	return k.local(c, func(ops *control.Control, who control.Actor) error {
		filter := control.ContactFilter{
			Search: k.Search, Domain: k.Domain, SeenAfter: k.SeenAfter, SeenBefore: k.SeenBefore,
			Cursor: k.Cursor, Limit: k.Limit,
		}
		filter.Subscribed, filter.Suppressed = contactStates[k.Who][0], contactStates[k.Who][1]
		page, err := ops.ListContacts(c.ctx, who, filter)
		if err != nil {
			return err
		}
		view := api.ContactPageOf(page, k.Cursor == "", ops)
		return k.printAPI(c, view, func(w io.Writer) {
			rows := make([][]string, 0, len(view.Data))
			for i := range view.Data {
				rows = append(rows, contactRow(&view.Data[i], ops.Now()))
			}
			table(w, []string{"contact", "may be mailed", "last seen", "sent", "bounced", "opened", "clicked", "id"}, rows)
			printMore(w, page.NextCursor)
		})
	})
}

// contactStates are the filters of each --who: subscribed and suppressed.
var contactStates = map[string][2]string{
	"subscribed": {"true", ""}, "unsubscribed": {"false", "false"}, "suppressed": {"", "true"},
}

func contactRow(k *api.Contact, now time.Time) []string {
	count := func(n event.Name) string { return strconv.FormatInt(k.Counts[string(n)], 10) }
	state := "yes"
	switch {
	case k.Suppressed:
		state = "no: suppressed"
	case k.Unsubscribed:
		state = "no: unsubscribed"
	case k.SnoozedUntil.After(now):
		state = "break until " + k.SnoozedUntil.UTC().Format(time.DateOnly)
	}
	return []string{
		k.Email, state, when(k.LastSeenAt), count(event.EmailSent), count(event.EmailBounce), count(event.EmailOpen),
		count(event.EmailClick), k.ID,
	}
}

// printMore tells how to see the next page.
func printMore(w io.Writer, cursor string) {
	if cursor != "" {
		fmt.Fprintf(w, "\nThere is more: --cursor %s\n", cursor)
	}
}

type contactsGet struct {
	database `embed:""`
	printing `embed:""`
	ID       string `arg:"" name:"contact" help:"The contact's address or id (con_…)."`
}

// Help is the long help.
func (*contactsGet) Help() string {
	return `Whether the contact may be mailed and why not, its consent, its suppressions, its events by name and the newest of them.

  tidings contacts get ghost@acme.test
  tidings contacts get con_4f --json`
}

// newestEvents is how many events a contact is shown with.
const newestEvents = 10

// Run prints a contact. As JSON it is what the API answers, without events.
func (k *contactsGet) Run(c *console) error {
	return k.local(c, func(ops *control.Control, who control.Actor) error {
		found, err := ops.Contact(c.ctx, who, k.ID)
		if err != nil {
			return err
		}
		page, err := ops.ContactEvents(c.ctx, who, found.ID, control.EventFilter{Limit: newestEvents})
		if err != nil {
			return err
		}
		now := ops.Now()
		view := api.ContactOf(&found, now)
		return k.printAPI(c, view, func(w io.Writer) { printContact(w, &view, &found, page, now) })
	})
}

func printContact(w io.Writer, k *api.Contact, found *store.Contact, page control.EventPage, now time.Time) {
	fmt.Fprintf(w, "%s (%s)\n", plain(k.Email), k.ID)
	reasons := whyNoMail(k, found)
	if len(reasons) == 0 {
		fmt.Fprintln(w, "It may be mailed.")
	} else {
		fmt.Fprintln(w, "It gets no mail:")
	}
	for _, r := range reasons {
		fmt.Fprintf(w, "  * %s\n", plain(r))
	}
	if slices.ContainsFunc(k.Suppressions, func(s api.Suppression) bool { return s.Active }) {
		fmt.Fprintln(w, "To mail it again: tidings suppressions lift", plain(k.Email), `--note "why"`)
	}
	fmt.Fprintln(w)
	rows := [][]string{{"first seen", when(k.FirstSeenAt)}, {"last seen", when(k.LastSeenAt)}}
	for _, x := range []struct {
		what string
		at   time.Time
	}{
		{"last opened by a person", k.LastOpenAt},
		{"last clicked by a person", k.LastClickAt},
		{"consent given or withdrawn", k.ConsentAt},
	} {
		if !x.at.IsZero() {
			rows = append(rows, []string{x.what, when(x.at)})
		}
	}
	for _, name := range event.EmailNames() {
		if n := k.Counts[string(name)]; n > 0 {
			rows = append(rows, []string{string(name), strconv.FormatInt(n, 10)})
		}
	}
	table(w, []string{"what", "value"}, rows)
	printAttributes(w, k)
	rows = nil
	for _, s := range found.Suppressions {
		if !s.Active(now) {
			rows = append(rows, []string{
				string(s.Reason), when(s.Since), when(s.Until), s.Note,
				when(s.LiftedAt), cmp.Or(s.LiftedBy.Name, s.LiftedBy.ID), s.LiftNote,
			})
		}
	}
	section(w, []string{"ended suppression", "since", "until", "note", "lifted", "lifted by", "why"}, rows)
	if len(page.Events) > 0 {
		fmt.Fprintln(w)
		printEvents(w, page.Events)
	}
	if page.NextCursor != "" {
		fmt.Fprintf(w, "\nThere is more: tidings events --contact %s\n", plain(k.ID))
	}
}

// reasonWords say in a sentence what a suppression means.
var reasonWords = map[string]string{
	"hard_bounce": "its mail bounced for good",
	"soft_bounce": "its mail bounced too often",
	"complaint":   "it complained",
	"provider":    "the provider keeps it on its own list and does not try",
	"manual":      "a person said so",
}

// whyNoMail says each reason that holds in words.
func whyNoMail(k *api.Contact, found *store.Contact) (reasons []string) {
	for _, s := range k.Suppressions {
		if !s.Active {
			continue
		}
		words := []string{reasonWords[s.Reason] + " (" + s.Reason + "), since " + when(s.Since)}
		if !s.Until.IsZero() {
			words = append(words, "until "+when(s.Until))
		}
		if s.Note != "" {
			words = append(words, "with the note: "+s.Note)
		}
		if who := cmp.Or(s.ByName, s.By); who != "" {
			words = append(words, "put there by "+who)
		}
		if s.EventID != nil {
			words = append(words, "by event "+*s.EventID)
		}
		reasons = append(reasons, strings.Join(words, ", "))
	}
	for _, p := range found.Patterns {
		reasons = append(reasons, fmt.Sprintf("the pattern %s holds, since %s: %s", p.Pattern, when(p.CreatedAt), p.Note))
	}
	if k.Unsubscribed {
		reasons = append(reasons, "it unsubscribed, at "+when(k.ConsentAt)+"; only it can subscribe again")
	}
	return reasons
}
