package control

import (
	"context"
	"fmt"
	"strings"

	"tidings/internal/auth"
	"tidings/internal/store"
)

// DoorServer is who and where for acts that a server does by itself.
const DoorServer = "server"

// doorCLI is the door of who runs the server.
const doorCLI = "cli"

// doors are the ways in that acts are noted for.
var doors = []string{"api", auth.DoorUI, doorCLI, DoorMCP, DoorServer}

// opRestore is in the audit log though it is no operation: it works on a database that no server has open.
const opRestore = "restore"

// opRefuseSignIn is the act of a server that somebody could not sign in to.
const opRefuseSignIn = "refuseSignIn"

// AuditFilter is a question about the audit log. Empty fields do not filter.
type AuditFilter struct {
	Operation string
	By        string // a key's or person's id, "cli" or "server"
	Door      string // api, ui, cli, mcp or server
	Target    string // an id, or the address of a contact
	From, To  string // a time or a date; From inclusive, To exclusive
	Cursor    string
	Limit     int // 1 to 1000; 0 means 100
}

// ActPage is one page of acts, newest first.
type ActPage struct {
	Acts       []store.RecordedAct
	NextCursor string // empty: there is no more
}

// ListActs answers a question about who changed what.
func (c *Control) ListActs(ctx context.Context, who Actor, f AuditFilter) (ActPage, error) {
	var p problems
	q := store.AuditQuery{
		Project: who.Project, Operation: f.Operation, By: f.By, Door: f.Door, Subject: f.Target,
		After: p.refCursor(auditCursor, f.Cursor), Limit: f.Limit,
	}
	p.oneOf("operation", f.Operation, changing())
	p.oneOf("door", f.Door, doors)
	if f.By != "" && f.By != "cli" && f.By != DoorServer && !strings.HasPrefix(f.By, "key_") && !strings.HasPrefix(f.By, "per_") {
		p.add("by", "%.60q is neither the id of a key (key_…) or person (per_…) nor cli nor server", f.By)
	}
	p.text("by", f.By, 0, maxFilter)
	p.text("target", f.Target, 0, maxFilter)
	q.From, q.To = p.span(f.From, f.To)
	p.limit(f.Limit)
	if err := p.err(); err != nil {
		return ActPage{}, err
	}
	page, err := c.Store.Acts(ctx, q)
	if err != nil {
		return ActPage{}, fmt.Errorf("list acts: %w", err)
	}
	return ActPage{Acts: page.Acts, NextCursor: cursorOfRef(auditCursor, page.Next)}, nil
}

// changing are the names that the audit log can have.
func changing() (names []string) {
	for _, o := range Operations() {
		if o.Noted() {
			names = append(names, o.Name)
		}
	}
	for _, t := range Tools() {
		names = append(names, t.Name)
	}
	return append(names, opRestore, opRefuseSignIn)
}
