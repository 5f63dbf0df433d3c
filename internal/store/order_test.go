package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/receipt"
	"tidings/internal/store"
	"tidings/test/postgres"
)

// randomFacts makes n facts of all kinds about few messages and contacts, so that much meets.
func randomFacts(rng *rand.Rand, n int) []fact {
	names := event.EmailNames()
	facts := make([]fact, n)
	for i := range facts {
		name := names[rng.IntN(len(names))]
		m := rng.IntN(n/5 + 1)
		to := fmt.Sprintf("person%d@domain%d.test", m%(n/20+1), m%7)
		facts[i] = fact{
			name: name, message: fmt.Sprintf("message-%d", m), to: to,
			at:     time.Duration(rng.IntN(40*24*3600)) * time.Second,
			change: randomChange(rng, name, m),
		}
	}
	return facts
}

// randomChange decides everything at once: calling it twice makes the same draft.
func randomChange(rng *rand.Rand, name event.Name, m int) func(*event.Draft) {
	classes := []event.BounceClass{event.Hard, event.Soft, event.Soft, event.Soft, event.Block, event.Suppressed, event.Undetermined}
	reasons := []string{event.ReasonMailboxFull, event.ReasonMessageTooLarge, event.ReasonUnreachable}
	feedback := []string{"", "abuse", "not-spam", "fraud", "auth-failure"}
	verdicts := []event.Verdict{event.Human, event.Machine, event.Proxy, event.Unsure}
	class, reason := classes[rng.IntN(len(classes))], reasons[rng.IntN(len(reasons))]
	kind, verdict := feedback[rng.IntN(len(feedback))], verdicts[rng.IntN(len(verdicts))]
	candidates, tagged, topics := rng.IntN(10) == 0, rng.IntN(3) > 0, rng.IntN(2) == 0
	link, sender, sent := rng.IntN(5), rng.IntN(4), rng.IntN(2) == 0
	tags := []string{fmt.Sprintf("tag-%d", m%3), fmt.Sprintf("also-%d", rng.IntN(3))}
	return func(d *event.Draft) {
		if candidates {
			d.Attribution = event.Candidates
		}
		if tagged { // some events of a message know its template, some do not
			d.Message.Template = fmt.Sprintf("template-%d", m%5)
			d.Message.Workflow = fmt.Sprintf("workflow-%d", m%2)
			d.Message.Tags = tags
			d.Message.Subject = "Hello"
		}
		if sender > 0 {
			d.Message.SenderDomain = fmt.Sprintf("send-%d.test", m%3)
		}
		if sent { // SES says it always, others with some events only
			d.Message.SentAt = start.Add(time.Duration(m%700) * time.Minute)
		}
		switch name {
		case event.EmailBounce:
			d.Bounce = &event.Bounce{Class: class, Final: true, Reason: reason}
		case event.EmailComplaint:
			d.Complaint = &event.Complaint{FeedbackType: kind}
		case event.EmailClick:
			d.Automation = &event.Automation{Verdict: verdict}
			if link > 0 {
				d.Click = &event.Engagement{URL: fmt.Sprintf("https://shop.test/page-%d?u=%d", link, m)}
			}
		case event.EmailOpen:
			d.Automation = &event.Automation{Verdict: verdict}
		case event.EmailUnsubscribe, event.EmailSubscribe:
			d.Subscription = &event.Subscription{List: "main"}
			if topics {
				d.Subscription.Topics = []string{"news"}
			}
		}
	}
}

// commitShuffled stores facts in a random order, some again, in requests and batches of random sizes.
func commitShuffled(t *testing.T, s *store.Store, f *feed, rng *rand.Rand, facts []fact) {
	t.Helper()
	all := append([]fact(nil), facts...)
	for range len(facts) / 4 {
		all = append(all, facts[rng.IntN(len(facts))])
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var entries []*receipt.Entry
	for len(all) > 0 {
		n := min(1+rng.IntN(3), len(all))
		entries, all = append(entries, f.entry(all[:n]...)), all[n:]
	}
	for len(entries) > 0 {
		n := min(1+rng.IntN(120), len(entries))
		if err := s.Commit(t.Context(), entries[:n]); err != nil {
			t.Error(err)
			return
		}
		entries = entries[n:]
	}
}

func verified(t *testing.T, s *store.Store) store.Verification {
	t.Helper()
	v, err := s.Verify(t.Context(), nil)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	for i, d := range v.Differences {
		if i == 5 {
			break
		}
		t.Errorf("%s:\nhave %s\nwant %s", d.What, d.Have, d.Want)
	}
	return v
}

func dump(t *testing.T, s *store.Store) string {
	t.Helper()
	d, err := s.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTenThousandFactsShuffledAndDuplicatedEndInTheOneRightState(t *testing.T) {
	facts := randomFacts(rand.New(rand.NewPCG(1, 1)), 10_000)
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		commitShuffled(t, s, newFeed(t, s, "one"), rand.New(rand.NewPCG(2, 2)), facts)
		v := verified(t, s)
		if v.Events != 10_000 {
			t.Errorf("%d events, want 10000", v.Events)
		}
	})
}

func TestEveryOrderEndsInTheSameState(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		for seed := range uint64(3) {
			facts := randomFacts(rand.New(rand.NewPCG(seed, 1)), 400)
			var first string
			for order := range uint64(3) {
				s := opener(t, open().Engine())()
				commitShuffled(t, s, newFeed(t, s, "one"), rand.New(rand.NewPCG(seed, 100+order)), facts)
				verified(t, s)
				got := dump(t, s)
				if order == 0 {
					first = got
				} else if got != first {
					t.Fatalf("seed %d: order %d ends elsewhere:\n%s", seed, order, cmp.Diff(first, got))
				}
			}
		}
	})
}

func TestBothEnginesEndInTheSameState(t *testing.T) {
	facts := randomFacts(rand.New(rand.NewPCG(7, 1)), 500)
	var dumps []string
	for i, engine := range []string{"sqlite", "postgres"} {
		s := opener(t, engine)()
		commitShuffled(t, s, newFeed(t, s, "one"), rand.New(rand.NewPCG(7, uint64(i))), facts)
		dumps = append(dumps, dump(t, s))
	}
	if dumps[0] != dumps[1] {
		t.Fatal(cmp.Diff(dumps[0], dumps[1]))
	}
}

func TestNodesThatIngestAtOnceEndInTheOneRightState(t *testing.T) {
	t.Parallel()
	open := opener(t, "postgres")
	facts := randomFacts(rand.New(rand.NewPCG(3, 1)), 2000)
	first := open()
	f := newFeed(t, first, "one")
	var nodes sync.WaitGroup
	for n := range 4 {
		s := open()
		g := *f
		g.store, g.n = s, n*1_000_000
		nodes.Go(func() { commitShuffled(t, s, &g, rand.New(rand.NewPCG(3, uint64(n))), facts) })
	}
	nodes.Wait()
	if v := verified(t, first); v.Events != 2000 {
		t.Errorf("%d events, want 2000", v.Events)
	}
}

func TestNodesThatBootAtOnceMigrateOnce(t *testing.T) {
	t.Parallel()
	at := postgres.Database(t)
	var nodes sync.WaitGroup
	for range 6 {
		nodes.Go(func() {
			s, err := store.Open(context.Background(), store.Options{URL: at})
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			_ = s.Close()
		})
	}
	nodes.Wait()
}

func entriesOf(e ...*receipt.Entry) []*receipt.Entry { return e }
