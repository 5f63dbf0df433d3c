package mcp

import (
	"context"
	"fmt"
	"strings"

	stdjson "encoding/json"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/store"
)

type removeIn struct {
	emailIn
	Confirmation string `json:"confirmation,omitempty" jsonschema:"the code of the first answer, once a person said that they approved it"`
}

// Removed is what remove_suppression answers.
type Removed struct {
	Removed bool      `json:"removed"`
	Reasons []string  `json:"reasons,omitempty" jsonschema:"the suppressions that were lifted"`
	Waiting *Approval `json:"waiting,omitempty" jsonschema:"set where nothing was done yet: a person must approve it"`
}

// Approval is what a person must do before anything is done.
type Approval struct {
	Confirmation string `json:"confirmation" jsonschema:"the code to call again with"`
	Would        string `json:"would" jsonschema:"what will be done"`
	Page         string `json:"page" jsonschema:"where the person decides in a browser; you can't"`
	Run          string `json:"run" jsonschema:"what the person may run in its place; you can't"`
	ExpiresAt    string `json:"expiresAt"`
	Next         string `json:"next"`
}

// confirmKey names our one question.
const confirmKey = "confirm"

func (x *session) removeTool() {
	add(x, definition[removeIn, Removed]{
		name: "remove_suppression", title: "Remove a suppression", destructive: true,
		description: "Lifts all suppressions of one contact, so that it is mailed again. A person must approve " +
			"each call: where your " +
			"program can ask its user it does so by itself, else the first call does nothing and answers a code that a " +
			"person approves on the page Approvals; call again with it when they say so. Mailing people who complained or " +
			"bounced harms the sender: say so before you call. It does not undo an unsubscribe.",
		target: func(in removeIn) string { return in.Email }, ask: x.askRemoval, run: x.remove,
	})
}

// askRemoval asks the person at the assistant's program, where it can ask.
func (x *session) askRemoval(ctx context.Context, req *mcp.CallToolRequest, in removeIn) (*mcp.ElicitParams, error) {
	return x.question(ctx, req, in, "Lift all suppressions of %s? It would be mailed again. "+
		"A new bounce or complaint suppresses it again.")
}

// question is what a person is asked; nil where they can't be, or answered. text has a place for the contact.
func (x *session) question(
	ctx context.Context, req *mcp.CallToolRequest, in removeIn, text string,
) (*mcp.ElicitParams, error) {
	if in.Confirmation != "" || !asks(req) || req.Params.InputResponses[confirmKey] != nil {
		return nil, nil //nolint:nilnil // there is nothing to ask
	}
	k, err := x.Control.Contact(ctx, x.who, in.Email)
	if err != nil {
		return nil, err
	}
	return &mcp.ElicitParams{
		Mode: "form", Message: fmt.Sprintf(text, x.view.address(k.Address)+" ("+k.ID+")"),
		RequestedSchema: stdjson.RawMessage(`{"type":"object","required":["approve","note"],"properties":{
			"approve":{"type":"boolean","title":"Do it","description":"Whether it is to be done"},
			"note":{"type":"string","title":"Why","description":"For the audit log","minLength":1,"maxLength":500}}}`),
	}, nil
}

// asks reports whether the assistant's program can ask its user in the course of a call.
func asks(req *mcp.CallToolRequest) bool {
	c := req.ClientCapabilities()
	return c != nil && c.Elicitation != nil && req.ProtocolVersion() >= askingVersion
}

// askingVersion is the first version of the protocol in which an answer can be a question.
const askingVersion = "2026-07-28"

func (x *session) remove(ctx context.Context, req *mcp.CallToolRequest, in removeIn) (out Removed, err error) {
	by, err := consentOf(req, in.Confirmation)
	if err != nil {
		return out, err
	}
	r, err := x.Control.RemoveSuppression(ctx, x.who, in.Email, by)
	if err != nil {
		return out, err
	}
	if r.Wait != nil {
		out.Waiting = x.waiting(r.Wait)
		return out, nil
	}
	out.Removed = len(r.Removed) > 0
	for _, row := range r.Removed {
		out.Reasons = append(out.Reasons, string(row.Reason))
	}
	return out, nil
}

// consentOf is how a person agreed to a call: by a code, by an answer in the assistant's program, or not yet.
func consentOf(req *mcp.CallToolRequest, code string) (control.Consent, error) {
	if given := req.Params.InputResponses[confirmKey]; given != nil && asks(req) {
		return consent(given)
	}
	return control.Consent{Code: code}, nil
}

// waiting tells an assistant what a person must do first.
func (x *session) waiting(w *store.Approval) *Approval {
	return &Approval{
		Confirmation: w.Code, Would: x.view.clean(control.WouldOf(w)),
		Page: x.Control.ApprovalsPage(), Run: "tidings mcp approve " + w.Code + " --note \"why\"",
		ExpiresAt: stamp(w.ExpiresAt),
		Next: "Nothing was changed. Ask the person to decide on that page, or to run this where the server's database " +
			"is, and stop. Call again with this confirmation only after they said that they approved it.",
	}
}

// consent reads what a person answered.
func consent(given mcp.InputResponse) (by control.Consent, err error) {
	refused := fault.New(fault.Forbidden, "not_approved", "the person did not approve it, so nothing was changed").
		WithHint("do not ask again unless they wish it")
	answer, ok := given.(*mcp.ElicitResult)
	if !ok || answer.Action != "accept" {
		return by, refused
	}
	approve, _ := answer.Content["approve"].(bool)
	note, _ := answer.Content["note"].(string)
	if by.Person = strings.TrimSpace(visible(note)); !approve || by.Person == "" {
		return control.Consent{}, refused
	}
	return by, nil
}
