package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"tidings/internal/contact"
	"tidings/internal/receipt"
)

// changeRow is one change of a contact on its way into the store.
type changeRow struct {
	*contact.Change
	project int64
	contact *contactRow // nil: there is no such contact, and the change makes none
	out     *receipt.ContactOutcome

	patch      contact.Patched
	attributes string // as loaded
	external   string
	status     int64
}

// collectChanges gathers what the requests say of contacts themselves.
func (w *work) collectChanges(receipts []*receiptRow) {
	for _, r := range receipts {
		e := r.entry
		e.Outcome.Contacts = make([]receipt.ContactOutcome, len(e.Changes))
		for i := range e.Changes {
			w.changes = append(w.changes, &changeRow{
				Change: &e.Changes[i], project: e.Source.ProjectRef, out: &e.Outcome.Contacts[i],
			})
		}
	}
}

// applyChanges makes the changes, in their order: of two that speak of one contact the later one counts. It comes after the
// events of the batch were applied, so that what a tracked event says stands with the contact that it made.
func (w *work) applyChanges() error {
	for _, x := range w.changes {
		if x.contact == nil {
			continue
		}
		if err := w.loadChange(x); err != nil {
			return fmt.Errorf("load contact: %w", err)
		}
		if x.Update && x.status == goneContact {
			continue
		}
		for _, step := range [...]func(*changeRow) error{
			w.admit, w.changeConsent, w.changeAttributes, w.changeExternalID, w.changeTags, w.changeTopics,
			w.changeSnooze,
		} {
			if err := step(x); err != nil {
				return fmt.Errorf("change contact: %w", err)
			}
		}
		c := x.contact
		x.out.ID, x.out.Created = publicID(contactPrefix, c.ref), c.created && !c.told || x.status == goneContact
		c.told = true
		if x.out.Created || x.out.Changed {
			c.changed, c.updatedAt, c.dirty = true, max(c.updatedAt, ms(w.now)), true
		}
	}
	if err := w.b.putConsents(w.ctx, w.consents); err != nil {
		return err
	}
	return w.putValues()
}

// putValues stores the values that wait.
func (w *work) putValues() error {
	rows := w.values
	w.values = w.values[:0]
	return w.b.putContactValues(w.ctx, rows)
}

func (w *work) loadChange(x *changeRow) error {
	if x.contact.created && !x.contact.told {
		return nil // nothing was said of it yet
	}
	_, err := one(w.ctx, w.b, `SELECT attributes, external_id, status FROM contacts WHERE ref = $1`,
		[]any{x.contact.ref}, &x.attributes, &x.external, &x.status)
	return err
}

// changeConsent writes what a person or a program said. A contact that the batch made begins as the change says.
func (w *work) changeConsent(x *changeRow) error {
	c, consent := x.contact, x.Consent
	if c.created && !c.told && !c.inherited && consent == contact.NoConsent {
		consent = x.Born
	}
	if c.created && !c.told && !c.state.Unsubscribed {
		c.before = consent == contact.OptOut // it begins so: nothing flips
	}
	if consent == contact.NoConsent {
		return nil
	}
	was := c.state
	c.state.SetConsent(consent, x.At)
	if c.state.Unsubscribed != was.Unsubscribed {
		c.cause, c.origin, c.turnedAt = nil, x.Origin, x.At
	}
	x.out.Changed = x.out.Changed || c.state != was
	w.consents = append(w.consents, consentRow{
		contact: c.ref, subscribed: consent == contact.OptIn, at: x.At, origin: x.Origin, reason: x.Reason, by: x.By,
	})
	return nil
}

// consentRow is one change of consent.
type consentRow struct {
	contact, topic     int64
	subscribed         bool
	at                 int64
	origin, reason, by string
}

const sqlPutConsent = `INSERT INTO consents (contact, topic, subscribed, at, origin, reason, by)`

func (w *work) changeAttributes(x *changeRow) (err error) {
	if len(x.Attributes) == 0 {
		return nil
	}
	x.patch, err = x.Merge([]byte(x.attributes))
	switch {
	case errors.Is(err, contact.ErrTooLarge):
		x.out.Problem = receipt.ProblemAttributes
		return nil
	case err != nil:
		return err
	case !x.patch.Changed:
		return nil
	}
	x.out.Changed = true
	_, err = w.b.exec(w.ctx, `UPDATE contacts SET attributes = $2 WHERE ref = $1`, x.contact.ref, string(x.patch.Attributes))
	if err != nil {
		return err
	}
	for _, path := range x.patch.Paths {
		if err := w.changeValues(x, path); err != nil {
			return err
		}
	}
	return nil
}

// changeValues replaces what filters compare of one path.
func (w *work) changeValues(x *changeRow, path string) error {
	key, err := w.ownTerm(x.project, termAttribute, path)
	if err != nil {
		return err
	}
	if x.attributes != "" { // of this batch, too
		if err := w.putValues(); err != nil {
			return err
		}
		if _, err := w.b.exec(w.ctx, `DELETE FROM contact_values WHERE contact = $1 AND key = $2`, x.contact.ref, key); err != nil {
			return err
		}
	}
	for n, v := range x.patch.Values[path] {
		w.values = append(w.values, contactValueRow{x.contact.ref, key, int64(n), v})
	}
	return nil
}

// changeExternalID gives the contact the id that the user's own system knows it by; one that another contact has stays
// there.
func (w *work) changeExternalID(x *changeRow) error {
	if x.ExternalID == nil || *x.ExternalID == x.external {
		return nil
	}
	if *x.ExternalID != "" {
		var other int64
		taken, err := one(w.ctx, w.b, sqlFindExternal, []any{x.project, *x.ExternalID}, &other)
		if err != nil {
			return err
		}
		if taken {
			x.out.Problem = receipt.ProblemExternalID
			return nil
		}
	}
	x.out.Changed = true
	_, err := w.b.exec(w.ctx, `UPDATE contacts SET external_id = $2 WHERE ref = $1`, x.contact.ref, *x.ExternalID)
	return err
}

func (w *work) changeTags(x *changeRow) error {
	for _, tag := range x.Tags {
		ref, err := w.ownTerm(x.project, termTag, tag)
		if err != nil {
			return err
		}
		n, err := w.b.exec(w.ctx, `INSERT INTO contact_tags (contact, tag) VALUES ($1, $2) ON CONFLICT (contact, tag) DO NOTHING`,
			x.contact.ref, ref)
		if err != nil {
			return err
		}
		x.out.Changed = x.out.Changed || n > 0
	}
	for _, tag := range x.Untag {
		n, err := w.b.exec(w.ctx, `DELETE FROM contact_tags WHERE contact = $1 AND tag IN (SELECT ref FROM terms
			WHERE project = $2 AND kind = `+itoa(termTag)+` AND text = $3)`, x.contact.ref, x.project, tag)
		if err != nil {
			return err
		}
		x.out.Changed = x.out.Changed || n > 0
	}
	return nil
}

func (w *work) changeTopics(x *changeRow) error {
	for _, slug := range sortedTexts(x.Topics) {
		var topic int64
		found, err := one(w.ctx, w.b, `SELECT ref FROM topics WHERE project = $1 AND slug = $2`, []any{x.project, slug}, &topic)
		if err != nil {
			return err
		}
		if !found {
			x.out.Problem = receipt.ProblemTopic
			continue
		}
		takes := x.Topics[slug]
		n, err := w.b.exec(w.ctx, `INSERT INTO contact_topics (contact, topic, takes, at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (contact, topic) DO UPDATE SET takes = excluded.takes, at = excluded.at
			WHERE contact_topics.at <= excluded.at AND contact_topics.takes <> excluded.takes`, x.contact.ref, topic, takes, x.At)
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		x.out.Changed = true
		w.consents = append(w.consents, consentRow{
			contact: x.contact.ref, topic: topic, subscribed: takes, at: x.At, origin: x.Origin, by: x.By,
		})
	}
	return nil
}

func sortedTexts[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
