package store

import (
	"context"
	"fmt"
	"time"

	"tidings/internal/contact"
	"tidings/internal/erase"
	"tidings/internal/receipt"
	"tidings/internal/source"
)

// Addressee is whom a link in an email was made for, as far as it is known still.
type Addressee struct {
	Project string // prj_…; empty: there is no such project
	// Address is the one that the email went to; empty: there is no such contact in the project, or it was erased.
	Address string
	// Stands is the address of the contact that it is now: another one where it was merged. What follows is of that one.
	Stands       string
	Unsubscribed bool
	ConsentAt    int64 // when it last opted out or in, Unix milliseconds; 0: never
	SnoozedUntil time.Time
	Takes        map[string]bool // what it said of topics, by slug
}

// Addressee finds whom a link was made for, by the integers of the project and of the contact.
func (s *Store) Addressee(ctx context.Context, project, ref int64) (a Addressee, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		a = Addressee{}
		if _, err := one(ctx, c, `SELECT id FROM projects WHERE ref = $1`, []any{project}, &a.Project); err != nil {
			return err
		}
		found, err := one(ctx, c, `SELECT address FROM contacts WHERE ref = $1 AND project = $2`, []any{ref, project}, &a.Address)
		if err != nil || !found {
			return err
		}
		if erase.IsPseudonym(a.Address) {
			a.Address = ""
			return nil
		}
		if ref, err = standing(ctx, c, ref); err != nil {
			return err
		}
		var snoozed int64
		_, err = one(ctx, c, `SELECT address, unsubscribed, consent_at, snoozed_until FROM contacts WHERE ref = $1`, []any{ref},
			&a.Stands, &a.Unsubscribed, &a.ConsentAt, &snoozed)
		if err != nil {
			return err
		}
		a.SnoozedUntil, a.Takes = at(snoozed), make(map[string]bool)
		return c.query(ctx, `SELECT t.slug, x.takes FROM contact_topics x JOIN topics t ON t.ref = x.topic WHERE x.contact = $1`,
			[]any{ref}, func(r row) error {
				var slug string
				var takes bool
				err := r.Scan(&slug, &takes)
				a.Takes[slug] = takes
				return err
			})
	})
	if err != nil {
		return a, fmt.Errorf("find whom a link is for: %w", err)
	}
	return a, nil
}

// Prefer does what a contact said of itself by a link: nobody acts for it, so the history of its consent tells of it and not
// the audit log. A contact that was removed stays removed.
func (s *Store) Prefer(ctx context.Context, project string, change contact.Change) error {
	var w *work
	err := s.engine.ingest(ctx, func(b batch) error {
		ref, err := projectRef(ctx, b, project)
		if err != nil {
			return err
		}
		change.Update = true
		w = s.newWork(ctx, b)
		return w.edit(&receipt.Entry{
			Source: &source.Source{Project: project, ProjectRef: ref}, Changes: []contact.Change{change},
		})
	})
	if err != nil {
		return fmt.Errorf("change what a contact wants: %w", err)
	}
	w.keepTerms()
	return nil
}

// SnoozedUntil is until when a contact, found by its id or its address, wants no mail that it does not need. Zero: it may have
// any, or is not known.
func (s *Store) SnoozedUntil(ctx context.Context, project, idOrAddress string) (until time.Time, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		ref, err := contactRef(ctx, c, p, idOrAddress)
		if err == nil {
			ref, err = standing(ctx, c, ref)
		}
		if err != nil {
			return err
		}
		var snoozed int64
		_, err = one(ctx, c, `SELECT snoozed_until FROM contacts WHERE ref = $1`, []any{ref}, &snoozed)
		until = at(snoozed)
		return err
	})
	if err != nil {
		return until, fmt.Errorf("find until when a contact paused: %w", err)
	}
	return until, nil
}

// MakeLinkKey is LinkKey, and makes the key where there is none.
func (s *Store) MakeLinkKey(ctx context.Context) ([]byte, error) {
	key, err := s.LinkKey(ctx)
	if err != nil || len(key) > 0 {
		return key, err
	}
	if err := s.engine.write(ctx, func(c conn) error { return makeLinkKey(ctx, c) }); err != nil {
		return nil, fmt.Errorf("make the key of links: %w", err)
	}
	return s.LinkKey(ctx)
}

// timeText writes a time in Unix milliseconds for people; 0 is no text.
func timeText(n int64) string {
	if n == 0 {
		return ""
	}
	return at(n).Format(time.RFC3339)
}

// changeSnooze notes until when a contact wants no mail that it does not need.
func (w *work) changeSnooze(x *changeRow) error {
	if x.Snooze == nil {
		return nil
	}
	other := "<>"
	if x.Origin == contact.OriginImport { // a list does not end a break, nor shorten it
		other = "<"
	}
	n, err := w.b.exec(w.ctx, `UPDATE contacts SET snoozed_until = $2 WHERE ref = $1 AND snoozed_until `+other+` $2`,
		x.contact.ref, *x.Snooze)
	x.out.Changed = x.out.Changed || n > 0
	return err
}
