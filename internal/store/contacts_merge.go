package store

import (
	"context"
	"encoding/json"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/receipt"
	"tidings/internal/source"
)

// standing follows a contact that was merged to the one that stayed.
func standing(ctx context.Context, c conn, ref int64) (int64, error) {
	_, err := one(ctx, c, `SELECT merged_into FROM contacts WHERE ref = $1 AND status = `+itoa(goneContact)+`
		AND merged_into <> 0`, []any{ref}, &ref)
	return ref, err
}

// mergedRefs finds a contact as contactRef does, and those that were merged into it.
func mergedRefs(ctx context.Context, c conn, project int64, idOrAddress string) ([]int64, error) {
	ref, err := contactRef(ctx, c, project, idOrAddress)
	if err != nil || ref == 0 {
		return nil, err
	}
	refs := []int64{ref}
	err = c.query(ctx, `SELECT ref FROM contacts WHERE merged_into = $1 AND merged_into <> 0 ORDER BY ref`, []any{ref},
		func(r row) error {
			var merged int64
			err := r.Scan(&merged)
			refs = append(refs, merged)
			return err
		})
	return refs, err
}

// willed are the suppressions that speak of a person, whatever the address; the others speak of an address.
var willed = map[contact.Reason]bool{contact.ComplaintReason: true, contact.Manual: true}

// MergeContacts makes one contact of two: what from has and the other lacks goes over (attributes, external id), tags and
// memberships of static segments are joined, of what both say of topics and of all mail the later one counts, and complaints and
// what a person said hold for the one that stays. from is removed: its address stays suppressed as it was, and its events
// are found under the one that stays. No event is changed, so that counters equal a recount.
func (s *Store) MergeContacts(
	ctx context.Context, project, into, from string, change contact.Change, act Act,
) (id string, err error) {
	err = s.changeContacts(ctx, project, &act, func(w *work, p int64) error {
		stays, err := w.lockContact(p, into)
		if err != nil {
			return err
		}
		goes, err := w.lockContact(p, from)
		if err != nil {
			return err
		}
		if stays == goes {
			return fault.BadField("from", "is the contact that stays")
		}
		id = publicID(contactPrefix, stays)
		act.Subject, act.Changes = id, []Change{{Field: "merged", From: publicID(contactPrefix, goes)}}
		return w.merge(p, stays, goes, change)
	})
	return id, err
}

func (w *work) merge(project, stays, goes int64, change contact.Change) error {
	a, err := readContact(w.ctx, w.b, stays)
	if err != nil {
		return err
	}
	b, err := readContact(w.ctx, w.b, goes)
	if err != nil {
		return err
	}
	if err := addLabels(w.ctx, w.b, project, []*Contact{&b}); err != nil {
		return err
	}
	suppressions, err := suppressionsOf(w.ctx, w.b, goes)
	if err != nil {
		return err
	}
	if err := mergedChange(&change, &a, &b); err != nil {
		return err
	}
	if err := w.moveRows(stays, goes); err != nil {
		return err
	}
	if err := w.remove(project, goes); err != nil {
		return err
	}
	for _, sql := range [...]string{
		`UPDATE contacts SET merged_into = $2 WHERE merged_into = $1 AND merged_into <> 0`,
		`UPDATE contacts SET merged_into = $2 WHERE ref = $1`,
	} {
		if _, err := w.b.exec(w.ctx, sql, goes, stays); err != nil {
			return err
		}
	}
	return w.mergeEdit(project, change, suppressions)
}

// mergedChange is what the contact that stays gets of the other.
func mergedChange(x *contact.Change, stays, goes *Contact) error {
	var have, more map[string]json.RawMessage
	if err := json.Unmarshal(stays.Attributes, &have); err != nil {
		return err
	}
	if err := json.Unmarshal(goes.Attributes, &more); err != nil {
		return err
	}
	for key := range have {
		delete(more, key)
	}
	x.Address, x.Attributes, x.Tags, x.Update = stays.Address, more, goes.Tags, true
	if stays.ExternalID == "" && goes.ExternalID != "" {
		x.ExternalID = &goes.ExternalID
	}
	if goes.SnoozedUntil.After(stays.SnoozedUntil) {
		until := ms(goes.SnoozedUntil)
		x.Snooze = &until
	}
	if st := goes.State; st.ConsentAt > 0 {
		x.At, x.Consent = st.ConsentAt, contact.OptIn
		if st.Unsubscribed {
			x.Consent = contact.OptOut
		}
	}
	return nil
}

// moveRows moves what is said of topics and static segments.
func (w *work) moveRows(stays, goes int64) error {
	const static = `(SELECT ref FROM segments WHERE type = '` + string(StaticSegment) + `')`
	for _, sql := range [...]string{
		`INSERT INTO contact_topics (contact, topic, takes, at) SELECT $1, topic, takes, at FROM contact_topics
			WHERE contact = $2 ON CONFLICT (contact, topic) DO UPDATE SET takes = excluded.takes, at = excluded.at
			WHERE contact_topics.at < excluded.at`,
		`UPDATE consents SET contact = $1 WHERE contact = $2 AND topic <> 0`,
		`UPDATE optins SET contact = $1 WHERE contact = $2`,
		`UPDATE segments SET members = members + 1 WHERE ref IN (SELECT segment FROM segment_members WHERE contact = $2)
			AND ref IN ` + static + ` AND ref NOT IN (SELECT segment FROM segment_members WHERE contact = $1)`,
		`INSERT INTO segment_members (segment, contact, since) SELECT segment, $1, since FROM segment_members
			WHERE contact = $2 AND segment IN ` + static + ` ON CONFLICT (segment, contact) DO NOTHING`,
	} {
		if _, err := w.b.exec(w.ctx, sql, stays, goes); err != nil {
			return err
		}
	}
	return moveRuns(w.ctx, w.b, stays, goes)
}

// mergeEdit makes the change, and suppresses for what speaks of the person.
func (w *work) mergeEdit(project int64, change contact.Change, suppressions []contact.Suppression) error {
	entry := &receipt.Entry{Source: &source.Source{ProjectRef: project}, Changes: []contact.Change{change}}
	w.collectChanges([]*receiptRow{{entry: entry}})
	if err := w.lockContacts(); err != nil {
		return err
	}
	for _, c := range w.contacts {
		if err := w.turning(c); err != nil {
			return err
		}
		for _, x := range suppressions {
			if !willed[x.Reason] || !x.Active(w.now) {
				continue
			}
			_, err := w.b.exec(w.ctx, `INSERT INTO suppressions (project, contact, reason, since, until, lifted_at, event, note)
				VALUES ($1, $2, $3, $4, $5, 0, $6, $7) `+upsertSuppression, project, c.ref, string(x.Reason), sinceMS(x.Since),
				ms(x.Until), event.ID{}, x.Note)
			if err != nil {
				return err
			}
		}
	}
	for _, step := range [...]func() error{w.applyChanges, w.saveState, w.flip, w.saveCounters} {
		if err := step(); err != nil {
			return err
		}
	}
	if problem := entry.Outcome.Contacts[0].Problem; problem == receipt.ProblemAttributes {
		return contact.ErrTooLarge
	}
	return nil
}
