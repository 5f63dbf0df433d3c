package store

import (
	"context"

	"tidings/internal/fault"
)

// RemoveContact takes away what was said of a contact: attributes, tags, topics, external id and memberships of static
// segments. It is no contact any more until somebody makes it again. Its events and counters stay, and what keeps the
// address from being mailed: suppressions, and that it unsubscribed.
func (s *Store) RemoveContact(ctx context.Context, project, idOrAddress string, act Act) error {
	return s.changeContacts(ctx, project, &act, func(w *work, p int64) error {
		ref, err := w.lockContact(p, idOrAddress)
		if err != nil {
			return err
		}
		act.Subject = publicID(contactPrefix, ref)
		if err := w.remove(p, ref); err != nil {
			return err
		}
		return w.promote(p)
	})
}

// lockContact finds a contact that is there, and locks it as ingest does.
func (w *work) lockContact(project int64, idOrAddress string) (int64, error) {
	ref, err := contactRef(w.ctx, w.b, project, idOrAddress)
	if err != nil {
		return 0, err
	}
	n, err := w.b.exec(w.ctx, `UPDATE contacts SET updated_at = updated_at WHERE ref = $1 AND status <> `+itoa(goneContact), ref)
	if err == nil && n == 0 {
		err = fault.Missing("there is no contact %q", idOrAddress)
	}
	return ref, err
}

// remove does RemoveContact for one contact.
func (w *work) remove(project, ref int64) error {
	for _, sql := range [...]string{
		`DELETE FROM contact_values WHERE contact = $1`,
		`DELETE FROM contact_tags WHERE contact = $1`,
		`DELETE FROM contact_topics WHERE contact = $1`,
		`DELETE FROM consents WHERE contact = $1 AND topic <> 0`,
		`DELETE FROM optins WHERE contact = $1`,
		`UPDATE segments SET members = members - 1 WHERE type = '` + string(StaticSegment) + `'
			AND ref IN (SELECT segment FROM segment_members WHERE contact = $1)`,
		`DELETE FROM segment_members WHERE contact = $1
			AND segment IN (SELECT ref FROM segments WHERE type = '` + string(StaticSegment) + `')`,
	} {
		if _, err := w.b.exec(w.ctx, sql, ref); err != nil {
			return err
		}
	}
	if err := endRuns(w.ctx, w.b, ref); err != nil {
		return err
	}
	_, err := w.b.exec(w.ctx, `UPDATE contacts SET status = `+itoa(goneContact)+`, attributes = '', external_id = '',
		expires_at = 0, snoozed_until = 0, updated_at = $2 WHERE ref = $1`, ref, ms(w.now))
	if err != nil {
		return err
	}
	return w.tellOf(project, []int64{ref})
}
