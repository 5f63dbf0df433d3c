package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/erase"
	"tidings/internal/receipt"
	"tidings/internal/stats"
)

// erasedVersion is the row of meta that changes with every address that is erased, or used anew.
const erasedVersion = "erased"

// versions are those of what a store remembers of the database.
type versions struct{ segments, erased, rules, workflows string }

func readVersions(ctx context.Context, c conn) (v versions, err error) {
	err = c.query(ctx, `SELECT name, value FROM meta WHERE name IN ('`+segmentsVersion+`', '`+erasedVersion+`',
		'`+rulesVersion+`', '`+workflowsVersion+`')`, nil,
		func(r row) error {
			var name, value string
			err := r.Scan(&name, &value)
			switch name {
			case segmentsVersion:
				v.segments = value
			case erasedVersion:
				v.erased = value
			case rulesVersion:
				v.rules = value
			case workflowsVersion:
				v.workflows = value
			}
			return err
		})
	return v, err
}

// versionsNow are the versions as of when the transaction first asked.
func (w *work) versionsNow() (versions, error) {
	if w.versions == nil {
		v, err := readVersions(w.ctx, w.b)
		if err != nil {
			return v, err
		}
		w.versions = &v
	}
	return *w.versions, nil
}

// touchMeta changes a version.
func touchMeta(ctx context.Context, c conn, name string) error {
	_, err := c.exec(ctx, `INSERT INTO meta (name, value) VALUES ($1, '1')
		ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)`, name)
	return err
}

// erasedSet are the addresses that were erased, as of a version. It is never changed.
type erasedSet struct {
	version string
	key     []byte
	byHash  map[erasedKey][]erasedSpan
}

type erasedKey struct {
	project int64
	hash    erase.Hash
}

// erasedSpan is one row of erased: what is left of an address for the facts before until; 0: for all.
type erasedSpan struct{ n, contact, until int64 }

// erasedOf reads who was erased, where that changed since it was read last; nil: nobody was.
func (s *Store) erasedOf(ctx context.Context, c conn, version string) (*erasedSet, error) {
	if version == "" {
		return nil, nil
	}
	if known := s.erased.Load(); known != nil && known.version == version {
		return known, nil
	}
	fresh := &erasedSet{version: version, byHash: make(map[erasedKey][]erasedSpan)}
	var err error
	if fresh.key, err = erasureKey(ctx, c); err != nil {
		return nil, err
	}
	err = c.query(ctx, `SELECT project, hash, n, contact, until FROM erased ORDER BY project, hash, n`, nil, func(r row) error {
		var k erasedKey
		var hash []byte
		var span erasedSpan
		err := r.Scan(&k.project, &hash, &span.n, &span.contact, &span.until)
		copy(k.hash[:], hash)
		fresh.byHash[k] = append(fresh.byHash[k], span)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.terms.forget() // links and tags that named somebody are called otherwise now
	s.erased.Store(fresh)
	return fresh, nil
}

// find finds what is left of an address for a fact of a time, in Unix milliseconds.
func (x *erasedSet) find(project int64, address string, at int64) (span erasedSpan, pseudonym string, found bool) {
	if x == nil || address == "" {
		return span, "", false
	}
	hash := erase.HashOf(x.key, project, address)
	for _, span := range x.byHash[erasedKey{project, hash}] {
		if span.until == 0 || at < span.until {
			return span, erase.Pseudonym(hash, span.n, address), true
		}
	}
	return span, "", false
}

// forever is a time after every other.
const forever = 1 << 62

// now finds what is left of an address that was not used since it was erased.
func (x *erasedSet) now(project int64, address string) (span erasedSpan, pseudonym string, found bool) {
	return x.find(project, address, forever)
}

// loadErased reads, once in a transaction, who was erased.
func (w *work) loadErased() error {
	if w.versions != nil {
		return nil
	}
	v, err := readVersions(w.ctx, w.b)
	if err != nil {
		return err
	}
	w.versions = &v
	w.erased, err = w.store.erasedOf(w.ctx, w.b, v.erased)
	return err
}

// recognise finds who was erased among those that requests tell of. What such requests say of them is blanked as what was
// there before, and their bodies are not kept. An act of a person, or about one, is a new beginning: see come.
func (w *work) recognise(a *arrivals) error {
	if err := w.loadErased(); err != nil || w.erased == nil {
		return err
	}
	for _, r := range a.replayed {
		if drop, err := w.recogniseEntry(r.entry); err != nil {
			return err
		} else if drop {
			r.entry.Problems = withoutWords(r.entry.Problems)
		}
	}
	for _, b := range a.blocks {
		dropped := false
		for _, r := range b.receipts {
			drop, err := w.recogniseEntry(r.entry)
			if err != nil {
				return err
			}
			if drop {
				r.dropped, dropped = r.entry.Keep == nil, true
			}
		}
		if dropped {
			b.layOut()
			b.compress(w.store.codec, false)
		}
	}
	return nil
}

// recogniseEntry blanks what a request says of people who were erased, and reports whether its body named one: then Keep is
// what is left of it.
func (w *work) recogniseEntry(e *receipt.Entry) (drop bool, err error) {
	project := e.Source.ProjectRef
	gone := goneIn{mine: make(map[event.ID]bool)}
	for i := range e.Changes {
		came, err := w.come(e, &e.Changes[i])
		if err != nil {
			return false, err
		}
		if _, pseudonym, found := w.erased.now(project, e.Changes[i].Address); found && !came {
			gone.add(e.Changes[i].Address, pseudonym)
		}
	}
	for i := range e.Events {
		x := &e.Events[i]
		_, pseudonym, found := w.erased.find(project, x.Recipient, x.OccurredAt.UnixMilli())
		if !found {
			continue
		}
		gone.add(x.Recipient, pseudonym)
		gone.mine[x.ID] = true
		if err := w.store.blankEvent(x, pseudonym); err != nil {
			return false, err
		}
	}
	if len(e.Events) == 0 && len(e.Changes) == 0 {
		erase.Addresses(e.Keep, func(address string) bool {
			_, pseudonym, found := w.erased.now(project, address)
			if found {
				gone.add(address, pseudonym)
			}
			return !found
		})
	}
	if len(gone.targets) > 0 {
		w.store.leave(e, &gone)
	}
	return len(gone.targets) > 0, nil
}

// goneIn are the people who were erased and whom a request tells of.
type goneIn struct {
	targets []erase.Target
	mine    map[event.ID]bool // their events
}

func (g *goneIn) add(address, pseudonym string) {
	t := erase.Target{Address: address, Pseudonym: pseudonym}
	if !slices.ContainsFunc(g.targets, func(o erase.Target) bool { return o.Address == address }) {
		g.targets = append(g.targets, t)
	}
}

// leave keeps of a request's body what it tells of others; nothing where that can't be parted.
func (s *Store) leave(e *receipt.Entry, gone *goneIn) {
	keep := e.Keep
	e.Keep, e.Problems = nil, withoutWords(e.Problems)
	tools := s.eraseTools.Load()
	if tools == nil || len(gone.mine) == len(e.Events) {
		return
	}
	person := erase.NewPerson(gone.targets...)
	left := tools.Rewrite(EraseRequest{
		StoredReceipt: StoredReceipt{Source: e.Source, Key: e.Key, ReceivedAt: e.ReceivedAt, SHA256: e.SHA256, Keep: keep},
		Person:        person, Mine: gone.mine,
	})
	if person.Mentions(left.Keep) {
		return
	}
	e.Keep = left.Keep
	for i := range e.Events {
		if element, others := left.Elements[e.Events[i].ID]; others {
			e.Events[i].Element = element
		}
	}
}

// UseEraseTools tells the store who writes requests anew that come in and tell of people who were erased among others. Without,
// the bodies of such requests are not kept.
func (s *Store) UseEraseTools(tools EraseTools) { s.eraseTools.Store(&tools) }

// erasedElement is the place in its receipt of an event whose element was erased.
const erasedElement = -1

// blankEvent takes out of an event what is a person's.
func (s *Store) blankEvent(x *receipt.Event, pseudonym string) (err error) {
	person := erase.NewPerson(erase.Target{Address: x.Recipient, Pseudonym: pseudonym})
	erase.Event(&x.Event, func(e *event.Event) string { return person.Scrub(stats.LinkOf(e)) })
	if x.Message != nil {
		person.Message(x.Message)
	}
	x.Recipient, x.Values, x.Erased, x.Element = pseudonym, nil, true, erasedElement
	x.Info = receipt.EncodeInfo(x.Message)
	x.Detail, err = s.codec.EncodeDetail(&x.Event)
	return err
}

// blanked reports whether an event is what was left of somebody in a body that was written anew: it is there already.
func (w *work) blanked(e *receipt.Event) bool {
	return w.erased != nil && !e.Erased && erase.IsPseudonym(e.Recipient)
}

// come begins anew with an address that was erased, where a change makes its contact: from now on facts are of that one. Lists
// that somebody imports make no such beginning, nor do requests that came before.
func (w *work) come(e *receipt.Entry, x *contact.Change) (came bool, err error) {
	project := e.Source.ProjectRef
	span, _, gone := w.erased.now(project, x.Address)
	if !gone || x.Update || x.Origin == contact.OriginImport {
		return false, nil
	}
	if e.Source.Ref != 0 {
		var ref int64
		if known, err := one(w.ctx, w.b, `SELECT ref FROM receipts WHERE source = $1 AND key = $2`,
			[]any{e.Source.Ref, e.Key[:]}, &ref); err != nil || known {
			return false, err
		}
	}
	from := w.now
	if !e.ReceivedAt.IsZero() {
		from = e.ReceivedAt
	}
	_, err = w.b.exec(w.ctx, `UPDATE erased SET until = $2 WHERE contact = $1 AND until = 0`, span.contact, max(ms(from), 1))
	if err == nil {
		err = touchMeta(w.ctx, w.b, erasedVersion)
	}
	if err != nil {
		return false, fmt.Errorf("begin anew with an erased address: %w", err)
	}
	v, err := readVersions(w.ctx, w.b)
	if err != nil {
		return false, err
	}
	w.versions = &v
	// What other transactions may not see yet is not remembered for them.
	old := w.store.erased.Load()
	w.erased, err = w.store.erasedOf(w.ctx, w.b, v.erased)
	w.store.erased.Store(old)
	return true, err
}

// refused reports whether a change is of an address that was erased and does not begin anew with it.
func (w *work) refused(x *changeRow) bool {
	if w.erased == nil {
		return false
	}
	_, _, gone := w.erased.now(x.project, x.Address)
	return gone || erase.IsPseudonym(x.Address)
}

// bequeath gives contacts that the batch made what is left of the same address from before it was erased: what keeps it
// from being mailed.
func (w *work) bequeath() error {
	if w.erased == nil {
		return nil
	}
	for _, c := range w.contacts {
		if !c.created {
			continue
		}
		hash := erase.HashOf(w.erased.key, c.project, c.address)
		spans := w.erased.byHash[erasedKey{c.project, hash}]
		if len(spans) == 0 {
			continue
		}
		last := slices.MaxFunc(spans, func(a, b erasedSpan) int { return cmp.Compare(a.n, b.n) })
		if err := w.inherit(c, last.contact); err != nil {
			return fmt.Errorf("inherit from an erased contact: %w", err)
		}
	}
	return nil
}

func (w *work) inherit(c *contactRow, from int64) error {
	_, err := w.b.exec(w.ctx, `INSERT INTO suppressions (project, contact, reason, since, until, lifted_at, event, note, added_by)
		SELECT x.project, $1, x.reason, x.since, x.until, 0, $3, '', 'erasure' FROM suppressions x WHERE x.contact = $2
		AND x.lifted_at = 0 AND (x.until = 0 OR x.until > $4) ON CONFLICT (contact, reason) DO NOTHING`,
		c.ref, from, event.ID{}, ms(w.now))
	if err != nil {
		return err
	}
	var unsubscribed bool
	var said int64
	_, err = one(w.ctx, w.b, `SELECT unsubscribed, consent_at FROM contacts WHERE ref = $1`, []any{from}, &unsubscribed, &said)
	if err != nil || !unsubscribed {
		return err
	}
	c.state.SetConsent(contact.OptOut, said)
	c.changed, c.inherited, c.updatedAt = true, true, ms(w.now)
	_, err = w.b.exec(w.ctx, sqlPutConsent+` VALUES ($1, 0, 0, $2, 'erased', '', '')`, c.ref, said)
	return err
}

// knownAs is the address that a contact stands under: the address itself, or what is left of one that was erased.
func (s *Store) knownAs(ctx context.Context, c conn, project int64, address string) (string, error) {
	v, err := readVersions(ctx, c)
	if err != nil {
		return "", err
	}
	set, err := s.erasedOf(ctx, c, v.erased)
	if err != nil {
		return "", err
	}
	if _, pseudonym, gone := set.now(project, address); gone {
		return pseudonym, nil
	}
	return address, nil
}

// erasedRef finds what is left of an address that was erased; 0 where it was not.
func erasedRef(ctx context.Context, c conn, project int64, address string) (ref int64, err error) {
	key, err := erasureKey(ctx, c)
	if err != nil || key == nil {
		return 0, err
	}
	hash := erase.HashOf(key, project, address)
	_, err = one(ctx, c, `SELECT contact FROM erased WHERE project = $1 AND hash = $2 ORDER BY n DESC LIMIT 1`,
		[]any{project, hash[:]}, &ref)
	return ref, err
}
