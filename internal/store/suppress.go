package store

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/fault"
)

// NewSuppression is a suppression that a person or an import adds.
type NewSuppression struct {
	Address string // event.Address.Key
	Reason  contact.Reason
	Since   time.Time
	Until   time.Time // zero: for good
	Note    string    // empty: the note that is there stays
}

// suppressionID is what there is at most one suppression of.
type suppressionID struct {
	address string
	reason  contact.Reason
}

// Suppress adds suppressions, and contacts where there are none, without an event. There is one for each contact and
// reason: of what is there and what is added the earlier Since counts and the later Until, and a lift is undone. It
// returns those that held before, by their place in list; of two in list the second one did. With dry it changes
// nothing and says the same. act is written once for all.
func (s *Store) Suppress(
	ctx context.Context, project string, list []NewSuppression, dry bool, act Act,
) (known map[int]bool, err error) {
	merged, places, known := mergeSuppressions(list)
	run := suppressSet
	if s.Engine() == "sqlite" {
		run = suppressEach
	}
	held := make(map[int]bool)
	do := func(c conn, p int64) error {
		clear(held)
		return run(ctx, c, p, merged, dry, act.At, func(i int) { held[i] = true })
	}
	if dry {
		err = s.engine.read(ctx, func(c conn) error {
			p, err := projectRef(ctx, c, project)
			if err != nil {
				return err
			}
			return do(c, p)
		})
	} else {
		err = s.act(ctx, project, act, do)
	}
	for i := range held {
		known[places[i]] = true
	}
	return known, err
}

// mergeSuppressions makes one of each contact and reason. places tells where in list the merged ones came first, known
// which of list are repeats.
func mergeSuppressions(list []NewSuppression) (merged []NewSuppression, places []int, known map[int]bool) {
	known = make(map[int]bool)
	index := make(map[suppressionID]int, len(list))
	for i, n := range list {
		id := suppressionID{n.Address, n.Reason}
		j, repeats := index[id]
		if !repeats {
			index[id] = len(merged)
			merged, places = append(merged, n), append(places, i)
			continue
		}
		known[i] = true
		m := &merged[j]
		if n.Since.Before(m.Since) {
			m.Since = n.Since
		}
		if n.Until.IsZero() || !m.Until.IsZero() && n.Until.After(m.Until) {
			m.Until = n.Until
		}
		if n.Note != "" {
			m.Note = n.Note
		}
	}
	return merged, places, known
}

// suppressSet adds suppressions with one statement for each table: PostgreSQL is behind a wire. held is called with the
// places of those that held.
func suppressSet(
	ctx context.Context, c conn, project int64, list []NewSuppression, dry bool, now time.Time, held func(place int),
) error {
	rows, err := suppressionRows(list)
	if err != nil {
		return err
	}
	if dry {
		return heldSuppressions(ctx, c, project, rows, now, held)
	}
	if err := lockContacts(ctx, c, project, rows, now); err != nil {
		return err
	}
	if err := heldSuppressions(ctx, c, project, rows, now, held); err != nil {
		return err
	}
	return putSuppressions(ctx, c, project, rows)
}

// suppressionRows writes suppressions as the JSON array that the statements read: one argument for any number of rows.
func suppressionRows(list []NewSuppression) (string, error) {
	rows := make([][6]any, len(list))
	for i, n := range list {
		rows[i] = [6]any{i, n.Address, n.Reason, sinceMS(n.Since), ms(n.Until), n.Note}
	}
	b, err := json.Marshal(rows)
	if err != nil {
		return "", fmt.Errorf("write suppressions: %w", err)
	}
	return string(b), nil
}

// rowsOf is SQL for the rows of suppressionRows, which are argument $1.
const rowsOf = `(SELECT CAST(value ->> 0 AS BIGINT) AS place, value ->> 1 AS address, value ->> 2 AS reason,
	CAST(value ->> 3 AS BIGINT) AS since, CAST(value ->> 4 AS BIGINT) AS until, value ->> 5 AS note
	FROM json_array_elements(CAST($1 AS JSON)) AS t (value)) k`

// lockContacts makes the contacts that are missing and locks all of them as ingest does: their events are stored before
// this act or after it.
func lockContacts(ctx context.Context, c conn, project int64, rows string, now time.Time) error {
	_, err := c.exec(ctx, `INSERT INTO contacts (project, address, counts, created_at, updated_at)
		SELECT CAST($2 AS BIGINT), address, $3, CAST($4 AS BIGINT), CAST($4 AS BIGINT) FROM `+rowsOf+`
		WHERE true ORDER BY address ON CONFLICT (project, address) DO NOTHING`, rows, project, []byte(nil), ms(now))
	if err != nil {
		return fmt.Errorf("put contacts: %w", err)
	}
	err = c.query(ctx, `SELECT x.ref FROM contacts x JOIN `+rowsOf+` ON x.project = $2 AND x.address = k.address
		ORDER BY x.project, x.address FOR UPDATE OF x`, []any{rows, project}, nil)
	if err != nil {
		return fmt.Errorf("lock contacts: %w", err)
	}
	return nil
}

// heldSuppressions visits the places of the rows whose suppression holds.
func heldSuppressions(
	ctx context.Context, c conn, project int64, rows string, now time.Time, visit func(place int),
) error {
	err := c.query(ctx, `SELECT k.place FROM `+rowsOf+` JOIN contacts c ON c.project = $2 AND c.address = k.address
		JOIN suppressions x ON x.contact = c.ref AND x.reason = k.reason WHERE `+activeSQL("$3", true),
		[]any{rows, project, ms(now)}, func(r row) error {
			var place int
			err := r.Scan(&place)
			visit(place)
			return err
		})
	if err != nil {
		return fmt.Errorf("look for suppressions: %w", err)
	}
	return nil
}

func putSuppressions(ctx context.Context, c conn, project int64, rows string) error {
	_, err := c.exec(ctx, `INSERT INTO suppressions (project, contact, reason, since, until, lifted_at, event, note)
		SELECT c.project, c.ref, k.reason, k.since, k.until, 0, $3, k.note FROM `+rowsOf+`
		JOIN contacts c ON c.project = $2 AND c.address = k.address WHERE true ORDER BY c.ref, k.reason
		`+upsertSuppression, rows, project, event.ID{})
	if err != nil {
		return fmt.Errorf("put suppressions: %w", err)
	}
	return nil
}

// Suppression finds the suppression of a contact for a reason, lifted or not.
func (s *Store) Suppression(ctx context.Context, project, address string, reason contact.Reason) (x SuppressionRow, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		found := false
		err = c.query(ctx, selectSuppression+`WHERE c.project = $1 AND c.address = $2 AND x.reason = $3`,
			[]any{p, address, string(reason)}, func(r row) error {
				found = true
				x, err = scanSuppression(r)
				return err
			})
		if err == nil && !found {
			err = fault.Missing("%q has no suppression for %s", address, reason)
		}
		return err
	})
	return x, err
}
