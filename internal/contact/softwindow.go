package contact

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// softWindow walks the facts in the order of their times. A run is what bounced since the last delivery. The limit is
// reached at the bounce that makes the run hold Count distinct messages within Window, both ends included. Every
// further bounce that comes before the end belongs to the suppression: Hold counts from the newest of them. After the
// end, the next bounce begins the counting anew over its own Window.
func softWindow(facts []SoftFact, p SoftPolicy) (Suppression, bool) {
	if p.Count <= 0 {
		return Suppression{}, false
	}
	w := window{policy: p, messages: make(map[int64]int)}
	for _, f := range inOrder(facts) {
		if f.Delivery {
			w.deliver(f)
		} else {
			w.bounce(f)
		}
	}
	return w.last, w.reached
}

// inOrder sorts a copy. At the same millisecond deliveries come first, so that the bounce stands, then the event's id
// decides: the order of arrival never does.
func inOrder(facts []SoftFact) []SoftFact {
	sorted := slices.Clone(facts)
	slices.SortFunc(sorted, func(a, b SoftFact) int {
		return cmp.Or(cmp.Compare(a.At, b.At), deliveryFirst(a, b), bytes.Compare(a.Event[:], b.Event[:]))
	})
	return sorted
}

func deliveryFirst(a, b SoftFact) int {
	switch {
	case a.Delivery == b.Delivery:
		return 0
	case a.Delivery:
		return -1
	}
	return 1
}

type window struct {
	policy   SoftPolicy
	run      []SoftFact    // the bounces within Window since the last delivery
	messages map[int64]int // how often each message is in run
	last     Suppression
	reached  bool
	standing bool // no delivery has ended last
}

func (w *window) deliver(f SoftFact) {
	if at := moment(f); w.standing && at.Before(w.last.Until) {
		w.last.Until = at
	}
	w.standing = false
	w.run = w.run[:0]
	clear(w.messages)
}

func (w *window) bounce(f SoftFact) {
	w.push(f)
	at := moment(f)
	if w.standing && at.Before(w.last.Until) {
		w.last.Until = at.Add(w.policy.Hold)
		return
	}
	if len(w.messages) < w.policy.Count {
		return
	}
	w.last = Suppression{Reason: SoftBounceLimit, Since: at, Until: at.Add(w.policy.Hold), Event: f.Event}
	w.reached, w.standing = true, true
}

// push adds a bounce to the run and drops what is older than Window.
func (w *window) push(f SoftFact) {
	w.run = append(w.run, f)
	w.messages[f.Message]++
	oldest := f.At - w.policy.Window.Milliseconds()
	dropped := 0
	for ; dropped < len(w.run) && w.run[dropped].At < oldest; dropped++ {
		m := w.run[dropped].Message
		if w.messages[m]--; w.messages[m] == 0 {
			delete(w.messages, m)
		}
	}
	w.run = w.run[dropped:]
}

func moment(f SoftFact) time.Time { return time.UnixMilli(f.At).UTC() }
