package message_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/event"
	"tidings/internal/message"
	"tidings/internal/stats"
)

var (
	send     = event.EmailSent.Slot()
	delivery = event.EmailDelivery.Slot()
	open     = event.EmailOpen.Slot()
	click    = event.EmailClick.Slot()
)

const halfHour = int64(30 * 60 * 1000)

// dimsOf is what the store hands in: the message's own dimensions, and the name of the fact.
func dimsOf(f message.Fact) stats.Dims {
	return stats.Dims{Name: int64(100 + f.Slot), Template: 7, Workflow: 8, Domain: 9}
}

// drawFacts draws facts whose times and sources often tie, around a change of hour and day, before 1970 too.
func drawFacts(t *rapid.T) []message.Fact {
	one := rapid.Custom(func(t *rapid.T) message.Fact {
		f := message.Fact{
			Slot: rapid.SampledFrom([]int{0, send, delivery, open, open, click}).Draw(t, "slot"),
			Point: stats.Point{
				At:     rapid.Int64Range(-4, 4).Draw(t, "time") * halfHour,
				Source: rapid.Int64Range(0, 2).Draw(t, "source"),
			},
			Rank: message.Rank(rapid.IntRange(0, int(message.Complained)).Draw(t, "rank")),
		}
		classes := []stats.Class{stats.Plain, stats.OfCandidates}
		if f.Slot == open || f.Slot == click {
			classes = []stats.Class{
				stats.ByHuman, stats.ByMachine, stats.ByProxy, stats.ByUnknown, stats.OfCandidates,
			}
		}
		f.Class = rapid.SampledFrom(classes).Draw(t, "class")
		return f
	})
	return rapid.SliceOfN(one, 0, 25).Draw(t, "facts")
}

func shuffled[T any](t *rapid.T, s []T) []T {
	s = slices.Clone(s)
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1))
	r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
	return s
}

// recount says what counters must hold, straight from the definitions: every event counts once, a unique is in the
// bucket of the earliest event of its name and class, an any in that of the earliest event of its name.
func recount(facts []message.Fact) map[stats.Key]stats.Count {
	counts := map[stats.Key]stats.Count{}
	for i, f := range facts {
		c := stats.Count{N: 1}
		earliestOfClass, earliestOfName := true, true
		for j, g := range facts {
			if g.Slot != f.Slot || g.Class == stats.OfCandidates || j == i {
				continue
			}
			before := [4]int64{g.Point.At, g.Point.Source, int64(g.Class), int64(j)}
			me := [4]int64{f.Point.At, f.Point.Source, int64(f.Class), int64(i)}
			if slices.Compare(before[:], me[:]) < 0 {
				earliestOfName = false
				if g.Class == f.Class {
					earliestOfClass = false
				}
			}
		}
		if f.Slot != 0 && f.Class != stats.OfCandidates {
			if earliestOfClass {
				c.Unique = 1
			}
			if earliestOfName {
				c.Any = 1
			}
		}
		for _, k := range keysOf(f) {
			counts[k] = counts[k].Plus(c)
		}
	}
	return counts
}

func keysOf(f message.Fact) []stats.Key {
	hour := int64(math.Floor(float64(f.Point.At) / (60 * 60 * 1000)))
	day := int64(math.Floor(float64(f.Point.At) / (24 * 60 * 60 * 1000)))
	name := dimsOf(f).Name
	return []stats.Key{
		{Kind: stats.BySource, Dim: f.Point.Source, Name: name, Class: f.Class, Bucket: hour},
		{Kind: stats.ByTemplate, Dim: 7, Name: name, Class: f.Class, Bucket: day},
		{Kind: stats.ByWorkflow, Dim: 8, Name: name, Class: f.Class, Bucket: day},
		{Kind: stats.ByDomain, Dim: 9, Name: name, Class: f.Class, Bucket: day},
	}
}

// regroup says what the state must be: for each name and class the number and the earliest point.
func regroup(facts []message.Fact) (rank message.Rank, entries []message.Entry) {
	for slot := 1; slot < event.Slots; slot++ {
		for class := stats.Plain; class <= stats.OfCandidates; class++ {
			e := message.Entry{Slot: slot, Class: class}
			for _, f := range facts {
				if f.Slot != slot || f.Class != class {
					continue
				}
				if e.N == 0 || f.Point.At < e.First.At || f.Point.At == e.First.At && f.Point.Source < e.First.Source {
					e.First = f.Point
				}
				e.N++
			}
			if e.N > 0 {
				entries = append(entries, e)
			}
		}
	}
	for _, f := range facts {
		rank = max(rank, f.Rank)
	}
	return rank, entries
}

func checkState(t *rapid.T, s *message.State, facts []message.Fact) {
	t.Helper()
	rank, entries := regroup(facts)
	if s.Rank != rank {
		t.Errorf("rank %d, want %d", s.Rank, rank)
	}
	if diff := cmp.Diff(entries, slices.Clone(s.Entries())); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func checkCounts(t *rapid.T, tally *stats.Tally, facts []message.Fact) {
	t.Helper()
	if diff := cmp.Diff(recount(facts), tally.Counts()); diff != "" {
		t.Errorf("counters (-want +got):\n%s", diff)
	}
}

func TestAnyOrderOfFactsEndsInTheRecount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := drawFacts(t)
		var tally stats.Tally
		order := shuffled(t, facts)
		s := message.Fold(order, func(i int) stats.Dims { return dimsOf(order[i]) }, &tally)
		checkState(t, &s, facts)
		checkCounts(t, &tally, facts)
	})
}

func TestAnyGroupingIntoBatchesEndsInTheRecount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := drawFacts(t)
		var all stats.Tally
		var stored []byte
		for rest := shuffled(t, facts); len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "batch")
			s, err := message.Decode(stored)
			if err != nil {
				t.Fatal(err)
			}
			var batch stats.Tally
			for _, f := range rest[:n] {
				s.Apply(f, dimsOf(f), &batch)
			}
			all.Merge(&batch)
			stored = s.Append(nil)
			rest = rest[n:]
		}
		s, err := message.Decode(stored)
		if err != nil {
			t.Fatal(err)
		}
		checkState(t, &s, facts)
		checkCounts(t, &all, facts)
	})
}

func TestWhatWasCountedCanBeTakenBackUnderOneSetOfDimensionsAndGivenToAnother(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := drawFacts(t)
		without := func(i int) stats.Dims { return stats.Dims{Name: dimsOf(facts[i]).Name, Domain: 9} }
		with := func(i int) stats.Dims { return dimsOf(facts[i]) }
		var stored, before, after stats.Tally
		message.Fold(facts, without, &stored)
		message.Fold(facts, without, &before)
		message.Fold(facts, with, &after)
		stored.Subtract(&before)
		stored.Merge(&after)
		checkCounts(t, &stored, facts)
	})
}

func TestExactlyOneFactOfEachNameIsTheFirstToBeStored(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := drawFacts(t)
		var s message.State
		var tally stats.Tally
		got, want := map[int]int{}, map[int]int{}
		for _, f := range facts {
			if f.Slot != 0 && f.Class != stats.OfCandidates {
				want[f.Slot] = 1
			}
			if s.Apply(f, dimsOf(f), &tally) {
				got[f.Slot]++
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("firsts by slot (-want +got):\n%s", diff)
		}
	})
}

func TestAnEarlierOpenThatArrivesLateMovesTheUnique(t *testing.T) {
	t.Parallel()
	const hour = 2 * halfHour
	var s message.State
	var tally stats.Tally
	d := stats.Dims{Name: 1}
	fact := func(class stats.Class, at int64) message.Fact {
		return message.Fact{Slot: open, Class: class, Point: stats.Point{At: at, Source: 5}, Rank: message.Opened}
	}
	s.Apply(fact(stats.ByHuman, 3*hour), d, &tally)
	s.Apply(fact(stats.ByHuman, 1*hour), d, &tally)
	s.Apply(fact(stats.ByMachine, 0), d, &tally)
	key := func(class stats.Class, bucket int64) stats.Key {
		return stats.Key{Kind: stats.BySource, Dim: 5, Name: 1, Class: class, Bucket: bucket}
	}
	want := map[stats.Key]stats.Count{
		key(stats.ByHuman, 3):   {N: 1},
		key(stats.ByHuman, 1):   {N: 1, Unique: 1},
		key(stats.ByMachine, 0): {N: 1, Unique: 1, Any: 1},
	}
	if diff := cmp.Diff(want, tally.Counts()); diff != "" {
		t.Errorf("counters (-want +got):\n%s", diff)
	}
	first, ok := s.First(open)
	if !ok || first.Class != stats.ByMachine || first.First.At != 0 {
		t.Errorf("first open: %+v, %v", first, ok)
	}
}

func TestCandidatesAreCountedButAreNeverFirst(t *testing.T) {
	t.Parallel()
	var s message.State
	var tally stats.Tally
	f := message.Fact{Slot: open, Class: stats.OfCandidates, Point: stats.Point{At: 1, Source: 5}}
	if s.Apply(f, stats.Dims{Name: 1}, &tally) {
		t.Error("a candidate was reported as the first")
	}
	if _, ok := s.First(open); ok {
		t.Error("First found a candidate")
	}
	want := map[stats.Key]stats.Count{
		{Kind: stats.BySource, Dim: 5, Name: 1, Class: stats.OfCandidates}: {N: 1},
	}
	if diff := cmp.Diff(want, tally.Counts()); diff != "" {
		t.Errorf("counters (-want +got):\n%s", diff)
	}
}

func TestDecodeRefusesWhatAppendDoesNotWrite(t *testing.T) {
	t.Parallel()
	for name, b := range map[string][]byte{
		"a version of the future":          {2, 1},
		"a version byte alone":             {1},
		"an unknown rank":                  {1, byte(message.Complained) + 1},
		"an entry that ends too soon":      {1, 1, byte(open)},
		"an entry without its count":       {1, 1, byte(open), 1, 2, 2},
		"slot 0":                           {1, 1, 0, 1, 2, 2, 1},
		"a slot beyond the last":           {1, 1, event.Slots, 1, 2, 2, 1},
		"an unknown class":                 {1, 1, byte(open), byte(stats.MildComplaint) + 1, 2, 2, 1},
		"a count of 0":                     {1, 1, byte(open), 1, 2, 2, 0},
		"a time that is too long a varint": {1, 1, byte(open), 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2, 1},
		"entries out of order":             {1, 1, byte(click), 1, 2, 2, 1, byte(open), 1, 2, 2, 1},
		"an entry twice":                   {1, 1, byte(open), 1, 2, 2, 1, byte(open), 1, 2, 2, 1},
	} {
		if s, err := message.Decode(b); err == nil {
			t.Errorf("%s was read as %+v", name, s)
		}
	}
}

func FuzzDecode(f *testing.F) {
	var s message.State
	var tally stats.Tally
	f.Add([]byte(nil))
	for i, slot := range []int{send, delivery, open, click} {
		s.Apply(message.Fact{
			Slot: slot, Class: stats.Class(i), Rank: message.Rank(i),
			Point: stats.Point{At: 1_780_000_000_000, Source: -3},
		}, stats.Dims{}, &tally)
		f.Add(s.Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := message.Decode(b)
		if err != nil {
			return
		}
		again, err := message.Decode(s.Append(nil))
		if err != nil {
			t.Fatalf("what was read can't be read again: %v", err)
		}
		if diff := cmp.Diff(s, again, cmp.AllowUnexported(message.State{})); diff != "" {
			t.Error(diff)
		}
		if s.Rank.Name() == "" && s.Rank != message.NoRank {
			t.Errorf("rank %d has no name", s.Rank)
		}
	})
}

func BenchmarkApply(b *testing.B) {
	day := int64(20_000) * 48 * halfHour
	facts := []message.Fact{
		{Slot: send, Class: stats.Plain, Point: stats.Point{At: day, Source: 1}, Rank: message.Sent},
		{Slot: delivery, Class: stats.Plain, Point: stats.Point{At: day + 900, Source: 1}, Rank: message.Delivered},
		{Slot: open, Class: stats.ByHuman, Point: stats.Point{At: day + 9000, Source: 1}, Rank: message.Opened},
	}
	var tally stats.Tally
	b.ReportAllocs()
	for b.Loop() {
		var s message.State
		for _, f := range facts {
			s.Apply(f, dimsOf(f), &tally)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(facts)), "ns/fact")
}
