package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/erase"
	"tidings/internal/fault"
	"tidings/internal/job"
	"tidings/internal/stats"
)

// EraseKind is the kind of the job that erases a person. Its payload is the erasure's id.
const EraseKind = "erase"

// BeginErasure erases a person: the contact with an address, in any spelling that means the same, and what was merged with
// it. When it returns, nothing of the person is shown or mailed any more, and what comes later is stored without it; the job
// that it leaves cleans all the rest. An address that nobody is known by is erased too: requests may hold it. While an erasure
// of the person runs, and after it where the address was not used anew, it is a fault.Conflict that names the erasure.
func (s *Store) BeginErasure(ctx context.Context, project, address string, a Act) (x Erasure, err error) {
	err = s.actOf(ctx, project, &a, func(c conn, p int64) error {
		e := eraser{store: s, c: c, ctx: ctx, project: p, address: event.ParseAddress(address).Key, at: a.At}
		if x, err = e.begin(a); err != nil {
			return err
		}
		a.Subject = x.ID
		_, err = enqueue(ctx, c, a.At, []job.NewJob{{Kind: EraseKind, Key: x.ID, Payload: []byte(x.ID), Priority: job.Later}})
		return err
	})
	if err != nil {
		return x, fmt.Errorf("begin erasure: %w", err)
	}
	return x, nil
}

// eraser is the first transaction of an erasure.
type eraser struct {
	store   *Store
	c       conn
	ctx     context.Context // of the one call that this value lives for
	project int64
	address string
	at      time.Time
	key     []byte
}

func (e *eraser) begin(a Act) (x Erasure, err error) {
	if err := e.store.engine.lockErasing(e.ctx, e.c); err != nil {
		return x, err
	}
	if e.key, err = e.ownKey(); err != nil {
		return x, err
	}
	targets, err := e.targets()
	if err != nil {
		return x, err
	}
	if len(targets) == 0 {
		return e.again()
	}
	known := targets[0].ref
	suppressed, err := e.suppressed(targets)
	if err != nil {
		return x, err
	}
	x.Counts.Contacts = int64(len(targets))
	if known == 0 {
		x.Counts.Contacts = 0
	}
	counts, err := json.Marshal(x.Counts)
	if err != nil {
		return x, err
	}
	var ref int64
	_, err = one(e.ctx, e.c, `INSERT INTO erasures (project, contact, requested_at, by, note, suppressed, counts)
		VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ref`,
		[]any{e.project, known, ms(a.At), a.By, a.Note, flag(suppressed), string(counts)}, &ref)
	if err != nil {
		return x, err
	}
	for _, t := range targets {
		if err := e.blank(ref, t); err != nil {
			return x, err
		}
	}
	if err := touchMeta(e.ctx, e.c, erasedVersion); err != nil {
		return x, err
	}
	list, err := erasures(e.ctx, e.c, `WHERE y.ref = $1`, ref)
	if err != nil {
		return x, err
	}
	return list[0], nil
}

// ownKey reads the key of the hashes, or makes it.
func (e *eraser) ownKey() (key []byte, err error) {
	if key, err = erasureKey(e.ctx, e.c); err != nil || key != nil {
		return key, err
	}
	key = make([]byte, erase.KeySize)
	_, _ = rand.Read(key) // it never fails
	_, err = e.c.exec(e.ctx, `INSERT INTO erasure_keys (key, created_at) VALUES ($1, $2)`, key, ms(e.at))
	return key, err
}

func erasureKey(ctx context.Context, c conn) (key []byte, err error) {
	_, err = one(ctx, c, `SELECT key FROM erasure_keys ORDER BY ref LIMIT 1`, nil, &key)
	return key, err
}

// eraseTarget is a contact of the person who is erased; ref is 0 where nobody is known by the address.
type eraseTarget struct {
	ref       int64
	address   string
	pseudonym string
	hash      erase.Hash
	n         int64
}

// targets finds the contact with the address, the one that it was merged into and those that were merged into that one. There
// are none where the address is erased and was not used anew.
func (e *eraser) targets() (list []eraseTarget, err error) {
	hash := erase.HashOf(e.key, e.project, e.address)
	var ref, open int64
	if _, err := one(e.ctx, e.c, `SELECT count(*) FROM erased WHERE project = $1 AND hash = $2 AND until = 0`,
		[]any{e.project, hash[:]}, &open); err != nil || open > 0 {
		return nil, err
	}
	if ref, err = contactRef(e.ctx, e.c, e.project, e.address); err != nil {
		return nil, err
	}
	plain, err := e.plain(ref)
	if err != nil {
		return nil, fmt.Errorf("look at the contact that has the address: %w", err)
	}
	if !plain {
		t, err := e.target(0, e.address)
		return []eraseTarget{t}, err
	}
	if ref, err = standing(e.ctx, e.c, ref); err != nil {
		return nil, err
	}
	type found struct {
		ref     int64
		address string
	}
	var rows []found
	err = e.c.query(e.ctx, `SELECT ref, address FROM contacts WHERE ref = $1 OR merged_into = $1 AND merged_into <> 0
		ORDER BY CASE ref WHEN $1 THEN 0 ELSE 1 END, ref`, []any{ref}, func(r row) error {
		var f found
		err := r.Scan(&f.ref, &f.address)
		rows = append(rows, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, f := range rows {
		if erase.IsPseudonym(f.address) {
			continue // it was erased before
		}
		t, err := e.target(f.ref, f.address)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// plain reports whether there is such a contact, and it is known by the address itself, not by its hash.
func (e *eraser) plain(ref int64) (bool, error) {
	var address string
	found, err := one(e.ctx, e.c, `SELECT address FROM contacts WHERE ref = $1`, []any{ref}, &address)
	return found && !erase.IsPseudonym(address), err
}

func (e *eraser) target(ref int64, address string) (t eraseTarget, err error) {
	t = eraseTarget{ref: ref, address: address, hash: erase.HashOf(e.key, e.project, address)}
	_, err = one(e.ctx, e.c, `SELECT count(*) + 1 FROM erased WHERE project = $1 AND hash = $2`, []any{e.project, t.hash[:]}, &t.n)
	t.pseudonym = erase.Pseudonym(t.hash, t.n, address)
	return t, err
}

// again is what becomes of an address that was erased before: an erasure that failed runs again, every other is a Conflict.
func (e *eraser) again() (x Erasure, err error) {
	hash := erase.HashOf(e.key, e.project, e.address)
	list, err := erasures(e.ctx, e.c, `WHERE y.ref = (SELECT max(erasure) FROM erased WHERE project = $1 AND hash = $2)`,
		e.project, hash[:])
	if err != nil {
		return x, err
	}
	if len(list) == 0 {
		return x, errors.New("an erased address without its erasure")
	}
	switch x = list[0]; x.Status {
	case ErasureFailed:
		x.Status, x.Problem, x.FinishedAt = ErasureRunning, "", time.Time{}
		_, err = e.c.exec(e.ctx, `UPDATE erasures SET status = 0, problem = '', finished_at = 0 WHERE ref = $1`, x.Ref)
		return x, err
	case ErasureRunning:
		return x, fault.New(fault.Conflict, "erasure_running", "the erasure %s of this address is under way", x.ID).
			WithHint("wait for its end: tidings erase list")
	case ErasureDone:
	}
	return x, fault.New(fault.Conflict, "already_erased", "this address was erased by %s, and not used since", x.ID).
		WithHint("nothing is left to do")
}

// suppressed reports whether mail to one of the contacts is suppressed now.
func (e *eraser) suppressed(targets []eraseTarget) (bool, error) {
	for _, t := range targets {
		var n int64
		_, err := one(e.ctx, e.c, `SELECT count(*) FROM suppressions x WHERE x.contact = $1 AND `+activeSQL("$2", true),
			[]any{t.ref, ms(e.at)}, &n)
		if err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, nil
}

// blank takes from a contact all that is a person's, and notes what is to be looked for elsewhere.
func (e *eraser) blank(erasure int64, t eraseTarget) error {
	if t.ref == 0 {
		_, err := one(e.ctx, e.c, `INSERT INTO contacts (project, address, counts, created_at, updated_at, status)
			VALUES ($1, $2, $3, $4, $4, `+itoa(goneContact)+`) RETURNING ref`,
			[]any{e.project, t.pseudonym, []byte{}, ms(e.at)}, &t.ref)
		if err != nil {
			return err
		}
	}
	forms, err := e.forms(t)
	if err != nil {
		return err
	}
	_, err = e.c.exec(e.ctx, `INSERT INTO erasing (erasure, contact, address, pseudonym, forms) VALUES ($1, $2, $3, $4, $5)`,
		erasure, t.ref, t.address, t.pseudonym, forms)
	if err != nil {
		return err
	}
	_, err = e.c.exec(e.ctx, `INSERT INTO erased (project, hash, n, contact, erasure, erased_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		e.project, t.hash[:], t.n, t.ref, erasure, ms(e.at))
	if err != nil {
		return err
	}
	_, err = e.c.exec(e.ctx, `UPDATE contacts SET address = $2, attributes = '', external_id = '', status = `+itoa(goneContact)+`,
		expires_at = 0, snoozed_until = 0, updated_at = $3 WHERE ref = $1`, t.ref, t.pseudonym, ms(e.at))
	if err != nil {
		return err
	}
	if err := e.byPattern(t); err != nil {
		return err
	}
	// A tag that nobody else has may say who it was.
	_, err = e.c.exec(e.ctx, `UPDATE terms SET text = $2 || CAST(ref AS TEXT) WHERE ref IN (SELECT tag FROM contact_tags
		WHERE contact = $1) AND NOT EXISTS (SELECT 1 FROM contact_tags o WHERE o.tag = terms.ref AND o.contact <> $1)
		AND NOT EXISTS (SELECT 1 FROM counters k WHERE k.dim = terms.ref AND k.kind = $3)`, t.ref, erase.Mark, int64(stats.ByTag))
	if err != nil {
		return err
	}
	for _, sql := range ownRows {
		if _, err := e.c.exec(e.ctx, sql, t.ref); err != nil {
			return err
		}
	}
	return endRuns(e.ctx, e.c, t.ref)
}

// byPattern makes a suppression of a pattern that is the address itself: it must hold when the address is used anew.
func (e *eraser) byPattern(t eraseTarget) error {
	_, err := e.c.exec(e.ctx, `INSERT INTO suppressions (project, contact, reason, since, until, lifted_at, event, note, added_by)
		SELECT project, $2, $3, created_at, 0, 0, $4, '', created_by FROM suppression_patterns
		WHERE project = $1 AND pattern = $5 AND lifted_at = 0 ON CONFLICT (contact, reason) DO NOTHING`,
		e.project, t.ref, string(contact.Manual), event.ID{}, t.address)
	return err
}

// ownRows take away what tables have of a contact alone. Memberships end without an event. What stays of consent is what
// it came to, and when.
var ownRows = []string{
	`DELETE FROM contact_values WHERE contact = $1`,
	`DELETE FROM contact_tags WHERE contact = $1`,
	`DELETE FROM contact_topics WHERE contact = $1`,
	`DELETE FROM optins WHERE contact = $1`,
	`DELETE FROM rule_acts WHERE contact = $1`,
	`UPDATE sends SET name = '', data = '', problem = '' WHERE contact = $1`,
	`UPDATE sends SET status = ` + itoa(skippedSend) + `, reason = 'gone' WHERE contact = $1 AND status = ` + itoa(queuedSend),
	`DELETE FROM send_contents WHERE ref IN (SELECT content FROM sends WHERE contact = $1)
		AND NOT EXISTS (SELECT 1 FROM sends s WHERE s.content = send_contents.ref AND s.contact <> $1)`,
	`DELETE FROM contact_changes WHERE contact = $1`,
	`DELETE FROM consents WHERE contact = $1 AND topic <> 0`,
	`UPDATE consents SET origin = 'erased', reason = '', by = '' WHERE contact = $1`,
	`UPDATE segments SET members = members - 1 WHERE ref IN (SELECT segment FROM segment_members WHERE contact = $1)`,
	`DELETE FROM segment_members WHERE contact = $1`,
	`DELETE FROM segment_dues WHERE contact = $1`,
	`UPDATE suppressions SET note = '', lift_note = '' WHERE contact = $1`,
}

// maxForms bounds the spellings that are looked for beside those that are always.
const maxForms = 200

// forms are the spellings of the address as they were received.
func (e *eraser) forms(t eraseTarget) (string, error) {
	forms := []string{}
	err := e.c.query(e.ctx, `SELECT DISTINCT recipient FROM events WHERE contact = $1 AND recipient <> '' LIMIT `+itoa(maxForms),
		[]any{t.ref}, func(r row) error {
			var form string
			err := r.Scan(&form)
			forms = append(forms, form)
			return err
		})
	if err != nil {
		return "", err
	}
	slices.Sort(forms)
	b, err := json.Marshal(forms)
	return string(b), err
}
