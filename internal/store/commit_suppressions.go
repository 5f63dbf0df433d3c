package store

import (
	"bytes"
	"cmp"
	"slices"

	"tidings/event"
	"tidings/internal/contact"
)

// suppressing collects what the batch's new events say of suppressions.
type suppressing struct {
	facts map[suppressionKey]suppressionFact
	soft  map[*contactRow]softNews // contacts whose soft-bounce window may have changed
}

// softNews is what a batch brings to a contact's soft-bounce window.
type softNews struct {
	bounce   bool  // a soft bounce of the address
	delivery int64 // occurredAt of the earliest delivery; 0: none
}

type suppressionKey struct {
	contact *contactRow
	reason  contact.Reason
}

type suppressionFact struct {
	project int64
	since   int64
	event   event.ID
	row     *eventRow
}

func (a suppressionFact) before(b suppressionFact) bool {
	return a.since < b.since || a.since == b.since && bytes.Compare(a.event[:], b.event[:]) < 0
}

// note takes a new event. Its contact's state has it already; limit is SoftPolicy.Count.
func (s *suppressing) note(e *eventRow, reason contact.Reason, suppresses bool, limit int) {
	if s.facts == nil {
		s.facts, s.soft = make(map[suppressionKey]suppressionFact), make(map[*contactRow]softNews)
	}
	if suppresses {
		k := suppressionKey{e.contact, reason}
		f := suppressionFact{e.project, e.OccurredAt.UnixMilli(), e.ID, e}
		if old, ok := s.facts[k]; !ok || f.before(old) {
			s.facts[k] = f
		}
	}
	// Fewer facts than the limit can't reach it, whatever lies between them: most contacts cost nothing here.
	if n := e.contact.state.SoftBounces; limit == 0 || n < int64(limit) {
		return
	}
	news := s.soft[e.contact]
	switch at := e.OccurredAt.UnixMilli(); {
	case e.flags&flagSoft != 0:
		news.bounce = true
	case e.Name == event.EmailDelivery && (news.delivery == 0 || at < news.delivery):
		news.delivery = at
	}
	if news != (softNews{}) {
		s.soft[e.contact] = news
	}
}

// suppressionRow is a stored suppression, as rules change it.
type suppressionRow struct {
	ref, since, until, liftedAt, resetSeq int64
	event                                 event.ID
}

// byHand reports whether a person or an import put the row there, and it was not lifted since.
func (r suppressionRow) byHand() bool { return r.event.IsZero() && r.liftedAt == 0 }

// holdsUntil reports whether the row holds at least as long as one that ends at until. 0 is for good.
func (r suppressionRow) holdsUntil(until int64) bool {
	return r.until == 0 || until != 0 && until <= r.until
}

func (w *work) saveSuppressions() error {
	for _, k := range sortedKeys(w.suppress.facts) {
		f := w.suppress.facts[k]
		row, found, err := w.suppression(k)
		if err != nil {
			return err
		}
		if err := w.turning(k.contact); err != nil {
			return err
		}
		k.contact.cause = f.row
		// A fact that is stored after a lift suppresses again, from its own time on. So does one that outlasts what a person
		// put there for a while.
		if found && row.liftedAt == 0 && row.holdsUntil(0) && !f.before(suppressionFact{since: row.since, event: row.event}) {
			continue
		}
		if err := w.putSuppression(k, suppressionRow{since: f.since, event: f.event}); err != nil {
			return err
		}
	}
	var soft []*contactRow
	for c := range w.suppress.soft {
		soft = append(soft, c)
	}
	slices.SortFunc(soft, func(a, b *contactRow) int { return cmp.Compare(a.ref, b.ref) })
	for _, c := range soft {
		if err := w.softBounces(c, w.suppress.soft[c]); err != nil {
			return err
		}
	}
	return nil
}

func sortedKeys(m map[suppressionKey]suppressionFact) []suppressionKey {
	keys := make([]suppressionKey, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b suppressionKey) int {
		return cmp.Or(cmp.Compare(a.contact.ref, b.contact.ref), cmp.Compare(a.reason, b.reason))
	})
	return keys
}

func (w *work) suppression(k suppressionKey) (r suppressionRow, found bool, err error) {
	found, err = one(w.ctx, w.b, `SELECT ref, since, until, lifted_at, reset_seq, event FROM suppressions
		WHERE contact = $1 AND reason = $2`, []any{k.contact.ref, string(k.reason)},
		&r.ref, &r.since, &r.until, &r.liftedAt, &r.resetSeq, &r.event)
	return r, found, err
}

func (w *work) putSuppression(k suppressionKey, r suppressionRow) error {
	_, err := w.b.exec(w.ctx, `INSERT INTO suppressions (project, contact, reason, since, until, lifted_at, event, note, ended)
		VALUES ($1, $2, $3, $4, $5, 0, $6, '', $7) ON CONFLICT (contact, reason) DO UPDATE
		SET since = excluded.since, until = excluded.until, lifted_at = 0, event = excluded.event, ended = excluded.ended`,
		k.contact.project, k.contact.ref, string(k.reason), r.since, r.until, r.event, over(r.until, w.now))
	return err
}

// softBounces computes the soft-bounce suppression of a contact anew, over the facts that were stored since it was
// last lifted.
func (w *work) softBounces(c *contactRow, news softNews) error {
	k := suppressionKey{c, contact.SoftBounceLimit}
	old, found, err := w.suppression(k)
	if err != nil {
		return err
	}
	// A delivery alone can only end a suppression that holds, never begin one.
	if !news.bounce && (!found || old.liftedAt != 0 || news.delivery >= old.until) {
		return nil
	}
	if err := w.turning(c); err != nil {
		return err
	}
	facts, err := w.softFacts(c, old.resetSeq)
	if err != nil {
		return err
	}
	s, reached := contact.SoftWindow(facts, w.store.opts.Soft)
	switch {
	case found && old.byHand() && (!reached || old.holdsUntil(ms(s.Until))):
		return nil // no computation ends what a person said
	case reached:
		return w.putSuppression(k, suppressionRow{since: ms(s.Since), until: ms(s.Until), event: s.Event})
	case found && old.liftedAt == 0:
		// A fact that came late shows that the limit was never reached.
		_, err = w.b.exec(w.ctx, `DELETE FROM suppressions WHERE ref = $1`, old.ref)
		return err
	}
	return nil
}

func (w *work) softFacts(c *contactRow, since int64) ([]contact.SoftFact, error) {
	delivery, err := w.nameRef(c.project, event.EmailDelivery)
	if err != nil {
		return nil, err
	}
	var facts []contact.SoftFact
	err = w.b.query(w.ctx, `SELECT id, occurred_at, message, flags FROM events
		WHERE contact = $1 AND (flags & $2 <> 0 OR name = $3) AND class <> 5 AND seq > $4`,
		[]any{c.ref, flagSoft, delivery, since}, func(r row) error {
			var f contact.SoftFact
			var flags int
			if err := r.Scan(&f.Event, &f.At, &f.Message, &flags); err != nil {
				return err
			}
			f.Delivery = flags&flagSoft == 0
			facts = append(facts, f)
			return nil
		})
	return facts, err
}
