package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/receipt"
	"tidings/internal/source"
)

// The outcomes of a rule's act.
const (
	RuleDone    = "done"
	RuleSkipped = "skipped" // the contact may not be mailed, or the rule acted often enough
	RuleFailed  = "failed"  // the rule can't act: there is no template, or nobody to mail
)

// RuleAct is what a rule did for an event.
type RuleAct struct {
	Ref     int64 // grows with time
	Rule    int64 // Rule.Ref
	Event   event.ID
	Place   int    // of the action in the rule
	Contact string // con_…; empty: nobody was found
	At      time.Time
	Action  string // send, subscribe, unsubscribe, start, exit
	Outcome string
	Send    string // snd_…; empty: none
	Detail  string // why it was skipped or failed
}

// NoteRuleAct stores what a rule did. What was noted before stays.
func (s *Store) NoteRuleAct(ctx context.Context, x *RuleAct) error {
	err := s.engine.write(ctx, func(c conn) error {
		_, err := noteAct(ctx, c, x)
		return err
	})
	if err != nil {
		return fmt.Errorf("note what a rule did: %w", err)
	}
	return nil
}

// RuleActed reports whether what a rule does for an event at a place was noted.
func (s *Store) RuleActed(ctx context.Context, x *RuleAct) (was bool, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		var there int64
		was, err = one(ctx, c, `SELECT 1 FROM rule_acts WHERE rule = $1 AND event = $2 AND place = $3`,
			[]any{x.Rule, x.Event[:], x.Place}, &there)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("look for an act of a rule: %w", err)
	}
	return was, nil
}

func noteAct(ctx context.Context, c conn, x *RuleAct) (fresh bool, err error) {
	n, err := c.exec(ctx, `INSERT INTO rule_acts (rule, event, place, contact, at, action, outcome, send, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (rule, event, place) DO NOTHING`,
		x.Rule, x.Event[:], x.Place, actContact(x), ms(x.At), x.Action, x.Outcome, x.Send, x.Detail)
	return n > 0, err
}

func actContact(x *RuleAct) int64 {
	ref, _ := refOf(contactPrefix, x.Contact)
	return ref
}

// EditByRule makes a change of a contact that a rule wants for an event, once: where the act is noted already, nothing is done.
// act gets what became of it.
func (s *Store) EditByRule(ctx context.Context, project string, change contact.Change, act *RuleAct) error {
	var w *work
	err := s.engine.ingest(ctx, func(b batch) error {
		ref, err := projectRef(ctx, b, project)
		if err != nil {
			return err
		}
		w = s.newWork(ctx, b)
		fresh, err := noteAct(ctx, b, act)
		if err != nil {
			return err
		}
		if !fresh {
			return errUnchanged
		}
		entry := &receipt.Entry{
			Source: &source.Source{Project: project, ProjectRef: ref}, Changes: []contact.Change{change},
		}
		if err := w.edit(entry); err != nil {
			return err
		}
		out := entry.Outcome.Contacts[0]
		act.Contact = out.ID
		if out.ID == "" {
			act.Outcome, act.Detail = RuleSkipped, "there is no such contact"
		} else if out.Problem != "" {
			act.Outcome, act.Detail = RuleFailed, out.Problem
		}
		_, err = b.exec(ctx, `UPDATE rule_acts SET contact = $4, outcome = $5, detail = $6
			WHERE rule = $1 AND event = $2 AND place = $3`, act.Rule, act.Event[:], act.Place, actContact(act), act.Outcome, act.Detail)
		return err
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("edit contact by a rule: %w", err)
	}
	w.keepTerms()
	return nil
}

// RuleActsSince counts how often a rule acted for a contact since a time.
func (s *Store) RuleActsSince(ctx context.Context, rule, contact int64, since time.Time) (n int64, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		_, err := one(ctx, c, `SELECT count(*) FROM rule_acts WHERE contact = $1 AND rule = $2 AND at >= $3`,
			[]any{contact, rule, ms(since)}, &n)
		return err
	})
	return n, err
}

// RuleActs lists what a rule did, newest first, before a RuleAct.Ref (0: from the newest).
func (s *Store) RuleActs(ctx context.Context, rule, before int64, limit int) (list []RuleAct, err error) {
	const newest = 1<<63 - 1
	if before == 0 {
		before = newest
	}
	err = s.engine.read(ctx, func(c conn) error {
		list = nil
		return c.query(ctx, `SELECT ref, rule, event, place, contact, at, action, outcome, send, detail FROM rule_acts
			WHERE rule = $1 AND ref < $2 ORDER BY ref DESC LIMIT $3`, []any{rule, before, limit}, func(r row) error {
			var x RuleAct
			var id []byte
			var contact, when int64
			err := r.Scan(&x.Ref, &x.Rule, &id, &x.Place, &contact, &when, &x.Action, &x.Outcome, &x.Send, &x.Detail)
			if err != nil {
				return err
			}
			copy(x.Event[:], id)
			x.At = at(when)
			if contact != 0 {
				x.Contact = publicID(contactPrefix, contact)
			}
			list = append(list, x)
			return nil
		})
	})
	return list, err
}

// keepRuleActs is how long is kept what rules did.
const keepRuleActs = 30 * 24 * time.Hour

func retainRuleActs(ctx context.Context, c conn, now time.Time) error {
	_, err := c.exec(ctx, `DELETE FROM rule_acts WHERE ref IN (SELECT ref FROM rule_acts WHERE at < $1 ORDER BY at LIMIT $2)`,
		ms(now.Add(-keepRuleActs)), retainBatch)
	return err
}
