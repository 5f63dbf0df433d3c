package store

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"tidings/event"
	"tidings/internal/contact"
)

// suppressSet adds suppressions with one statement for each table: PostgreSQL is behind a wire. held is called with the
// places of those that held. Nothing is joined: a planner that knows little of new tables makes a bad choice of it.
func suppressSet(
	ctx context.Context, c conn, project int64, list []NewSuppression, dry bool, act Act, held func(place int),
) error {
	addresses := make([]string, len(list))
	for i, n := range list {
		addresses[i] = n.Address
	}
	names, err := jsonOf(addresses)
	if err != nil {
		return err
	}
	if !dry {
		if err := putContacts(ctx, c, project, names, act.At); err != nil {
			return err
		}
	}
	refs, err := contactRefs(ctx, c, project, names, !dry)
	if err != nil {
		return err
	}
	if err := heldSuppressions(ctx, c, list, refs, act.At, held); err != nil || dry {
		return err
	}
	return putSuppressions(ctx, c, project, list, refs, act)
}

// jsonOf writes an argument that holds any number of rows.
func jsonOf(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("write suppressions: %w", err)
	}
	return string(b), nil
}

// putContacts makes the contacts that are missing.
func putContacts(ctx context.Context, c conn, project int64, names string, now time.Time) error {
	_, err := c.exec(ctx, `INSERT INTO contacts (project, address, counts, created_at, updated_at)
		SELECT DISTINCT CAST($2 AS BIGINT), k.address, CAST($3 AS BYTEA), CAST($4 AS BIGINT), CAST($4 AS BIGINT)
		FROM json_array_elements_text(CAST($1 AS JSON)) k (address) ORDER BY k.address
		ON CONFLICT (project, address) DO NOTHING`, names, project, []byte(nil), ms(now))
	if err != nil {
		return fmt.Errorf("put contacts: %w", err)
	}
	return nil
}

// contactRefs finds contacts by address. With lock it locks them as ingest does: their events are stored before this act
// or after it.
func contactRefs(ctx context.Context, c conn, project int64, names string, lock bool) (map[string]int64, error) {
	sql := `SELECT x.ref, x.address FROM contacts x WHERE x.project = $2 AND x.address = ANY(ARRAY(
		SELECT k.address FROM json_array_elements_text(CAST($1 AS JSON)) k (address))) ORDER BY x.project, x.address`
	if lock {
		sql += ` FOR UPDATE OF x`
	}
	refs := make(map[string]int64)
	err := c.query(ctx, sql, []any{names, project}, func(r row) error {
		var ref int64
		var address string
		err := r.Scan(&ref, &address)
		refs[address] = ref
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find contacts: %w", err)
	}
	return refs, nil
}

// heldSuppressions visits the places of those that hold.
func heldSuppressions(
	ctx context.Context, c conn, list []NewSuppression, refs map[string]int64, now time.Time, visit func(place int),
) error {
	type id struct {
		contact int64
		reason  contact.Reason
	}
	places := make(map[id]int, len(list))
	contacts := make([]int64, 0, len(list))
	for i, n := range list {
		if ref := refs[n.Address]; ref != 0 {
			places[id{ref, n.Reason}] = i
			contacts = append(contacts, ref)
		}
	}
	known, err := jsonOf(contacts)
	if err != nil {
		return err
	}
	err = c.query(ctx, `SELECT x.contact, x.reason FROM suppressions x WHERE x.contact = ANY(ARRAY(
		SELECT CAST(k.ref AS BIGINT) FROM json_array_elements_text(CAST($1 AS JSON)) k (ref))) AND `+activeSQL("$2", true),
		[]any{known, ms(now)}, func(r row) error {
			var ref int64
			var reason string
			err := r.Scan(&ref, &reason)
			if i, ok := places[id{ref, contact.Reason(reason)}]; ok {
				visit(i)
			}
			return err
		})
	if err != nil {
		return fmt.Errorf("look for suppressions: %w", err)
	}
	return nil
}

func putSuppressions(
	ctx context.Context, c conn, project int64, list []NewSuppression, refs map[string]int64, act Act,
) error {
	type columns struct {
		Contact int64          `json:"contact"`
		Reason  contact.Reason `json:"reason"`
		Since   int64          `json:"since"`
		Until   int64          `json:"until"`
		Note    string         `json:"note"`
		Ended   int64          `json:"ended"`
	}
	rows := make([]columns, len(list))
	for i, n := range list {
		rows[i] = columns{refs[n.Address], n.Reason, sinceMS(n.Since), ms(n.Until), n.Note, over(ms(n.Until), act.At)}
	}
	b, err := jsonOf(rows)
	if err != nil {
		return err
	}
	_, err = c.exec(ctx, `INSERT INTO suppressions (project, contact, reason, since, until, lifted_at, event, note, added_by, ended)
		SELECT CAST($2 AS BIGINT), k.contact, k.reason, k.since, k.until, 0, $3, k.note, CAST($4 AS TEXT), k.ended
		FROM json_to_recordset(CAST($1 AS JSON))
			k (contact bigint, reason text, since bigint, until bigint, note text, ended bigint) ORDER BY k.contact, k.reason
		`+upsertSuppression, b, project, event.ID{}, act.By)
	if err != nil {
		return fmt.Errorf("put suppressions: %w", err)
	}
	return nil
}
