package control

import (
	"context"
	"fmt"
	"strings"

	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// Approval is what an assistant asked for, with what a person must know to decide on it.
type Approval struct {
	store.Approval
	Contact *store.Contact   // whom it is about; nil: they are gone
	Lifts   []contact.Reason // the suppressions that would end; empty: none holds any more, or the act lifts none
	Would   string           // what would be done, as a sentence
}

// ApprovalsPage is where a person in a browser decides on what assistants asked for.
func (c *Control) ApprovalsPage() string {
	return strings.TrimSuffix(c.PublicURL, "/") + "/ui/approvals"
}

// Approvals lists what assistants asked for and did not do yet, approved or not, the oldest first.
func (c *Control) Approvals(ctx context.Context, who Actor) ([]Approval, error) {
	found, err := c.Store.Approvals(ctx, who.Project, c.Now().UTC())
	if err != nil {
		return nil, fmt.Errorf("list approvals: %w", err)
	}
	list := make([]Approval, len(found))
	for i, a := range found {
		if list[i], err = c.explained(ctx, who, a); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// WaitingApproval finds what waits for a person under a code.
func (c *Control) WaitingApproval(ctx context.Context, who Actor, code string) (Approval, error) {
	a, err := c.Store.WaitingApproval(ctx, who.Project, codeOf(code), c.Now().UTC())
	if err != nil {
		return Approval{}, fmt.Errorf("find what waits: %w", err)
	}
	return c.explained(ctx, who, a)
}

// Approve is a person's word that an act of an assistant may be done. The note says why and is required. The key that
// asked can't approve.
func (c *Control) Approve(ctx context.Context, who Actor, code, note string) (Approval, error) {
	return c.decide(ctx, who, opApproveAct, 1, code, note, c.Store.Approve)
}

// RefuseAct is a person's word that an act of an assistant may not be done. A note is welcome.
func (c *Control) RefuseAct(ctx context.Context, who Actor, code, note string) (Approval, error) {
	return c.decide(ctx, who, opRefuseAct, 0, code, note, c.Store.Refuse)
}

func (c *Control) decide(
	ctx context.Context, who Actor, operation string, leastNote int, code, note string,
	decide func(context.Context, string, store.Act) (store.Approval, error),
) (Approval, error) {
	var p problems
	p.text("code", code, 1, maxFilter)
	p.text("note", note, leastNote, maxNote)
	if err := p.err(); err != nil {
		return Approval{}, err
	}
	a, err := decide(ctx, codeOf(code), c.act(who, operation, "", note))
	if err != nil {
		return Approval{}, fmt.Errorf("%s: %w", operation, err)
	}
	return c.explained(ctx, who, a)
}

// explained adds to what was asked for whom it is about and what it would do.
func (c *Control) explained(ctx context.Context, who Actor, a store.Approval) (Approval, error) {
	out := Approval{Approval: a, Would: would(a, nil)}
	if a.Operation == opSendsBroadcast {
		var err error
		out.Would, err = c.wouldSend(ctx, who, a)
		return out, err
	}
	if a.Operation == opReplaysEndpoint {
		return out, nil
	}
	k, err := c.Contact(ctx, who, a.Subject)
	if fault.Is(err, fault.NotFound) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Contact, out.Would = &k, would(a, &k)
	if a.Operation != opRemoveSuppression {
		return out, nil
	}
	for _, s := range k.Suppressions {
		if s.Active(c.Now()) {
			out.Lifts = append(out.Lifts, s.Reason)
		}
	}
	return out, nil
}

// codeOf is a code as it is stored, however a person wrote it.
func codeOf(s string) string { return strings.ToUpper(plainCode(s)) }
