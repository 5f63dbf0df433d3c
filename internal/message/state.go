// Package message provides what events mean for one email to one recipient: the first time and the number of each
// name, and a status that no order of arrival can change. It is pure.
package message

import (
	"encoding/binary"
	"errors"

	"tidings/event"
	"tidings/internal/stats"
)

// Fact is one event, as far as its message is concerned.
type Fact struct {
	Slot  int // event.Name.Slot; 0 for names that are no email's
	Class stats.Class
	Point stats.Point
	Rank  Rank // RankOf the event
}

// Entry is what is known of one name and class.
type Entry struct {
	Slot  int
	Class stats.Class
	First stats.Point
	N     int64
}

// State is what the stored facts of a message come to. It is a join-semilattice over sets of facts: any order and
// any grouping of the same distinct facts gives the same state. The zero value is a message of no facts.
type State struct {
	Rank    Rank
	entries []Entry // sorted by slot, then class
}

// Entries returns what is known, sorted by slot, then class. Callers do not change it.
func (s *State) Entries() []Entry { return s.entries }

// First returns the entry with the first point of a name over all classes but candidates, and whether there is one.
// Of two classes at the same point the lower comes first.
func (s *State) First(slot int) (Entry, bool) {
	var best Entry
	found := false
	for _, e := range s.entries {
		if e.Slot == slot && e.Class != stats.OfCandidates && (!found || e.First.Before(best.First)) {
			best, found = e, true
		}
	}
	return best, found
}

// Apply adds a fact that was not applied before, and tells tally what it changes: the event itself, and the uniques
// that begin or move. It reports whether the fact was the first of its name to be stored. But for the name, d is the
// same for all facts of a message: where it changes, what they added is taken back, and they are folded again.
func (s *State) Apply(f Fact, d stats.Dims, tally *stats.Tally) (first bool) {
	s.Rank = max(s.Rank, f.Rank)
	own := stats.Count{N: 1}
	if f.Slot != 0 {
		own, first = s.enter(f, d, tally)
	}
	tally.Add(d, f.Class, f.Point, own)
	return first
}

// enter puts a fact into its entry, takes back from tally the uniques that the fact takes over, and returns what the
// fact itself counts.
func (s *State) enter(f Fact, d stats.Dims, tally *stats.Tally) (own stats.Count, first bool) {
	best, had := s.First(f.Slot)
	e, isNew := s.entry(f.Slot, f.Class)
	e.N++
	own.N = 1
	earlier := isNew || f.Point.Before(e.First)
	if f.Class == stats.OfCandidates {
		if earlier {
			e.First = f.Point
		}
		return own, false
	}
	if earlier {
		if !isNew {
			tally.Add(d, f.Class, e.First, stats.Count{Unique: -1})
		}
		e.First = f.Point
		own.Unique = 1
	}
	if !had || f.Point.Before(best.First) || f.Point == best.First && f.Class < best.Class {
		if had {
			tally.Add(d, best.Class, best.First, stats.Count{Any: -1})
		}
		own.Any = 1
	}
	return own, !had
}

// Fold is the state of a set of distinct facts, and what they add to counters.
func Fold(facts []Fact, dims func(i int) stats.Dims, tally *stats.Tally) State {
	var s State
	for i, f := range facts {
		s.Apply(f, dims(i), tally)
	}
	return s
}

func (s *State) entry(slot int, class stats.Class) (e *Entry, isNew bool) {
	i := 0
	for i < len(s.entries) && less(s.entries[i], slot, class) {
		i++
	}
	if i < len(s.entries) && s.entries[i].Slot == slot && s.entries[i].Class == class {
		return &s.entries[i], false
	}
	if s.entries == nil {
		s.entries = make([]Entry, 0, usualEntries)
	}
	s.entries = append(s.entries, Entry{})
	copy(s.entries[i+1:], s.entries[i:])
	s.entries[i] = Entry{Slot: slot, Class: class}
	return &s.entries[i], true
}

// usualEntries is how many entries most messages come to: sent, delivered, opened, clicked.
const usualEntries = 4

func less(e Entry, slot int, class stats.Class) bool {
	return e.Slot < slot || e.Slot == slot && e.Class < class
}

const encodingVersion = 1

var errState = errors.New("message state: unreadable")

// Append appends the stored form: a version byte, the rank, then for each entry a slot byte, a class byte and three varints.
func (s *State) Append(b []byte) []byte {
	b = append(b, encodingVersion, byte(s.Rank))
	for _, e := range s.entries {
		b = append(b, byte(e.Slot), byte(e.Class))
		b = binary.AppendVarint(b, e.First.At)
		b = binary.AppendVarint(b, e.First.Source)
		b = binary.AppendUvarint(b, uint64(e.N))
	}
	return b
}

// Decode reads the stored form. Empty is the state of no facts. It accepts only what Append writes for a state that
// facts can come to: entries in order, known slots and classes, counts above 0.
func Decode(b []byte) (State, error) {
	if len(b) == 0 {
		return State{}, nil
	}
	if len(b) < 2 || b[0] != encodingVersion || Rank(b[1]) > Complained {
		return State{}, errState
	}
	s := State{Rank: Rank(b[1])}
	b = b[2:]
	if len(b) > 0 {
		s.entries = make([]Entry, 0, len(b)/entryBytes+1)
	}
	for len(b) > 0 {
		e, n := decodeEntry(b)
		if n == 0 {
			return State{}, errState
		}
		if k := len(s.entries); k > 0 && !less(s.entries[k-1], e.Slot, e.Class) {
			return State{}, errState
		}
		s.entries = append(s.entries, e)
		b = b[n:]
	}
	return s, nil
}

// entryBytes is the usual length of a stored entry: times of today take six bytes, everything else one.
const entryBytes = 10

// decodeEntry reads one entry and returns its length, 0 where it is unreadable.
func decodeEntry(b []byte) (Entry, int) {
	if len(b) < 2 {
		return Entry{}, 0
	}
	e := Entry{Slot: int(b[0]), Class: stats.Class(b[1])}
	size := 2
	for _, field := range [...]*int64{&e.First.At, &e.First.Source} {
		v, n := binary.Varint(b[size:])
		if n <= 0 {
			return Entry{}, 0
		}
		*field = v
		size += n
	}
	count, n := binary.Uvarint(b[size:])
	e.N = int64(count)
	if n <= 0 || e.N <= 0 || e.Slot < 1 || e.Slot >= event.Slots || e.Class > stats.OfCandidates {
		return Entry{}, 0
	}
	return e, size + n
}
