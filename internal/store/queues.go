package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"tidings/internal/fault"
	"tidings/internal/source"
)

// queueNoteAge is how old a node's note may be to tell of its present.
const queueNoteAge = 2 * time.Minute

// QueueSources lists the enabled sources, of all projects, that have a queue, oldest first.
func (s *Store) QueueSources(ctx context.Context) ([]*source.Source, error) {
	list, err := s.sources(ctx, `WHERE s.disabled_at = 0 ORDER BY s.ref`)
	return slices.DeleteFunc(list, func(src *source.Source) bool { return src.Settings.Queue == "" }), err
}

// queueFree refuses a queue that another source reads: each would get a part of its messages.
func queueFree(ctx context.Context, c conn, src *source.Source) error {
	if src.Settings.Queue == "" {
		return nil
	}
	return c.query(ctx, `SELECT id, settings FROM sources WHERE settings LIKE $1 AND id <> $2`, []any{`%"queue":%`, src.ID},
		func(r row) error {
			var id, text string
			if err := r.Scan(&id, &text); err != nil {
				return err
			}
			var other source.Settings
			if err := json.Unmarshal([]byte(text), &other); err != nil || other.Queue != src.Settings.Queue {
				return err
			}
			return fault.New(fault.Conflict, "queue_taken", "the queue is read by source %s", id).WithField("settings.queue").
				WithHint("make a second queue and subscribe it to the topic, too")
		})
}

// NoteQueue stores how a node does with the queue of a source, in place of what it noted before. What nodes noted that
// have been silent for a while is forgotten.
func (s *Store) NoteQueue(ctx context.Context, n source.QueueNote) error {
	return s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `DELETE FROM queue_notes WHERE source = $1 AND noted_at < $2 AND node <> $3`,
			n.SourceRef, ms(n.NotedAt.Add(-queueNoteAge)), n.Node)
		if err != nil {
			return err
		}
		_, err = c.exec(ctx, `INSERT INTO queue_notes (source, node, noted_at, received_at, failed_at, code, message)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (source, node) DO UPDATE SET noted_at = excluded.noted_at,
			received_at = excluded.received_at, failed_at = excluded.failed_at, code = excluded.code,
			message = excluded.message`,
			n.SourceRef, n.Node, ms(n.NotedAt), ms(n.ReceivedAt), ms(n.FailedAt), n.Code, n.Message)
		return err
	})
}

// ForgetQueue removes what a node noted of the queue of a source, because it reads it no longer.
func (s *Store) ForgetQueue(ctx context.Context, ref int64, node string) error {
	return s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `DELETE FROM queue_notes WHERE source = $1 AND node = $2`, ref, node)
		return err
	})
}

// queues reads how the nodes do that read the queue of a source.
func queues(ctx context.Context, c conn, ref int64, now time.Time, a *Activity) error {
	return c.query(ctx, `SELECT node, noted_at, received_at, failed_at, code, message FROM queue_notes
		WHERE source = $1 AND noted_at > $2 ORDER BY node`, []any{ref, ms(now.Add(-queueNoteAge))}, func(r row) error {
		n := source.QueueNote{SourceRef: ref}
		var noted, received, failed int64
		err := r.Scan(&n.Node, &noted, &received, &failed, &n.Code, &n.Message)
		n.NotedAt, n.ReceivedAt, n.FailedAt = at(noted), at(received), at(failed)
		a.Queues = append(a.Queues, n)
		return err
	})
}
