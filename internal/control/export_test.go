package control

import (
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"tidings/event"
	"tidings/internal/source"
	"tidings/internal/store"
)

// ParseWhen is parseWhen.
func ParseWhen(s string) (time.Time, error) { return parseWhen("from", s) }

// EventCursor makes a cursor of an id.
func EventCursor(id event.ID) string { return cursorOfEvent(id) }

// RefCursor makes a cursor of a row of receipts.
func RefCursor(ref int64) string { return cursorOfRef(receiptCursor, ref) }

// ReadEventCursor reads a cursor of events.
func ReadEventCursor(s string) (event.ID, error) {
	var p problems
	id := p.eventCursor(s)
	return id, p.err()
}

// ReadRefCursor reads a cursor of receipts.
func ReadRefCursor(s string) (int64, error) {
	var p problems
	ref := p.refCursor(receiptCursor, s)
	return ref, p.err()
}

// SourceChanges is sourceChanges.
func SourceChanges(before, after *source.Source) []store.Change { return sourceChanges(before, after) }

// OperationsWithScope are the names that needs has.
func OperationsWithScope() []string { return slices.Sorted(maps.Keys(needs)) }

// ContactCursor makes a cursor of a place among contacts.
func ContactCursor(place store.ContactPlace) string { return cursorOfContact(place) }

// ReadContactCursor reads a cursor of contacts for a search.
func ReadContactCursor(s, search string) (store.ContactPlace, error) {
	var p problems
	place := p.contactCursor(s, search)
	return place, p.err()
}

// SilenceOf is silence.
func SilenceOf(hours []int64, newest, now time.Time) Silence { return silence(hours, newest, now) }

// Diagnose is diagnose.
func (c *Control) Diagnose(s *source.Source, h store.Health, now time.Time) SourceHealth {
	return c.diagnose(s, h, now)
}

// ReadCSV reads all records of a list, and counts the bad ones.
func ReadCSV(r io.Reader, comma byte) (rows [][]string, bad int, err error) {
	c := newCSVReader(r)
	c.comma = comma
	for {
		fields, err := c.next()
		switch {
		case errors.Is(err, io.EOF):
			return rows, bad, nil
		case isBadRecord(err):
			bad++
			continue
		case err != nil:
			return rows, bad, err
		}
		row := make([]string, len(fields))
		for i, f := range fields {
			row[i] = string(f)
		}
		rows = append(rows, row)
	}
}
