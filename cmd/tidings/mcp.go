package main

import (
	"errors"
	"os"

	"tidings/internal/mcp"
)

type mcpCommand struct {
	Bridge  mcpBridge  `cmd:"" default:"withargs" help:"Let an AI assistant on this machine ask a server (the default)."`
	Pending mcpPending `cmd:"" help:"List what AI assistants asked for and a person decides on."`
	Approve mcpApprove `cmd:"" help:"Approve what an AI assistant asked for."`
	Refuse  mcpRefuse  `cmd:"" help:"Refuse what an AI assistant asked for."`
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
