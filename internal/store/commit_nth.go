package store

import (
	"tidings/event"
	"tidings/internal/stats"
)

// putEvents marks firsts, numbers opens and clicks, and stores the events.
func (w *work) putEvents() error {
	w.given = make(map[firstKey]int64)
	for _, e := range w.events {
		w.markFirst(e)
	}
	if err := w.b.putEvents(w.ctx, w.events); err != nil {
		return err
	}
	return w.renumber()
}

type firstKey struct {
	message *messageRow
	slot    int
}

// firstKey tells among which events of its message an event is counted; false: among none.
func (e *eventRow) firstKey() (firstKey, bool) {
	slot := e.Name.Slot()
	return firstKey{e.message, slot}, e.message != nil && slot != 0 && e.class != stats.OfCandidates
}

// stored is how many events of a name a message had before the batch.
func (k firstKey) stored() (n int64) {
	for _, x := range k.message.state.Entries() {
		if x.Slot == k.slot && x.Class != stats.OfCandidates {
			n += x.N
		}
	}
	return n
}

// markFirst marks an event that is the first of its name for its message to be stored. That can be told before it is
// known whether the event is new: if it is not, its message has had the name. Later opens and clicks are numbered as if all
// of the batch were new.
func (w *work) markFirst(e *eventRow) {
	k, counts := e.firstKey()
	if !counts {
		return
	}
	if _, known := w.given[k]; !known {
		w.given[k] = k.stored()
	}
	w.given[k]++
	w.number(e, w.given[k])
}

func (w *work) number(e *eventRow, nth int64) {
	e.flags &= flagSoft
	switch {
	case nth == 1:
		e.flags |= flagFirst
	case e.Name == event.EmailOpen || e.Name == event.EmailClick:
		e.flags |= int(min(nth, maxNth)) << nthShift
	}
}

// renumber puts right the numbers of events that came after some that were there before. One that was marked first and is not
// new is an email.unknown that is upgraded: it counts.
func (w *work) renumber() error {
	known := make(map[firstKey]int64)
	for _, e := range w.events {
		k, counts := e.firstKey()
		switch {
		case !counts:
		case !e.inserted && e.flags&flagFirst == 0:
			known[k]++
			w.given[k]--
		case known[k] > 0 && e.flags>>nthShift > 0:
			w.number(e, nthOf(e.flags)-known[k])
			if _, err := w.b.exec(w.ctx, `UPDATE events SET flags = $2 WHERE id = $1`, e.ID, int64(e.flags)); err != nil {
				return err
			}
		}
	}
	return nil
}
