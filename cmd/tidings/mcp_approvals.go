package main

import (
	"fmt"
	"io"
	"strings"

	"tidings/internal/api"
	"tidings/internal/control"
)

type mcpPending struct {
	database `embed:""`
	printing `embed:""`
}

// Help is the long help.
func (*mcpPending) Help() string {
	return `Those that wait for a person, and those that were approved and that the assistant did not do yet.

  tidings mcp pending
  tidings mcp pending --json`
}

// Run lists what was asked for.
func (m *mcpPending) Run(c *console) error {
	return m.local(c, func(ops *control.Control, who control.Actor) error {
		list, err := ops.Approvals(c.ctx, who)
		if err != nil {
			return err
		}
		view := api.ApprovalListOf(list)
		return m.printAPI(c, view, func(w io.Writer) {
			if len(list) == 0 {
				fmt.Fprintln(w, "No assistant asked for anything that a person must approve.")
				return
			}
			rows := make([][]string, 0, len(list))
			for _, a := range view.Approvals {
				rows = append(rows, []string{a.Code, a.State, a.Operation, whom(a), lifts(a), a.KeyName, a.KeyID, when(a.ExpiresAt)})
			}
			table(w, []string{"code", "state", "operation", "contact", "would lift", "key", "key id", "until"}, rows)
		})
	})
}

type mcpApprove struct {
	database `embed:""`
	printing `embed:""`
	Code     string `arg:"" help:"The code that the assistant told."`
	Note     string `placeholder:"TEXT" help:"Why, for the audit log. Without it nothing is approved, only shown."`
}

// Help is the long help.
func (*mcpApprove) Help() string {
	return `An assistant can't change anything by itself: it gets a code, and does what it asked for once a person approved
the code. First look at what it is, then approve it with a note. A code is good once, for 15 minutes.

  tidings mcp approve K7QD93XM
  tidings mcp approve K7QD93XM --note "the customer wrote that the mailbox works again"`
}

// Run shows or approves.
func (m *mcpApprove) Run(c *console) error {
	return m.local(c, func(ops *control.Control, who control.Actor) error {
		a, err := m.look(c, ops, who)
		if err != nil {
			return err
		}
		view := api.ApprovalOf(&a)
		return m.printAPI(c, view, func(w io.Writer) {
			fmt.Fprintln(w, asked(view))
			if view.State == "approved" {
				fmt.Fprintf(w, "Approved. Tell the assistant; it must go on before %s (UTC).\n", when(a.ExpiresAt))
				return
			}
			fmt.Fprintf(w, "Nothing was approved. Look at it: tidings contacts get %s\nTo approve it: tidings "+
				"mcp approve %s --note \"why\"\nTo refuse it:  tidings mcp refuse %[2]s\n", plain(a.Subject), a.Code)
		})
	})
}

func (m *mcpApprove) look(c *console, ops *control.Control, who control.Actor) (control.Approval, error) {
	if m.Note == "" {
		return ops.WaitingApproval(c.ctx, who, m.Code)
	}
	return ops.Approve(c.ctx, who, m.Code, m.Note)
}

type mcpRefuse struct {
	database `embed:""`
	printing `embed:""`
	Code     string `arg:"" help:"The code that the assistant told."`
	Note     string `placeholder:"TEXT" help:"Why, for the audit log."`
}

// Help is the long help.
func (*mcpRefuse) Help() string {
	return `The assistant is told that a person refused it when it calls again.

  tidings mcp refuse K7QD93XM
  tidings mcp refuse K7QD93XM --note "nobody asked for it"`
}

// Run refuses.
func (m *mcpRefuse) Run(c *console) error {
	return m.local(c, func(ops *control.Control, who control.Actor) error {
		a, err := ops.RefuseAct(c.ctx, who, m.Code, m.Note)
		if err != nil {
			return err
		}
		view := api.ApprovalOf(&a)
		return m.printAPI(c, view, func(w io.Writer) { fmt.Fprintf(w, "%s\nRefused. Nothing was changed.\n", asked(view)) })
	})
}

// asked says what an assistant asked for.
func asked(a api.Approval) string {
	text := fmt.Sprintf("%s: it would %s", a.Operation, plain(a.Would))
	if len(a.Lifts) > 0 {
		text += ", which would lift: " + lifts(a)
	}
	if a.KeyName != "" {
		return fmt.Sprintf("%s. Asked for with the key %q (%s)", text, plain(a.KeyName), a.KeyID)
	}
	return fmt.Sprintf("%s. Asked for with %s", text, a.KeyID)
}

func whom(a api.Approval) string {
	if a.Email == "" {
		return plain(a.ContactID)
	}
	return plain(a.Email) + " (" + plain(a.ContactID) + ")"
}

func lifts(a api.Approval) string { return strings.Join(a.Lifts, ", ") }
