// Package contact provides what events mean for one address: when it was seen, whether it is subscribed, and which
// standing reasons there are not to mail it. It is pure.
package contact

import (
	"tidings/event"
	"tidings/internal/stats"
)

// State is what the stored facts about a contact come to. Times are Unix milliseconds; 0 means never. It does not
// depend on the order of facts. The zero value is a contact of no facts; it is subscribed. Without consent (ConsentAt is 0) it is
// what begin says.
type State struct {
	Unsubscribed bool
	ConsentAt    int64 // occurredAt of the last writer of Unsubscribed
	FirstSeen    int64
	LastSeen     int64
	LastOpen     int64              // not a machine's
	LastClick    int64              // not a machine's
	SoftBounces  int64              // facts that the soft-bounce rule counts
	Counts       [event.Slots]int64 // distinct events by slot; candidates are left out
	Lasts        [event.Slots]int64 // occurredAt of the newest event by slot; not a machine's
}

// Fact is one event, as far as its contact is concerned.
type Fact struct {
	Slot    int
	Class   stats.Class
	At      int64 // occurredAt, Unix milliseconds
	Soft    bool  // a soft bounce that speaks of the address, see SoftBounce
	Consent Consent
	// Derived tells that the event follows from others (contact.unsubscribed, segment.vip.entry): it says nothing new.
	Derived bool
}

// Consent is what an event says of the contact's subscription.
type Consent uint8

// The kinds of consent.
const (
	NoConsent Consent = iota
	OptOut
	OptIn
)

// FactOf reads a fact off an event.
func FactOf(e *event.Event) Fact {
	return Fact{
		Slot:    e.Name.Slot(),
		Class:   stats.ClassOf(e),
		At:      e.OccurredAt.UnixMilli(),
		Soft:    SoftBounce(e),
		Consent: consentOf(e),
		Derived: Derived(e.Name),
	}
}

// Derived reports whether events of a name follow from others.
func Derived(n event.Name) bool { return n.Slot() == 0 && n.Builtin() }

func consentOf(e *event.Event) Consent {
	if e.Attribution == event.Candidates || e.Subscription != nil && len(e.Subscription.Topics) > 0 {
		return NoConsent // a topic is not the whole
	}
	switch e.Name {
	case event.EmailUnsubscribe:
		return OptOut
	case event.EmailSubscribe:
		return OptIn
	}
	return NoConsent
}

// Apply adds a fact that was not applied before.
func (s *State) Apply(f Fact) {
	if f.Class == stats.OfCandidates || f.Derived {
		return
	}
	s.Counts[f.Slot]++
	f.At = max(f.At, 1) // 0 means never: 1970 itself would make the order of facts matter
	s.begin(f)
	if s.FirstSeen == 0 || f.At < s.FirstSeen {
		s.FirstSeen = f.At
	}
	s.LastSeen = max(s.LastSeen, f.At)
	if f.Class != stats.ByMachine {
		if f.Slot != 0 {
			s.Lasts[f.Slot] = max(s.Lasts[f.Slot], f.At)
		}
		switch event.SlotName(f.Slot) {
		case event.EmailOpen:
			s.LastOpen = max(s.LastOpen, f.At)
		case event.EmailClick:
			s.LastClick = max(s.LastClick, f.At)
		}
	}
	if f.Soft {
		s.SoftBounces++
	}
	s.SetConsent(f.Consent, f.At)
}

// begin decides how somebody begins who said nothing of it: whoever is first seen writing to us did not ask for mail, everybody
// else is subscribed.
func (s *State) begin(f Fact) {
	if s.ConsentAt != 0 {
		return
	}
	writes := event.SlotName(f.Slot) == event.EmailReceived
	switch {
	case s.FirstSeen == 0 || f.At < s.FirstSeen:
		s.Unsubscribed = writes
	case f.At == s.FirstSeen && !writes:
		s.Unsubscribed = false
	}
}

// KnownAt is the ConsentAt of somebody who is no stranger: before every consent.
const KnownAt = 1

// Known notes of somebody of whom there are no facts that they are no stranger: a person or a program made the contact, and to
// write to us changes nothing.
func (s *State) Known() {
	if s.FirstSeen == 0 && s.ConsentAt == 0 {
		s.ConsentAt = KnownAt
	}
}

// SetConsent writes the subscription at a time: the last writer wins, of two at the same millisecond the opt-out.
func (s *State) SetConsent(c Consent, at int64) {
	if c == NoConsent || at < s.ConsentAt || at == s.ConsentAt && c == OptIn && s.Unsubscribed {
		return
	}
	s.Unsubscribed, s.ConsentAt = c == OptOut, at
}
