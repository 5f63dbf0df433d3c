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
	if err := c.AssistantCalls.take(who.By, c.Now(), "too_many_calls", "this key made too many calls"); err != nil {
		return err
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
	Code   string // what a person approved
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
		Code: by.Code, By: who.By, Operation: opRemoveSuppression, Subject: k.ID, AskedAt: now, ExpiresAt: now.Add(approvalFor),
	}
	if by.Code == "" {
		want.Code = strings.ToUpper(auth.NewID("")[:approvalLetters])
		waits, err := c.Store.BeginApproval(ctx, want, c.act(who, opRemoveSuppression, k.ID, "waits for a person"))
		if err != nil {
			return Removal{}, fmt.Errorf("ask for approval: %w", err)
		}
		return Removal{Wait: &waits}, nil
	}
	given, used, err := c.Store.TakeApproval(ctx, who.Project, want, now)
	if err != nil {
		return Removal{}, fmt.Errorf("take the approval: %w", err)
	}
	switch {
	case used && given.Refused:
		return Removal{}, fault.New(fault.Forbidden, "refused", "a person refused it, so nothing was changed").
			WithHint("do not ask again unless they wish it")
	case !used:
		return Removal{}, fault.New(fault.Conflict, "not_approved", "no person approved this code for this "+
			"contact, or its time is over").
			WithHint("a person approves it at %s, or with: tidings mcp approve %.16s. Do not call again before they say that "+
				"they did; for a new code call without one", c.ApprovalsPage(), plainCode(by.Code))
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
