package store

import (
	"context"
	"fmt"
	"slices"

	"tidings/internal/contact"
	"tidings/internal/receipt"
	"tidings/internal/source"
)

// EditContacts makes changes of contacts that a person or a program asked for, in one transaction, and tells of each what
// became of it. One act is noted for all; where there is one change, under the contact's id, else under the subject that it has.
func (s *Store) EditContacts(
	ctx context.Context, project string, changes []contact.Change, act Act,
) (out []receipt.ContactOutcome, err error) {
	var w *work
	subject := act.Subject
	err = s.engine.ingest(ctx, func(b batch) error {
		ref, err := projectRef(ctx, b, project)
		if err != nil {
			return err
		}
		w = s.newWork(ctx, b)
		entry := &receipt.Entry{Source: &source.Source{Project: project, ProjectRef: ref}, Changes: changes}
		if err := w.edit(entry); err != nil {
			return err
		}
		out = entry.Outcome.Contacts
		act.Subject, act.Changes = subject, nil
		if len(out) == 1 {
			act.Subject, act.Changes = out[0].ID, describeChange(&changes[0])
		}
		return record(ctx, b, ref, act)
	})
	if err != nil {
		return nil, fmt.Errorf("edit contacts: %w", err)
	}
	w.keepTerms()
	return out, nil
}

// edit takes the steps of run that changes of contacts take.
func (w *work) edit(e *receipt.Entry) error {
	if err := w.loadErased(); err != nil {
		return err
	}
	if w.erased != nil {
		if _, err := w.recogniseEntry(e); err != nil {
			return err
		}
	}
	w.collectChanges([]*receiptRow{{entry: e}})
	for _, step := range [...]func() error{
		w.lockContacts, w.applyChanges, w.saveState, w.flip, w.saveFacts, w.tellInterested, w.saveCounters,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// describeChange tells the audit log what was asked, without values: they are somebody's data.
func describeChange(c *contact.Change) (list []Change) {
	for _, key := range sortedTexts(c.Attributes) {
		list = append(list, Change{Field: "data." + key})
	}
	switch c.Consent {
	case contact.OptIn:
		list = append(list, Change{Field: "subscribed", To: "true"})
	case contact.OptOut:
		list = append(list, Change{Field: "subscribed", To: "false"})
	case contact.NoConsent:
	}
	for _, tag := range c.Tags {
		list = append(list, Change{Field: "tags", To: tag})
	}
	for _, tag := range c.Untag {
		list = append(list, Change{Field: "tags", From: tag})
	}
	for _, slug := range sortedTexts(c.Topics) {
		list = append(list, Change{Field: "topics." + slug, To: fmt.Sprint(c.Topics[slug])})
	}
	if c.ExternalID != nil {
		list = append(list, Change{Field: "externalId"})
	}
	if c.Snooze != nil {
		list = append(list, Change{Field: "snoozedUntil", To: timeText(*c.Snooze)})
	}
	return list
}

// KnownContacts tells which of addresses, normalised, are contacts.
func (s *Store) KnownContacts(ctx context.Context, project string, addresses []string) (known map[string]bool, err error) {
	known = make(map[string]bool)
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		for part := range slices.Chunk(addresses, contactChunk/2) {
			args := []any{p}
			for _, a := range part {
				args = append(args, a)
			}
			err := c.query(ctx, `SELECT address FROM contacts WHERE project = $1 AND status <> `+itoa(goneContact)+`
				AND address IN (`+marks(2, len(part))+`)`, args, func(r row) error {
				var address string
				err := r.Scan(&address)
				known[address] = true
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return known, err
}
