package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/store"
)

func bounceFor(class event.BounceClass, reason, said, sender string) func(*event.Draft) {
	return func(d *event.Draft) {
		d.Bounce = &event.Bounce{Class: class, Final: true, Reason: reason, Diagnostic: said}
		d.Message.SenderDomain = sender
	}
}

func TestReasonsOfBouncesAreCountedByDomain(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		for i, x := range []struct {
			to, reason, said, sender string
			class                    event.BounceClass
		}{
			{"a@acme.test", "no_such_user", "old words", "send.test", event.Hard},
			{"b@acme.test", "no_such_user", "new words", "send.test", event.Hard},
			{"c@acme.test", "no_such_user", "", "other.test", event.Hard},
			{"a@acme.test", "mailbox_full", "", "send.test", event.Soft},
			{"a@sub.acme.test", "mailbox_full", "", "send.test", event.Soft},
			{"a@yonder.test", "", "blocked", "other.test", event.Block},
		} {
			f.commit(f.entry(fact{
				name: event.EmailBounce, message: fmt.Sprint("m", i), to: x.to, at: time.Duration(i) * time.Minute,
				change: bounceFor(x.class, x.reason, x.said, x.sender),
			}))
		}
		f.commit(f.entry(fact{name: event.EmailDelivery, message: "m9", to: "a@acme.test"}))
		for name, c := range map[string]struct {
			q    store.ReasonQuery
			want string
		}{
			"of recipients": {store.ReasonQuery{Domain: "acme.test"}, "hard no_such_user 3 new words 2m0s, soft mailbox_full 1  3m0s; since 0s"},
			"of senders":    {store.ReasonQuery{SenderDomain: "other.test"}, "block  1 blocked 5m0s, hard no_such_user 1  2m0s; since 0s"},
			"of both":       {store.ReasonQuery{Domain: "acme.test", SenderDomain: "other.test"}, "hard no_such_user 1  2m0s; since 0s"},
			"in a span": {
				store.ReasonQuery{Domain: "acme.test", From: start.Add(time.Minute), To: start.Add(2 * time.Minute)},
				"hard no_such_user 1 new words 1m0s; since 0s",
			},
			"of the newest four": {store.ReasonQuery{Domain: "acme.test", Most: 4}, "hard no_such_user 1  2m0s, soft mailbox_full 1  3m0s; since 2m0s"},
			"of nobody":          {store.ReasonQuery{Domain: "nowhere.test"}, "; since 0s"},
			"of no sender":       {store.ReasonQuery{SenderDomain: "nowhere.test"}, "; since 0s"},
		} {
			c.q.Project = store.DefaultProject
			r, err := s.BounceReasons(t.Context(), c.q)
			if err != nil {
				t.Fatal(err)
			}
			var words []string
			sum := int64(0)
			for _, x := range r.Rows {
				words = append(words, fmt.Sprint(x.Class, " ", x.Reason, " ", x.Count, " ", x.Said, " ", x.NewestAt.Sub(start)))
				sum += x.Count
			}
			since := time.Duration(0)
			if !r.Since.IsZero() {
				since = r.Since.Sub(start)
			}
			if diff := cmp.Diff(c.want, strings.Join(words, ", ")+"; since "+since.String()); diff != "" || sum != r.Bounces {
				t.Errorf("%s: %d bounces\n%s", name, r.Bounces, diff)
			}
		}
	})
}

func TestReasonsOfADomainAreReadAlongTheIndexOfNames(t *testing.T) {
	t.Parallel()
	s := opener(t, "sqlite")()
	f := newFeed(t, s, "one")
	f.commit(f.entry(fact{name: event.EmailBounce, message: "m1", to: ghost, change: bounceFor(event.Hard, "", "", "send.test")}))
	plans, err := s.ExplainReasons(t.Context(), store.ReasonQuery{
		Project: store.DefaultProject, Domain: "acme.test", SenderDomain: "send.test", From: start, To: start.Add(time.Hour), Most: 10,
	})
	if err != nil || !strings.Contains(plans, "SEARCH e USING INDEX events_name (name=? AND <expr>>? AND <expr><?)") ||
		!strings.Contains(plans, "SEARCH c USING INTEGER PRIMARY KEY") || strings.Contains(plans, "TEMP B-TREE FOR ORDER BY") {
		t.Errorf("%v\n%s", err, plans)
	}
}
