package main

import (
	"fmt"
	"io"
	"strconv"

	"tidings/internal/api"
	"tidings/internal/control"
	"tidings/internal/send"
	"tidings/internal/store"
)

type sendsCommand struct {
	List   sendsList   `cmd:"" default:"withargs" help:"List emails that were asked for, newest first (this is also what sends alone does)."`
	Get    sendsGet    `cmd:"" help:"Tell what became of an email that was asked for."`
	Decide sendsDecide `cmd:"" help:"Decide on a send that is uncertain, failed or still waits."`
}

type sendsList struct {
	database `embed:""`
	printing `embed:""`
	Status   []string `placeholder:"STATUS" help:"Only these: queued, handing, sent, failed, skipped, uncertain or canceled; may be repeated."`
	Contact  string   `placeholder:"ADDRESS|ID" help:"Only those to this contact."`
	Origin   string   `placeholder:"WORD" help:"Only those of one origin: api, test, or the id of a rule, broadcast or run."`
	Cursor   string   `placeholder:"CURSOR" help:"Go on where a page ended."`
	Limit    int      `default:"50" placeholder:"N" help:"Length of the page, 1 to 1000."`
}

// Help is the long help.
func (*sendsList) Help() string {
	return `Uncertain ones wait for the provider or for a person: the server ended, or the connection broke, while they were
handed over.

  tidings sends
  tidings sends --status uncertain
  tidings sends --contact mia@acme.test --status failed,skipped --json`
}

// Run lists sends.
func (s *sendsList) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		page, err := ops.Sends(c.ctx, who, control.SendFilter{
			Statuses: s.Status, Contact: s.Contact, Origin: s.Origin, Cursor: s.Cursor, Limit: s.Limit,
		})
		if err != nil {
			return err
		}
		return s.printAPI(c, api.SendPageOf(&page), func(w io.Writer) {
			rows := make([][]string, len(page.Sends))
			uncertain := false
			for i := range page.Sends {
				x := &page.Sends[i]
				uncertain = uncertain || x.Status == send.StatusUncertain
				rows[i] = []string{
					when(x.CreatedAt), x.Recipient, string(x.Status), x.Reason, strconv.Itoa(x.Attempts), x.Content.Label,
					x.Content.Subject, x.ID,
				}
			}
			table(w, []string{"asked for", "recipient", "status", "reason", "tries", "template", "subject", "id"}, rows)
			printMore(w, page.NextCursor)
			if uncertain {
				fmt.Fprintln(w, "Uncertain ones are not sent again by themselves. Somebody decides: "+
					"tidings sends decide ID sent|failed|queued")
			}
		})
	})
}

type sendsGet struct {
	database `embed:""`
	printing `embed:""`
	ID       string `arg:"" help:"The send's id (snd_…)."`
}

// Help is the long help.
func (*sendsGet) Help() string {
	return `  tidings sends get snd_01jq7z9f3v8k2m5n
  tidings sends get snd_01jq7z9f3v8k2m5n --json`
}

// Run prints a send.
func (s *sendsGet) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.GetSend(c.ctx, who, s.ID)
		if err != nil {
			return err
		}
		return s.printAPI(c, api.SendOf(&x), func(w io.Writer) { printSend(w, &x) })
	})
}

// nextOfSend are what may be done about a send.
var nextOfSend = map[send.Status]string{
	send.StatusUncertain: "Nobody knows whether it was sent: look at the recipient's side or the provider's, then: " +
		"tidings sends decide %[1]s sent|failed|queued",
	send.StatusFailed: "Another try: tidings sends decide %[1]s queued",
	send.StatusQueued: "A running server hands it over. Taking it back: tidings sends decide %[1]s canceled",
	send.StatusSent:   "What became of it: tidings messages get %[2]s",
}

func printSend(w io.Writer, x *store.SendItem) {
	says := "problem"
	if x.Status == send.StatusSent || x.Status == send.StatusCanceled { // somebody decided so, and said why
		says = "note"
	}
	for _, row := range [...][2]string{
		{"send", x.ID},
		{"to", x.Recipient},
		{"status", string(x.Status)},
		{"reason", x.Reason},
		{says, x.Problem},
		{"subject", x.Content.Subject},
		{"template", x.Content.Label},
		{"asked for", when(x.CreatedAt) + " by " + x.Origin},
		{"due", when(x.DueAt)},
		{"tries", strconv.Itoa(x.Attempts)},
		{"sender", x.Sender},
		{"changed", when(x.UpdatedAt)},
		{"message", x.Message},
		{"contact", x.Contact},
	} {
		if row[1] != "" {
			fmt.Fprintf(w, "%-10s %s\n", row[0], plain(row[1]))
		}
	}
	if next := nextOfSend[x.Status]; next != "" && (x.Status != send.StatusSent || x.Message != "") {
		fmt.Fprintf(w, "\n"+next+"\n", x.ID, x.Message)
	}
}

type sendsDecide struct {
	database `embed:""`
	printing `embed:""`
	ID       string `arg:"" help:"The send's id (snd_…)."`
	Status   string `arg:"" enum:"sent,failed,queued,canceled" help:"What it is from now on: sent, failed, queued or canceled."`
	Note     string `placeholder:"TEXT" help:"Why; it is kept with the send and in the audit log."`
}

// Help is the long help.
func (*sendsDecide) Help() string {
	return `An uncertain send can be made sent, failed, or queued, which sends it again: be sure that the recipient does not
have it. A failed one can be queued again; a queued one can be canceled.

  tidings sends decide snd_01jq7z9f3v8k2m5n canceled --note 'wrong invoice'`
}

// Run decides on a send.
func (s *sendsDecide) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		x, err := ops.DecideSend(c.ctx, who, s.ID, send.Status(s.Status), s.Note)
		if err != nil {
			return err
		}
		return s.printAPI(c, api.SendOf(&x), func(w io.Writer) {
			fmt.Fprintf(w, "%s to %s is %s.\n", x.ID, plain(x.Recipient), x.Status)
		})
	})
}
