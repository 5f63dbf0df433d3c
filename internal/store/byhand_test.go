package store_test

import (
	"fmt"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/store"
)

func TestEventsNeitherEndNorContradictASuppressionByHand(t *testing.T) {
	soft := bounce(event.Soft, "mailbox_full")
	for _, x := range []struct {
		name   string
		hand   store.NewSuppression
		events int // soft bounces of as many messages, one each hour
	}{
		{"a hard bounce that was imported", store.NewSuppression{Address: ghost, Reason: contact.HardBounce, Since: start}, 0},
		{"soft bounces below the limit", store.NewSuppression{Address: ghost, Reason: contact.SoftBounceLimit, Since: start}, 2},
		{"soft bounces at the limit", store.NewSuppression{Address: ghost, Reason: contact.SoftBounceLimit, Since: start}, 5},
		{
			"soft bounces below the limit, while it holds", store.NewSuppression{
				Address: ghost, Reason: contact.SoftBounceLimit, Since: start, Until: start.Add(90 * 24 * time.Hour),
			}, 3,
		},
	} {
		t.Run(x.name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
				s := open()
				f := newFeed(t, s, "one")
				suppress(t, s, x.hand)
				for i := range x.events {
					f.commit(f.entry(fact{
						name: event.EmailBounce, message: fmt.Sprint("m", i), to: ghost, at: time.Duration(i) * time.Hour, change: soft,
					}))
				}
				got := suppressionsOf(t, s, ghost)
				if len(got) != 1 || !got[0].Since.Equal(x.hand.Since) || !got[0].Until.Equal(x.hand.Until) || !got[0].Event.IsZero() {
					t.Errorf("%+v, want what was put there by hand", got)
				}
				verified(t, s)
			})
		})
	}
}

func TestAFactFromBeforeASuppressionByHandMovesItsBeginning(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		suppress(t, s, store.NewSuppression{Address: ghost, Reason: contact.HardBounce, Since: start.Add(time.Hour)})
		early := f.entry(fact{name: event.EmailBounce, message: "m1", to: ghost, change: bounce(event.Hard, "")})
		f.commit(early)
		if got := suppressionsOf(t, s, ghost); len(got) != 1 || !got[0].Since.Equal(start) || got[0].Event != early.Events[0].ID {
			t.Errorf("%+v", got)
		}
		verified(t, s)
	})
}
