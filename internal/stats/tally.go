package stats

import "time"

// Tally collects what a batch adds to counters. The zero value is ready. It is not safe for concurrent use.
type Tally struct {
	places map[place]int // in kept
	kept   []kept
}

// place is a Key without gaps: a map finds it in a third of the time, and every event asks for several.
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
		{ByName, d.Project, d.Name, class, day},
		{ByTemplate, d.Template, d.Name, class, day},
		{ByWorkflow, d.Workflow, d.Name, class, day},
		{ByDomain, d.Domain, d.Name, class, day},
		{BySenderDomain, d.SenderDomain, d.Name, class, day},
	} {
		if k.Dim != 0 {
			t.add(k, c)
		}
	}
	if d.Reason != 0 && c.N != 0 {
		// A message may bounce for several reasons, so its first bounce says nothing of uniques by reason.
		t.add(Key{ByReason, d.Reason, d.Name, class, day}, Count{N: c.N})
	}
	for _, tag := range d.Tags {
		t.add(Key{ByTag, tag, d.Name, class, day}, c)
	}
}

// AddLink adds c at point p to the counter of a template and a link.
func (t *Tally) AddLink(d Dims, class Class, p Point, c Count) {
	t.add(Key{ByLink, Pair(d.Template, d.Link), d.Name, class, floorDiv(p.At, 24*hourMs)}, c)
}

// AddSending adds c to what became of the messages that were sent on the day of at.
func (t *Tally) AddSending(project, template, name int64, class Class, at int64, c Count) {
	t.add(Key{BySending, Pair(project, template), name, class, floorDiv(at, 24*hourMs)}, c)
}

// AddDelay adds c to the messages that were sent on the day of at and whose first event of a name came after delay
// milliseconds.
func (t *Tally) AddDelay(template, name, at, delay int64, c Count) {
	t.add(Key{ByDelay, Pair(template, DelayBucket(delay)), name, ByHuman, floorDiv(at, 24*hourMs)}, c)
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
		t.add(k.key, k.count.Minus())
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
