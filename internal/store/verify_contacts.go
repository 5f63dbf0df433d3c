package store

import (
	"fmt"
	"slices"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/stats"
)

// contactChunk recounts the contacts between two refs.
func (v *verifier) contactChunk(from, to int64) (n int, err error) {
	states := make(map[int64]contact.State)
	err = v.c.query(v.ctx, `SELECT ref, unsubscribed, consent_at, first_seen, last_seen, last_open, last_click,
		soft_bounces, counts, lasts FROM contacts WHERE ref BETWEEN $1 AND $2`, []any{from, to}, func(r row) error {
		var ref int64
		var st contact.State
		var counts, lasts []byte
		err := r.Scan(&ref, &st.Unsubscribed, &st.ConsentAt, &st.FirstSeen, &st.LastSeen, &st.LastOpen,
			&st.LastClick, &st.SoftBounces, &counts, &lasts)
		st.Lasts = contact.DecodeLasts(lasts)
		if err == nil {
			st.Counts, err = decodeCounts(counts)
		}
		states[ref] = st
		return err
	})
	if err != nil {
		return 0, err
	}
	stored, err := v.storedSuppressions(from, to)
	if err != nil {
		return 0, err
	}
	want := make(map[int64]*recounted)
	n, err = v.eventsOfContacts(from, to, want, stored)
	if err != nil {
		return 0, err
	}
	if err := v.consentsSaid(from, to, want); err != nil {
		return 0, err
	}
	for ref, have := range states {
		if have.FirstSeen != 0 && have.FirstSeen < v.horizon {
			continue
		}
		w := want[ref]
		if w == nil {
			w = &recounted{}
		}
		if have.ConsentAt == contact.KnownAt && w.state.ConsentAt == 0 { // an act made the contact, before its events
			w.state.ConsentAt, w.state.Unsubscribed = contact.KnownAt, false
		}
		v.differ("contact "+publicID(contactPrefix, ref), have, w.state)
		asked := w.suppressions(v.store.opts.Soft)
		leaveByHand(stored[ref], asked)
		v.differ("suppressions of contact "+publicID(contactPrefix, ref), describeAll(stored[ref]), describeAll(asked))
	}
	return n, nil
}

// consentsSaid adds what people and programs said of their consent beside events: the last writer wins among both.
func (v *verifier) consentsSaid(from, to int64, want map[int64]*recounted) error {
	return v.c.query(v.ctx, `SELECT contact, subscribed, at FROM consents WHERE contact BETWEEN $1 AND $2 AND topic = 0
		AND event IS NULL`, []any{from, to}, func(r row) error {
		var ref, at int64
		var subscribed bool
		if err := r.Scan(&ref, &subscribed, &at); err != nil {
			return err
		}
		if want[ref] == nil {
			want[ref] = &recounted{facts: make(map[contact.Reason]suppressionFact)}
		}
		consent := contact.OptOut
		if subscribed {
			consent = contact.OptIn
		}
		want[ref].state.SetConsent(consent, at)
		return nil
	})
}

// recounted is what the events of a contact come to.
type recounted struct {
	state contact.State
	facts map[contact.Reason]suppressionFact
	soft  []contact.SoftFact
}

// suppressions computes the rows that the events ask for; they are those that no person lifted since.
func (r *recounted) suppressions(p contact.SoftPolicy) map[contact.Reason]suppressionRow {
	rows := make(map[contact.Reason]suppressionRow)
	for reason, f := range r.facts {
		rows[reason] = suppressionRow{since: f.since, event: f.event}
	}
	if s, ok := contact.SoftWindow(r.soft, p); ok {
		rows[contact.SoftBounceLimit] = suppressionRow{since: ms(s.Since), until: ms(s.Until), event: s.Event}
	}
	return rows
}

// leaveByHand takes out of both what a person said: events neither begin it nor end it. A fact from before it counts.
func leaveByHand(have, asked map[contact.Reason]suppressionRow) {
	for reason, h := range have {
		a, wanted := asked[reason]
		if !h.byHand() || wanted && (!h.holdsUntil(a.until) || a.since < h.since && reason != contact.SoftBounceLimit) {
			continue
		}
		delete(have, reason)
		delete(asked, reason)
	}
}

func describeAll(rows map[contact.Reason]suppressionRow) string {
	var list []string
	for reason, r := range rows {
		if reason == contact.Manual || r.liftedAt != 0 {
			continue
		}
		list = append(list, fmt.Sprintf("%s since %s until %s by %s", reason, at(r.since), at(r.until), r.event))
	}
	slices.Sort(list)
	return fmt.Sprint(list)
}

func (v *verifier) storedSuppressions(from, to int64) (map[int64]map[contact.Reason]suppressionRow, error) {
	rows := make(map[int64]map[contact.Reason]suppressionRow)
	err := v.c.query(v.ctx, `SELECT contact, reason, since, until, lifted_at, reset_seq, event FROM suppressions
		WHERE contact BETWEEN $1 AND $2`, []any{from, to}, func(r row) error {
		var ref int64
		var reason string
		var x suppressionRow
		err := r.Scan(&ref, &reason, &x.since, &x.until, &x.liftedAt, &x.resetSeq, &x.event)
		if rows[ref] == nil {
			rows[ref] = make(map[contact.Reason]suppressionRow)
		}
		rows[ref][contact.Reason(reason)] = x
		return err
	})
	return rows, err
}

func (v *verifier) eventsOfContacts(
	from, to int64, want map[int64]*recounted, stored map[int64]map[contact.Reason]suppressionRow,
) (n int, err error) {
	err = v.c.query(v.ctx, `SELECT e.contact, e.id, n.text, e.class, e.occurred_at, e.seq, e.message, e.detail
		FROM events e JOIN terms n ON n.ref = e.name WHERE e.contact BETWEEN $1 AND $2`, []any{from, to},
		func(r row) error {
			var ref, class, occurred, seq, msg int64
			var name string
			var detail []byte
			e := event.Event{Attribution: event.Exact}
			if err := r.Scan(&ref, &e.ID, &name, &class, &occurred, &seq, &msg, &detail); err != nil {
				return err
			}
			e.Name, e.OccurredAt = event.Name(name), at(occurred)
			if stats.Class(class) == stats.OfCandidates {
				e.Attribution = event.Candidates
			}
			if err := v.store.codec.DecodeDetail(detail, &e); err != nil {
				return err
			}
			if want[ref] == nil {
				want[ref] = &recounted{facts: make(map[contact.Reason]suppressionFact)}
			}
			want[ref].add(&e, msg, seq, stored[ref])
			n++
			return nil
		})
	return n, err
}

// add takes an event. Facts that were stored before a person's lift do not count any more.
func (r *recounted) add(e *event.Event, msg, seq int64, stored map[contact.Reason]suppressionRow) {
	f := contact.FactOf(e)
	r.state.Apply(f)
	if reason, ok := contact.Suppresses(e); ok && seq > stored[reason].resetSeq {
		s := suppressionFact{since: f.At, event: e.ID}
		if old, ok := r.facts[reason]; !ok || s.before(old) {
			r.facts[reason] = s
		}
	}
	delivery := e.Name == event.EmailDelivery && e.Attribution != event.Candidates
	if (f.Soft || delivery) && seq > stored[contact.SoftBounceLimit].resetSeq {
		r.soft = append(r.soft, contact.SoftFact{At: f.At, Message: msg, Event: e.ID, Delivery: delivery})
	}
}
