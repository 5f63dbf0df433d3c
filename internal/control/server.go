package control

import "context"

// Setting is one setting of the server as it runs.
type Setting struct {
	Name     string // "retention-events": the flag, without its dashes
	Variable string // "TIDINGS_RETENTION_EVENTS"
	Value    string // as it may be given, without passwords; empty: nothing was given and nothing stands for it
	From     string // "default", "environment" or "flag"
	About    string // what it does, for people
}

// ListSettings lists the settings that the server was started with, in the order of its help. Beside a command, which
// has no server, there are none.
func (c *Control) ListSettings(_ context.Context, _ Actor) []Setting { return c.Settings }
