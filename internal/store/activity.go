package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"tidings/internal/source"
)

const (
	// refusedWord begins the words of refused requests in tallies; their code follows.
	refusedWord = "refused:"
	// rhythmHours is how far back from its newest request a source's habits are looked at: two weeks, so that there is
	// always a whole weekend in it.
	rhythmHours = 14 * 24
)

func activity(ctx context.Context, c conn, ref int64, now time.Time) (a Activity, err error) {
	for _, part := range [...]func(context.Context, conn, int64, time.Time, *Activity) error{
		lastReceipt, rhythm, requests, refusals, queues,
	} {
		if err := part(ctx, c, ref, now, &a); err != nil {
			return a, err
		}
	}
	list, err := confirmations(ctx, c, ref)
	for _, f := range list {
		if f.ConfirmedAt.IsZero() {
			a.Pending = append(a.Pending, f)
		}
	}
	return a, err
}

func lastReceipt(ctx context.Context, c conn, ref int64, _ time.Time, a *Activity) error {
	var last int64
	_, err := one(ctx, c, `SELECT coalesce(max(received_at), 0) FROM (SELECT received_at FROM receipts
		WHERE source = $1 ORDER BY key DESC LIMIT 100) x`, []any{ref}, &last)
	a.LastReceiptAt = at(last)
	return err
}

// rhythm reads one range of the primary key, which begins with the source and the hour.
func rhythm(ctx context.Context, c conn, ref int64, _ time.Time, a *Activity) error {
	return c.query(ctx, `SELECT DISTINCT hour FROM tallies WHERE source = $1 AND word IN ('receipt', 'repeat')
		AND hour > (SELECT coalesce(max(hour), 0) FROM tallies WHERE source = $1 AND word IN ('receipt', 'repeat')) - $2
		ORDER BY hour`, []any{ref, rhythmHours}, func(r row) error {
		var hour int64
		err := r.Scan(&hour)
		a.Hours = append(a.Hours, hour)
		return err
	})
}

func requests(ctx context.Context, c conn, ref int64, now time.Time, a *Activity) error {
	_, err := one(ctx, c, `SELECT CAST(coalesce(sum(CASE word WHEN 'receipt' THEN n ELSE 0 END), 0) AS BIGINT),
		CAST(coalesce(sum(CASE word WHEN 'repeat' THEN n ELSE 0 END), 0) AS BIGINT)
		FROM tallies WHERE source = $1 AND hour > $2`, []any{ref, hours(now) - 24}, &a.Receipts24h, &a.Repeats24h)
	return err
}

// refusals reads the days, of which there are at most eight for each code, then the hours.
func refusals(ctx context.Context, c conn, ref int64, now time.Time, a *Activity) error {
	at24h := make(map[string]int64)
	err := c.query(ctx, `SELECT word, CAST(sum(n) AS BIGINT) FROM tallies WHERE source = $1 AND hour > $2 AND word LIKE $3
		GROUP BY word`, []any{ref, hours(now) - 24, refusedWord + "%"}, func(r row) error {
		var word string
		var n int64
		err := r.Scan(&word, &n)
		at24h[strings.TrimPrefix(word, refusedWord)] = n
		return err
	})
	if err != nil {
		return err
	}
	codes := make(map[string]source.Refusal)
	err = c.query(ctx, `SELECT code, n, last_at, last_message FROM refusals WHERE source = $1 AND day > $2`,
		[]any{ref, days(now) - 7}, func(r row) error {
			var code, message string
			var n, last int64
			if err := r.Scan(&code, &n, &last, &message); err != nil {
				return err
			}
			f := codes[code]
			f.SourceRef, f.Code, f.Count24h, f.Count = ref, code, at24h[code], f.Count+n
			if last := at(last); last.After(f.LastAt) {
				f.LastAt, f.LastMessage = last, message
			}
			codes[code] = f
			return nil
		})
	for _, f := range codes {
		a.Refusals = append(a.Refusals, f)
	}
	slices.SortFunc(a.Refusals, func(x, y source.Refusal) int { return cmp.Compare(x.Code, y.Code) })
	return err
}
