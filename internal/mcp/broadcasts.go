package mcp

import (
	"context"
	"fmt"

	stdjson "encoding/json"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/store"
)

type sendBroadcastIn struct {
	BroadcastID        string         `json:"broadcastId,omitempty" jsonschema:"a draft that is there (brc_…), such as the one that a dry run answered; leave it out to make one of the rest"`
	Name               string         `json:"name,omitempty" jsonschema:"what it is called, for people"`
	TemplateKey        string         `json:"templateKey,omitempty" jsonschema:"key or id of its template"`
	Subject            string         `json:"subject,omitempty" jsonschema:"in place of the template's"`
	SenderFromEmail    string         `json:"senderFromEmail,omitempty" jsonschema:"whom it is from"`
	SenderFromName     string         `json:"senderFromName,omitempty"`
	SenderReplyToEmail string         `json:"senderReplyToEmail,omitempty"`
	ListUnsubscribe    *bool          `json:"listUnsubscribe,omitempty" jsonschema:"always true: a broadcast can be unsubscribed from"`
	FilterTags         []string       `json:"filterTags,omitempty" jsonschema:"tags that recipients have, all of them"`
	FilterAttributes   map[string]any `json:"filterAttributes,omitempty" jsonschema:"attributes that recipients have, with these values"`
	Segment            string         `json:"segment,omitempty" jsonschema:"id of the segment that it goes to (seg_…), in place of filters"`
	DryRun             *bool          `json:"dryRun,omitempty" jsonschema:"true by default: the draft is stored and its audience counted, and nothing is sent"`
	Confirmation       string         `json:"confirmation,omitempty" jsonschema:"the code of the answer before, once a person said that they approved it"`
}

func (in sendBroadcastIn) dry() bool { return in.DryRun == nil || *in.DryRun }

func (in sendBroadcastIn) said() *control.AssistedBroadcast {
	return &control.AssistedBroadcast{
		ID: in.BroadcastID, Name: in.Name, Template: in.TemplateKey, Subject: in.Subject, From: in.SenderFromEmail,
		FromName: in.SenderFromName, ReplyTo: in.SenderReplyToEmail, Tags: in.FilterTags, Attributes: in.FilterAttributes,
		Segment: in.Segment,
	}
}

// SentBroadcast is what send_broadcast answers.
type SentBroadcast struct {
	BroadcastID  string           `json:"broadcastId"`
	Status       string           `json:"status"`
	AudienceSize int64            `json:"audienceSize" jsonschema:"how many would be mailed, or are"`
	LeftOut      map[string]int64 `json:"leftOut,omitempty" jsonschema:"how many of the audience are not, by why"`
	DryRun       bool             `json:"dryRun"`
	Subject      *Untrusted       `json:"subject,omitempty" jsonschema:"as one of them would get it"`
	Waiting      *Approval        `json:"waiting,omitempty" jsonschema:"set where nothing was sent yet: a person must approve it"`
}

type broadcastIn struct {
	BroadcastID string `json:"broadcastId" jsonschema:"brc_…"`
}

// BroadcastRow is one broadcast, with its counters.
type BroadcastRow struct {
	BroadcastID    string           `json:"broadcastId"`
	Name           Untrusted        `json:"name"`
	TemplateKey    string           `json:"templateKey,omitempty" jsonschema:"the template's id"`
	Subject        *Untrusted       `json:"subject,omitempty"`
	Status         string           `json:"status" jsonschema:"DRAFT, SCHEDULED, SENDING, PAUSED, SENT or CANCELLED"`
	PausedReason   *Untrusted       `json:"pausedReason,omitempty"`
	AudienceSize   int64            `json:"audienceSize"`
	SentAt         string           `json:"sentAt,omitempty"`
	Sent           int64            `json:"sentCount"`
	Delivered      int64            `json:"deliveryCount"`
	Opened         int64            `json:"openCount" jsonschema:"each message once, machines too"`
	OpenedByPeople int64            `json:"openHumanCount"`
	Clicked        int64            `json:"clickCount"`
	Bounced        int64            `json:"bounceCount"`
	Complained     int64            `json:"complaintCount"`
	Unsubscribed   int64            `json:"unsubscribeCount"`
	Uncertain      int64            `json:"uncertainCount,omitempty" jsonschema:"may have been sent; of get_broadcast alone"`
	Skipped        map[string]int64 `json:"skipped,omitempty" jsonschema:"who got nothing, by why; of get_broadcast alone"`
}

type broadcastsIn struct {
	Limit int `json:"limit,omitempty" jsonschema:"1 to 100, default 20"`
}

// Broadcasts is what list_broadcasts answers.
type Broadcasts struct {
	Broadcasts []BroadcastRow `json:"broadcasts" jsonschema:"the newest first"`
}

func (x *session) broadcastTools() {
	add(x, definition[sendBroadcastIn, SentBroadcast]{
		name: "send_broadcast", title: "Send a broadcast", destructive: true,
		description: "Sends one email to many contacts. First call it with dryRun: it stores a draft, counts its audience and " +
			"sends nothing; tell the user how many would be mailed and with which subject. To send that draft call again with its " +
			"broadcastId and dryRun false. Whoever unsubscribed or is suppressed never gets it." + approvedByPerson,
		target: func(in sendBroadcastIn) string { return in.BroadcastID }, ask: x.askSend, run: x.sendBroadcast,
	})
	add(x, definition[broadcastIn, BroadcastRow]{
		name: "get_broadcast", title: "Get a broadcast",
		description: "One broadcast with what became of it: sent, delivered, opened, clicked, bounced, complained, unsubscribed, " +
			"and why others got nothing.",
		target: func(in broadcastIn) string { return in.BroadcastID }, run: x.getBroadcast,
	})
	add(x, definition[broadcastsIn, Broadcasts]{
		name: "list_broadcasts", title: "List broadcasts", description: "Broadcasts with what became of each, the newest first.",
		plain: func(out Broadcasts) any { return out.Broadcasts }, run: x.listBroadcasts,
	})
}

// askSend asks the person at the assistant's program, where it can ask.
func (x *session) askSend(ctx context.Context, req *mcp.CallToolRequest, in sendBroadcastIn) (*mcp.ElicitParams, error) {
	if in.dry() || in.BroadcastID == "" || in.Confirmation != "" || !asks(req) || req.Params.InputResponses[confirmKey] != nil {
		return nil, nil //nolint:nilnil // there is nothing to ask
	}
	out, err := x.Control.RehearseBroadcast(ctx, x.who, in.said())
	if err != nil {
		return nil, err
	}
	return &mcp.ElicitParams{
		Mode: "form", Message: fmt.Sprintf("Send the broadcast %s (%s) to %d contacts? Emails that left can't be called back.",
			x.view.clean(out.Broadcast.Name), out.Broadcast.ID, out.Audience.Recipients),
		RequestedSchema: stdjson.RawMessage(`{"type":"object","required":["approve","note"],"properties":{
			"approve":{"type":"boolean","title":"Send it","description":"Whether it is to be sent"},
			"note":{"type":"string","title":"Why","description":"For the audit log","minLength":1,"maxLength":500}}}`),
	}, nil
}

func (x *session) sendBroadcast(
	ctx context.Context, req *mcp.CallToolRequest, in sendBroadcastIn,
) (out SentBroadcast, err error) {
	if in.ListUnsubscribe != nil && !*in.ListUnsubscribe {
		return out, fault.BadField("listUnsubscribe", "must be true: a broadcast can be unsubscribed from")
	}
	var done control.AssistedSend
	if in.dry() {
		done, err = x.Control.RehearseBroadcast(ctx, x.who, in.said())
	} else {
		if in.BroadcastID == "" {
			return out, fault.BadField("broadcastId", "is required to send: first call with dryRun, which answers it")
		}
		var by control.Consent
		if by, err = consentOf(req, in.Confirmation); err != nil {
			return out, err
		}
		done, err = x.Control.AssistBroadcast(ctx, x.who, in.BroadcastID, by)
	}
	if err != nil {
		return out, err
	}
	out = SentBroadcast{
		BroadcastID: done.Broadcast.ID, Status: string(done.Broadcast.Status), AudienceSize: done.Audience.Recipients,
		LeftOut: make(map[string]int64), DryRun: in.dry(),
	}
	for reason, n := range done.Audience.LeftOut {
		out.LeftOut[string(reason)] = n
	}
	if p := done.Audience.Preview; p != nil {
		out.Subject = x.view.text(p.Subject)
	}
	if done.Wait != nil {
		out.Waiting = x.waiting(done.Wait)
	}
	return out, nil
}

func (x *session) broadcastRow(ctx context.Context, b *store.Broadcast) (BroadcastRow, error) {
	f, err := x.Control.BroadcastFigures(ctx, b)
	return BroadcastRow{
		BroadcastID: b.ID, Name: Untrusted{x.view.clean(b.Name)}, TemplateKey: b.Template, Subject: x.view.text(b.Subject),
		Status: string(b.Status), PausedReason: x.view.text(b.Reason), AudienceSize: b.Recipients, SentAt: stamp(b.FinishedAt),
		Sent: f.Sent, Delivered: f.Delivered, Opened: f.Opened, OpenedByPeople: f.OpenedByPeople, Clicked: f.Clicked,
		Bounced: f.Bounced, Complained: f.Complained, Unsubscribed: f.Unsubscribed,
	}, err
}

func (x *session) getBroadcast(ctx context.Context, _ *mcp.CallToolRequest, in broadcastIn) (out BroadcastRow, err error) {
	s, err := x.Control.BroadcastStats(ctx, x.who, in.BroadcastID)
	if err != nil {
		return out, err
	}
	if out, err = x.broadcastRow(ctx, &s.Broadcast); err != nil {
		return out, err
	}
	out.Uncertain, out.Skipped = s.Outcome.Sends["uncertain"], make(map[string]int64)
	for reason, n := range s.Outcome.Skipped {
		out.Skipped[reason] += n
	}
	for reason, n := range s.Broadcast.LeftOut {
		out.Skipped[string(reason)] += n
	}
	return out, nil
}

func (x *session) listBroadcasts(ctx context.Context, _ *mcp.CallToolRequest, in broadcastsIn) (out Broadcasts, err error) {
	n, err := limit(in.Limit)
	if err != nil {
		return out, err
	}
	page, err := x.Control.Broadcasts(ctx, x.who, "", 1, n)
	if err != nil {
		return out, err
	}
	out.Broadcasts = make([]BroadcastRow, len(page.Broadcasts))
	for i := range page.Broadcasts {
		if out.Broadcasts[i], err = x.broadcastRow(ctx, &page.Broadcasts[i]); err != nil {
			return out, err
		}
	}
	return out, nil
}
