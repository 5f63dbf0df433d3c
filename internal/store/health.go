package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"tidings/event"
)

// lagSample is over how many of the newest events lag is computed.
const lagSample = 1000

// SourceHealth tells how a source does: what came last, what was refused and why, and what waits for a person.
func (s *Store) SourceHealth(ctx context.Context, ref int64, now time.Time) (h Health, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		if h, err = s.health(ctx, c, ref, now); err != nil {
			return err
		}
		return s.lastByName(ctx, c, ref, now, &h)
	})
	return h, err
}

// SourcesHealth tells the same of every source of a project, by its integer, but LastByName. Of each it reads counters by
// their keys and lagSample events by their index, however many there are, so that it may be asked for with every list.
func (s *Store) SourcesHealth(ctx context.Context, project string, now time.Time) (all map[int64]Health, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		var refs []int64
		err := c.query(ctx, `SELECT s.ref FROM sources s JOIN projects p ON p.ref = s.project WHERE p.id = $1`, []any{project},
			func(r row) error {
				var ref int64
				err := r.Scan(&ref)
				refs = append(refs, ref)
				return err
			})
		if err != nil {
			return err
		}
		all = make(map[int64]Health, len(refs))
		for _, ref := range refs {
			if all[ref], err = s.health(ctx, c, ref, now); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

func (s *Store) health(ctx context.Context, c conn, ref int64, now time.Time) (h Health, err error) {
	h = Health{LastByName: make(map[event.Name]time.Time), Problems24h: make(map[string]int64)}
	if h.Activity, err = activity(ctx, c, ref, now); err != nil {
		return h, err
	}
	for _, part := range [...]func(context.Context, conn, int64, time.Time, *Health) error{s.lag, tallies} {
		if err := part(ctx, c, ref, now, &h); err != nil {
			return h, err
		}
	}
	return h, nil
}

func (s *Store) lag(ctx context.Context, c conn, ref int64, now time.Time, h *Health) error {
	var lags []time.Duration
	var last int64
	err := c.query(ctx, `SELECT occurred_at, received_at FROM events WHERE source = $1
		ORDER BY `+s.engine.stem("id")+` DESC, id DESC LIMIT $2`, []any{ref, lagSample}, func(r row) error {
		var occurred, received int64
		err := r.Scan(&occurred, &received)
		last = max(last, received)
		lags = append(lags, time.Duration(received-occurred)*time.Millisecond)
		return err
	})
	if err != nil || len(lags) == 0 {
		return err
	}
	slices.Sort(lags)
	h.LastEventAt = at(last)
	h.LagP50, h.LagP95, h.LagMax = lags[len(lags)/2], lags[len(lags)*95/100], lags[len(lags)-1]
	return nil
}

// lastByName reads counters, which are small, rather than events.
func (s *Store) lastByName(ctx context.Context, c conn, ref int64, now time.Time, h *Health) error {
	type last struct{ name, hour int64 }
	var list []last
	var terms []int64
	err := c.query(ctx, `SELECT name, max(bucket) FROM counters WHERE +kind = 1 AND dim = $1 AND n > 0 GROUP BY name`,
		[]any{ref}, func(r row) error {
			var l last
			err := r.Scan(&l.name, &l.hour)
			list, terms = append(list, l), append(terms, l.name)
			return err
		})
	if err != nil {
		return err
	}
	texts, err := s.termTexts(ctx, c, terms)
	if err != nil {
		return err
	}
	for _, l := range list {
		var occurred int64
		// Within the newest hour of the name, the newest event.
		_, err := one(ctx, c, `SELECT coalesce(max(occurred_at), 0) FROM (SELECT occurred_at FROM events
			WHERE name = $1 AND +source = $2 ORDER BY `+s.engine.stem("id")+` DESC, id DESC LIMIT 100) x`,
			[]any{l.name, ref}, &occurred)
		if err != nil {
			return err
		}
		h.LastByName[event.Name(texts[l.name])] = maxTime(at(occurred), time.Unix(l.hour*3600, 0).UTC())
	}
	return nil
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func tallies(ctx context.Context, c conn, ref int64, now time.Time, h *Health) error {
	return c.query(ctx, `SELECT word, sum(n) FROM tallies WHERE source = $1 AND hour > $2 GROUP BY word`,
		[]any{ref, hours(now) - 24}, func(r row) error {
			var word string
			var n int64
			if err := r.Scan(&word, &n); err != nil {
				return err
			}
			counts := map[string]*int64{"event": &h.Events24h, "expired": &h.Expired24h}
			if p, ok := counts[word]; ok {
				*p = n
			} else if code, ok := strings.CutPrefix(word, "problem:"); ok {
				h.Problems24h[code] = n
			}
			return nil
		})
}
