package segment

import (
	"bytes"
	"cmp"
	"slices"

	"tidings/event"
	"tidings/internal/attribute"
)

// Eval tells what is true of a contact at a time, in Unix milliseconds.
func (r *Rule) Eval(f *Facts, now int64) Truth { return r.root.eval(f, now) }

func (n *node) eval(f *Facts, now int64) Truth {
	if n.test != nil {
		return n.test.eval(f, now)
	}
	t := True
	if n.logic == Any {
		t = False
	}
	for i := range n.parts {
		part := n.parts[i].eval(f, now)
		if n.logic == Any {
			t = max(t, part)
		} else {
			t = min(t, part)
		}
	}
	return t
}

func (t *test) eval(f *Facts, now int64) Truth {
	v := t.ask(f, now)
	if t.negated {
		return truthOf(v != True)
	}
	return v
}

// ask is the positive question.
func (t *test) ask(f *Facts, now int64) Truth {
	switch {
	case t.field.sort == ofSegment:
		return truthOf(f.Member(t.segment))
	case t.op == Sequence:
		return truthOf(t.happened(f.Log))
	case t.field.sort == ofEvent && t.needsLog():
		return t.askLog(f.Log, now)
	case t.field.sort == ofEvent:
		return t.askSeen(f.Seen[t.field.ev], now)
	case t.op == Within || t.op == OlderThan:
		return t.askAge(f.values(t.field), now)
	}
	return compare(t.op, f.values(t.field), t.lit)
}

// askAge compares dates with now. A date to come is neither within the last days nor older than them.
func (t *test) askAge(values []attribute.Value, now int64) Truth {
	since := float64(now - t.window)
	v := Unknown
	for _, one := range values {
		if one.Kind != attribute.Instant {
			continue
		}
		in := one.Number <= since
		if t.op == Within {
			in = one.Number > since && one.Number <= float64(now)
		}
		if in {
			return True
		}
		v = False
	}
	return v
}

func (t *test) askSeen(s Seen, now int64) Truth {
	recent := s.N > 0 && s.Last > now-t.window
	switch t.op {
	case TriggeredWithin:
		return truthOf(recent)
	case TriggeredOlderThan:
		return truthOf(s.N > 0 && !recent)
	}
	return truthOf(t.inBounds(s.N))
}

func (t *test) inBounds(n int64) bool { return n >= t.min && (t.max < 0 || n <= t.max) }

func (t *test) askLog(log []Occurrence, now int64) Truth {
	var all, recent int64
	for i := range log {
		if t.takes(&log[i]) {
			all++
			if log[i].At > now-t.window {
				recent++
			}
		}
	}
	switch t.op {
	case TriggeredWithin:
		return truthOf(t.inBounds(recent))
	case TriggeredOlderThan:
		return truthOf(all > 0 && recent == 0)
	}
	return truthOf(t.inBounds(all))
}

// takes reports whether an event is one that the test counts.
func (t *test) takes(o *Occurrence) bool {
	return o.Name == t.field.ev && (t.filter.Machines || !o.Machine) && holdAll(t.where, o)
}

func holdAll(list []where, o *Occurrence) bool {
	for _, w := range list {
		if (compare(w.op, o.Values[w.field], w.lit) == True) == w.negated {
			return false
		}
	}
	return true
}

// happened reports whether the steps happened one after the other, the last within the window of the first. Of events of
// one millisecond the smaller id comes first.
func (t *test) happened(log []Occurrence) bool {
	sorted := slices.Clone(log)
	slices.SortFunc(sorted, func(a, b Occurrence) int {
		return cmp.Or(cmp.Compare(a.At, b.At), bytes.Compare(a.ID[:], b.ID[:]))
	})
	for i := range sorted {
		if t.steps[0].takes(&sorted[i]) && t.follows(sorted[i+1:], sorted[i].At+t.window) {
			return true
		}
	}
	return false
}

// follows looks for the steps after the first; taking each as early as possible leaves most room for the rest.
func (t *test) follows(log []Occurrence, until int64) bool {
	next := 1
	for i := range log {
		if log[i].At > until {
			return false
		}
		if t.steps[next].takes(&log[i]) {
			if next++; next == len(t.steps) {
				return true
			}
		}
	}
	return false
}

func (s *step) takes(o *Occurrence) bool {
	return o.Name == s.name && !o.Machine && holdAll(s.where, o)
}

// Due is the earliest time after now, in Unix milliseconds, at which the answer may be another by time alone; 0: never.
func (r *Rule) Due(f *Facts, now int64) int64 {
	var due int64
	for _, t := range r.tests {
		t.dues(f, now, func(at int64) {
			if at > now && (due == 0 || at < due) {
				due = at
			}
		})
	}
	return due
}

// dues tells every time at which the test may turn.
func (t *test) dues(f *Facts, now int64, tell func(int64)) {
	switch {
	case t.field.name == "suppressed" || t.field.name == "subscribed":
		tell(f.SuppressedUntil)
	case t.field.name == "snoozed":
		tell(f.SnoozedUntil)
	case t.op == Sequence || t.window == 0:
	case t.field.sort != ofEvent:
		for _, v := range f.values(t.field) {
			if v.Kind == attribute.Instant {
				tell(int64(v.Number)) // a date to come
				tell(int64(v.Number) + t.window)
			}
		}
	case t.needsLog():
		for i := range f.Log {
			if t.takes(&f.Log[i]) {
				tell(f.Log[i].At + t.window)
			}
		}
	default:
		if s := f.Seen[t.field.ev]; s.N > 0 {
			tell(s.Last + t.window)
		}
	}
}

// Names is every event whose coming may change the answer.
func (n Needs) Names() []event.Name {
	list := slices.Concat(n.Events, n.Log)
	slices.Sort(list)
	return slices.Compact(list)
}
