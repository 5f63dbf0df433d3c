package store

import (
	"context"
	"encoding/json"
	"strings"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/fault"
)

// sqlFindExternal says what the index contacts_external is limited to: a parameter might be empty.
const sqlFindExternal = `SELECT ref FROM contacts WHERE project = $1 AND external_id = $2 AND external_id <> ''`

// externalPrefix begins what names a contact by the id that the user's own system knows it by.
const externalPrefix = "ext:"

// contactRef finds a contact by its id, its address or its external id (ext:…); 0 where there is none.
func contactRef(ctx context.Context, c conn, project int64, idOrAddress string) (ref int64, err error) {
	if external, ok := strings.CutPrefix(idOrAddress, externalPrefix); ok && external != "" {
		_, err = one(ctx, c, sqlFindExternal, []any{project, external}, &ref)
		return ref, err
	}
	if n, ok := refOf(contactPrefix, idOrAddress); ok {
		_, err = one(ctx, c, `SELECT ref FROM contacts WHERE ref = $1 AND project = $2`, []any{n, project}, &ref)
		return ref, err
	}
	address := event.ParseAddress(idOrAddress).Key
	found, err := one(ctx, c, `SELECT ref FROM contacts WHERE project = $1 AND address = $2`, []any{project, address}, &ref)
	if err == nil && !found {
		ref, err = erasedRef(ctx, c, project, address)
	}
	return ref, err
}

// Contact finds a contact by its id or its address, in any spelling that means the same.
func (s *Store) Contact(ctx context.Context, project, idOrAddress string) (k Contact, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		ref, err := contactRef(ctx, c, p, idOrAddress)
		if err != nil {
			return err
		}
		k, err = wholeContact(ctx, c, project, p, ref)
		if err == nil && k.Ref == 0 {
			err = fault.Missing("there is no contact %q", idOrAddress)
		}
		return err
	})
	return k, err
}

// wholeContact reads a contact with all that is told of one, or that into which it was merged. It is a zero Contact where there
// is none, or not any more.
func wholeContact(ctx context.Context, c conn, project string, p, ref int64) (k Contact, err error) {
	if ref, err = standing(ctx, c, ref); err != nil {
		return k, err
	}
	if k, err = readContact(ctx, c, ref); err != nil || k.Ref == 0 || k.Status == ContactGone {
		return Contact{}, err
	}
	k.Project = project
	if err := addLabels(ctx, c, p, []*Contact{&k}); err != nil {
		return k, err
	}
	if k.Suppressions, err = suppressionsOf(ctx, c, ref); err != nil {
		return k, err
	}
	if k.Confirmation, err = newestOptIn(ctx, c, ref); err != nil {
		return k, err
	}
	k.Patterns, err = patternsOf(ctx, c, p, k.Address)
	return k, err
}

// wholeContacts reads contacts that were found in the same transaction. One that is gone is a fault.NotFound.
func wholeContacts(ctx context.Context, c conn, project string, p int64, refs []int64) ([]Contact, error) {
	list := make([]Contact, 0, len(refs))
	for _, ref := range refs {
		k, err := wholeContact(ctx, c, project, p, ref)
		if err != nil {
			return nil, err
		}
		if k.Ref == 0 {
			return nil, fault.Missing("there is no contact %q", publicID(contactPrefix, ref))
		}
		list = append(list, k)
	}
	return list, nil
}

const selectContact = `SELECT ref, project, address, attributes, unsubscribed, consent_at, first_seen, last_seen, last_open,
	last_click, soft_bounces, counts, created_at, updated_at, external_id, status, expires_at, snoozed_until FROM contacts`

func readContact(ctx context.Context, c conn, ref int64) (k Contact, err error) {
	err = c.query(ctx, selectContact+` WHERE ref = $1`, []any{ref}, func(r row) error {
		k, _, err = scanContact(r)
		return err
	})
	return k, err
}

func scanContact(r row) (k Contact, project int64, err error) {
	var attributes string
	var counts []byte
	var created, updated, status, expires, snoozed int64
	st := &k.State
	err = r.Scan(&k.Ref, &project, &k.Address, &attributes, &st.Unsubscribed, &st.ConsentAt, &st.FirstSeen, &st.LastSeen,
		&st.LastOpen, &st.LastClick, &st.SoftBounces, &counts, &created, &updated, &k.ExternalID, &status, &expires,
		&snoozed)
	if err != nil {
		return k, project, err
	}
	if attributes == "" {
		attributes = "{}"
	}
	k.ID, k.Attributes = publicID(contactPrefix, k.Ref), json.RawMessage(attributes)
	k.CreatedAt, k.UpdatedAt, k.Status, k.ExpiresAt = at(created), at(updated), ContactStatus(status), at(expires)
	k.SnoozedUntil = at(snoozed)
	st.Counts, err = decodeCounts(counts)
	return k, project, err
}

const selectSuppression = `SELECT x.ref, x.contact, x.reason, x.since, x.until, x.lifted_at, x.event, x.note, c.address,
	x.added_by, coalesce((SELECT name FROM people h WHERE h.id = x.added_by), ''),
	x.lifted_by, coalesce((SELECT name FROM people h WHERE h.id = x.lifted_by), ''), x.lift_note
	FROM suppressions x JOIN contacts c ON c.ref = x.contact `

func scanSuppression(r row) (SuppressionRow, error) {
	var x SuppressionRow
	var ref, since, until, lifted int64
	var reason string
	err := r.Scan(&x.Ref, &ref, &reason, &since, &until, &lifted, &x.Event, &x.Note, &x.Address,
		&x.By.ID, &x.By.Name, &x.LiftedBy.ID, &x.LiftedBy.Name, &x.LiftNote)
	x.ContactID, x.Reason = publicID(contactPrefix, ref), contact.Reason(reason)
	x.Since, x.Until, x.LiftedAt = at(since), at(until), at(lifted)
	if !x.Event.IsZero() {
		x.By = contact.Author{} // an event took its place since
	}
	if lifted == 0 {
		x.LiftedBy, x.LiftNote = contact.Author{}, "" // it was lifted once, and suppressed again
	}
	return x, err
}

func suppressionsOf(ctx context.Context, c conn, ref int64) (list []contact.Suppression, err error) {
	err = c.query(ctx, selectSuppression+`WHERE x.contact = $1 ORDER BY x.reason`, []any{ref}, func(r row) error {
		x, err := scanSuppression(r)
		list = append(list, x.Suppression)
		return err
	})
	return list, err
}

// ListSuppressions returns one page of suppressions, newest first.
func (s *Store) ListSuppressions(ctx context.Context, q SuppressionQuery) (page SuppressionPage, err error) {
	limit := limitOf(q.Limit)
	err = s.engine.read(ctx, func(c conn) error {
		project, err := projectRef(ctx, c, q.Project)
		if err != nil {
			return err
		}
		p := &plan{}
		p.where = append(p.where, "x.project = "+p.arg(project))
		if q.After > 0 {
			p.where = append(p.where, "x.ref < "+p.arg(q.After))
		}
		if q.Reason != "" {
			p.where = append(p.where, "x.reason = "+p.arg(string(q.Reason)))
		}
		if q.Contact != "" {
			ref, err := contactRef(ctx, c, project, q.Contact)
			if err != nil {
				return err
			}
			p.where = append(p.where, "x.contact = "+p.arg(ref))
		}
		if q.Active != nil {
			p.where = append(p.where, activeSQL(p.arg(ms(q.Now)), *q.Active))
		}
		return c.query(ctx, selectSuppression+`WHERE `+joinAnd(p.where)+` ORDER BY x.ref DESC LIMIT `+itoa(limit+1),
			p.args, func(r row) error {
				x, err := scanSuppression(r)
				page.Rows = append(page.Rows, x)
				return err
			})
	})
	page.Rows, page.Next = cutPage(page.Rows, limit, func(x *SuppressionRow) int64 { return x.Ref })
	return page, err
}

func activeSQL(now string, active bool) string {
	sql := "(x.lifted_at = 0 AND (x.until = 0 OR x.until > " + now + "))"
	if !active {
		return "NOT " + sql
	}
	return sql
}

// Lift ends suppressions of a contact: the one with a reason, or with an empty reason all that hold. It returns those
// that it ended. A fact that is stored later suppresses again. The act is noted for the contact's id.
func (s *Store) Lift(
	ctx context.Context, project, idOrAddress string, reason contact.Reason, note string, act Act,
) (lifted []SuppressionRow, err error) {
	err = s.turn(ctx, project, &act, func(w *work, p int64) error {
		c := conn(w.b)
		lifted, act.Changes = nil, nil
		ref, err := contactRef(ctx, c, p, idOrAddress)
		if err != nil {
			return err
		}
		if ref == 0 {
			return fault.Missing("there is no contact %q", idOrAddress)
		}
		if err := w.watchRef(p, ref); err != nil {
			return err
		}
		err = c.query(ctx, selectSuppression+`WHERE x.contact = $1 AND (CAST($2 AS TEXT) = '' OR x.reason = $2) AND `+
			activeSQL("$3", true)+` ORDER BY x.reason`, []any{ref, string(reason), ms(act.At)}, func(r row) error {
			x, err := scanSuppression(r)
			x.LiftedAt, x.LiftedBy, x.LiftNote = act.At, contact.Author{ID: act.By}, note
			lifted = append(lifted, x)
			return err
		})
		if err != nil {
			return err
		}
		if len(lifted) == 0 {
			return fault.Missing("contact %q has no suppression to lift", idOrAddress)
		}
		act.Subject = publicID(contactPrefix, ref)
		for _, x := range lifted {
			act.Changes = append(act.Changes, Change{Field: "suppressions", From: string(x.Reason)})
			_, err := c.exec(ctx, `UPDATE suppressions SET lifted_at = $2, lift_note = $3, lifted_by = $5,
				reset_seq = (SELECT coalesce(max(seq), 0) FROM events WHERE contact = $4) WHERE ref = $1`,
				x.Ref, ms(act.At), note, ref, act.By)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return lifted, err
}
