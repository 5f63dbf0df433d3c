package contact_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/stats"
)

func shuffled[T any](t *rapid.T, s []T) []T {
	s = slices.Clone(s)
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1))
	r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
	return s
}

// drawFacts draws facts whose times often tie; the first instant of 1970 is among them.
func drawFacts(t *rapid.T) []contact.Fact {
	one := rapid.Custom(func(t *rapid.T) contact.Fact {
		return contact.Fact{
			Slot:    rapid.IntRange(0, event.Slots-1).Draw(t, "slot"),
			Class:   stats.Class(rapid.IntRange(0, int(stats.OfCandidates)).Draw(t, "class")),
			At:      rapid.Int64Range(0, 6).Draw(t, "at"),
			Soft:    rapid.Bool().Draw(t, "soft"),
			Consent: contact.Consent(rapid.IntRange(0, 2).Draw(t, "consent")),
		}
	})
	return rapid.SliceOfN(one, 0, 20).Draw(t, "facts")
}

// recount says what the state must be, field by field, straight from the definitions.
func recount(facts []contact.Fact) contact.State {
	var s contact.State
	var all, opens, clicks, others []int64 // others are no mail to us
	last := map[contact.Consent]int64{contact.OptIn: -1, contact.OptOut: -1}
	for _, f := range facts {
		if f.Class == stats.OfCandidates {
			continue
		}
		at := max(f.At, 1)
		s.Counts[f.Slot]++
		all = append(all, at)
		if f.Slot != event.EmailReceived.Slot() {
			others = append(others, at)
		}
		if f.Slot != 0 && f.Class != stats.ByMachine {
			s.Lasts[f.Slot] = max(s.Lasts[f.Slot], at)
		}
		if f.Slot == event.EmailOpen.Slot() && f.Class != stats.ByMachine {
			opens = append(opens, at)
		}
		if f.Slot == event.EmailClick.Slot() && f.Class != stats.ByMachine {
			clicks = append(clicks, at)
		}
		if f.Soft {
			s.SoftBounces++
		}
		last[f.Consent] = max(last[f.Consent], at)
	}
	if len(all) > 0 {
		s.FirstSeen, s.LastSeen = slices.Min(all), slices.Max(all)
	}
	if len(opens) > 0 {
		s.LastOpen = slices.Max(opens)
	}
	if len(clicks) > 0 {
		s.LastClick = slices.Max(clicks)
	}
	s.ConsentAt = max(last[contact.OptIn], last[contact.OptOut], 0)
	s.Unsubscribed = last[contact.OptOut] >= last[contact.OptIn] && last[contact.OptOut] > 0
	if s.ConsentAt == 0 && len(all) > 0 { // whoever is first seen writing to us did not ask for mail
		s.Unsubscribed = len(others) == 0 || slices.Min(others) > s.FirstSeen
	}
	return s
}

func TestAnyOrderOfFactsEndsInTheRecount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := drawFacts(t)
		var s contact.State
		for _, f := range shuffled(t, facts) {
			s.Apply(f)
		}
		if diff := cmp.Diff(recount(facts), s); diff != "" {
			t.Errorf("state (-want +got):\n%s", diff)
		}
	})
}

func TestTheLastWriterOfConsentWinsAndATieIsAnOptOut(t *testing.T) {
	t.Parallel()
	type act struct {
		consent contact.Consent
		at      int64
	}
	for _, c := range []struct {
		name string
		acts []act
		want bool
		at   int64
	}{
		{"nothing is subscribed", nil, false, 0},
		{"an opt-out", []act{{contact.OptOut, 5}}, true, 5},
		{"an opt-in after it", []act{{contact.OptOut, 5}, {contact.OptIn, 6}}, false, 6},
		{"an older opt-in that comes late", []act{{contact.OptOut, 5}, {contact.OptIn, 4}}, true, 5},
		{"an older opt-out that comes late", []act{{contact.OptIn, 6}, {contact.OptOut, 5}}, false, 6},
		{"a tie, opt-in last", []act{{contact.OptOut, 5}, {contact.OptIn, 5}}, true, 5},
		{"a tie, opt-out last", []act{{contact.OptIn, 5}, {contact.OptOut, 5}}, true, 5},
		{"no consent changes nothing", []act{{contact.OptOut, 5}, {contact.NoConsent, 9}}, true, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var s contact.State
			for _, a := range c.acts {
				s.SetConsent(a.consent, a.at)
			}
			if s.Unsubscribed != c.want || s.ConsentAt != c.at {
				t.Errorf("unsubscribed %v at %d, want %v at %d", s.Unsubscribed, s.ConsentAt, c.want, c.at)
			}
		})
	}
}

func TestFactOf(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_780_000_000_123)
	topics := &event.Subscription{Topics: []string{"news"}}
	for _, c := range []struct {
		name  string
		event event.Event
		want  contact.Fact
	}{
		{
			"an unsubscribe opts out",
			event.Event{Name: event.EmailUnsubscribe, Subscription: &event.Subscription{List: "all"}},
			contact.Fact{Slot: event.EmailUnsubscribe.Slot(), Consent: contact.OptOut},
		},
		{
			"a subscribe opts in",
			event.Event{Name: event.EmailSubscribe},
			contact.Fact{Slot: event.EmailSubscribe.Slot(), Consent: contact.OptIn},
		},
		{
			"a topic is not the whole",
			event.Event{Name: event.EmailUnsubscribe, Subscription: topics},
			contact.Fact{Slot: event.EmailUnsubscribe.Slot()},
		},
		{
			"candidates consent to nothing",
			event.Event{Name: event.EmailUnsubscribe, Attribution: event.Candidates},
			contact.Fact{Slot: event.EmailUnsubscribe.Slot(), Class: stats.OfCandidates},
		},
		{
			"a full mailbox is a soft bounce",
			event.Event{Name: event.EmailBounce, Bounce: &event.Bounce{Class: event.Soft, Reason: "mailbox_full"}},
			contact.Fact{Slot: event.EmailBounce.Slot(), Class: stats.SoftBounce, Soft: true},
		},
		{
			"an open keeps who opened",
			event.Event{Name: event.EmailOpen, Automation: &event.Automation{Verdict: event.Machine}},
			contact.Fact{Slot: event.EmailOpen.Slot(), Class: stats.ByMachine},
		},
		{
			"a custom event has no slot",
			event.Event{Name: "invoice.paid"},
			contact.Fact{},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.event.OccurredAt, c.want.At = at, at.UnixMilli()
			if diff := cmp.Diff(c.want, contact.FactOf(&c.event)); diff != "" {
				t.Errorf("fact (-want +got):\n%s", diff)
			}
		})
	}
}
