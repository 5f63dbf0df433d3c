package control

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// DoorMCP is the door of AI assistants.
const DoorMCP = "mcp"

// readAddresses is the scope that shows assistants whole addresses. It must be said: a key that may do everything, or
// read everything, does not have it.
const readAddresses = "addresses:read"

// Tool is what an assistant may call: its name, also in the audit log, and the scopes that a key must have, all of them.
type Tool struct {
	Name  string
	Needs []string
}

// opRemoveSuppression is the one tool that changes something.
const opRemoveSuppression = "remove_suppression"

// opApprove is the act of a person who approves what an assistant asked for.
const opApprove = "approve"

// Tools lists what assistants may call. Reading a resource counts as one.
func Tools() []Tool {
	return []Tool{
		{"get_subscriber", []string{"contacts:read", "events:read"}},
		{"list_subscribers", []string{"contacts:read"}},
		{"list_suppressed", []string{"suppressions:read"}},
		{opRemoveSuppression, []string{"suppressions:write"}},
		{"get_subscriber_events", []string{"events:read"}},
		{"get_template_events", []string{"events:read"}},
		{"get_sequence_events", []string{"events:read"}},
		{"get_delivery_stats", []string{"stats:read"}},
		{"search_events", []string{"events:read"}},
		{"explain_message", []string{"contacts:read", "events:read"}},
		{"source_health", []string{"sources:read"}},
		{"deliverability_report", []string{"stats:read"}},
		{"read_event", []string{"events:read"}},
		{"read_contact", []string{"contacts:read"}},
		{"read_message", []string{"events:read"}},
	}
}

// Changes reports whether the tool changes something.
func (t Tool) Changes() bool {
	return slices.ContainsFunc(t.Needs, func(word string) bool { return strings.HasSuffix(word, writes) })
}

// AdmitAssistant makes an actor of a proved key, if it may speak for an assistant.
func AdmitAssistant(p auth.Principal) (Actor, error) {
	if p.Kind != store.SecretKey {
		return Actor{}, fault.New(fault.Forbidden, CodePublicKey, "a public key may not do this").
			WithHint("use a secret key (sk_…)")
	}
	return Actor{Project: p.Project, By: p.KeyID, Door: DoorMCP, Scopes: p.Scopes, ExpiresAt: p.ExpiresAt}, nil
}

// MayCall reports whether an actor's key has every scope of a tool.
func (w Actor) MayCall(t Tool) bool {
	return !slices.ContainsFunc(t.Needs, func(word string) bool { return !covers(w.Scopes, word) })
}

// SeesAddresses reports whether an assistant with the actor's key is shown whole addresses.
func (w Actor) SeesAddresses() bool { return slices.Contains(w.Scopes.Words(), readAddresses) }

// NoteCall writes a call of an assistant into the audit log, before it is answered: also what only reads.
func (c *Control) NoteCall(ctx context.Context, who Actor, t Tool, target string) error {
	if !who.MayCall(t) {
		return fault.New(fault.Forbidden, CodeMissingScope, "this key may not do this: it takes the scopes %s",
			strings.Join(t.Needs, ", ")).WithHint("create a key that has them: tidings key create --scope %s",
			strings.Join(t.Needs, " --scope "))
	}
	var p problems
	p.text("target", target, 0, maxFilter)
	if err := p.err(); err != nil {
		return err
	}
	if err := c.Store.Note(ctx, who.Project, c.act(who, t.Name, target, "")); err != nil {
		return fmt.Errorf("note the call: %w", err)
	}
	return nil
}

// Consent is how an act that an assistant asked for was approved. One of the two is set, or none: then it is asked for.
type Consent struct {
	Person string // what a person answered in the assistant's own program
	Code   string // what a person approved with: tidings mcp approve CODE
}

// Removal is what became of an assistant's wish to lift suppressions.
type Removal struct {
	Removed []store.SuppressionRow
	// Wait is set where a person must approve it first; ApprovedBy is empty in it.
	Wait *store.Approval
}

// approvalFor is how long a code is good.
const approvalFor = 15 * time.Minute

// RemoveSuppression lifts a contact's suppressions for an assistant, once a person approved it.
func (c *Control) RemoveSuppression(ctx context.Context, who Actor, idOrAddress string, by Consent) (Removal, error) {
	k, err := c.Contact(ctx, who, idOrAddress)
	if err != nil {
		return Removal{}, err
	}
	if by.Person != "" {
		return c.remove(ctx, who, k.ID, "approved in the assistant's program: "+by.Person)
	}
	now := c.Now().UTC()
	want := store.Approval{
		Code: by.Code, By: who.By, Operation: opRemoveSuppression, Subject: k.ID, ExpiresAt: now.Add(approvalFor),
	}
	if by.Code == "" {
		want.Code = strings.ToUpper(auth.NewID("")[:approvalLetters])
		act := c.act(who, opRemoveSuppression, k.ID, "waits for a person: "+want.Code)
		if err := c.Store.BeginApproval(ctx, want, act); err != nil {
			return Removal{}, fmt.Errorf("ask for approval: %w", err)
		}
		return Removal{Wait: &want}, nil
	}
	given, used, err := c.Store.TakeApproval(ctx, who.Project, want, now)
	if err != nil {
		return Removal{}, fmt.Errorf("take the approval: %w", err)
	}
	if !used {
		return Removal{}, fault.New(fault.Conflict, "not_approved", "no person approved this code for this "+
			"contact, or its time is over").
			WithHint("ask the person to run: tidings mcp approve %.16s. Do not call again before they say that they did; "+
				"for a new code call without one", plainCode(by.Code))
	}
	return c.remove(ctx, who, k.ID, "approved by "+given.ApprovedBy+": "+given.Note)
}

// approvalLetters is the length of a code: 40 random bits.
const approvalLetters = 8

// plainCode keeps of a code what can be in one.
func plainCode(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, s)
}

func (c *Control) remove(ctx context.Context, who Actor, contact, note string) (Removal, error) {
	rows, err := c.Lift(ctx, who, contact, "", cutRunes(note, maxNote))
	return Removal{Removed: rows}, err
}

// cutRunes shortens a text to a number of characters.
func cutRunes(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// WaitingApproval finds what waits for a person under a code.
func (c *Control) WaitingApproval(ctx context.Context, who Actor, code string) (store.Approval, error) {
	a, err := c.Store.WaitingApproval(ctx, who.Project, strings.ToUpper(plainCode(code)), c.Now().UTC())
	if err != nil {
		return a, fmt.Errorf("find what waits: %w", err)
	}
	return a, nil
}

// Approve is a person's word that an act of an assistant may be done. The note says why and is required.
func (c *Control) Approve(ctx context.Context, who Actor, code, note string) (store.Approval, error) {
	var p problems
	p.text("code", code, 1, maxFilter)
	p.text("note", note, 1, maxNote)
	if err := p.err(); err != nil {
		return store.Approval{}, err
	}
	a, err := c.Store.Approve(ctx, strings.ToUpper(plainCode(code)), c.act(who, opApprove, "", note))
	if err != nil {
		return a, fmt.Errorf("approve: %w", err)
	}
	return a, nil
}
