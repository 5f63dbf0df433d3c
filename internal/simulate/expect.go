package simulate

import (
	"time"

	"tidings/event"
)

// Summary says what a run posted, and what a server that was empty before should now contain. It comes from what the
// simulation made up, never from the server's rules.
type Summary struct {
	Seed          uint64               `json:"seed"`
	Start         time.Time            `json:"start"`         // send time of the first message
	Posts         int64                `json:"posts"`         // requests that were answered 200
	Notifications int64                `json:"notifications"` // distinct notifications among them, by MessageId
	Facts         int64                `json:"facts"`         // distinct facts: some are told in two spellings
	Retries       int64                `json:"retries"`       // requests that had to be sent again
	Events        int64                `json:"events"`        // events the server should have
	ByName        map[event.Name]int64 `json:"byName"`        // the same, by name
	Contacts      int64                `json:"contacts"`
	Messages      int64                `json:"messages"`   // one for each message and recipient
	Suppressed    map[string]int64     `json:"suppressed"` // contacts with an active suppression, by reason
}

var names = [...]event.Name{
	send: event.EmailSent, delivery: event.EmailDelivery, delay: event.EmailDelay, bounce: event.EmailBounce,
	complaint: event.EmailComplaint, reject: event.EmailReject, failure: event.EmailFailure,
	open: event.EmailOpen, click: event.EmailClick,
}

func (f Fact) name() event.Name {
	if f.kind != subscription {
		return names[f.kind]
	}
	if subscriptions[f.variant].optsIn {
		return event.EmailSubscribe
	}
	return event.EmailUnsubscribe
}

// recipients are the persons that a fact makes events for. Sends, opens and clicks name nobody, so they are about
// everyone the message went to; of a complaint every recipient is a candidate.
func (f Fact) recipients(m message) []int {
	switch f.kind {
	case delivery, delay, bounce:
		return m.recipients[f.who : f.who+1]
	}
	return m.recipients
}

// expectation keeps count of what a server should come to. Facts are added in the order in which they happened, so
// that the soft-bounce rule needs no look back.
type expectation struct {
	world      *world
	facts      int64
	byName     map[event.Name]int64
	messages   int64
	contacts   int64
	seen       []uint64 // a bit for each person
	suppressed map[string]map[int]bool
	soft       map[int][]int64 // times of soft bounces since the last delivery
}

func newExpectation(w *world) *expectation {
	return &expectation{
		world:      w,
		byName:     make(map[event.Name]int64),
		seen:       make([]uint64, w.opts.Recipients/64+1),
		suppressed: make(map[string]map[int]bool),
		soft:       make(map[int][]int64),
	}
}

func (e *expectation) add(f Fact) {
	m := e.world.message(f.message)
	e.facts++
	for _, p := range f.recipients(m) {
		e.byName[f.name()]++
		if e.seen[p/64]&(1<<(p%64)) == 0 {
			e.seen[p/64] |= 1 << (p % 64)
			e.contacts++
		}
		if f.serial == 0 {
			e.messages++
		}
		e.judge(f, p)
	}
}

const (
	softReason = "soft_bounce"
	softLimit  = 5
	softWindow = 7 * 24 * time.Hour
)

// judge is the documented table of suppressions, told in the simulation's own words.
func (e *expectation) judge(f Fact, p int) {
	switch f.kind {
	case complaint:
		e.suppress(complaints[f.variant].reason, p)
	case delivery:
		delete(e.soft, p)
		delete(e.suppressed[softReason], p)
	case bounce:
		v := bounces[f.variant]
		e.suppress(v.reason, p)
		if v.soft {
			e.bounceSoftly(f.at, p)
		}
	}
}

func (e *expectation) bounceSoftly(at int64, p int) {
	times := append(e.soft[p], at)
	for times[0] <= at-softWindow.Milliseconds() {
		times = times[1:]
	}
	if len(times) >= softLimit {
		e.suppress(softReason, p)
		times = times[1:]
	}
	e.soft[p] = times
}

func (e *expectation) suppress(reason string, p int) {
	if reason == "" {
		return
	}
	if e.suppressed[reason] == nil {
		e.suppressed[reason] = make(map[int]bool)
	}
	e.suppressed[reason][p] = true
}

func (e *expectation) summary() Summary {
	s := Summary{
		Seed: e.world.opts.Seed, Start: e.world.opts.Start, Facts: e.facts,
		ByName: e.byName, Contacts: e.contacts, Messages: e.messages, Suppressed: make(map[string]int64),
	}
	for _, n := range e.byName {
		s.Events += n
	}
	for reason, people := range e.suppressed {
		if len(people) > 0 {
			s.Suppressed[reason] = int64(len(people))
		}
	}
	return s
}
