package store

import (
	"context"
	"fmt"
	"time"

	"tidings/event"
)

// retainBatch is how many rows one pass of retention removes from a table: short enough that ingest hardly waits.
const retainBatch = 2000

// Retain removes what is older than its retention, in one bounded pass. Counters, contacts and suppressions stay. A
// message goes when all its events are gone. It does nothing where the clock seems wrong: see clockJumped.
func (s *Store) Retain(ctx context.Context, now time.Time) (removed Removed, err error) {
	r := s.opts.Retention
	var runs, dispatches int64
	err = s.engine.write(ctx, func(c conn) error {
		removed = Removed{}
		jumped, err := clockJumped(ctx, c, now)
		if err != nil {
			return err
		}
		if jumped {
			s.opts.Logger.Warn("retention waits: the clock is far ahead of the newest event; it goes on when events come",
				"now", now)
			return nil
		}
		if err := retainWishes(ctx, c, now); err != nil {
			return err
		}
		if err := retainRuleActs(ctx, c, now); err != nil {
			return err
		}
		if err := retainAlerts(ctx, c, now); err != nil {
			return err
		}
		if r.Receipts > 0 {
			if removed.Receipts, err = retainReceipts(ctx, c, ms(now.Add(-r.Receipts))); err != nil {
				return err
			}
		}
		if r.Dispatches > 0 {
			if dispatches, err = retainDispatches(ctx, c, ms(now.Add(-r.Dispatches)), now); err != nil {
				return err
			}
		}
		if removed.Events, err = s.retainEvents(ctx, c, now); err != nil {
			return err
		}
		if longest := r.Longest(); longest > 0 {
			before := ms(now.Add(-longest))
			if runs, err = retainRuns(ctx, c, before); err != nil {
				return err
			}
			if err := retainExportRuns(ctx, c, before); err != nil {
				return err
			}
			if removed.Messages, err = retainMessages(ctx, c, before); err != nil {
				return err
			}
			removed.Sends, err = retainSends(ctx, c, before)
		}
		return err
	})
	removed.More = removed.Receipts >= retainBatch || removed.Events >= retainBatch || removed.Messages >= retainBatch ||
		removed.Sends >= retainBatch || runs >= retainBatch || dispatches >= retainBatch
	if err != nil {
		return removed, fmt.Errorf("retention: %w", err)
	}
	return removed, s.engine.tend(ctx, now, r.Longest())
}

// maxSilence is how far the clock may be ahead of the newest receipt before retention doubts the clock.
const maxSilence = 400 * 24 * time.Hour

// clockJumped reports whether now is so far after the newest receipt that the clock is likelier wrong than the store
// unused: a jump forward must not remove everything.
func clockJumped(ctx context.Context, c conn, now time.Time) (bool, error) {
	var newest int64
	_, err := one(ctx, c, `SELECT coalesce((SELECT received_at FROM receipts ORDER BY ref DESC LIMIT 1), 0)`, nil, &newest)
	return newest != 0 && now.Sub(at(newest)) > maxSilence, err
}

// retainReceipts removes old receipts, then the blocks that none of them needs any more. Receipts are stored about in the
// order they come, so the oldest are the lowest, and so are their blocks.
func retainReceipts(ctx context.Context, c conn, before int64) (int64, error) {
	n, err := c.exec(ctx, `DELETE FROM receipts WHERE ref IN (SELECT ref FROM (SELECT ref, received_at FROM receipts
		ORDER BY ref LIMIT $1) x WHERE received_at < $2)`, retainBatch, before)
	if err != nil {
		return n, err
	}
	_, err = c.exec(ctx, `DELETE FROM blocks WHERE ref IN (SELECT ref FROM (SELECT ref, newest FROM blocks
		ORDER BY ref LIMIT $1) x WHERE newest < $2)
		AND ref < coalesce((SELECT block FROM receipts ORDER BY ref LIMIT 1), ref + 1)`, retainBatch, before)
	return n, err
}

// retainEvents removes the oldest events of every name that has a retention, and notes how far events now reach.
func (s *Store) retainEvents(ctx context.Context, c conn, now time.Time) (total int64, err error) {
	type name struct {
		ref  int64
		text string
	}
	var names []name
	err = c.query(ctx, `SELECT ref, text FROM terms WHERE kind = $1`, []any{termName}, func(r row) error {
		var n name
		err := r.Scan(&n.ref, &n.text)
		names = append(names, n)
		return err
	})
	if err != nil {
		return 0, err
	}
	var horizon time.Time
	stem := s.engine.stem // the first id of a second is a stem and zeros
	for _, n := range names {
		keep := s.opts.Retention.Of(event.Name(n.text))
		if keep == 0 {
			continue
		}
		before := now.Add(-keep)
		// What filters compare of them goes first, while they can be named.
		_, err := c.exec(ctx, `DELETE FROM event_values WHERE event IN (SELECT id FROM events WHERE name = $1
			AND `+stem("id")+` < `+stem("$2")+` ORDER BY `+stem("id")+` LIMIT $3)`, n.ref, event.FirstID(before), retainBatch)
		if err != nil {
			return total, err
		}
		gone, err := c.exec(ctx, `DELETE FROM events WHERE id IN (SELECT id FROM events WHERE name = $1
			AND `+stem("id")+` < `+stem("$2")+` ORDER BY `+stem("id")+` LIMIT $3)`, n.ref, event.FirstID(before), retainBatch)
		if err != nil {
			return total, err
		}
		if gone > 0 && before.After(horizon) {
			horizon = before
		}
		total += gone
	}
	if horizon.IsZero() {
		return total, nil
	}
	_, err = c.exec(ctx, `INSERT INTO meta (name, value) VALUES ('horizon', $1) ON CONFLICT (name) DO UPDATE
		SET value = CASE WHEN CAST(meta.value AS BIGINT) < CAST(excluded.value AS BIGINT) THEN excluded.value
		ELSE meta.value END`, fmt.Sprint(ms(horizon)))
	return total, err
}

func retainMessages(ctx context.Context, c conn, before int64) (int64, error) {
	return c.exec(ctx, `DELETE FROM messages WHERE ref IN (SELECT ref FROM (SELECT ref, last_at FROM messages
		ORDER BY ref LIMIT $1) x WHERE last_at < $2)
		AND NOT EXISTS (SELECT 1 FROM events e WHERE e.message = messages.ref)`, retainBatch, before)
}

// retainSends removes old emails of ours that are done with, as messages are, and then the contents that none of them needs any
// more. What waits, is handed over or is not known to have been stays, however old it is. The oldest have the lowest refs.
func retainSends(ctx context.Context, c conn, before int64) (int64, error) {
	n, err := c.exec(ctx, `DELETE FROM sends WHERE ref IN (SELECT ref FROM (SELECT ref, status, message, updated_at, due_at
		FROM sends
		ORDER BY ref LIMIT $1) x WHERE updated_at < $2 AND due_at < $2
		AND status NOT IN (`+itoa(queuedSend)+`, `+itoa(handingSend)+`, `+itoa(uncertainSend)+`)
		AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.ref = x.message))`, retainBatch, before)
	if err != nil {
		return n, err
	}
	_, err = c.exec(ctx, `DELETE FROM send_contents WHERE ref IN (SELECT ref FROM (SELECT ref, created_at FROM send_contents
		ORDER BY ref LIMIT $1) x WHERE created_at < $2 AND NOT EXISTS (SELECT 1 FROM sends s WHERE s.content = x.ref))`,
		retainBatch, before)
	return n, err
}
