package store

import (
	"bytes"
	"cmp"
	"slices"

	"tidings/event"
	"tidings/internal/attribute"
	"tidings/internal/stats"
)

// saveFacts keeps what filters ask of the new events: of custom ones how often and when, of all what is compared.
func (w *work) saveFacts() error {
	facts := make(map[[2]int64]*contactEventRow)
	var values []eventValueRow
	for _, e := range w.events {
		if !e.inserted {
			continue
		}
		values = w.appendValues(values, e)
		if e.contact == nil || !countsForFilters(e.Name, e.class) {
			continue
		}
		k, at := [2]int64{e.name, e.contact.ref}, e.OccurredAt.UnixMilli()
		if f, ok := facts[k]; ok {
			f.n, f.first, f.last = f.n+1, min(f.first, at), max(f.last, at)
		} else {
			facts[k] = &contactEventRow{e.name, e.contact.ref, 1, at, at}
		}
	}
	rows := make([]contactEventRow, 0, len(facts))
	for _, f := range facts {
		rows = append(rows, *f)
	}
	slices.SortFunc(rows, func(a, b contactEventRow) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.contact, b.contact))
	})
	if err := w.b.addContactEvents(w.ctx, rows); err != nil {
		return err
	}
	return w.b.putEventValues(w.ctx, values)
}

// countsForFilters reports whether an event counts in contact_events: what becomes of emails stands with the contact.
func countsForFilters(name event.Name, class stats.Class) bool {
	return name.Slot() == 0 && class != stats.OfCandidates && class != stats.ByMachine
}

// appendValues adds the values of an event, in the order of their keys.
func (w *work) appendValues(rows []eventValueRow, e *eventRow) []eventValueRow {
	return appendValues(rows, e.ID, e.Values, func(key string) int64 { return w.termRef(e.project, termAttribute, key) })
}

func appendValues(
	rows []eventValueRow, id event.ID, values map[string][]attribute.Value, ref func(key string) int64,
) []eventValueRow {
	begin := len(rows)
	for key, list := range values {
		for n, v := range list {
			rows = append(rows, eventValueRow{id, ref(key), int64(n), v})
		}
	}
	slices.SortFunc(rows[begin:], func(a, b eventValueRow) int {
		return cmp.Or(bytes.Compare(a.event[:], b.event[:]), cmp.Compare(a.key, b.key), cmp.Compare(a.n, b.n))
	})
	return rows
}
