package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"tidings/internal/api"
	"tidings/internal/control"
)

type messagesCommand struct {
	Get messagesGet `cmd:"" help:"Tell what became of an email, for each recipient."`
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
