package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"tidings/internal/control"
	"tidings/internal/mcp"
	"tidings/internal/store"
)

type mcpCommand struct {
	Bridge  mcpBridge  `cmd:"" default:"withargs" help:"Let an AI assistant on this machine ask a server (the default)."`
	Approve mcpApprove `cmd:"" help:"Approve what an AI assistant asked for."`
}

type mcpBridge struct {
	URL string `default:"http://127.0.0.1:8080" placeholder:"URL" help:"Of the server."`
	Key string `placeholder:"KEY" help:"A secret key. Better in the environment, where other users do not see it."`
}

// Help is the long help.
func (*mcpBridge) Help() string {
	return `Speaks the Model Context Protocol on standard input and output and asks the server over HTTP. An assistant's program
starts it; it needs no database. The key decides what the assistant may do: give it one that only reads.

  tidings key create --scope read --name assistant
  tidings mcp --url https://tidings.example.com --key sk_…
  tidings mcp bridge --key sk_…`
}

// Run passes messages until standard input ends.
func (m *mcpBridge) Run(c *console) error {
	if m.Key == "" {
		return usageError{errors.New("--key or TIDINGS_KEY is required: create one with tidings key create --scope read")}
	}
	b, err := mcp.NewBridge(m.URL, m.Key)
	if err != nil {
		return usageError{err}
	}
	return b.Run(c.ctx, os.Stdin, c.out)
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

// approvalView is what an assistant asked for, as it is printed.
type approvalView struct {
	Code      string `json:"code"`
	Operation string `json:"operation"`
	Target    string `json:"target"`
	By        string `json:"by"`
	Approved  bool   `json:"approved"`
}

// Run shows or approves.
func (m *mcpApprove) Run(c *console) error {
	return m.local(c, func(ops *control.Control, who control.Actor) error {
		a, err := m.look(c, ops, who)
		if err != nil {
			return err
		}
		view := approvalView{a.Code, a.Operation, a.Subject, a.By, a.ApprovedBy != ""}
		return m.print(c, view, func(w io.Writer) {
			fmt.Fprintf(w, "%s of %s, asked for with %s\n", a.Operation, plain(a.Subject), a.By)
			if view.Approved {
				fmt.Fprintf(w, "Approved. Tell the assistant; it must go on before %s (UTC).\n", when(a.ExpiresAt))
				return
			}
			fmt.Fprintf(w, "Nothing was approved. Look at it: tidings contacts get %s\nTo approve it: tidings "+
				"mcp approve %s --note \"why\"\n",
				plain(a.Subject), a.Code)
		})
	})
}

func (m *mcpApprove) look(c *console, ops *control.Control, who control.Actor) (store.Approval, error) {
	if m.Note == "" {
		return ops.WaitingApproval(c.ctx, who, m.Code)
	}
	return ops.Approve(c.ctx, who, m.Code, m.Note)
}
