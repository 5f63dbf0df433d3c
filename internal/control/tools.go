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

// The tools that change something.
const (
	opRemoveSuppression     = "remove_suppression"
	opUpdateSubscriber      = "update_subscriber"
	opUnsubscribeSubscriber = "unsubscribe_subscriber"
	opResubscribeSubscriber = "resubscribe_subscriber"
	opDeleteSubscriber      = "delete_subscriber"
)

// Tools lists what assistants may call. Reading a resource counts as one.
func Tools() []Tool {
	return []Tool{
		{"get_subscriber", []string{"contacts:read", "events:read"}},
		{"list_subscribers", []string{"contacts:read"}},
		{opUpdateSubscriber, []string{contactsWrite}},
		{opUnsubscribeSubscriber, []string{contactsWrite}},
		{opResubscribeSubscriber, []string{contactsWrite}},
		{opDeleteSubscriber, []string{contactsWrite}},
		{"list_suppressed", []string{"suppressions:read"}},
		{opRemoveSuppression, []string{"suppressions:write"}},
		{"get_subscriber_events", []string{"events:read"}},
		{"get_template_events", []string{"events:read"}},
		{"get_sequence_events", []string{"events:read"}},
		{"get_delivery_stats", []string{"stats:read"}},
		{"list_templates", []string{"templates:read"}},
		{"preview_template", []string{"templates:read", "contacts:read"}},
		{"validate_template", []string{"templates:read"}},
		{"search_events", []string{"events:read"}},
		{"explain_message", []string{"contacts:read", "events:read"}},
		{opSendsBroadcast, []string{"broadcasts:write", "broadcasts:read"}},
		{"get_broadcast", []string{"broadcasts:read"}},
		{"list_broadcasts", []string{"broadcasts:read"}},
		{"list_endpoints", []string{"endpoints:read"}},
		{"endpoint_health", []string{"endpoints:read"}},
		{opReplaysEndpoint, []string{"endpoints:write", "endpoints:read"}},
		{"segment_list", []string{"segments:read"}},
		{"segment_preview", []string{"segments:read", "contacts:read"}},
		{"segment_explain", []string{"segments:read", "contacts:read"}},
		{"list_sequences", []string{"workflows:read"}},
		{"export_sequence", []string{"workflows:read", "templates:read"}},
		{"list_sequence_subscribers", []string{"workflows:read", "contacts:read"}},
		{"get_failed_executions", []string{"workflows:read", "contacts:read"}},
		{"workflow_dry_run", []string{"workflows:read", "events:read", "contacts:read"}},
		{"source_health", []string{"sources:read"}},
		{"deliverability_report", []string{"stats:read"}},
		{"alerts", []string{"alerts:read"}},
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
	note, wait, err := c.consented(ctx, who, store.Approval{Operation: opRemoveSuppression, Subject: k.ID}, by)
	if err != nil || wait != nil {
		return Removal{Wait: wait}, err
	}
	rows, err := c.Lift(ctx, who, k.ID, "", note)
	return Removal{Removed: rows}, err
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

// cutRunes shortens a text to a number of characters.
func cutRunes(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
