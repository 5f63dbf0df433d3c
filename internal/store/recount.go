package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/internal/message"
	"tidings/internal/stats"
)

// Recounted is what a recount put right.
type Recounted struct {
	Events   int64 // whose class was another
	Messages int64 // whose state was another
	Counters int64
	// Left are the differences that a recount does not mend: states of contacts and suppressions, which hold acts of
	// people too.
	Left []Difference
}

// recountBatch is how many rows one transaction puts right: short enough that ingest hardly waits.
const recountBatch = 500

// Recount puts right what is kept per event beside the events themselves: their classes, the states of messages, and
// all counters. Events may come in meanwhile: counters are put right by what they are off, which later events do not
// change. progress, which may be nil, is told how many events are done. The act is noted when all is put right, with how much
// that was.
func (s *Store) Recount(
	ctx context.Context, act Act, progress func(done, total int64),
) (r Recounted, err error) {
	for _, step := range [...]func(context.Context, *Recounted) error{s.reclassify, s.restate, s.refact} {
		if err := step(ctx, &r); err != nil {
			return r, err
		}
	}
	token, err := s.announceRecount(ctx)
	if err != nil {
		return r, err
	}
	v, err := s.verify(ctx, progress)
	if err != nil {
		return r, err
	}
	r.Left = slices.DeleteFunc(v.out.Differences, func(d Difference) bool { return d.repaired })
	r.Counters = int64(len(v.off))
	act.Changes = r.changes()
	return r, s.shiftCounters(ctx, v.off, token, act)
}

// announceRecount leaves a token, so that of two recounts that run at once only the later one moves counters.
func (s *Store) announceRecount(ctx context.Context) (string, error) {
	token := rand.Text()
	return token, s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `INSERT INTO meta (name, value) VALUES ('recount_token', $1)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, token)
		return err
	})
}

// RecountDue reports whether a new version counts what older ones did not, so that a recount is due.
func (s *Store) RecountDue(ctx context.Context) (due bool, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		var value string
		due, err = one(ctx, c, `SELECT value FROM meta WHERE name = 'recount'`, nil, &value)
		return err
	})
	return due, err
}

// reclassify gives events the classes of this version: bounces, complaints, and what simulators were sent.
func (s *Store) reclassify(ctx context.Context, r *Recounted) error {
	for _, filter := range [...]string{
		`e.name IN (SELECT ref FROM terms WHERE kind = 1 AND text IN ('email.bounce', 'email.complaint'))`,
		`e.contact IN (SELECT ref FROM contacts WHERE address LIKE '%@simulator.amazonses.com')`,
	} {
		var after int64
		for {
			wrong, last, err := s.misclassified(ctx, filter, after)
			if err != nil {
				return err
			}
			err = s.engine.write(ctx, func(c conn) error {
				for id, class := range wrong {
					if _, err := c.exec(ctx, `UPDATE events SET class = $2 WHERE id = $1`, id, int64(class)); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("classify events: %w", err)
			}
			r.Events += int64(len(wrong))
			if after = last; last == 0 {
				break
			}
		}
	}
	return nil
}

// misclassified finds events whose class is another, among the next ones after a seq. last is 0 where there are no more.
func (s *Store) misclassified(
	ctx context.Context, filter string, after int64,
) (wrong map[event.ID]stats.Class, last int64, err error) {
	wrong = make(map[event.ID]stats.Class)
	err = s.engine.read(ctx, func(c conn) error {
		return c.query(ctx, `SELECT e.seq, e.id, n.text, e.class, coalesce(c.address, ''), e.detail FROM events e
			JOIN terms n ON n.ref = e.name LEFT JOIN contacts c ON c.ref = e.contact
			WHERE e.seq > $1 AND `+filter+` ORDER BY e.seq LIMIT $2`, []any{after, recountBatch}, func(r row) error {
			var name string
			var class int64
			var detail []byte
			e := event.Event{Attribution: event.Exact}
			if err := r.Scan(&last, &e.ID, &name, &class, &e.Recipient, &detail); err != nil {
				return err
			}
			e.Name = event.Name(name)
			if stats.Class(class) == stats.OfCandidates {
				e.Attribution = event.Candidates
			}
			if err := s.codec.DecodeDetail(detail, &e); err != nil {
				return err
			}
			if right := stats.ClassOf(&e); right != stats.Class(class) {
				wrong[e.ID] = right
			}
			return nil
		})
	})
	return wrong, last, err
}

// restate folds the stored events of every message anew and stores the states that come out different.
func (s *Store) restate(ctx context.Context, r *Recounted) error {
	var after int64
	for {
		n, fixed := 0, int64(0)
		var last int64
		err := s.engine.write(ctx, func(c conn) error {
			v := &verifier{store: s, c: c, ctx: ctx, terms: make(map[termKey]int64)}
			if err := v.readHorizon(); err != nil {
				return err
			}
			list, err := v.nextMessages(after, recountBatch)
			if err != nil || len(list) == 0 {
				n = 0
				return err
			}
			n, last = len(list), list[len(list)-1].ref
			if err := s.engine.lockMessages(ctx, c, list[0].ref, last); err != nil {
				return err
			}
			// What stands there was read before the lock.
			if list, err = v.nextMessages(after, n); err != nil {
				return err
			}
			fixed, err = v.fixMessages(list)
			return err
		})
		if err != nil {
			return fmt.Errorf("recount messages: %w", err)
		}
		r.Messages += fixed
		if after = last; n == 0 {
			return nil
		}
	}
}

func (v *verifier) fixMessages(list []verifiedMessage) (fixed int64, err error) {
	byMessage, _, err := v.factsByMessage(list[0].ref, list[len(list)-1].ref)
	if err != nil {
		return 0, err
	}
	for _, m := range list {
		have, err := message.Decode(m.state)
		if err != nil {
			return fixed, err
		}
		if v.reachesBack(have) {
			continue // what it had before retention is known from its state alone
		}
		facts, err := v.facts(m.project, byMessage[m.ref])
		if err != nil {
			return fixed, err
		}
		want := refold(facts, stats.Dims{}, func(*stats.Tally) {})
		if fmt.Sprint(have) == fmt.Sprint(want) {
			continue
		}
		_, err = v.c.exec(v.ctx, `UPDATE messages SET state = $2, rank = $3 WHERE ref = $1`,
			m.ref, want.Append(nil), int64(want.Rank))
		if err != nil {
			return fixed, err
		}
		fixed++
	}
	return fixed, nil
}

// changes tells how much was put right.
func (r Recounted) changes() (list []Change) {
	for _, x := range [...]struct {
		field string
		n     int64
	}{{"events", r.Events}, {"messages", r.Messages}, {"counters", r.Counters}} {
		list = append(list, Change{Field: x.field, To: itoa(int(x.n))})
	}
	return list
}

// shiftCounters adds to every counter what it is off, and notes that the recount is done.
func (s *Store) shiftCounters(ctx context.Context, off map[stats.Key]stats.Count, token string, act Act) error {
	rows := make([]counterRow, 0, len(off))
	for k, c := range off {
		rows = append(rows, counterRow{k, c})
	}
	slices.SortFunc(rows, func(a, b counterRow) int { return compareKeys(a.Key, b.Key) })
	err := s.engine.ingest(ctx, func(b batch) error {
		var now string
		if _, err := one(ctx, b, `SELECT value FROM meta WHERE name = 'recount_token'`, nil, &now); err != nil {
			return err
		}
		if now != token {
			return fault.New(fault.Conflict, "recount_overtaken", "another recount began meanwhile; it will put the counters right")
		}
		for chunk := range slices.Chunk(rows, counterChunk) {
			if err := b.addCounters(ctx, chunk); err != nil {
				return err
			}
		}
		if _, err := b.exec(ctx, `DELETE FROM meta WHERE name IN ('recount', 'recount_token')`); err != nil {
			return err
		}
		project, err := projectRef(ctx, b, act.Project)
		if err != nil {
			return err
		}
		return record(ctx, b, project, act)
	})
	if err != nil {
		return fmt.Errorf("put counters right: %w", err)
	}
	return nil
}

// counterChunk is how many counters one statement takes.
const counterChunk = 5000
