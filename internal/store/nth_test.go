package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/store"
)

// numbered are the opens and clicks that are stored, oldest first, each with its number; * marks the first.
func numbered(t *testing.T, s *store.Store) string {
	t.Helper()
	page, err := s.ListEvents(t.Context(), store.EventQuery{Project: store.DefaultProject, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for i := range page.Events {
		e := &page.Events[len(page.Events)-1-i]
		for _, g := range []*event.Engagement{e.Open, e.Click} {
			if g != nil {
				list = append(list, fmt.Sprintf("%s%d%s", map[bool]string{true: "*"}[g.First], g.Count, e.Name[len("email."):]))
			}
		}
	}
	return strings.Join(list, " ")
}

func TestOpensAndClicksAreNumberedAsTheyAreStored(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		mail := func(name event.Name, seconds int) fact {
			return fact{name: name, message: "m1", to: ghost, at: time.Duration(seconds) * time.Second}
		}
		unsure := mail(event.EmailOpen, 5)
		unsure.change = func(d *event.Draft) { d.Attribution = event.Candidates }
		f.commit(f.entry(mail(event.EmailOpen, 1)))
		f.commit(f.entry(mail(event.EmailOpen, 2), mail(event.EmailClick, 2), mail(event.EmailOpen, 3)))
		// The ones at 2 and 3 come again by another way, beside two new ones.
		f.commit(f.entry(mail(event.EmailOpen, 2), mail(event.EmailOpen, 3), mail(event.EmailOpen, 4), unsure, mail(event.EmailOpen, 6)))
		f.commit(f.entry(mail(event.EmailClick, 7)), f.entry(mail(event.EmailOpen, 7)))
		want := "*1open 2open *1click 3open 4open 0open 5open 2click 6open"
		if got := numbered(t, s); got != want {
			t.Errorf("stored are %s, want %s", got, want)
		}
		verified(t, s)
	})
}

func TestAnUnknownEventThatIsUpgradedIsCountedOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		said := func(name event.Name, seconds int) fact {
			return fact{
				name: name, message: "m1", to: ghost, at: time.Duration(seconds) * time.Second,
				change: func(d *event.Draft) { d.Key = []string{fmt.Sprint(seconds)} },
			}
		}
		f.commit(f.entry(said(event.EmailUnknown, 1)), f.entry(said(event.EmailUnknown, 2)))
		f.commit(f.entry(said(event.EmailOpen, 1)), f.entry(said(event.EmailOpen, 3)))
		f.commit(f.entry(said(event.EmailOpen, 2)), f.entry(said(event.EmailOpen, 4)))
		if got, want := numbered(t, s), "*1open 4open 2open 3open"; got != want {
			t.Errorf("stored are %s, want %s", got, want)
		}
		verified(t, s)
	})
}

func TestManyOpensSuppressNobody(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		for i := range 4 {
			m := fmt.Sprintf("m%d", i)
			soft := fact{name: event.EmailBounce, message: m, to: ghost, at: time.Duration(i) * time.Hour, change: bounce(event.Soft, event.ReasonMailboxFull)}
			f.commit(f.entry(soft))
		}
		for i := range 9 {
			f.commit(f.entry(fact{name: event.EmailOpen, message: "m1", to: ghost, at: time.Duration(i) * time.Minute}))
		}
		f.commit(f.entry(fact{
			name: event.EmailBounce, message: "m9", to: ghost, at: 5 * time.Hour, change: bounce(event.Soft, event.ReasonMailboxFull),
		}))
		if list := suppressionsOf(t, s, ghost); len(list) != 1 {
			t.Errorf("five soft bounces with opens between: %+v", list)
		}
	})
}
