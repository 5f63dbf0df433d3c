package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tidings/internal/contact"
	"tidings/internal/dispatch"
)

// SourcePulse is when a source told something.
type SourcePulse struct {
	ID, Name      string
	Disabled      bool
	Hours         []int64   // with requests, as Activity.Hours
	LastReceiptAt time.Time // zero: none
}

// SourcePulses tells when the sources of a project told something, from counters.
func (s *Store) SourcePulses(ctx context.Context, project string) (list []SourcePulse, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list = nil
		return eachSource(ctx, c, project, func(ref int64, id, name string, disabled bool) error {
			x := SourcePulse{ID: id, Name: name, Disabled: disabled}
			var a Activity
			for _, part := range [...]func(context.Context, conn, int64, time.Time, *Activity) error{lastReceipt, rhythm} {
				if err := part(ctx, c, ref, time.Time{}, &a); err != nil {
					return err
				}
			}
			x.Hours, x.LastReceiptAt = a.Hours, a.LastReceiptAt
			list = append(list, x)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read when sources told something: %w", err)
	}
	return list, nil
}

// eachSource tells of the sources of a project.
func eachSource(
	ctx context.Context, c conn, project string, tell func(ref int64, id, name string, disabled bool) error,
) error {
	type source struct {
		ref, disabled int64
		id, name      string
	}
	var all []source
	err := c.query(ctx, `SELECT s.ref, s.id, s.name, s.disabled_at FROM sources s JOIN projects p ON p.ref = s.project
		WHERE p.id = $1 ORDER BY s.ref`, []any{project}, func(r row) error {
		var x source
		err := r.Scan(&x.ref, &x.id, &x.name, &x.disabled)
		all = append(all, x)
		return err
	})
	if err != nil {
		return err
	}
	for _, x := range all {
		if err := tell(x.ref, x.id, x.name, x.disabled != 0); err != nil {
			return err
		}
	}
	return nil
}

// RefusedRequests is how many requests to a source's URL were refused.
type RefusedRequests struct {
	ID, Name string
	Disabled bool
	ByCode   map[string]int64
	Last     string // what the newest of them was refused for, in words
}

// RefusedSince counts refused requests since the hour of a time, by source and code.
func (s *Store) RefusedSince(ctx context.Context, project string, since time.Time) (list []RefusedRequests, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list = nil
		return eachSource(ctx, c, project, func(ref int64, id, name string, disabled bool) error {
			x := RefusedRequests{ID: id, Name: name, Disabled: disabled, ByCode: make(map[string]int64)}
			err := c.query(ctx, `SELECT word, CAST(sum(n) AS BIGINT) FROM tallies WHERE source = $1 AND hour >= $2 AND word LIKE
				$3
				GROUP BY word`, []any{ref, hours(since), refusedWord + "%"}, func(r row) error {
				var word string
				var n int64
				err := r.Scan(&word, &n)
				x.ByCode[strings.TrimPrefix(word, refusedWord)] = n
				return err
			})
			if err != nil {
				return err
			}
			if len(x.ByCode) > 0 {
				_, err = one(ctx, c, `SELECT last_message FROM refusals WHERE source = $1 AND day >= $2 ORDER BY last_at DESC
					LIMIT 1`,
					[]any{ref, days(since)}, &x.Last)
			}
			list = append(list, x)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("count refused requests: %w", err)
	}
	return list, nil
}

// EndpointPulse is how an endpoint does.
type EndpointPulse struct {
	ID, Name string
	Disabled bool   // by anybody
	GivenUp  string // why the server disabled it; empty: it did not
	Health   dispatch.Health
	Dead     int64 // events that were given up since the time that was asked for
}

// EndpointPulses tells how the endpoints of a project do, from counters since the hour of a time.
func (s *Store) EndpointPulses(ctx context.Context, project string, since time.Time) (list []EndpointPulse, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		list = nil
		return c.query(ctx, `SELECT e.ref, e.name, e.disabled_at, e.disabled, e.health, (SELECT CAST(coalesce(sum(h.dead), 0) AS
			BIGINT)
			FROM endpoint_hours h WHERE h.endpoint = e.ref AND h.hour >= $2) FROM endpoints e WHERE e.project = $1 ORDER BY
				e.ref`,
			[]any{p, hours(since)}, func(r row) error {
				var x EndpointPulse
				var ref, disabled int64
				var health string
				if err := r.Scan(&ref, &x.Name, &disabled, &x.GivenUp, &health, &x.Dead); err != nil {
					return err
				}
				x.ID, x.Disabled = publicID(endpointPrefix, ref), disabled != 0
				if err := json.Unmarshal([]byte(health), &x.Health); err != nil {
					return fmt.Errorf("the health of endpoint %s: %w", x.ID, err)
				}
				list = append(list, x)
				return nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("read how endpoints do: %w", err)
	}
	return list, nil
}

// maxSurge is how many suppressions of one window are counted.
const maxSurge = 50_000

// SuppressionsBefore counts the suppressions that events brought, in windows that end with now: the first is the newest.
func (s *Store) SuppressionsBefore(
	ctx context.Context, project string, now time.Time, window time.Duration, windows int,
) (counts []int64, err error) {
	reasons := []any{
		string(contact.HardBounce), string(contact.SoftBounceLimit), string(contact.ComplaintReason), string(contact.ProviderList),
	}
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		counts = nil
		for i := range windows {
			to := now.Add(-time.Duration(i) * window)
			var n int64
			_, err := one(ctx, c, `SELECT count(*) FROM (SELECT 1 AS x FROM suppressions WHERE project = $1 AND since > $2 AND
				since <= $3
				AND reason IN (`+marks(4, len(reasons))+`) LIMIT `+itoa(maxSurge)+`) x`,
				append([]any{p, ms(to.Add(-window)), ms(to)}, reasons...), &n)
			if err != nil {
				return err
			}
			counts = append(counts, n)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count suppressions: %w", err)
	}
	return counts, nil
}
