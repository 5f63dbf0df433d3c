package control

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// consented tells whether a person agreed to what an assistant wishes: want has the operation, the subject and what else is
// asked. Note is their word for the audit log; wait is set where they must say it first.
func (c *Control) consented(
	ctx context.Context, who Actor, want store.Approval, by Consent,
) (note string, wait *store.Approval, err error) {
	if by.Person != "" {
		return cutRunes("approved in the assistant's program: "+by.Person, maxNote), nil, nil
	}
	now := c.Now().UTC()
	want.Code, want.By, want.AskedAt, want.ExpiresAt = by.Code, who.By, now, now.Add(approvalFor)
	if by.Code == "" {
		want.Code = strings.ToUpper(auth.NewID("")[:approvalLetters])
		waits, err := c.Store.BeginApproval(ctx, want, c.act(who, want.Operation, want.Subject, "waits for a person"))
		if err != nil {
			return "", nil, fmt.Errorf("ask for approval: %w", err)
		}
		return "", &waits, nil
	}
	given, used, err := c.Store.TakeApproval(ctx, who.Project, want, now)
	if err != nil {
		return "", nil, fmt.Errorf("take the approval: %w", err)
	}
	switch {
	case used && given.Refused:
		return "", nil, fault.New(fault.Forbidden, "refused", "a person refused it, so nothing was changed").
			WithHint("do not ask again unless they wish it")
	case !used:
		return "", nil, fault.New(fault.Conflict, "not_approved", "no person approved this code for this "+
			"contact, or its time is over").
			WithHint("a person approves it at %s, or with: tidings mcp approve %.16s. Do not call again before they say that "+
				"they did; for a new code call without one", c.ApprovalsPage(), plainCode(by.Code))
	}
	return cutRunes("approved by "+given.ApprovedBy+": "+given.Note, maxNote), nil, nil
}

// Assisted is what became of an assistant's wish to change a contact.
type Assisted struct {
	Contact store.Contact // as it was before it was deleted, as it is after every other change
	Ignored []string      // attributes that a contact can't have
	// Wait is set where a person must approve it first; ApprovedBy is empty in it.
	Wait *store.Approval
}

// AssistUpdate merges attributes into a contact for an assistant, once a person approved these very attributes.
func (c *Control) AssistUpdate(
	ctx context.Context, who Actor, idOrAddress string, attributes map[string]json.RawMessage, by Consent,
) (Assisted, error) {
	e := ContactEdit{Data: attributes}
	var p problems
	if len(attributes) == 0 {
		p.add("attributes", "is required: at least one attribute")
	}
	p.change("", &e, who, c.Now().UTC())
	if err := p.err(); err != nil {
		return Assisted{}, err
	}
	asks, err := json.Marshal(attributes) // sorted by key
	if err != nil {
		return Assisted{}, fault.BadField("attributes", "must be a JSON object")
	}
	return c.assistEdit(ctx, who, idOrAddress, store.Approval{Operation: opUpdateSubscriber, Asks: string(asks)}, e, by)
}

// AssistResubscribe subscribes a contact again for an assistant, once a person approved it. Suppressions hold on.
func (c *Control) AssistResubscribe(ctx context.Context, who Actor, idOrAddress string, by Consent) (Assisted, error) {
	yes := true
	want := store.Approval{Operation: opResubscribeSubscriber}
	return c.assistEdit(ctx, who, idOrAddress, want, ContactEdit{Subscribed: &yes}, by)
}

func (c *Control) assistEdit(
	ctx context.Context, who Actor, idOrAddress string, want store.Approval, e ContactEdit, by Consent,
) (out Assisted, err error) {
	if out.Contact, err = c.Contact(ctx, who, idOrAddress); err != nil {
		return out, err
	}
	want.Subject = out.Contact.ID
	if e.Note, out.Wait, err = c.consented(ctx, who, want, by); err != nil || out.Wait != nil {
		return out, err
	}
	edited, err := c.UpdateContact(ctx, who, out.Contact.ID, e)
	return Assisted{Contact: edited.Contact, Ignored: edited.Ignored}, err
}

// AssistUnsubscribe unsubscribes a contact for an assistant, at once: it only stops mail, and a person can undo it.
// AssistantStops bound how often.
func (c *Control) AssistUnsubscribe(ctx context.Context, who Actor, idOrAddress string) (Assisted, error) {
	if err := c.AssistantStops.take(who.By, c.Now(), "too_many_calls", "this key unsubscribed too many contacts"); err != nil {
		return Assisted{}, err
	}
	no := false
	e, err := c.UpdateContact(ctx, who, idOrAddress, ContactEdit{Subscribed: &no, Note: "an assistant did it"})
	return Assisted{Contact: e.Contact}, err
}

// AssistDelete removes a contact for an assistant as RemoveContact does, once a person approved it.
func (c *Control) AssistDelete(ctx context.Context, who Actor, idOrAddress string, by Consent) (out Assisted, err error) {
	if out.Contact, err = c.Contact(ctx, who, idOrAddress); err != nil {
		return out, err
	}
	var note string
	want := store.Approval{Operation: opDeleteSubscriber, Subject: out.Contact.ID}
	if note, out.Wait, err = c.consented(ctx, who, want, by); err != nil || out.Wait != nil {
		return out, err
	}
	return out, c.removeContact(ctx, who, out.Contact.ID, note)
}

// woulds are what acts of assistants would do; %s is the contact.
var woulds = map[string]string{
	opRemoveSuppression: "lift all suppressions of %s, so that it is mailed again",
	opUpdateSubscriber:  "change attributes of %s",
	opResubscribeSubscriber: "subscribe %s again, so that it is mailed again: approve it only where they asked for it. " +
		"Suppressions hold on",
	opSendsBroadcast:  "send broadcast %s",
	opReplaysEndpoint: "send endpoint %s events again",
	opDeleteSubscriber: "delete %s: its attributes, tags, topics and external id are lost. Its events stay, and what keeps " +
		"it from being mailed",
}

// would says what an act would do. k is the contact; nil: it is gone, or must not be named.
func would(a store.Approval, k *store.Contact) string {
	of := "contact " + a.Subject
	if a.Operation == opSendsBroadcast || a.Operation == opReplaysEndpoint {
		of = a.Subject
	}
	if k != nil {
		of = k.Address + " (" + a.Subject + ")"
	}
	text := woulds[a.Operation]
	if text == "" {
		return a.Operation + " of " + of
	}
	text = fmt.Sprintf(text, of)
	if a.Asks != "" {
		text += ": " + a.Asks
	}
	return text
}

// WouldOf says what an act that waits would do, without the address of whom it is about.
func WouldOf(a *store.Approval) string { return would(*a, nil) }
