package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/receipt"
	"tidings/internal/store"
	"tidings/provider"
)

const ghost = "ghost@acme.test"

func bounce(class event.BounceClass, reason string) func(*event.Draft) {
	return func(d *event.Draft) { d.Bounce = &event.Bounce{Class: class, Final: true, Reason: reason} }
}

func act(op string) store.Act {
	return store.Act{At: start.Add(2 * time.Hour), By: "test", Door: "test", Operation: op, Project: store.DefaultProject}
}

func suppressionsOf(t *testing.T, s *store.Store, address string) []contact.Suppression {
	t.Helper()
	k, err := s.Contact(t.Context(), store.DefaultProject, address)
	if err != nil {
		t.Fatal(err)
	}
	return k.Suppressions
}

func TestAFactStoredAfterALiftSuppressesAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		f.commit(f.entry(fact{name: event.EmailBounce, message: "m1", to: ghost, change: bounce(event.Hard, "")}))
		lifted, err := s.Lift(t.Context(), store.DefaultProject, ghost, "", "they wrote to us", act("lift"))
		if err != nil || len(lifted) != 1 || lifted[0].LiftNote != "they wrote to us" {
			t.Fatalf("lift: %+v, %v", lifted, err)
		}
		now := start.Add(3 * time.Hour)
		if got := suppressionsOf(t, s, ghost); got[0].Active(now) {
			t.Fatalf("still active: %+v", got)
		}
		verified(t, s)
		// The same fact again changes nothing, a new one does.
		f.commit(f.entry(fact{name: event.EmailBounce, message: "m1", to: ghost, change: bounce(event.Hard, "")}))
		if got := suppressionsOf(t, s, ghost); got[0].Active(now) {
			t.Fatalf("a known fact suppressed again: %+v", got)
		}
		late := f.entry(fact{name: event.EmailBounce, message: "m2", to: ghost, at: time.Minute, change: bounce(event.Hard, "")})
		f.commit(late)
		if got := suppressionsOf(t, s, ghost); !got[0].Active(now) || got[0].Event != late.Events[0].ID {
			t.Fatalf("not suppressed by the new fact: %+v", got)
		}
		verified(t, s)
		if _, err := s.Lift(t.Context(), store.DefaultProject, "nobody@acme.test", "", "x", act("lift")); !fault.Is(err, fault.NotFound) {
			t.Errorf("lift of nobody: %v", err)
		}
	})
}

func TestSoftBouncesSuppressAtTheFifthMessageAndADeliveryEndsIt(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		full := bounce(event.Soft, event.ReasonMailboxFull)
		for i := range 5 {
			if n := len(suppressionsOfMaybe(s, t)); n != 0 {
				t.Fatalf("suppressed before the fifth message, after %d", i)
			}
			f.commit(f.entry(fact{
				name: event.EmailBounce, message: fmt.Sprint("m", i), to: ghost,
				at: time.Duration(i) * 24 * time.Hour, change: full,
			}))
		}
		got := suppressionsOf(t, s, ghost)
		if len(got) != 1 || got[0].Reason != contact.SoftBounceLimit || !got[0].Until.Equal(start.Add((4+30)*24*time.Hour)) {
			t.Fatalf("after five: %+v", got)
		}
		f.commit(f.entry(fact{name: event.EmailDelivery, message: "m9", to: ghost, at: 5 * 24 * time.Hour}))
		got = suppressionsOf(t, s, ghost)
		if len(got) != 1 || got[0].Active(start.Add(6*24*time.Hour)) {
			t.Fatalf("a delivery did not end it: %+v", got)
		}
		// A delivery that comes late and lies between shows that the limit was never reached.
		f.commit(f.entry(fact{name: event.EmailDelivery, message: "m8", to: ghost, at: 50 * time.Hour}))
		if got = suppressionsOf(t, s, ghost); len(got) != 0 {
			t.Fatalf("a delivery between did not undo it: %+v", got)
		}
		verified(t, s)
	})
}

func suppressionsOfMaybe(s *store.Store, t *testing.T) []contact.Suppression {
	k, err := s.Contact(t.Context(), store.DefaultProject, ghost)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return k.Suppressions
}

func TestAnUnknownEventIsUpgradedInPlaceByAReplay(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		key := func(d *event.Draft) { d.Key = []string{"NewWord", "m1", ghost} }
		f.commit(f.entry(fact{name: event.EmailSent, message: "m1", to: ghost}))
		unknown := f.entry(fact{name: event.EmailUnknown, message: "m1", to: ghost, at: time.Second, change: key})
		f.commit(unknown)
		again := f.entry(fact{name: event.EmailDelivery, message: "m1", to: ghost, at: time.Second, change: key})
		again.Replay = unknown.Outcome.Receipt
		f.commit(again)
		if again.Outcome.Upgraded != 1 || again.Outcome.New != 0 {
			t.Fatalf("outcome %+v", again.Outcome)
		}
		e, err := s.Event(t.Context(), store.DefaultProject, unknown.Events[0].ID)
		if err != nil || e.Name != event.EmailDelivery {
			t.Fatalf("event %+v, %v", e, err)
		}
		list, err := s.Messages(t.Context(), store.DefaultProject, "m1")
		if err != nil || len(list) != 1 || list[0].Status != event.EmailDelivery || len(list[0].Counts) != 2 {
			t.Fatalf("message %+v, %v", list, err)
		}
		verified(t, s)
		f.commit(again)
		if again.Outcome.Known != 1 {
			t.Errorf("a second replay: %+v", again.Outcome)
		}
		verified(t, s)
	})
}

func TestTheSameIdentityWithOtherContentStaysAsItWasAndIsAlarmed(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		f.commit(f.entry(fact{name: event.EmailBounce, message: "m1", to: ghost, change: bounce(event.Soft, "")}))
		forged := f.entry(fact{name: event.EmailBounce, message: "m1", to: ghost, change: bounce(event.Hard, "")})
		f.commit(forged)
		if forged.Outcome.Conflicts != 1 {
			t.Fatalf("outcome %+v", forged.Outcome)
		}
		if got := suppressionsOf(t, s, ghost); len(got) != 0 {
			t.Errorf("the forged fact suppressed: %+v", got)
		}
		page, err := s.ListReceipts(t.Context(), store.ReceiptQuery{Project: store.DefaultProject, Problem: "conflict"})
		if err != nil || len(page.Receipts) != 1 {
			t.Fatalf("receipts with a conflict: %+v, %v", page, err)
		}
		verified(t, s)
	})
}

func TestATemplateThatIsToldLaterMovesTheCounters(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		f.commit(f.entry(fact{name: event.EmailSent, message: "m1", to: ghost}, fact{name: event.EmailDelivery, message: "m1", to: ghost, at: time.Second}))
		f.commit(f.entry(fact{name: event.EmailDelivery, message: "m1", to: ghost, at: time.Second, change: func(d *event.Draft) {
			d.Message.Template = "welcome"
		}}))
		page, err := s.ListEvents(t.Context(), store.EventQuery{Project: store.DefaultProject, Template: "welcome"})
		if err != nil || len(page.Events) != 2 || page.Events[0].Message.Template != "welcome" {
			t.Fatalf("%+v, %v", page, err)
		}
		verified(t, s)
	})
}

func TestAFactOlderThanItsRetentionIsKeptOnTheReceiptAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open(func(o *store.Options) {
			o.Retention.Events = 24 * time.Hour
			o.Now = func() time.Time { return start.Add(48 * time.Hour) }
		})
		f := newFeed(t, s, "one")
		e := f.entry(fact{name: event.EmailSent, message: "m1", to: ghost})
		f.commit(e)
		if e.Outcome.Expired != 1 || e.Outcome.New != 0 {
			t.Fatalf("outcome %+v", e.Outcome)
		}
		page, err := s.ListReceipts(t.Context(), store.ReceiptQuery{Project: store.DefaultProject})
		if err != nil || len(page.Receipts) != 1 {
			t.Fatalf("%+v, %v", page, err)
		}
		h, err := s.SourceHealth(t.Context(), f.src.Ref, start.Add(2*time.Hour))
		if err != nil || h.Expired24h != 1 {
			t.Fatalf("health %+v, %v", h, err)
		}
	})
}

func TestRetentionRemovesOldEventsAndLeavesTheRestTrue(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open(func(o *store.Options) {
			o.Retention = store.Retention{Receipts: 10 * 24 * time.Hour, Events: 60 * 24 * time.Hour}
			o.Now = func() time.Time { return start.Add(41 * 24 * time.Hour) }
		})
		f := newFeed(t, s, "one")
		commitShuffled(t, s, f, newRand(5), randomFacts(newRand(4), 800))
		now := start.Add(80 * 24 * time.Hour)
		for {
			r, err := s.Retain(t.Context(), now)
			if err != nil {
				t.Fatal(err)
			}
			if !r.More {
				break
			}
		}
		v := verified(t, s)
		if v.Events == 0 || v.Events >= 800 {
			t.Errorf("%d events are left", v.Events)
		}
		page, err := s.ListReceipts(t.Context(), store.ReceiptQuery{Project: store.DefaultProject})
		if err != nil || len(page.Receipts) != 0 {
			t.Errorf("receipts are left: %d, %v", len(page.Receipts), err)
		}
		_, err = s.EventRaw(t.Context(), store.DefaultProject, newestEvent(t, s).ID)
		if !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "not kept any more") {
			t.Errorf("raw of an event whose receipt is gone: %v", err)
		}
	})
}

func newestEvent(t *testing.T, s *store.Store) event.Event {
	t.Helper()
	page, err := s.ListEvents(t.Context(), store.EventQuery{Project: store.DefaultProject, Limit: 1})
	if err != nil || len(page.Events) == 0 {
		t.Fatalf("%+v, %v", page, err)
	}
	return page.Events[0]
}

func TestRetentionWaitsWhenTheClockJumpedAhead(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open(func(o *store.Options) {
			o.Retention = store.Retention{Events: 24 * time.Hour, Receipts: 24 * time.Hour}
			o.Now = func() time.Time { return start }
		})
		f := newFeed(t, s, "one")
		f.commit(f.entry(fact{name: event.EmailSent, message: "m1", to: ghost}))
		if r, err := s.Retain(t.Context(), start.AddDate(10, 0, 0)); err != nil || r.Events+r.Receipts != 0 {
			t.Fatalf("%+v, %v", r, err)
		}
	})
}

func TestVerifyFindsWhatIsWrong(t *testing.T) {
	for what, sql := range map[string]string{
		"counter":     `UPDATE counters SET n = n + 1 WHERE kind = 2`,
		"unique":      `UPDATE counters SET uniques = uniques - 1 WHERE kind = 1`,
		"message":     `DELETE FROM messages`,
		"contact":     `UPDATE contacts SET last_seen = last_seen + 1`,
		"suppression": `DELETE FROM suppressions`,
		"event":       `DELETE FROM events WHERE flags >= 0 AND seq = (SELECT min(seq) FROM events)`,
	} {
		t.Run(what, func(t *testing.T) {
			onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
				s := open()
				f := newFeed(t, s, "one")
				f.commit(f.entry(fact{name: event.EmailBounce, message: "m1", to: ghost, change: func(d *event.Draft) {
					bounce(event.Hard, "")(d)
					d.Message.Template = "welcome"
				}}))
				if err := s.Exec(t.Context(), sql); err != nil {
					t.Fatal(err)
				}
				v, err := s.Verify(t.Context(), nil)
				if err != nil || len(v.Differences) == 0 {
					t.Fatalf("found nothing: %+v, %v", v, err)
				}
			})
		})
	}
}

func TestOneRequestMayHoldGoodElementsAndProblems(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		e := f.entry(fact{name: event.EmailSent, message: "m1", to: ghost})
		e.Problems = []provider.Problem{{Element: 1, Code: "unreadable", Message: "element 1 is no object"}}
		f.commit(e)
		page, err := s.ListReceipts(t.Context(), store.ReceiptQuery{Project: store.DefaultProject, Problem: "any"})
		if err != nil || len(page.Receipts) != 1 || page.Receipts[0].Problems[0] != e.Problems[0] {
			t.Fatalf("%+v, %v", page, err)
		}
		var replayed []store.StoredReceipt
		err = s.EachReceipt(t.Context(), store.ReplayQuery{Project: store.DefaultProject, OnlyProblems: true},
			func(r store.StoredReceipt) error { replayed = append(replayed, r); return nil })
		if err != nil || len(replayed) != 1 || replayed[0].Key != e.Key {
			t.Fatalf("%+v, %v", replayed, err)
		}
		body, err := s.ReceiptBody(t.Context(), store.DefaultProject, page.Receipts[0].ID)
		if err != nil || string(body) != "src_one-1" {
			t.Fatalf("%q, %v", body, err)
		}
	})
}

func TestAHundredPostsOfOneMessageAreOneReceiptWithACount(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		var entries []*receipt.Entry
		for range 100 {
			entries = append(entries, f.entry(fact{name: event.EmailSent, message: "m1", to: ghost, transport: "same"}))
		}
		f.commit(entries[:60]...)
		f.commit(entries[60:]...)
		page, err := s.ListReceipts(t.Context(), store.ReceiptQuery{Project: store.DefaultProject})
		if err != nil || len(page.Receipts) != 1 || page.Receipts[0].Count != 100 {
			t.Fatalf("%+v, %v", page, err)
		}
		if v := verified(t, s); v.Events != 1 {
			t.Errorf("%d events", v.Events)
		}
	})
}
