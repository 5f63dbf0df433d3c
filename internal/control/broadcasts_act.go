package control

import (
	"context"
	"fmt"

	"tidings/internal/auth"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/send"
	"tidings/internal/store"
)

// SendBroadcast lets a broadcast begin, at once or at a time.
func (c *Control) SendBroadcast(ctx context.Context, who Actor, id, scheduledFor string) (store.Broadcast, error) {
	return c.sendBroadcast(ctx, who, id, scheduledFor, "")
}

func (c *Control) sendBroadcast(ctx context.Context, who Actor, id, scheduledFor, note string) (store.Broadcast, error) {
	x, err := c.Broadcast(ctx, who, id)
	if err != nil {
		return x, err
	}
	var p problems
	due, err := parseWhen("scheduledFor", scheduledFor)
	p.addError(err)
	if due.After(c.Now().Add(maxScheduledAhead)) {
		p.add("scheduledFor", "is more than a year ahead")
	}
	if err := p.err(); err != nil {
		return x, err
	}
	content, err := c.broadcastContent(ctx, who.Project, id, &x.BroadcastDefinition, who.Bounds.Domains)
	if err != nil {
		return x, err
	}
	act := c.act(who, opSendBroadcast, id, note)
	if due.After(c.Now()) {
		x, err = c.Store.ScheduleBroadcast(ctx, who.Project, id, due, act)
		if err != nil {
			return x, fmt.Errorf("schedule broadcast: %w", err)
		}
		return x, nil
	}
	x, begun, err := c.Store.BeginBroadcast(ctx, &x, content, &act)
	if err == nil && !begun {
		err = fault.New(fault.Conflict, store.CodeChanged, "broadcast %s was changed in between", id).
			WithHint("read it again and send it then")
	}
	if err != nil {
		return x, fmt.Errorf("send broadcast: %w", err)
	}
	return x, nil
}

// PauseBroadcast holds a broadcast that is under way.
func (c *Control) PauseBroadcast(ctx context.Context, who Actor, id, note string) (store.Broadcast, error) {
	var p problems
	p.text("note", note, 0, maxNote)
	if err := p.err(); err != nil {
		return store.Broadcast{}, err
	}
	x, err := c.Broadcast(ctx, who, id)
	if err != nil {
		return x, err
	}
	act := c.act(who, opPauseBroadcast, id, note)
	reason := "paused by a person"
	if note != "" {
		reason += ": " + note
	}
	if x, err = c.Store.PauseBroadcast(ctx, &x, reason, &act); err != nil {
		return x, fmt.Errorf("pause broadcast: %w", err)
	}
	return x, nil
}

// ResumeBroadcast lets a paused broadcast go on.
func (c *Control) ResumeBroadcast(ctx context.Context, who Actor, id string) (store.Broadcast, error) {
	if x, err := c.Broadcast(ctx, who, id); err != nil {
		return x, err
	}
	x, err := c.Store.ResumeBroadcast(ctx, who.Project, id, c.act(who, opResumeBroadcast, id, ""))
	if err != nil {
		return x, fmt.Errorf("resume broadcast: %w", err)
	}
	return x, nil
}

// CancelBroadcast ends a broadcast.
func (c *Control) CancelBroadcast(ctx context.Context, who Actor, id string) (store.Broadcast, error) {
	if x, err := c.Broadcast(ctx, who, id); err != nil {
		return x, err
	}
	x, err := c.Store.CancelBroadcast(ctx, who.Project, id, c.act(who, opCancelBroadcast, id, ""))
	if err != nil {
		return x, fmt.Errorf("cancel broadcast: %w", err)
	}
	return x, nil
}

// TestBroadcast sends what a broadcast says to one address. It counts for nothing, and goes to those who unsubscribed, too.
func (c *Control) TestBroadcast(ctx context.Context, who Actor, id, email string) (SentEmail, error) {
	x, err := c.Broadcast(ctx, who, id)
	if err != nil {
		return SentEmail{}, err
	}
	address, wrong := readAddress([]byte(email))
	if wrong != "" {
		return SentEmail{}, fault.BadField("email", "%s", wrong)
	}
	content, err := c.broadcastContent(ctx, who.Project, id, &x.BroadcastDefinition, who.Bounds.Domains)
	if err != nil {
		return SentEmail{}, err
	}
	content.Transactional, content.Broadcast, content.Topic, content.Tags = true, "", "", nil
	src, err := c.sendSource(ctx, who.Project)
	if err != nil {
		return SentEmail{}, err
	}
	act := c.act(who, opTestBroadcast, id, "")
	out, err := c.Store.QueueSends(ctx, &store.SendBatch{
		Source: src, Content: content, Origin: originTest, Sends: []store.NewSend{{
			ID:     auth.NewID(send.IDPrefix),
			Change: contact.Change{Address: address, At: c.Now().UnixMilli(), Origin: originTest, By: who.By, Born: contact.OptOut},
		}},
	}, &act)
	if err != nil {
		return SentEmail{}, fmt.Errorf("test broadcast: %w", err)
	}
	o := out[0]
	return SentEmail{ID: o.ID, Message: o.Message, Contact: o.Contact, Email: email, Status: o.Status, Reason: o.Reason}, nil
}

// BroadcastAudience is who a broadcast would go to now, and what one of them would get.
type BroadcastAudience struct {
	store.AudienceSize
	Preview   *send.Rendered // nil: there is nobody
	PreviewOf string         // the address
}

// MeasureBroadcast is a dry run: nothing is stored or sent.
func (c *Control) MeasureBroadcast(ctx context.Context, who Actor, id string) (out BroadcastAudience, err error) {
	x, err := c.Broadcast(ctx, who, id)
	if err != nil {
		return out, err
	}
	return c.rehearseBroadcast(ctx, who, id, &x.BroadcastDefinition)
}

func (c *Control) rehearseBroadcast(
	ctx context.Context, who Actor, id string, d *store.BroadcastDefinition,
) (out BroadcastAudience, err error) {
	content, err := c.broadcastContent(ctx, who.Project, id, d, who.Bounds.Domains)
	if err != nil {
		return out, err
	}
	out.AudienceSize, err = c.Store.MeasureAudience(ctx, who.Project, d, c.Now(), audienceSample)
	if fault.Is(err, fault.NotFound) {
		return out, fault.BadField("segmentId", "%v", err)
	}
	if err != nil || len(out.Sample) == 0 {
		return out, err
	}
	k := &out.Sample[0]
	base := c.public("")
	texts, err := c.texts(ctx, who.Project, content, &rendering{
		contact: k, unsubscribe: base + "/unsubscribe/preview", preferences: base + "/preferences/preview",
	})
	if err != nil {
		return out, err
	}
	out.Preview, out.PreviewOf = &texts, k.Address
	return out, nil
}
