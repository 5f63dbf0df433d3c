package store

import (
	"bytes"

	"tidings/event"
	"tidings/internal/stats"
)

// settleKnown looks at the events that were there before: the same content is a redelivery, another content a
// conflict, and an email.unknown that is now understood is upgraded in place.
func (w *work) settleKnown() error {
	for _, e := range w.events {
		if e.inserted {
			continue
		}
		old, err := w.storedEvent(e.ID)
		if err != nil {
			return err
		}
		if old.name == event.EmailUnknown && e.Name != event.EmailUnknown {
			if err := w.upgrade(e); err != nil {
				return err
			}
			continue
		}
		same := old.name == e.Name && old.occurredAt == e.OccurredAt.UnixMilli() && bytes.Equal(old.detail, e.Detail)
		w.known(e.entry, !same)
	}
	return nil
}

func (w *work) storedEvent(id event.ID) (storedEvent, error) {
	old := storedEvent{id: id}
	var name string
	_, err := one(w.ctx, w.b, `SELECT n.text, e.occurred_at, e.detail FROM events e JOIN terms n ON n.ref = e.name
		WHERE e.id = $1`, []any{id}, &name, &old.occurredAt, &old.detail)
	old.name = event.Name(name)
	return old, err
}

// upgrade takes an email.unknown out of the state it is part of and puts the event in its place: the same id, a new
// place in the order of commits. What it means is then applied as for every new event.
func (w *work) upgrade(e *eventRow) error {
	ref, err := w.nameRef(e.project, event.EmailUnknown)
	if err != nil {
		return err
	}
	if m := e.message; m != nil {
		facts, err := w.storedFacts(m)
		if err != nil {
			return err
		}
		rest := facts[:0:0]
		for _, f := range facts {
			if f.id != e.ID {
				rest = append(rest, f)
			}
		}
		refold(facts, w.messageDims(m), w.tally.Subtract)
		m.state = refold(rest, w.messageDims(m), w.tally.Merge)
		m.changed = true
	} else {
		point := stats.Point{At: e.OccurredAt.UnixMilli(), Source: e.entry.Source.Ref}
		was := w.dims(e)
		was.Name, was.Reason, was.Link = ref, 0, 0
		w.tally.Add(was, stats.Plain, point, stats.Count{N: -1})
	}
	if c := e.contact; c != nil && e.class != stats.OfCandidates {
		c.state.Counts[event.EmailUnknown.Slot()]--
		c.changed = true
	}
	if _, err := w.b.exec(w.ctx, `DELETE FROM events WHERE id = $1`, e.ID); err != nil {
		return err
	}
	if err := w.lastUnknown(e, ref); err != nil {
		return err
	}
	e.upgraded = true
	e.entry.Outcome.Upgraded++
	if e.flags&flagFirst == 0 {
		w.markFirst(e)
	}
	return w.b.putEvents(w.ctx, []*eventRow{e})
}

// lastUnknown tells the contact of an upgraded event when its newest email.unknown now was.
func (w *work) lastUnknown(e *eventRow, unknown int64) error {
	if e.contact == nil {
		return nil
	}
	last := &e.contact.state.Lasts[event.EmailUnknown.Slot()]
	*last = 0
	_, err := one(w.ctx, w.b, `SELECT coalesce(max(occurred_at), 0) FROM events WHERE contact = $1 AND name = $2 AND class <> $3`,
		[]any{e.contact.ref, unknown, int64(stats.OfCandidates)}, last)
	return err
}
