package store

import (
	"context"
	"fmt"

	"tidings/event"
	"tidings/internal/attribute"
	"tidings/internal/contact"
	"tidings/internal/stats"
)

// refact gathers what filters ask of the events that are there: when each contact did what last, how often it did what is
// custom, and the values that are compared. What reaches back before the events that are kept stays.
func (s *Store) refact(ctx context.Context, _ *Recounted) error {
	if err := s.revalue(ctx); err != nil {
		return fmt.Errorf("gather values of events: %w", err)
	}
	var after int64
	for {
		done := true
		err := s.engine.write(ctx, func(c conn) error {
			var last int64
			_, err := one(ctx, c, `SELECT coalesce(max(ref), 0) FROM (SELECT ref FROM contacts WHERE ref > $1
				ORDER BY ref LIMIT $2) x`, []any{after, recountBatch}, &last)
			if done = last == 0; err != nil || done {
				return err
			}
			if err := refactContacts(ctx, c, after+1, last); err != nil {
				return err
			}
			after = last
			return nil
		})
		if err != nil || done {
			return wrapStep("gather times of contacts", err)
		}
	}
}

// refactContacts does a range of contacts, which it locks as ingest does.
func refactContacts(ctx context.Context, c conn, from, to int64) error {
	if _, err := c.exec(ctx, `UPDATE contacts SET updated_at = updated_at WHERE ref BETWEEN $1 AND $2`, from, to); err != nil {
		return err
	}
	lasts := make(map[int64]*[event.Slots]int64)
	var custom []contactEventRow
	err := c.query(ctx, `SELECT e.contact, n.text, e.name, count(*), min(e.occurred_at), max(e.occurred_at) FROM events e
		JOIN terms n ON n.ref = e.name WHERE e.contact BETWEEN $1 AND $2 AND e.class <> `+itoa(int(stats.ByMachine))+`
		AND e.class <> `+itoa(int(stats.OfCandidates))+` GROUP BY e.contact, n.text, e.name`, []any{from, to}, func(r row) error {
		var x contactEventRow
		var name string
		if err := r.Scan(&x.contact, &name, &x.name, &x.n, &x.first, &x.last); err != nil {
			return err
		}
		slot := event.Name(name).Slot()
		if slot == 0 {
			custom = append(custom, x)
			return nil
		}
		if lasts[x.contact] == nil {
			lasts[x.contact] = new([event.Slots]int64)
		}
		lasts[x.contact][slot] = max(x.last, 1)
		return nil
	})
	if err != nil {
		return err
	}
	for ref, found := range lasts {
		if err := mergeLasts(ctx, c, ref, found); err != nil {
			return err
		}
	}
	for _, x := range custom {
		_, err := c.exec(ctx, `INSERT INTO contact_events (name, contact, n, first_at, last_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (name, contact) DO UPDATE SET
			n = CASE WHEN contact_events.n > excluded.n THEN contact_events.n ELSE excluded.n END,
			first_at = CASE WHEN contact_events.first_at < excluded.first_at THEN contact_events.first_at ELSE excluded.first_at END,
			last_at = CASE WHEN contact_events.last_at > excluded.last_at THEN contact_events.last_at ELSE excluded.last_at END`,
			x.name, x.contact, x.n, x.first, x.last)
		if err != nil {
			return err
		}
	}
	return nil
}

func mergeLasts(ctx context.Context, c conn, ref int64, found *[event.Slots]int64) error {
	var stored []byte
	if _, err := one(ctx, c, `SELECT lasts FROM contacts WHERE ref = $1`, []any{ref}, &stored); err != nil {
		return err
	}
	for slot, at := range contact.DecodeLasts(stored) {
		found[slot] = max(found[slot], at)
	}
	_, err := c.exec(ctx, `UPDATE contacts SET lasts = $2 WHERE ref = $1`, ref, contact.AppendLasts(nil, found))
	return err
}

// valued is an event with what filters compare of it.
type valued struct {
	id      event.ID
	project int64
	values  map[string][]attribute.Value
}

// revalue stores the values of events that were stored without.
func (s *Store) revalue(ctx context.Context) error {
	var after int64
	for {
		last := after
		err := s.engine.write(ctx, func(c conn) error {
			list, to, err := s.nextValued(ctx, c, after)
			if err != nil {
				return err
			}
			last = to
			for _, v := range list {
				if err := putValued(ctx, c, v); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || last == after {
			return err
		}
		after = last
	}
}

// nextValued reads the values of the next events after a seq, and the last one's seq.
func (s *Store) nextValued(ctx context.Context, c conn, after int64) (list []valued, last int64, err error) {
	last = after
	err = c.query(ctx, `SELECT e.seq, e.id, e.project, n.text, e.detail FROM events e JOIN terms n ON n.ref = e.name
		WHERE e.seq > $1 ORDER BY e.seq LIMIT $2`, []any{after, recountBatch}, func(r row) error {
		var v valued
		var e event.Event
		var name string
		var detail []byte
		if err := r.Scan(&last, &v.id, &v.project, &name, &detail); err != nil {
			return err
		}
		e.Name = event.Name(name)
		if err := s.codec.DecodeDetail(detail, &e); err != nil {
			return err
		}
		if v.values = attribute.OfEvent(&e); len(v.values) > 0 {
			list = append(list, v)
		}
		return nil
	})
	return list, last, err
}

func putValued(ctx context.Context, c conn, v valued) error {
	refs := make(map[string]int64, len(v.values))
	for _, key := range sortedTexts(v.values) {
		ref, err := termOf(ctx, c, v.project, termAttribute, key)
		if err != nil {
			return err
		}
		refs[key] = ref
	}
	for _, r := range appendValues(nil, v.id, v.values, func(key string) int64 { return refs[key] }) {
		_, err := c.exec(ctx, `INSERT INTO event_values (event, key, n, kind, number, text) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (event, key, n) DO NOTHING`, r.event, r.key, r.n, int64(r.Kind), r.Number, r.Text)
		if err != nil {
			return err
		}
	}
	return nil
}
