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

// Entry is what is known of one name and class, or of one link among the clicks of a class.
type Entry struct {
	Slot  int
	Class stats.Class
	Link  int64 // the store's integer; 0: all events of the name and class
	First stats.Point
	N     int64
}

// State is what the stored facts of a message come to. It is a join-semilattice over sets of facts: any order and
// any grouping of the same distinct facts gives the same state. The zero value is a message of no facts.
type State struct {
	Rank    Rank
	entries []Entry // sorted by slot, then class
	links   []Entry // sorted by slot, class, link
}

// Entries returns what is known, sorted by slot, then class. Callers do not change it.
func (s *State) Entries() []Entry { return s.entries }

// Links returns what is known of each link, sorted by slot, class and link. Callers do not change it.
func (s *State) Links() []Entry { return s.links }

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
		if d.Link != 0 && f.Class != stats.OfCandidates {
			s.enterLink(f, d, tally)
		}
	}
	tally.Add(d, f.Class, f.Point, own)
	return first
}

// enterLink counts a click for its link.
func (s *State) enterLink(f Fact, d stats.Dims, tally *stats.Tally) {
	e, isNew := place(&s.links, f.Slot, f.Class, d.Link)
	e.N++
	own := stats.Count{N: 1}
	if isNew || f.Point.Before(e.First) {
		if !isNew {
			tally.AddLink(d, f.Class, e.First, stats.Count{Unique: -1})
		}
		e.First = f.Point
		own.Unique = 1
	}
	tally.AddLink(d, f.Class, f.Point, own)
}

// enter puts a fact into its entry, takes back from tally the uniques that the fact takes over, and returns what the
// fact itself counts.
func (s *State) enter(f Fact, d stats.Dims, tally *stats.Tally) (own stats.Count, first bool) {
	best, had := s.First(f.Slot)
	e, isNew := place(&s.entries, f.Slot, f.Class, 0)
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

// place finds or makes an entry of a sorted list.
func place(list *[]Entry, slot int, class stats.Class, link int64) (e *Entry, isNew bool) {
	entries := *list
	i := 0
	for i < len(entries) && less(&entries[i], slot, class, link) {
		i++
	}
	if i < len(entries) && entries[i].Slot == slot && entries[i].Class == class && entries[i].Link == link {
		return &entries[i], false
	}
	if entries == nil {
		entries = make([]Entry, 0, usualEntries)
	}
	entries = append(entries, Entry{})
	copy(entries[i+1:], entries[i:])
	entries[i] = Entry{Slot: slot, Class: class, Link: link}
	*list = entries
	return &entries[i], true
}

// usualEntries is how many entries most messages come to: sent, delivered, opened, clicked.
const usualEntries = 4

func less(e *Entry, slot int, class stats.Class, link int64) bool {
	if e.Slot != slot {
		return e.Slot < slot
	}
	return e.Class < class || e.Class == class && e.Link < link
}

const encodingVersion = 1

var errState = errors.New("message state: unreadable")

// Append appends the stored form: a version byte, the rank, then for each entry a slot byte, a class byte and three
// varints; for each link the same with the slot's highest bit set and the link as a fourth.
func (s *State) Append(b []byte) []byte {
	b = append(b, encodingVersion, byte(s.Rank))
	for _, e := range s.entries {
		b = e.append(b, 0)
	}
	for _, e := range s.links {
		b = binary.AppendUvarint(e.append(b, ofLink), uint64(e.Link))
	}
	return b
}

// ofLink is set in the slot byte of a link's entry.
const ofLink = 0x80

func (e *Entry) append(b []byte, flag byte) []byte {
	b = append(b, byte(e.Slot)|flag, byte(e.Class))
	b = binary.AppendVarint(b, e.First.At)
	b = binary.AppendVarint(b, e.First.Source)
	return binary.AppendUvarint(b, uint64(e.N))
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
		list := &s.entries
		if e.Link != 0 {
			list = &s.links
		}
		if k := len(*list); k > 0 && !less(&(*list)[k-1], e.Slot, e.Class, e.Link) || e.Link == 0 && s.links != nil {
			return State{}, errState
		}
		*list = append(*list, e)
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
	e := Entry{Slot: int(b[0] &^ ofLink), Class: stats.Class(b[1])}
	size := 2
	for _, field := range [...]*int64{&e.First.At, &e.First.Source} {
		v, n := binary.Varint(b[size:])
		if n <= 0 {
			return Entry{}, 0
		}
		*field = v
		size += n
	}
	counts := []*int64{&e.N}
	if b[0]&ofLink != 0 {
		counts = append(counts, &e.Link)
	}
	for _, field := range counts {
		v, n := binary.Uvarint(b[size:])
		if n <= 0 || int64(v) <= 0 {
			return Entry{}, 0
		}
		*field = int64(v)
		size += n
	}
	if e.Slot < 1 || e.Slot >= event.Slots || !e.Class.Known() {
		return Entry{}, 0
	}
	return e, size
}
