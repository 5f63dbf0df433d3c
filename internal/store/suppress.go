package store

import (
	"context"
	"slices"
	"time"

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
// nothing and says the same. act is written once for all; where list has one it is noted under the contact's id.
func (s *Store) Suppress(
	ctx context.Context, project string, list []NewSuppression, dry bool, act Act,
) (known map[int]bool, err error) {
	merged, places, known := mergeSuppressions(list)
	run := suppressSet
	if s.Engine() == "sqlite" {
		run = suppressEach
	}
	held := make(map[int]bool)
	do := func(c conn, p int64, list []NewSuppression) error {
		clear(held)
		return run(ctx, c, p, list, dry, act, func(i int) { held[i] = true })
	}
	if dry {
		err = s.engine.read(ctx, func(c conn) error {
			p, err := projectRef(ctx, c, project)
			if err != nil {
				return err
			}
			list, err := s.knownAll(ctx, c, p, merged)
			if err != nil {
				return err
			}
			return do(c, p, list)
		})
	} else {
		err = s.turn(ctx, project, &act, func(w *work, p int64) error {
			c := conn(w.b)
			list, err := s.knownAll(ctx, c, p, merged)
			if err != nil {
				return err
			}
			if err := w.watchMailable(p, list); err != nil {
				return err
			}
			if err := do(c, p, list); err != nil {
				return err
			}
			if err := w.touch(p, list); err != nil || len(list) != 1 {
				return err
			}
			act.Changes = []Change{{Field: "suppressions", To: string(list[0].Reason)}}
			act.Subject, err = contactID(ctx, c, p, list[0].Address)
			return err
		})
	}
	for i := range held {
		known[places[i]] = true
	}
	return known, err
}

// contactID is the public id of the contact with an address.
func contactID(ctx context.Context, c conn, project int64, address string) (string, error) {
	ref, err := contactRef(ctx, c, project, address)
	return publicID(contactPrefix, ref), err
}

// knownAll is knownAs for the addresses of suppressions. What is noted of somebody who was erased is not kept.
func (s *Store) knownAll(ctx context.Context, c conn, project int64, list []NewSuppression) ([]NewSuppression, error) {
	v, err := readVersions(ctx, c)
	if err != nil {
		return nil, err
	}
	set, err := s.erasedOf(ctx, c, v.erased)
	if err != nil || set == nil {
		return list, err
	}
	list = slices.Clone(list)
	for i := range list {
		if _, pseudonym, gone := set.now(project, list[i].Address); gone {
			list[i].Address, list[i].Note = pseudonym, ""
		}
	}
	return list, nil
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

// Suppression finds the suppression of a contact for a reason, lifted or not.
func (s *Store) Suppression(ctx context.Context, project, address string, reason contact.Reason) (x SuppressionRow, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		known, err := s.knownAs(ctx, c, p, address)
		if err != nil {
			return err
		}
		found := false
		err = c.query(ctx, selectSuppression+`WHERE c.project = $1 AND c.address = $2 AND x.reason = $3`,
			[]any{p, known, string(reason)}, func(r row) error {
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
