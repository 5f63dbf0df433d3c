package store

import (
	"context"
	"time"
)

// endpointHistory is how long it is known what became of an endpoint's requests by the hour, and of its replays.
const endpointHistory = 400 * 24 * time.Hour

// retainDispatches removes dispatches that were first sent, and last wanted again, before a time, with their tries. One that
// is under way stays. It returns how many it removed: fewer than retainBatch mean that it is done.
func retainDispatches(ctx context.Context, c conn, before int64, now time.Time) (n int64, err error) {
	if _, err := c.exec(ctx, `DELETE FROM endpoint_hours WHERE hour < $1`, hours(now.Add(-endpointHistory))); err != nil {
		return 0, err
	}
	if _, err := c.exec(ctx, `DELETE FROM endpoint_replays WHERE ended_at > 0
		AND ended_at < $1`, ms(now.Add(-endpointHistory))); err != nil {
		return 0, err
	}
	first, err := firstDispatchSince(ctx, c, before)
	if err != nil || first == 0 {
		return 0, err
	}
	const old = `(SELECT ref FROM dispatches WHERE ref < $1 AND again_at < $2 AND state <> 1 ORDER BY ref LIMIT $3)`
	for _, sql := range [...]string{
		`DELETE FROM attempts WHERE dispatch IN ` + old,
		`DELETE FROM dispatch_events WHERE dispatch IN ` + old,
		`DELETE FROM dispatches WHERE ref IN ` + old,
	} {
		if n, err = c.exec(ctx, sql, first, before, retainBatch); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// firstDispatchSince is a number that all dispatches which were first sent before a time are below. They are numbered in the
// order of their first tries, so it is found by halves, and no index by time is needed. 0: there are none at all.
func firstDispatchSince(ctx context.Context, c conn, when int64) (int64, error) {
	var low, high int64
	if _, err := one(ctx, c, `SELECT coalesce(min(ref), 0), coalesce(max(ref), -1) + 1 FROM dispatches`, nil, &low,
		&high); err != nil {
		return 0, err
	}
	for low < high {
		middle := low + (high-low)/2
		var ref, first int64
		found, err := one(ctx, c, `SELECT ref, first_at FROM dispatches WHERE ref >= $1 ORDER BY ref LIMIT 1`, []any{middle}, &ref,
			&first)
		if err != nil {
			return 0, err
		}
		if !found || first >= when {
			high = middle
			continue
		}
		low = ref + 1
	}
	return high, nil
}
