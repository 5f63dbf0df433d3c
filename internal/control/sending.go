package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"tidings/event"
	"tidings/internal/auth"
	"tidings/internal/compose"
	"tidings/internal/fault"
	"tidings/internal/link"
	"tidings/internal/send"
	"tidings/internal/sender"
	"tidings/internal/source"
	"tidings/internal/store"
)

// Mailing is how emails are handed over. The zero value does it with what is usual.
type Mailing struct {
	// SentKey is the identity that the provider's own event of the hand-over has; nil key: it has none of its own.
	SentKey  func(provider, messageID, recipient string, at time.Time) (identityAt time.Time, key []string)
	Parallel int           // how many emails are handed over at once; 0: DefaultParallel
	Patience send.Patience // zero: send.DefaultPatience
	Meter    MailMeter     // nil: nobody counts
}

// MailMeter counts what becomes of emails. Its methods return at once.
type MailMeter interface {
	// Mailed counts emails of a kind of sender by what became of them: "sent", "failed", "retried", "uncertain" or "skipped". The
	// kind is "none" where no sender had them.
	Mailed(kind, outcome string, n int)
	// MailTook counts how long a sender of a kind had an email.
	MailTook(kind string, took time.Duration)
}

// mailed counts one email.
func (m *Mailing) mailed(kind string, status send.Status) {
	if m.Meter == nil {
		return
	}
	outcome := string(status)
	if status == send.StatusQueued {
		outcome = "retried"
	}
	m.Meter.Mailed(cmp.Or(kind, "none"), outcome, 1)
}

const (
	// DefaultParallel is how many emails are handed over at once.
	DefaultParallel = 32
	// handTimeout ends one hand-over; handLease is how long a send may be at it before its holder counts as gone.
	handTimeout = time.Minute
	handLease   = 5 * time.Minute
	// A claim takes as many as are handed over in about a second: what a crash leaves is uncertain.
	leastClaim, mostClaim = 8, 256
	settlePause           = 100 * time.Millisecond // before the second try to store outcomes; it doubles
	// sendsAhead is how long a run waits for what is due next.
	sendsAhead = 20 * time.Second
	// sendsLook is how often it looks meanwhile: what is to go at once may be queued while it waits for what is due later.
	sendsLook = 300 * time.Millisecond
)

// RunSends hands over what is due, until nothing is for a while.
func (c *Control) RunSends(ctx context.Context) error {
	limit := leastClaim
	for ctx.Err() == nil {
		if err := c.recoverSends(ctx, c.Now().Add(-handLease)); err != nil {
			return err
		}
		claimed, skipped, err := c.Store.ClaimSends(ctx, store.SendClaim{
			Turn: auth.NewID("trn_"), Now: c.Now(), Limit: limit,
			Source:  func(project string) (*source.Source, error) { return c.sendSource(ctx, project) },
			Repeats: func(project string, x *send.Content) bool { return c.repeats(ctx, project, x.Sender) },
		})
		if err != nil {
			return fmt.Errorf("claim sends: %w", err)
		}
		if c.Mailing.Meter != nil {
			c.Mailing.Meter.Mailed("none", string(send.StatusSkipped), skipped)
		}
		if len(claimed)+skipped == 0 {
			if again, err := c.awaitSend(ctx); err != nil || !again {
				return err
			}
			continue
		}
		began := time.Now()
		if err := c.handAll(ctx, claimed); err != nil {
			return err
		}
		limit = nextClaim(limit, time.Since(began))
	}
	return nil
}

// RecoverSends finds what a server that ended was handing over. It is for the start of one that is alone.
func (c *Control) RecoverSends(ctx context.Context) error { return c.recoverSends(ctx, c.Now()) }

func (c *Control) recoverSends(ctx context.Context, before time.Time) error {
	if _, _, err := c.Store.RecoverSends(ctx, before); err != nil {
		return fmt.Errorf("recover sends: %w", err)
	}
	return nil
}

// repeats reports whether handing an email to a sender twice is as good as once: a file is written over.
func (c *Control) repeats(ctx context.Context, project, name string) bool {
	live, err := c.Outgoing.Sender(ctx, project, name)
	return err == nil && live.Row.Kind == send.KindFile
}

// nextClaim is how many to claim after so many took so long.
func nextClaim(limit int, took time.Duration) int {
	switch {
	case took < time.Second/2:
		return min(limit*2, mostClaim)
	case took > 2*time.Second:
		return max(limit/2, leastClaim)
	}
	return limit
}

// awaitSend waits for what is due next, where that is soon.
func (c *Control) awaitSend(ctx context.Context) (again bool, err error) {
	due, err := c.Store.NextSend(ctx)
	if err != nil {
		return false, fmt.Errorf("find the next send: %w", err)
	}
	wait := due.Sub(c.Now())
	if due.IsZero() || wait > sendsAhead {
		return false, nil
	}
	return pause(ctx, min(max(wait, time.Millisecond), sendsLook)), nil
}

// pause waits, and reports whether it did to the end: ctx may end it.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// handAll hands claimed sends over and stores what became of each as soon as it is known, many at once. What was begun is
// brought to its end when ctx ends; what was not goes back.
func (c *Control) handAll(ctx context.Context, claimed []store.ClaimedSend) error {
	lasting := context.WithoutCancel(ctx)
	templates := &templateMemo{}
	outcomes := make(chan store.SendOutcome, len(claimed)) // while some are stored, others are handed over
	go func() {
		defer close(outcomes)
		var busy sync.WaitGroup
		room := make(chan struct{}, cmp.Or(c.Mailing.Parallel, DefaultParallel))
		for i := range claimed {
			x := &claimed[i]
			room <- struct{}{}
			busy.Go(func() {
				defer func() { <-room }()
				if ctx.Err() != nil {
					outcomes <- store.SendOutcome{Send: x, Status: send.StatusQueued, DueAt: x.DueAt}
					return
				}
				o, kind := c.handOver(lasting, x, templates)
				c.Mailing.mailed(kind, o.Status)
				outcomes <- o
			})
		}
		busy.Wait()
	}()
	var failed error
	for o := range outcomes {
		list := []store.SendOutcome{o}
		for more := true; more; {
			select {
			case o, ok := <-outcomes:
				if more = ok; ok {
					list = append(list, o)
				}
			default:
				more = false
			}
		}
		if err := c.settle(lasting, list); err != nil {
			failed = err // they are uncertain, and what the provider tells of them settles them
		}
	}
	return failed
}

// settle stores outcomes, and tries for a while: what is not stored counts as uncertain, though it was sent.
func (c *Control) settle(ctx context.Context, list []store.SendOutcome) (err error) {
	const tries = 6
	for i := range tries {
		if err = c.Store.SettleSends(ctx, list); err == nil {
			return nil
		}
		pause(ctx, settlePause<<i)
	}
	return err
}

// handOver hands one send over, and tells by which kind of sender; empty: there was none.
func (c *Control) handOver(
	ctx context.Context, x *store.ClaimedSend, templates *templateMemo,
) (out store.SendOutcome, kind string) {
	ctx, cancel := context.WithTimeout(ctx, handTimeout)
	defer cancel()
	out = store.SendOutcome{Send: x, Sender: x.Content.Sender}
	src, err := c.sendSource(ctx, x.Project)
	if err != nil {
		return c.putBack(out, err, nil), ""
	}
	out.Source = src
	live, err := c.Outgoing.Sender(ctx, x.Project, x.Content.Sender)
	if err != nil { // somebody removed it or switched it off, or the store is in trouble: both may end
		return c.putBack(out, err, nil), ""
	}
	out.Sender = live.Row.ID
	return c.handTo(ctx, live, out, templates), live.Row.Kind
}

// handTo hands one send to a sender.
func (c *Control) handTo(
	ctx context.Context, live *sender.Live, out store.SendOutcome, templates *templateMemo,
) store.SendOutcome {
	x := out.Send
	m, err := c.mail(ctx, x, &live.Row, templates)
	if fault.Is(err, fault.Invalid) {
		return c.fails(out, event.ReasonTemplate, err.Error())
	}
	if err != nil {
		return c.putBack(out, err, nil)
	}
	began := time.Now()
	handed, err := live.Send(ctx, m)
	if c.Mailing.Meter != nil {
		c.Mailing.Meter.MailTook(live.Row.Kind, time.Since(began))
	}
	var failure *send.Failure
	switch {
	case err == nil:
		return c.wasSent(out, m, handed)
	case !errors.As(err, &failure) || failure.Kind == send.Uncertain:
		out.Status, out.Problem = send.StatusUncertain, err.Error()
		return out
	case failure.Kind == send.Permanent:
		return c.fails(out, failure.Reason, failure.Detail)
	}
	return c.putBack(out, err, failure)
}

// mail renders a send and writes its links. An error of kind Invalid is the content's, and lasts.
func (c *Control) mail(
	ctx context.Context, x *store.ClaimedSend, row *send.Sender, templates *templateMemo,
) (*send.Mail, error) {
	content := x.Content
	links, err := c.MailLinks(ctx)
	if err != nil {
		return nil, err
	}
	ref := link.Ref{Project: x.ProjectRef, Contact: x.Contact.Ref, Send: x.Ref}
	texts, err := c.texts(ctx, x.Project, content, &rendering{
		contact: &x.Contact, name: x.Name, data: x.Data, unsubscribe: links.Unsubscribe(ref), preferences: links.Preferences(ref),
		templates: templates,
	})
	if err != nil {
		return nil, err
	}
	m := &send.Mail{
		ID: x.ID, Project: x.Project, DueAt: x.DueAt, From: texts.From, ReplyTo: texts.ReplyTo,
		To:      send.Mailbox{Name: x.Name, Address: x.Contact.Address},
		Subject: texts.Subject, HTML: texts.HTML, Text: texts.Text, Headers: content.Headers, Attachments: content.Attachments,
		Template: content.Label, Workflow: content.Workflow, Run: content.Run, Step: content.Step, Broadcast: content.Broadcast,
		Tags: content.Tags, Metadata: content.Metadata, NoOpens: content.NoOpens, NoClicks: content.NoClicks,
	}
	if m.From.Address == "" {
		m.From = row.From
	}
	if len(m.ReplyTo) == 0 && row.ReplyTo != "" {
		m.ReplyTo = []send.Mailbox{{Address: row.ReplyTo}}
	}
	m.ReturnPath = send.ReturnPath(row.Settings.ReturnPath, x.ID)
	m.MessageID = x.ID + "@" + compose.Domain(m.From.Address)
	if !content.Transactional {
		m.Headers = slices.Concat(m.Headers, links.Headers(ref))
	}
	if !watches(row) {
		m.HTML, _ = links.Rewrite(m.HTML, ref, MailWatch{NoOpens: m.NoOpens, NoClicks: m.NoClicks})
	}
	return m, nil
}

// watches reports whether the service behind a sender tells of opens and clicks: then links of our own do not.
func watches(row *send.Sender) bool { return row.Kind == send.KindSES || row.Settings.Preset != "" }

// wasSent is the outcome of an email that was taken.
func (c *Control) wasSent(out store.SendOutcome, m *send.Mail, h send.Handed) store.SendOutcome {
	src := *out.Source
	src.Provider = h.Provider
	out.Status, out.Source = send.StatusSent, &src
	at := h.At
	if at.IsZero() {
		at = c.Now()
	}
	metadata := map[string]string{send.MetadataKey: m.ID}
	for k, v := range m.Metadata {
		metadata[k] = v
	}
	d := event.Draft{
		Event: event.Event{Name: event.EmailSent, OccurredAt: at.UTC().Truncate(time.Millisecond), Message: &event.Message{
			ID: h.MessageID, Subject: m.Subject, From: m.From.Address, Template: m.Template, Workflow: m.Workflow, Tags: m.Tags,
			Metadata: metadata, SentAt: at,
		}},
		IdentityAt: at, Key: []string{string(event.EmailSent), m.ID},
	}
	if c.Mailing.SentKey != nil {
		if when, key := c.Mailing.SentKey(h.Provider, h.MessageID, m.To.Address, at); key != nil {
			d.IdentityAt, d.Key = when, key
		}
	}
	out.Event = &d
	return out
}

// fails is the outcome of an email that never will be taken.
func (c *Control) fails(out store.SendOutcome, reason, detail string) store.SendOutcome {
	now := c.Now().UTC().Truncate(time.Millisecond)
	out.Status, out.Reason, out.Problem = send.StatusFailed, reason, detail
	out.Event = &event.Draft{
		Event: event.Event{Name: event.EmailFailure, OccurredAt: now, Failure: &event.Refusal{Reason: reason, Detail: detail}},
		Key:   []string{string(event.EmailFailure), out.Send.ID, now.String()},
	}
	return out
}

// putBack is the outcome of an email that is tried again, unless it was tried long enough.
func (c *Control) putBack(out store.SendOutcome, err error, f *send.Failure) store.SendOutcome {
	patience, asked := c.Mailing.Patience, time.Duration(0)
	if patience == (send.Patience{}) {
		patience = send.DefaultPatience
	}
	if f != nil {
		asked = f.RetryAfter
	}
	now := c.Now()
	if out.Source != nil && patience.GivesUp(out.Send.Attempts, out.Send.DueAt, now) {
		return c.fails(out, reasonTooLate, "given up after "+short(patience.Until)+": "+err.Error())
	}
	out.Status, out.Problem = send.StatusQueued, err.Error()
	out.DueAt = now.Add(send.Pause(out.Send.Attempts, asked, rand.Float64()))
	return out
}

// reasonTooLate is why an email failed that no try could hand over.
const reasonTooLate = "expired"
