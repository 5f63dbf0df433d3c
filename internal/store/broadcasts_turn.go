package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tidings/event"
	"tidings/internal/send"
	"tidings/internal/source"
)

// ScheduleBroadcast lets a broadcast begin at a time.
func (s *Store) ScheduleBroadcast(ctx context.Context, project, id string, due time.Time, act Act) (out Broadcast, err error) {
	err = s.changeBroadcast(ctx, project, id, &act, func(c conn, x *Broadcast) error {
		if x.Status != BroadcastDraft && x.Status != BroadcastScheduled {
			return wrongBroadcast(x, "scheduled", sentOnce)
		}
		act.Changes = []Change{{Field: "status", From: string(x.Status), To: string(BroadcastScheduled)}}
		_, err := c.exec(ctx, `UPDATE broadcasts SET status = `+itoa(scheduledBroadcast)+`, scheduled_for = $2, updated_at = $3
			WHERE ref = $1`, x.Ref, ms(due), ms(act.At))
		if err != nil {
			return err
		}
		return wakeBroadcast(ctx, c, s.now(), due, id)
	}, &out)
	return out, err
}

const sentOnce = "a broadcast is sent once: make another one to send again"

// BeginBroadcast lets a broadcast of a version begin with what everybody gets. With an act it is a person's wish; without one
// it is that its time came. begun is false where somebody was quicker, or changed it.
func (s *Store) BeginBroadcast(
	ctx context.Context, x *Broadcast, content *send.Content, act *Act,
) (out Broadcast, begun bool, err error) {
	raw, err := json.Marshal(content)
	if err != nil {
		return out, false, fmt.Errorf("encode content: %w", err)
	}
	begin := func(c conn, now *Broadcast) error {
		if now.Version != x.Version || now.Status != BroadcastScheduled && (act == nil || now.Status != BroadcastDraft) {
			return nil
		}
		begun = true
		var ref int64
		_, err := one(ctx, c, `INSERT INTO send_contents (project, created_at, content) VALUES ($1, $2, $3) RETURNING ref`,
			[]any{now.project, ms(s.now()), string(raw)}, &ref)
		if err != nil {
			return err
		}
		_, err = c.exec(ctx, `UPDATE broadcasts SET status = `+itoa(sendingBroadcast)+`, content = $2, started_at = $3,
			updated_at = $3, reason = '' WHERE ref = $1`, now.Ref, ref, ms(s.now()))
		if err != nil {
			return err
		}
		return wakeBroadcast(ctx, c, s.now(), s.now(), now.ID)
	}
	if act == nil {
		return out, begun, s.engine.write(ctx, func(c conn) error {
			begun = false
			now, found, err := lockBroadcast(ctx, c, x.ID)
			if err != nil || !found {
				return err
			}
			return begin(c, &now)
		})
	}
	err = s.changeBroadcast(ctx, x.Project, x.ID, act, func(c conn, now *Broadcast) error {
		begun = false
		if now.Status != BroadcastDraft && now.Status != BroadcastScheduled {
			return wrongBroadcast(now, "sent", sentOnce)
		}
		act.Changes = []Change{{Field: "status", From: string(now.Status), To: string(BroadcastSending)}}
		return begin(c, now)
	}, &out)
	return out, begun, err
}

// PauseBroadcast holds a broadcast: what waits to be handed over is held too. act is nil where it pauses itself; then it is no
// fault that it is not under way any more.
func (s *Store) PauseBroadcast(ctx context.Context, x *Broadcast, reason string, act *Act) (out Broadcast, err error) {
	hold := func(c conn, now *Broadcast) error {
		_, err := c.exec(ctx, `UPDATE broadcasts SET status = `+itoa(pausedBroadcast)+`, reason = $2, updated_at = $3 WHERE ref = $1`,
			now.Ref, event.CleanText(reason, maxProblem), ms(s.now()))
		if err != nil {
			return err
		}
		return moveSends(ctx, c, now.Ref, heldSend, s.now(), queuedSend)
	}
	if act == nil {
		return out, s.engine.write(ctx, func(c conn) error {
			now, found, err := lockBroadcast(ctx, c, x.ID)
			if err != nil || !found || now.Status != BroadcastSending && now.Status != BroadcastScheduled {
				return err
			}
			return hold(c, &now)
		})
	}
	err = s.changeBroadcast(ctx, x.Project, x.ID, act, func(c conn, now *Broadcast) error {
		if now.Status != BroadcastSending {
			return wrongBroadcast(now, "paused", "one that is under way can be")
		}
		act.Changes = []Change{{Field: "status", From: string(now.Status), To: string(BroadcastPaused)}}
		return hold(c, now)
	}, &out)
	return out, err
}

// moveSends gives the sends of a broadcast that have one of some statuses another one.
func moveSends(ctx context.Context, c conn, broadcast int64, to int, now time.Time, from ...int) error {
	for _, status := range from {
		_, err := c.exec(ctx, `UPDATE sends SET status = $2, updated_at = $3 WHERE broadcast = $1 AND broadcast <> 0
			AND status = $4`, broadcast, int64(to), ms(now), int64(status))
		if err != nil {
			return err
		}
	}
	return nil
}

// ResumeBroadcast lets a paused broadcast go on where it was. One that paused before it began waits for its time again.
func (s *Store) ResumeBroadcast(ctx context.Context, project, id string, act Act) (out Broadcast, err error) {
	err = s.changeBroadcast(ctx, project, id, &act, func(c conn, x *Broadcast) error {
		if x.Status != BroadcastPaused {
			return wrongBroadcast(x, "resumed", "one that is paused can be")
		}
		to := BroadcastSending
		if x.StartedAt.IsZero() {
			to = BroadcastScheduled
		}
		act.Changes = []Change{{Field: "status", From: string(x.Status), To: string(to)}}
		_, err := c.exec(ctx, `UPDATE broadcasts SET status = $2, reason = '', paced_at = 0, updated_at = $3 WHERE ref = $1`,
			x.Ref, broadcastNumber(to), ms(act.At))
		if err != nil {
			return err
		}
		if err := moveSends(ctx, c, x.Ref, queuedSend, s.now(), heldSend); err != nil {
			return err
		}
		if err := wakeSends(ctx, c, s.now()); err != nil {
			return err
		}
		return wakeBroadcast(ctx, c, s.now(), s.now(), id)
	}, &out)
	return out, err
}

// CancelBroadcast ends a broadcast: what was not handed over yet never will be.
func (s *Store) CancelBroadcast(ctx context.Context, project, id string, act Act) (out Broadcast, err error) {
	err = s.changeBroadcast(ctx, project, id, &act, func(c conn, x *Broadcast) error {
		switch x.Status {
		case BroadcastDraft:
			return wrongBroadcast(x, "cancelled", "nothing was sent or scheduled: delete the draft")
		case BroadcastSent, BroadcastCancelled:
			return wrongBroadcast(x, "cancelled", "what was handed over can't be called back")
		}
		act.Changes = []Change{{Field: "status", From: string(x.Status), To: string(BroadcastCancelled)}}
		_, err := c.exec(ctx, `UPDATE broadcasts SET status = `+itoa(cancelledBroadcast)+`, reason = '', finished_at = $2,
			check_at = $2, updated_at = $2 WHERE ref = $1`, x.Ref, ms(act.At))
		if err != nil {
			return err
		}
		if err := moveSends(ctx, c, x.Ref, canceledSend, s.now(), queuedSend, heldSend); err != nil {
			return err
		}
		if err := freeTemplates(ctx, c, id); err != nil {
			return err
		}
		return wakeBroadcast(ctx, c, s.now(), s.now(), id)
	}, &out)
	return out, err
}

// FinishBroadcast marks that everything of a broadcast was handed over or never will be, and tells it. done is false while
// something waits.
func (s *Store) FinishBroadcast(ctx context.Context, id string, src *source.Source) (done bool, err error) {
	var w *work
	err = s.engine.ingest(ctx, func(b batch) error {
		w, done = s.newWork(ctx, b), false
		x, found, err := lockBroadcast(ctx, b, id)
		if err != nil || !found || x.Status != BroadcastSending || !x.Taken {
			return err
		}
		var there int64
		waits, err := one(ctx, b, `SELECT 1 FROM broadcast_recipients WHERE broadcast = $1 AND state = 0 LIMIT 1`, []any{x.Ref},
			&there)
		if err != nil || waits {
			return err
		}
		open, err := one(ctx, b, `SELECT 1 FROM sends WHERE broadcast = $1 AND broadcast <> 0 AND status IN (`+itoa(queuedSend)+`, `+
			itoa(handingSend)+`, `+itoa(heldSend)+`) LIMIT 1`, []any{x.Ref}, &there)
		if err != nil || open {
			return err
		}
		done = true
		_, err = b.exec(ctx, `UPDATE broadcasts SET status = `+itoa(sentBroadcast)+`, finished_at = $2, check_at = $2,
			updated_at = $2 WHERE ref = $1`, x.Ref, ms(w.now))
		if err != nil {
			return err
		}
		if err := freeTemplates(ctx, b, id); err != nil {
			return err
		}
		x.Status = BroadcastSent
		return w.tellBroadcast(&x, event.BroadcastFinished, src)
	})
	if err != nil {
		return false, fmt.Errorf("finish broadcast %s: %w", id, err)
	}
	w.keepTerms()
	return done, nil
}

// tellBroadcast stores an event about a broadcast.
func (w *work) tellBroadcast(x *Broadcast, name event.Name, src *source.Source) error {
	counts, err := sendCounts(w.ctx, w.b, x.Ref)
	if err != nil {
		return err
	}
	data, err := json.Marshal(struct {
		Broadcast  string                `json:"broadcast"`
		Name       string                `json:"name"`
		Status     BroadcastStatus       `json:"status"`
		Audience   int64                 `json:"audience"`
		Recipients int64                 `json:"recipients"`
		Sends      map[send.Status]int64 `json:"sends"`
	}{x.ID, x.Name, x.Status, x.Audience, x.Recipients, counts})
	if err != nil {
		return err
	}
	_, err = w.own(src, event.Draft{
		Event: event.Event{Name: name, OccurredAt: w.now, Data: data}, IdentityAt: w.now, Key: []string{string(name), x.ID},
	}, nil)
	if err != nil {
		return err
	}
	return w.finishOwn()
}
