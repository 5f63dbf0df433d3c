package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"tidings/event"
	"tidings/internal/api"
	"tidings/internal/control"
)

type messagesCommand struct {
	List messagesList `cmd:"" default:"withargs" help:"List emails, newest event first (this is also what messages alone does)."`
	Get  messagesGet  `cmd:"" help:"Tell what became of an email, for each recipient."`
}

type messagesList struct {
	database `embed:""`
	printing `embed:""`
	Contact  string `placeholder:"ADDRESS|ID" help:"To this contact."`
	Template string `placeholder:"KEY" help:"Of this template."`
	Source   string `placeholder:"ID" help:"Whose events came to this source (src_…)."`
	Status   string `placeholder:"NAME" help:"With this status: delivery, open, bounce or another, in our word or another system's."`
	From     string `placeholder:"TIME" help:"With an event at this time or date or later."`
	To       string `placeholder:"TIME" help:"With an event before."`
	Cursor   string `placeholder:"CURSOR" help:"Go on where a page ended."`
	Limit    int    `default:"50" placeholder:"N" help:"Length of the page, 1 to 1000."`
}

// Help is the long help.
func (*messagesList) Help() string {
	return `One row for each recipient, with what became of the email there.

  tidings messages --contact ann@acme.test
  tidings messages --status bounced --from 2026-05-01
  tidings messages --template onboarding/welcome --from 2026-05-01 --json`
}

// Run lists emails.
func (m *messagesList) Run(c *console) error {
	return m.local(c, func(ops *control.Control, who control.Actor) error {
		page, err := ops.ListMessages(c.ctx, who, control.MessageFilter{
			Contact: m.Contact, Template: m.Template, Source: m.Source, Status: m.Status, From: m.From, To: m.To,
			Cursor: m.Cursor, Limit: m.Limit,
		})
		if err != nil {
			return err
		}
		view := api.MessagePageOf(page)
		return m.printAPI(c, view, func(w io.Writer) {
			rows := make([][]string, 0, len(view.Messages))
			for i := range view.Messages {
				x := &view.Messages[i]
				rows = append(rows, []string{
					when(x.Message.SentAt), x.Recipient, x.Status, latestText(x.Latest), x.Message.Template, x.Message.Subject, x.ID,
				})
			}
			table(w, []string{"sent", "recipient", "status", "latest", "template", "subject", "id"}, rows)
			printMore(w, page.NextCursor)
		})
	})
}

// latestText says what happened last: "2026-05-04 10:12:00 open machine".
func latestText(e *api.LatestEvent) string {
	if e == nil {
		return ""
	}
	words := when(e.OccurredAt) + " " + strings.TrimPrefix(e.Name, "email.")
	if e.Verdict != "" && e.Verdict != string(event.Human) {
		words += " " + e.Verdict
	}
	if e.Candidates {
		words += " perhaps"
	}
	return words
}

type messagesGet struct {
	database `embed:""`
	printing `embed:""`
	ID       string `arg:"" help:"The provider's message id, or ours (msg_…)."`
}

// Help is the long help.
func (*messagesGet) Help() string {
	return `What is known of the email, its state for each recipient, and its newest events.

  tidings messages get 0102019a-two-000000
  tidings messages get msg_2b --json`
}

// Run prints an email.
func (m *messagesGet) Run(c *console) error {
	return m.local(c, func(ops *control.Control, who control.Actor) error {
		list, err := ops.Messages(c.ctx, who, m.ID)
		if err != nil {
			return err
		}
		page, err := ops.ListEvents(c.ctx, who, control.EventFilter{Message: m.ID})
		if err != nil {
			return err
		}
		view := api.MessageTimelineOf(list, page)
		return m.printAPI(c, view, func(w io.Writer) {
			printMessage(w, view.Messages)
			fmt.Fprintln(w)
			printEvents(w, page.Events)
			if page.NextCursor != "" {
				fmt.Fprintf(w, "\nThere is more: tidings events --message %s --cursor %s\n", plain(m.ID), page.NextCursor)
			}
		})
	})
}

func printMessage(w io.Writer, list []api.Message) {
	first := list[0].Message
	var rows [][]string
	for _, x := range [][2]string{
		{"message", first.ID},
		{"subject", first.Subject},
		{"from", first.From},
		{"template", first.Template},
		{"workflow", first.Workflow},
		{"tags", strings.Join(first.Tags, ", ")},
		{"sent", when(first.SentAt)},
	} {
		if x[1] != "" && x[1] != "-" {
			rows = append(rows, x[:])
		}
	}
	table(w, []string{"what", "value"}, rows)
	rows = nil
	for i := range list {
		m := &list[i]
		rows = append(rows, []string{m.Recipient, m.Status, countsOf(m), m.ID})
	}
	section(w, []string{"recipient", "status", "events", "id"}, rows)
}

// countsOf says how often what happened to a message: "2 open human".
func countsOf(m *api.Message) string {
	words := make([]string, 0, len(m.Counts))
	for _, x := range m.Counts {
		word := strconv.FormatInt(x.Count, 10) + " " + strings.TrimPrefix(x.Name, "email.")
		if x.Verdict != "" {
			word += " " + x.Verdict
		}
		if x.Candidates {
			word += " perhaps"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}
