package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/message"
	"tidings/internal/send"
	"tidings/internal/source"
)

// Feed asks for the next recipients of a broadcast to be queued.
type Feed struct {
	Broadcast string
	Source    *source.Source // that events of ours are stored under; it names the project
	Limit     int            // at most
	Lead      int            // how many sends of the broadcast may wait at once
	NewID     func() string  // makes snd_…
}

// Fed is what became of a Feed.
type Fed struct {
	Broadcast Broadcast // as it is now
	Handled   int       // how many recipients had their turn
	Waiting   int       // how many sends wait to be handed over, up to Lead
	Next      time.Time // when the next recipient is due; zero: none waits
	Ready     time.Time // when the throttle lets the next one pass; zero: at once
}

// FeedBroadcast queues the emails of recipients whose time has come, in one transaction with the note that they had their
// turn. Where the broadcast is not under way it does nothing.
func (s *Store) FeedBroadcast(ctx context.Context, f *Feed) (out Fed, err error) {
	var q *queueing
	err = s.engine.ingest(ctx, func(b batch) error {
		q, out = nil, Fed{}
		x, found, err := lockBroadcast(ctx, b, f.Broadcast)
		if out.Broadcast = x; err != nil || !found || x.Status != BroadcastSending {
			return err
		}
		w := s.newWork(ctx, b)
		limit, err := out.room(ctx, b, f, &x, w.now)
		if err != nil {
			return err
		}
		if limit > 0 {
			if q, err = s.feed(w, f, &x, limit); err != nil {
				return err
			}
			out.Handled = len(q.asked.Sends)
			out.Waiting += out.Handled
		}
		out.Broadcast = x
		var next int64
		waits, err := one(ctx, b, `SELECT due_at FROM broadcast_recipients WHERE broadcast = $1 AND state = 0
			ORDER BY due_at, contact LIMIT 1`, []any{x.Ref}, &next)
		if waits {
			out.Next = at(next)
		}
		return err
	})
	if err != nil {
		return out, fmt.Errorf("feed broadcast %s: %w", f.Broadcast, err)
	}
	if q != nil {
		q.keepTerms()
	}
	return out, nil
}

// room is how many recipients may have their turn now.
func (out *Fed) room(ctx context.Context, c conn, f *Feed, x *Broadcast, now time.Time) (int, error) {
	if _, err := one(ctx, c, `SELECT count(*) FROM (SELECT 1 FROM sends WHERE broadcast = $1 AND broadcast <> 0 AND status = `+
		itoa(queuedSend)+` LIMIT `+itoa(f.Lead)+`) x`, []any{x.Ref}, &out.Waiting); err != nil {
		return 0, err
	}
	limit := min(f.Limit, f.Lead-out.Waiting)
	if x.Throttle == 0 {
		return limit, nil
	}
	// Each email takes its part of a minute; what was not used for a second is lost, so that nothing is caught up.
	cost := time.Minute.Microseconds() / x.Throttle
	micros := now.UnixMicro()
	x.paced = max(x.paced, micros-max(time.Second.Microseconds(), cost))
	free := int(min((micros-x.paced)/max(cost, 1), int64(f.Limit)))
	if free <= 0 {
		out.Ready = time.UnixMicro(x.paced + cost)
	}
	return min(limit, free), nil
}

// feed queues the next recipients.
func (s *Store) feed(w *work, f *Feed, x *Broadcast, limit int) (*queueing, error) {
	content, err := w.contentOf(make(map[int64]*send.Content), x.content)
	if err != nil {
		return nil, err
	}
	content.Broadcast = x.ID
	q := &queueing{
		work: w, project: x.project, content: x.content, broadcast: x.Ref,
		asked: &SendBatch{Source: f.Source, Content: content, Origin: x.ID},
	}
	var refs []int64
	err = w.b.query(w.ctx, `SELECT r.contact, coalesce(c.address, '') FROM broadcast_recipients r
		LEFT JOIN contacts c ON c.ref = r.contact WHERE r.broadcast = $1 AND r.state = 0 AND r.due_at <= $2
		ORDER BY r.due_at, r.contact LIMIT `+itoa(limit), []any{x.Ref, ms(w.now)}, func(r row) error {
		var ref int64
		var address string
		if err := r.Scan(&ref, &address); err != nil {
			return err
		}
		refs = append(refs, ref)
		q.asked.Sends = append(q.asked.Sends, NewSend{
			ID: f.NewID(), Intent: "broadcast:" + x.ID + ":" + publicID(contactPrefix, ref),
			Change: contact.Change{Address: address, Update: true, At: ms(w.now), Origin: x.ID},
		})
		return err
	})
	if err != nil || len(refs) == 0 {
		return q, err
	}
	q.out = make([]QueuedSend, len(refs))
	if err := q.run(); err != nil {
		return nil, err
	}
	if err := q.noteHandled(x, refs); err != nil {
		return nil, err
	}
	return q, nil
}

// noteHandled notes that recipients had their turn.
func (q *queueing) noteHandled(x *Broadcast, refs []int64) error {
	queued := int64(0)
	for i, ref := range refs {
		o := q.out[i]
		state := int64(handledRecipient)
		if o.Status == send.StatusSkipped {
			state = recipientState(o.Reason)
			x.Skipped[o.Reason]++
		} else {
			queued++
		}
		if _, err := q.b.exec(q.ctx, `UPDATE broadcast_recipients SET state = $3 WHERE broadcast = $1 AND contact = $2`, x.Ref, ref,
			state); err != nil {
			return err
		}
	}
	x.Handled += int64(len(refs))
	if x.Throttle > 0 {
		x.paced += queued * time.Minute.Microseconds() / x.Throttle
	}
	skipped, err := json.Marshal(x.Skipped)
	if err != nil {
		return err
	}
	_, err = q.b.exec(q.ctx, `UPDATE broadcasts SET handled = $2, skipped = $3, paced_at = $4 WHERE ref = $1`, x.Ref, x.Handled,
		string(skipped), x.paced)
	return err
}

// sendCounts counts the sends of a broadcast by their status.
func sendCounts(ctx context.Context, c conn, broadcast int64) (map[send.Status]int64, error) {
	counts := make(map[int64]int64)
	err := c.query(ctx, `SELECT status, count(*) FROM sends WHERE broadcast = $1 AND broadcast <> 0 GROUP BY status`,
		[]any{broadcast}, scanCounts(counts))
	out := make(map[send.Status]int64, len(counts))
	for status, n := range counts {
		out[sendStatus(status)] = n
	}
	return out, err
}

// BroadcastOutcome is what became of the sends of a broadcast.
type BroadcastOutcome struct {
	Sends map[send.Status]int64 `json:"sends"`
	// Skipped says why sends were skipped: when they were queued, or when they were due.
	Skipped map[string]int64 `json:"skipped,omitempty"`
	Failed  map[string]int64 `json:"failed,omitempty"` // the same of those that failed
}

// BroadcastOutcome counts what became of the sends of a broadcast: of one that is settled, as they were then.
func (s *Store) BroadcastOutcome(ctx context.Context, x *Broadcast) (out BroadcastOutcome, err error) {
	if x.outcome != "" {
		err := json.Unmarshal([]byte(x.outcome), &out)
		return out, err
	}
	err = s.engine.read(ctx, func(c conn) error {
		out, err = broadcastOutcome(ctx, c, x.Ref)
		return err
	})
	return out, err
}

func broadcastOutcome(ctx context.Context, c conn, ref int64) (out BroadcastOutcome, err error) {
	if out.Sends, err = sendCounts(ctx, c, ref); err != nil {
		return out, err
	}
	for _, x := range [...]struct {
		status int
		to     *map[string]int64
	}{{skippedSend, &out.Skipped}, {failedSend, &out.Failed}} {
		*x.to = make(map[string]int64)
		err := c.query(ctx, `SELECT reason, count(*) FROM sends WHERE broadcast = $1 AND broadcast <> 0 AND status = $2
			GROUP BY reason`,
			[]any{ref, int64(x.status)}, func(r row) error {
				var reason string
				var n int64
				err := r.Scan(&reason, &n)
				(*x.to)[reason] += n
				return err
			})
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// sendsOfBroadcast lists the newest sends of a broadcast, from one short range of the index for each status.
func sendsOfBroadcast(ctx context.Context, c conn, q *SendQuery, where string, args []any) (list []SendItem, err error) {
	statuses := q.Statuses
	if len(statuses) == 0 {
		statuses = sendStatuses
	}
	for _, status := range statuses {
		of := " AND s.status = " + itoa(int(statusNumber(status)))
		err := c.query(ctx, selectSendItem+where+of+" ORDER BY s.ref DESC LIMIT $2", args,
			func(r row) error {
				x, err := scanSendItem(r)
				list = append(list, x)
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(list, func(a, b SendItem) int { return cmp.Compare(b.Ref, a.Ref) })
	return list[:min(len(list), q.Limit)], nil
}

// SettleBroadcast marks that no more is expected of a broadcast, and tells it: nothing of what was sent still has no outcome, or
// it is over for longer than patience. Otherwise it is looked at later. The outcome is kept as it is then.
func (s *Store) SettleBroadcast(ctx context.Context, id string, src *source.Source, patience time.Duration) (err error) {
	var w *work
	err = s.engine.ingest(ctx, func(b batch) error {
		w = s.newWork(ctx, b)
		x, found, err := lockBroadcast(ctx, b, id)
		if err != nil || !found || !x.SettledAt.IsZero() || x.StartedAt.IsZero() {
			return err
		}
		if x.Status != BroadcastSent && x.Status != BroadcastCancelled {
			return nil
		}
		var there int64
		open, err := one(ctx, b, `SELECT 1 FROM sends WHERE broadcast = $1 AND broadcast <> 0 AND status IN (`+itoa(queuedSend)+`, `+
			itoa(handingSend)+`, `+itoa(uncertainSend)+`, `+itoa(heldSend)+`) LIMIT 1`, []any{x.Ref}, &there)
		if err == nil && !open {
			open, err = one(ctx, b, `SELECT 1 FROM sends s LEFT JOIN messages m ON m.ref = s.message WHERE s.broadcast = $1
				AND s.broadcast <> 0 AND s.status = `+itoa(sentSend)+` AND coalesce(m.rank, $2) < $2 LIMIT 1`,
				[]any{x.Ref, int64(message.Delivered)}, &there)
		}
		if err != nil {
			return err
		}
		if over := w.now.Sub(x.FinishedAt); open && over < patience {
			next := w.now.Add(min(max(over/10, 30*time.Second), time.Hour))
			_, err := b.exec(ctx, `UPDATE broadcasts SET check_at = $2 WHERE ref = $1`, x.Ref, ms(next))
			return err
		}
		outcome, err := broadcastOutcome(ctx, b, x.Ref)
		if err != nil {
			return err
		}
		raw, err := json.Marshal(outcome)
		if err != nil {
			return err
		}
		if _, err := b.exec(ctx, `UPDATE broadcasts SET settled_at = $2, outcome = $3 WHERE ref = $1`, x.Ref, ms(w.now),
			string(raw)); err != nil {
			return err
		}
		return w.tellBroadcast(&x, event.BroadcastSettled, src)
	})
	if err != nil {
		return fmt.Errorf("settle broadcast %s: %w", id, err)
	}
	w.keepTerms()
	return nil
}

// leaveHeld leaves out the sends whose broadcast is paused or canceled, and marks them so: they may have been put back, or queued
// by a person, since it was.
func (w *work) leaveHeld(rows []*sendRow) (left []*sendRow, err error) {
	held, err := w.heldNow(rows)
	if err != nil {
		return nil, err
	}
	for _, x := range rows {
		status := held[x.broadcast]
		if status == 0 {
			left = append(left, x)
			continue
		}
		_, err := w.b.exec(w.ctx, `UPDATE sends SET status = $2, turn = '', updated_at = $3 WHERE ref = $1`, x.ref, int64(status),
			ms(w.now))
		if err != nil {
			return nil, err
		}
	}
	return left, nil
}

// heldNow reports which of some broadcasts are paused or canceled: what a send of theirs becomes instead of being handed over.
func (w *work) heldNow(rows []*sendRow) (map[int64]int, error) {
	out := make(map[int64]int)
	for _, x := range rows {
		if _, known := out[x.broadcast]; known || x.broadcast == 0 {
			continue
		}
		var status int64
		found, err := one(w.ctx, w.b, `SELECT status FROM broadcasts WHERE ref = $1`, []any{x.broadcast}, &status)
		if err != nil {
			return nil, err
		}
		switch {
		case found && status == pausedBroadcast:
			out[x.broadcast] = heldSend
		case found && status == cancelledBroadcast:
			out[x.broadcast] = canceledSend
		default:
			out[x.broadcast] = 0
		}
	}
	return out, nil
}
