package control

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tidings/internal/fault"
	"tidings/internal/store"
)

// AssistedBroadcast is what an assistant says of a broadcast, in Mailshot's words. Zero fields say nothing.
type AssistedBroadcast struct {
	ID         string // brc_… of one that is there; empty: one is made of the rest
	Name       string
	Template   string
	Subject    string
	From       string
	FromName   string
	ReplyTo    string
	Tags       []string
	Attributes map[string]any // that recipients have, with these values
	Segment    string
}

// AssistedSend is what became of it.
type AssistedSend struct {
	Broadcast store.Broadcast
	Audience  BroadcastAudience
	Wait      *store.Approval // set where a person must approve it first
}

// edit is the broadcast as people make one.
func (b *AssistedBroadcast) edit() (*BroadcastEdit, error) {
	condition, err := filterCondition(b.Attributes)
	if err != nil {
		return nil, err
	}
	kind := store.AudienceAll
	switch {
	case b.Segment != "":
		kind = store.AudienceSegment
	case len(b.Tags) > 0 || condition != nil:
		kind = store.AudienceFiltered
	}
	return &BroadcastEdit{
		Name: &b.Name, Template: &b.Template, Subject: &b.Subject, From: &b.From, FromName: &b.FromName, ReplyTo: &b.ReplyTo,
		Tags: &b.Tags, Condition: condition, Segment: &b.Segment, AudienceType: &kind,
	}, nil
}

// RehearseBroadcast is the dry run of an assistant: who would get a broadcast, which is stored as a draft.
func (c *Control) RehearseBroadcast(ctx context.Context, who Actor, b *AssistedBroadcast) (out AssistedSend, err error) {
	if b.ID != "" {
		out.Broadcast, err = c.Broadcast(ctx, who, b.ID)
	} else {
		var e *BroadcastEdit
		if e, err = b.edit(); err == nil {
			if b.Name == "" {
				b.Name = "Broadcast of " + c.Now().UTC().Format(time.DateOnly)
			}
			out.Broadcast, err = c.CreateBroadcast(ctx, who, e)
		}
	}
	if err != nil {
		return out, err
	}
	out.Audience, err = c.rehearseBroadcast(ctx, who, out.Broadcast.ID, &out.Broadcast.BroadcastDefinition)
	return out, err
}

// AssistBroadcast sends a draft for an assistant, once a person approved this very version of it and about this audience.
func (c *Control) AssistBroadcast(ctx context.Context, who Actor, id string, by Consent) (out AssistedSend, err error) {
	if out.Broadcast, err = c.Broadcast(ctx, who, id); err != nil {
		return out, err
	}
	x := &out.Broadcast
	if x.Status != store.BroadcastDraft {
		return out, fault.New(fault.Conflict, "wrong_status", "broadcast %s is %s: drafts alone are sent", id, x.Status).
			WithHint("call with dryRun to make another one")
	}
	if out.Audience, err = c.rehearseBroadcast(ctx, who, id, &x.BroadcastDefinition); err != nil {
		return out, err
	}
	asks, err := json.Marshal(struct {
		Name     string `json:"name"`
		Version  int64  `json:"version"`
		Subject  string `json:"subject,omitempty"`
		Template string `json:"template,omitempty"`
		From     string `json:"from,omitempty"`
	}{x.Name, x.Version, x.Subject, x.Template, x.From})
	if err != nil {
		return out, err
	}
	want := store.Approval{Operation: opSendsBroadcast, Subject: id, Asks: string(asks)}
	note, wait, err := c.consented(ctx, who, want, by)
	if out.Wait = wait; err != nil || wait != nil {
		return out, err
	}
	out.Broadcast, err = c.sendBroadcast(ctx, who, id, "", note)
	return out, err
}

// opSendsBroadcast is the tool that sends broadcasts.
const opSendsBroadcast = "send_broadcast"

// wouldSend says to a person what sending a broadcast would do.
func (c *Control) wouldSend(ctx context.Context, who Actor, a store.Approval) (string, error) {
	text := would(a, nil)
	x, err := c.Broadcast(ctx, who, a.Subject)
	if fault.Is(err, fault.NotFound) {
		return text, nil
	}
	if err != nil {
		return text, err
	}
	size, err := c.Store.MeasureAudience(ctx, who.Project, &x.BroadcastDefinition, c.Now(), 0)
	if err != nil {
		return text, nil //nolint:nilerr // the segment may be gone: then sending it says so
	}
	return fmt.Sprintf("%s. It would go to %d contacts; %d of the audience are left out", text, size.Recipients,
		size.Audience-size.Recipients), nil
}
