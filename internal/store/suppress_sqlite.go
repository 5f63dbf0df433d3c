package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidings/event"
)

// upsertSuppression is what happens to a suppression that is there: the earlier begin and the later end count, and a
// lift is undone. What the act moved is the person's: it loses its event.
const upsertSuppression = `ON CONFLICT (contact, reason) DO UPDATE SET
	since = CASE WHEN excluded.since < suppressions.since THEN excluded.since ELSE suppressions.since END,
	until = CASE WHEN suppressions.lifted_at <> 0 OR ` + endsLater + ` THEN excluded.until ELSE suppressions.until END,
	event = CASE WHEN suppressions.lifted_at <> 0 OR excluded.since < suppressions.since OR ` + endsLater + `
		THEN excluded.event ELSE suppressions.event END,
	added_by = CASE WHEN suppressions.lifted_at <> 0 OR excluded.since < suppressions.since OR ` + endsLater + `
		OR suppressions.added_by = '' THEN excluded.added_by ELSE suppressions.added_by END,
	note = CASE WHEN excluded.note = '' THEN suppressions.note ELSE excluded.note END,
	ended = CASE WHEN suppressions.lifted_at <> 0 OR ` + endsLater + ` THEN excluded.ended ELSE suppressions.ended END,
	lifted_at = 0`

const endsLater = `(suppressions.until <> 0 AND (excluded.until = 0 OR excluded.until > suppressions.until))`

// sinceMS is how the begin of a suppression is stored: 0 means never, so the first moment of 1970 is the one after it.
func sinceMS(t time.Time) int64 { return max(ms(t), 1) }

// suppressEach adds suppressions one by one: SQLite is in the process, so a statement costs no way there and back, and a
// prepared one is faster than a set that has to be taken out of JSON. held is called with the places of those that held.
func suppressEach(
	ctx context.Context, c conn, project int64, list []NewSuppression, dry bool, act Act, held func(place int),
) error {
	// In the order of addresses neighbours in the index are touched together.
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(list[a].Address, list[b].Address) })
	for _, i := range order {
		holds, err := suppressOne(ctx, c, project, &list[i], dry, act)
		if err != nil {
			return fmt.Errorf("put suppression: %w", err)
		}
		if holds {
			held(i)
		}
	}
	return nil
}

func suppressOne(
	ctx context.Context, c conn, project int64, n *NewSuppression, dry bool, act Act,
) (held bool, err error) {
	// The second argument is the contact, or what is added to the one that was made just now: nothing.
	args := []any{
		project, int64(0), string(n.Reason), sinceMS(n.Since), ms(n.Until),
		event.ID{},
		n.Note, act.By,
		over(ms(n.Until), act.At),
	}
	if !dry {
		made, err := c.exec(ctx, `INSERT INTO contacts (project, address, counts, created_at, updated_at)
			VALUES ($1, $2, x'', $3, $3) ON CONFLICT (project, address) DO NOTHING`, project, n.Address, ms(act.At))
		if err != nil {
			return false, err
		}
		if made == 1 {
			_, err := c.exec(ctx, `INSERT INTO suppressions
				(project, contact, reason, since, until, lifted_at, event, note, added_by, ended)
				VALUES ($1, last_insert_rowid() + $2, $3, $4, $5, 0, $6, $7, $8, $9)`, args...)
			return false, err
		}
	}
	var ref int64
	_, err = one(ctx, c, `SELECT c.ref, coalesce(`+activeSQL("$4", true)+`, 0)
		FROM contacts c LEFT JOIN suppressions x ON x.contact = c.ref AND x.reason = $3
		WHERE c.project = $1 AND c.address = $2`, []any{project, n.Address, string(n.Reason), ms(act.At)}, &ref, &held)
	if err != nil || dry {
		return held, err
	}
	args[1] = ref
	_, err = c.exec(ctx, `INSERT INTO suppressions (project, contact, reason, since, until, lifted_at, event, note, added_by, ended)
		VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9) `+upsertSuppression, args...)
	return held, err
}
