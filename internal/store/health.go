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
	h = Health{LastByName: make(map[event.Name]time.Time), Problems24h: make(map[string]int64)}
	err = s.engine.read(ctx, func(c conn) error {
		if h.Activity, err = activity(ctx, c, ref, now); err != nil {
			return err
		}
		for _, part := range [...]func(context.Context, conn, int64, time.Time, *Health) error{
			s.lag, s.lastByName, tallies,
		} {
			if err := part(ctx, c, ref, now, &h); err != nil {
				return err
			}
		}
		return nil
	})
	return h, err
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
