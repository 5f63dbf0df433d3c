package control

import (
	"context"
	"fmt"
	"time"
	_ "time/tzdata" // local hours must be known where the machine knows none

	"tidings/event"
	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/send"
	"tidings/internal/stats"
	"tidings/internal/store"
)

const (
	// feedBatch recipients have their turn in one transaction; broadcastLead emails of a broadcast are queued ahead: what pauses
	// it acts on all others at once.
	feedBatch     = 250
	broadcastLead = 2000
	feedPause     = 200 * time.Millisecond // before it is looked again whether there is room
	checkEvery    = 2 * time.Second        // the thresholds
	// broadcastIdle is how long a run waits for what is due next, or for the last ones. Later ones are woken.
	broadcastIdle = 20 * time.Second
	// SettleAfter is how long after its end the outcomes of a broadcast are waited for.
	SettleAfter = 72 * time.Hour
)

// The usual thresholds: where mailbox providers begin to refuse mail.
const (
	DefaultBounceRate    = 0.05
	DefaultComplaintRate = 0.003
	DefaultLeast         = 500
)

// WakeBroadcasts lets jobs look at what is under way.
func (c *Control) WakeBroadcasts(ctx context.Context) error {
	if err := c.Store.WakeBroadcasts(ctx); err != nil {
		return fmt.Errorf("wake broadcasts: %w", err)
	}
	return nil
}

// RunBroadcast brings a broadcast on as far as it goes now.
func (c *Control) RunBroadcast(ctx context.Context, id string) error {
	r := &broadcastRun{control: c, id: id, busyAt: c.Now()}
	for ctx.Err() == nil {
		again, err := r.step(ctx)
		if err != nil || !again {
			return err
		}
	}
	return ctx.Err()
}

// AdvanceBroadcast does what is to be done for a broadcast now, and waits for nothing.
func (c *Control) AdvanceBroadcast(ctx context.Context, id string) error {
	r := &broadcastRun{control: c, id: id, busyAt: c.Now(), hasty: true}
	for {
		again, err := r.step(ctx)
		if err != nil || !again {
			return err
		}
	}
}

// broadcastRun is one run of a broadcast's job.
type broadcastRun struct {
	control   *Control
	id        string
	busyAt    time.Time // when there was something to do last
	checkedAt time.Time // the thresholds
	hasty     bool      // it waits for nothing
}

// step does the next thing. again is false where there is nothing to do for a while.
func (r *broadcastRun) step(ctx context.Context) (again bool, err error) {
	c := r.control
	x, err := c.Store.BroadcastByID(ctx, r.id)
	if err != nil || x.Ref == 0 {
		return false, err
	}
	switch x.Status {
	case store.BroadcastScheduled:
		if x.ScheduledFor.After(c.Now()) {
			return false, nil
		}
		return true, r.begin(ctx, &x)
	case store.BroadcastSending:
		if x.Taken {
			return r.feed(ctx, &x)
		}
		_, done, err := c.Store.TakeAudience(ctx, x.ID, c.dues(ctx))
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
			return false, r.stop(ctx, &x, err.Error())
		}
		return !done || err == nil, err
	case store.BroadcastSent, store.BroadcastCancelled:
		return false, r.settle(ctx, &x)
	}
	return false, nil
}

// begin lets a scheduled broadcast begin. What is wrong with it by now pauses it.
func (r *broadcastRun) begin(ctx context.Context, x *store.Broadcast) error {
	content, err := r.control.broadcastContent(ctx, x.Project, x.ID, &x.BroadcastDefinition, nil)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) {
		return r.stop(ctx, x, err.Error())
	}
	if err != nil {
		return err
	}
	if _, _, err := r.control.Store.BeginBroadcast(ctx, x, content, nil); err != nil {
		return fmt.Errorf("begin broadcast: %w", err)
	}
	return nil
}

// stop pauses it by itself.
func (r *broadcastRun) stop(ctx context.Context, x *store.Broadcast, reason string) error {
	if _, err := r.control.Store.PauseBroadcast(ctx, x, reason, nil); err != nil {
		return fmt.Errorf("pause broadcast: %w", err)
	}
	return nil
}

// feed queues the next emails.
func (r *broadcastRun) feed(ctx context.Context, x *store.Broadcast) (again bool, err error) {
	c := r.control
	now := c.Now()
	if now.Sub(r.checkedAt) >= checkEvery {
		reason, err := c.pastThreshold(ctx, x)
		if err != nil {
			return false, err
		}
		if reason != "" {
			return false, r.stop(ctx, x, reason)
		}
		r.checkedAt = now
	}
	src, err := c.sendSource(ctx, x.Project)
	if err != nil {
		return false, err
	}
	fed, err := c.Store.FeedBroadcast(ctx, &store.Feed{
		Broadcast: x.ID, Source: src, Limit: feedBatch, Lead: broadcastLead,
		NewID: func() string { return auth.NewID(send.IDPrefix) },
	})
	if err != nil {
		return false, err
	}
	if fed.Handled > 0 {
		r.busyAt = now
		return true, nil
	}
	if fed.Next.IsZero() {
		done, err := c.Store.FinishBroadcast(ctx, x.ID, src)
		if done || err != nil {
			return done, err
		}
	}
	if fed.Waiting > 0 {
		r.busyAt = now
	}
	return r.wait(ctx, now, &fed), nil
}

// wait waits a little, where something is to do soon.
func (r *broadcastRun) wait(ctx context.Context, now time.Time, fed *store.Fed) bool {
	wait := feedPause
	for _, at := range []time.Time{fed.Next, fed.Ready} {
		wait = max(wait, at.Sub(now))
	}
	if r.hasty || wait > broadcastIdle || now.Sub(r.busyAt) > broadcastIdle {
		return false
	}
	return pause(ctx, min(wait, time.Second))
}

func (r *broadcastRun) settle(ctx context.Context, x *store.Broadcast) error {
	if !x.SettledAt.IsZero() || x.StartedAt.IsZero() {
		return nil
	}
	src, err := r.control.sendSource(ctx, x.Project)
	if err != nil {
		return err
	}
	return r.control.Store.SettleBroadcast(ctx, x.ID, src, SettleAfter)
}

// hourMinute is how a local time is written.
const hourMinute = "15:04"

// zoneOf finds a time zone by its name. That of the machine is none.
func zoneOf(name string) (*time.Location, bool) {
	if name == "" || name == "Local" {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}

// dues tells when recipients of a broadcast are due.
func (c *Control) dues(ctx context.Context) func(*store.Broadcast) (store.Due, error) {
	return func(x *store.Broadcast) (store.Due, error) {
		begin := x.StartedAt
		if !x.ScheduledFor.IsZero() {
			begin = x.ScheduledFor
		}
		out := store.Due{Otherwise: begin}
		if x.LocalTime == "" {
			return out, nil
		}
		clock, err := time.Parse(hourMinute, x.LocalTime)
		if err != nil {
			return out, fmt.Errorf("local time of broadcast %s: %w", x.ID, err)
		}
		otherwise, ok := zoneOf(x.TimeZone)
		if !ok {
			otherwise = time.UTC
		}
		out.Otherwise = nextLocal(begin, clock, otherwise)
		names, err := c.Store.TimeZones(ctx, x.Project)
		if err != nil {
			return out, fmt.Errorf("list time zones: %w", err)
		}
		out.Zones = make(map[string]time.Time, len(names))
		for _, name := range names {
			if zone, ok := zoneOf(name); ok {
				out.Zones[name] = nextLocal(begin, clock, zone)
			}
		}
		return out, nil
	}
}

// nextLocal is when it is a time of day in a zone, from begin on. An hour that a day does not have, because clocks are put
// forward, is the one after it.
func nextLocal(begin, clock time.Time, zone *time.Location) time.Time {
	day := begin.In(zone)
	for offset := range 3 {
		due := time.Date(day.Year(), day.Month(), day.Day()+offset, clock.Hour(), clock.Minute(), 0, 0, zone)
		if due.Hour() < clock.Hour() && due.Day() == day.AddDate(0, 0, offset).Day() { // in the gap, and before it
			due = due.Add(time.Hour)
		}
		if !due.Before(begin) {
			return due.UTC()
		}
	}
	return begin // not reached: one of three days has the time
}

// BroadcastFigures are what events say became of a broadcast's messages: how many, each message once.
type BroadcastFigures struct {
	Sent, Delivered, Opened, OpenedByPeople, Clicked, ClickedByPeople int64
	Bounced, HardBounced, Complained, Unsubscribed, Replied, Rejected int64
	Opens, Clicks                                                     int64 // every one, also of the same message
}

// figures reads the counters of a broadcast.
func (c *Control) figures(ctx context.Context, project, id string) (f BroadcastFigures, err error) {
	list, err := c.Store.Stats(ctx, store.StatsQuery{Project: project, By: stats.ByTag, Value: id})
	if err != nil {
		return f, fmt.Errorf("read the counters of a tag: %w", err)
	}
	for _, x := range list {
		if x.Class == stats.OfCandidates || x.Class == stats.Aside {
			continue
		}
		human := x.Class == stats.ByHuman
		switch x.Name {
		case event.EmailSent:
			f.Sent += x.Any
		case event.EmailDelivery:
			f.Delivered += x.Any
		case event.EmailOpen:
			f.Opened, f.Opens = f.Opened+x.Any, f.Opens+x.N
			if human {
				f.OpenedByPeople += x.Unique
			}
		case event.EmailClick:
			f.Clicked, f.Clicks = f.Clicked+x.Any, f.Clicks+x.N
			if human {
				f.ClickedByPeople += x.Unique
			}
		case event.EmailBounce:
			if x.Class == stats.HardBounce || x.Class == stats.SoftBounce || x.Class == stats.BlockBounce {
				f.Bounced += x.Any
			}
			if x.Class == stats.HardBounce {
				f.HardBounced += x.Unique
			}
		case event.EmailComplaint:
			if x.Class != stats.MildComplaint {
				f.Complained += x.Any
			}
		case event.EmailUnsubscribe:
			f.Unsubscribed += x.Any
		case event.EmailReply:
			f.Replied += x.Any
		case event.EmailReject:
			f.Rejected += x.Any
		}
	}
	return f, nil
}

// pastThreshold tells why a broadcast is to pause by itself; empty: it is not.
func (c *Control) pastThreshold(ctx context.Context, x *store.Broadcast) (string, error) {
	f, err := c.figures(ctx, x.Project, x.ID)
	if err != nil {
		return "", err
	}
	least := int64(DefaultLeast)
	set(&least, x.Least)
	if f.Sent < least {
		return "", nil
	}
	for _, t := range [...]struct {
		n     int64
		limit *float64
		usual float64
		what  string
	}{
		{f.Bounced, x.Bounces, DefaultBounceRate, "bounced"}, {f.Complained, x.Complaints, DefaultComplaintRate, "complained"},
	} {
		limit := t.usual
		set(&limit, t.limit)
		if limit > 0 && float64(t.n) > limit*float64(f.Sent) {
			return fmt.Sprintf("%d of %d emails %s, which is more than %.3g %%", t.n, f.Sent, t.what, limit*100), nil
		}
	}
	return "", nil
}

// BroadcastStats is what became of a broadcast.
type BroadcastStats struct {
	Broadcast store.Broadcast
	Figures   BroadcastFigures
	Outcome   store.BroadcastOutcome
}

// BroadcastStats tells what became of a broadcast: exactly, and as of now.
func (c *Control) BroadcastStats(ctx context.Context, who Actor, id string) (out BroadcastStats, err error) {
	if out.Broadcast, err = c.Broadcast(ctx, who, id); err != nil {
		return out, err
	}
	if out.Figures, err = c.figures(ctx, who.Project, id); err != nil {
		return out, err
	}
	out.Outcome, err = c.Store.BroadcastOutcome(ctx, &out.Broadcast)
	if err != nil {
		return out, fmt.Errorf("count sends: %w", err)
	}
	return out, nil
}

// BroadcastFigures tells what events say became of a broadcast, from counters alone.
func (c *Control) BroadcastFigures(ctx context.Context, x *store.Broadcast) (BroadcastFigures, error) {
	if x.StartedAt.IsZero() {
		return BroadcastFigures{}, nil
	}
	return c.figures(ctx, x.Project, x.ID)
}
