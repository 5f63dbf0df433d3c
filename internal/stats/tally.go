package stats

import "time"

// Tally collects what a batch adds to counters. The zero value is ready. It is not safe for concurrent use.
type Tally struct {
	places map[place]int // in kept
	kept   []kept
}

// place is a Key without gaps: a map finds it in a third of the time, and every event asks for four.
type place struct{ dim, name, bucket, kindClass int64 }

type kept struct {
	key   Key
	count Count
}

// Counts returns what was collected; counters that come out even are left out.
func (t *Tally) Counts() map[Key]Count {
	counts := make(map[Key]Count, len(t.kept))
	for _, k := range t.kept {
		if !k.count.IsZero() {
			counts[k.key] = k.count
		}
	}
	return counts
}

// Add adds c at point p to every counter of the dimensions.
func (t *Tally) Add(d Dims, class Class, p Point, c Count) {
	t.add(Key{BySource, p.Source, d.Name, class, floorDiv(p.At, hourMs)}, c)
	day := floorDiv(p.At, 24*hourMs)
	for _, k := range [...]Key{
		{ByTemplate, d.Template, d.Name, class, day},
		{ByWorkflow, d.Workflow, d.Name, class, day},
		{ByDomain, d.Domain, d.Name, class, day},
	} {
		if k.Dim != 0 {
			t.add(k, c)
		}
	}
}

// Merge adds everything that o collected.
func (t *Tally) Merge(o *Tally) {
	for _, k := range o.kept {
		t.add(k.key, k.count)
	}
}

// Subtract takes away everything that o collected.
func (t *Tally) Subtract(o *Tally) {
	for _, k := range o.kept {
		t.add(k.key, Count{-k.count.N, -k.count.Unique, -k.count.Any})
	}
}

func (t *Tally) add(k Key, c Count) {
	at := place{k.Dim, k.Name, k.Bucket, int64(k.Kind)<<8 | int64(k.Class)}
	i, ok := t.places[at]
	if !ok {
		if t.places == nil {
			t.places = make(map[place]int)
		}
		t.places[at] = len(t.kept)
		t.kept = append(t.kept, kept{k, c})
		return
	}
	t.kept[i].count = t.kept[i].count.Plus(c)
}

const hourMs = int64(time.Hour / time.Millisecond)

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
