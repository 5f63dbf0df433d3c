package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/send"
	"tidings/internal/store"
)

// casting sends broadcasts from a store.
type casting struct {
	*mailing
	ids int
}

func newCasting(t *testing.T, open func(...func(*store.Options)) *store.Store) *casting {
	t.Helper()
	return &casting{mailing: newMailing(t, open)}
}

// contacts stores contacts.
func (c *casting) contacts(list ...contact.Change) {
	c.t.Helper()
	for i := range list {
		list[i].At = c.now.UnixMilli()
	}
	for part := range slices.Chunk(list, 500) {
		e := c.entry()
		e.Changes = part
		c.commit(e)
	}
}

// draft makes a draft.
func (c *casting) draft(d store.BroadcastDefinition) store.Broadcast {
	c.t.Helper()
	c.ids++
	d.Name = "News"
	x, err := c.s.CreateBroadcast(c.t.Context(), store.DefaultProject, store.Broadcast{
		ID: fmt.Sprintf("brc_%04d", c.ids), BroadcastDefinition: d,
	}, 100, act("createBroadcast"))
	if err != nil {
		c.t.Fatal(err)
	}
	return x
}

// begin lets a broadcast begin now.
func (c *casting) begin(d store.BroadcastDefinition) string {
	c.t.Helper()
	x := c.draft(d)
	a := act("sendBroadcast")
	content := send.Content{Subject: "Hi", HTML: "<p>Hi</p>", Topic: d.Topic, Tags: []string{x.ID}}
	if _, begun, err := c.s.BeginBroadcast(c.t.Context(), &x, &content, &a); err != nil || !begun {
		c.t.Fatalf("begun %v: %v", begun, err)
	}
	return x.ID
}

// take takes the audience.
func (c *casting) take(id string) store.Broadcast {
	c.t.Helper()
	for range 1000 {
		x, done, err := c.s.TakeAudience(c.t.Context(), id, c.dues(nil))
		if err != nil {
			c.t.Fatal(err)
		}
		if done {
			return x
		}
	}
	c.t.Fatal("the audience never is whole")
	return store.Broadcast{}
}

func (c *casting) dues(zones map[string]time.Time) func(*store.Broadcast) (store.Due, error) {
	return func(*store.Broadcast) (store.Due, error) { return store.Due{Otherwise: c.now, Zones: zones}, nil }
}

func (c *casting) feedOnce(ctx context.Context, id string, limit int) (store.Fed, error) {
	return c.s.FeedBroadcast(ctx, &store.Feed{
		Broadcast: id, Source: c.src, Limit: limit, Lead: 1000, NewID: func() string {
			c.n++
			return fmt.Sprintf("snd_%06d", c.n)
		},
	})
}

func (c *casting) fed(id string, limit int) store.Fed {
	c.t.Helper()
	out, err := c.feedOnce(c.t.Context(), id, limit)
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

// queued are the addresses that have a send of a broadcast, once for each send.
func (c *casting) queued(id string, statuses ...send.Status) (list []string) {
	c.t.Helper()
	page, err := c.s.Sends(c.t.Context(), store.SendQuery{
		Project: store.DefaultProject, Broadcast: id, Statuses: statuses, Limit: 100_000,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, x := range page {
		list = append(list, x.Recipient)
	}
	slices.Sort(list)
	return list
}

func (c *casting) get(id string) store.Broadcast {
	c.t.Helper()
	x, err := c.s.BroadcastByID(c.t.Context(), id)
	if err != nil {
		c.t.Fatal(err)
	}
	return x
}

const paysCondition = `{"logic":"AND","groups":[{"filters":[{"field":"data.plan","operator":"equals","value":"team"}]}]}`

func TestAnAudienceIsWhomTheDefinitionSelectsAndEachRecipientIsQueuedOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		c := newCasting(t, open)
		random := rand.New(rand.NewPCG(1, 2))
		var everybody []contact.Change
		may := make(map[string]bool)
		has := make(map[string]map[string]bool) // by what selects
		for i := range 300 {
			address := fmt.Sprintf("p%03d@%s.acme.test", i, []string{"a", "b", "c"}[random.IntN(3)])
			x := contact.Change{Address: address, Consent: contact.OptIn, Born: contact.OptIn, Attributes: map[string]json.RawMessage{}}
			wants := true
			note := func(what string) {
				if has[what] == nil {
					has[what] = make(map[string]bool)
				}
				has[what][address] = true
			}
			note("all")
			if random.IntN(4) == 0 {
				x.Consent, wants = contact.OptOut, false
			}
			if random.IntN(2) == 0 {
				x.Attributes["plan"] = json.RawMessage(`"team"`)
				note("plan")
			}
			for _, tag := range []string{"beta", "early"} {
				if random.IntN(2) == 0 {
					x.Tags = append(x.Tags, tag)
					note(tag)
				}
			}
			may[address] = wants && !strings.HasSuffix(address, "@c.acme.test")
			everybody = append(everybody, x)
		}
		c.contacts(everybody...)
		if _, err := c.s.SuppressPattern(t.Context(), store.DefaultProject, "*@c.acme.test", "no", act("add")); err != nil {
			t.Fatal(err)
		}
		for name, q := range map[string]struct {
			d    store.BroadcastDefinition
			want []string
		}{
			"all":       {store.BroadcastDefinition{AudienceType: store.AudienceAll}, []string{"all"}},
			"condition": {store.BroadcastDefinition{AudienceType: store.AudienceFiltered, Condition: []byte(paysCondition)}, []string{"plan"}},
			"tags":      {store.BroadcastDefinition{AudienceType: store.AudienceFiltered, Tags: []string{"beta", "early"}}, []string{"beta", "early"}},
			"both": {
				store.BroadcastDefinition{AudienceType: store.AudienceFiltered, Condition: []byte(paysCondition), Tags: []string{"beta"}},
				[]string{"plan", "beta"},
			},
		} {
			var want []string
			size := int64(0)
			for address := range has["all"] {
				in := true
				for _, what := range q.want {
					in = in && has[what][address]
				}
				if in {
					size++
				}
				if in && may[address] {
					want = append(want, address)
				}
			}
			slices.Sort(want)
			measured, err := c.s.MeasureAudience(t.Context(), store.DefaultProject, &q.d, c.now, 3)
			if err != nil {
				t.Fatal(err)
			}
			id := c.begin(q.d)
			x := c.take(id)
			if x.Recipients != int64(len(want)) || x.Audience != size || measured.Audience != size || measured.Recipients != x.Recipients {
				t.Fatalf("%s: %d of %d, measured %d of %d; want %d of %d", name, x.Recipients, x.Audience, measured.Recipients,
					measured.Audience, len(want), size)
			}
			if diff := cmp.Diff(measured.LeftOut, x.LeftOut); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			for c.fed(id, 37).Handled > 0 {
			}
			if diff := cmp.Diff(want, c.queued(id)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	})
}

// some makes contacts and lets a broadcast to all of them begin.
func (c *casting) some(n int, d store.BroadcastDefinition) string {
	c.t.Helper()
	var list []contact.Change
	for i := range n {
		list = append(list, contact.Change{Address: fmt.Sprintf("p%04d@acme.test", i), Consent: contact.OptIn, Born: contact.OptIn})
	}
	c.contacts(list...)
	d.AudienceType = store.AudienceAll
	return c.begin(d)
}

func TestWhoeverLeavesBetweenTheAudienceAndTheirTurnIsSkipped(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		c := newCasting(t, open)
		id := c.some(5, store.BroadcastDefinition{})
		c.take(id)
		c.now = c.now.Add(time.Minute)
		c.contacts(contact.Change{Address: "p0003@acme.test", Consent: contact.OptOut})
		if out := c.fed(id, 100); out.Handled != 5 || !out.Next.IsZero() {
			t.Fatalf("%+v", out)
		}
		if got := c.queued(id, send.StatusSkipped); !slices.Equal(got, []string{"p0003@acme.test"}) {
			t.Fatalf("skipped %v", got)
		}
		if x := c.get(id); x.Skipped[send.Unsubscribed] != 1 || x.Handled != 5 {
			t.Fatalf("%+v", x)
		}
	})
}

func TestAPauseHoldsWhatWaitsAlsoWhatComesBackAndCancelEndsIt(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		c := newCasting(t, open)
		id := c.some(120, store.BroadcastDefinition{})
		c.take(id)
		c.fed(id, 110)
		claimed := c.claim()
		a := act("pauseBroadcast")
		x := c.get(id)
		if _, err := c.s.PauseBroadcast(t.Context(), &x, "wait", &a); err != nil {
			t.Fatal(err)
		}
		c.settle(store.SendOutcome{Send: &claimed[0], Status: send.StatusQueued, DueAt: c.now})
		for _, again := range claimed[1:] {
			c.settle(c.sent(&again, "ses-"+again.ID))
		}
		if list := c.claim(); len(list) != 0 {
			t.Fatalf("%d emails of a paused broadcast are handed over", len(list))
		}
		if out := c.fed(id, 100); out.Handled != 0 || out.Broadcast.Status != store.BroadcastPaused {
			t.Fatalf("fed %+v", out)
		}
		if n := len(c.queued(id, send.StatusHeld)); n != 11 {
			t.Fatalf("%d are held, want 11", n)
		}
		if _, err := c.s.ResumeBroadcast(t.Context(), store.DefaultProject, id, act("resumeBroadcast")); err != nil {
			t.Fatal(err)
		}
		c.fed(id, 100)
		if n := len(c.queued(id, send.StatusQueued)); n != 21 {
			t.Fatalf("%d wait, want 21", n)
		}
		if _, err := c.s.CancelBroadcast(t.Context(), store.DefaultProject, id, act("cancelBroadcast")); err != nil {
			t.Fatal(err)
		}
		if n := len(c.queued(id, send.StatusCanceled)); n != 21 || len(c.claim()) != 0 {
			t.Fatalf("%d are canceled, want 21", n)
		}
	})
}

// errKilled stands for the end of the process between two transactions.
var errKilled = errors.New("killed")

func TestABroadcastThatIsKilledBetweenAnyTwoTransactionsMailsEverybodyOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		c := newCasting(t, open)
		id := c.some(60, store.BroadcastDefinition{})
		// Each step is one transaction, begun anew by a process that knows nothing: what it is to do it reads from the store.
		for steps := 0; ; steps++ {
			if steps > 100 {
				t.Fatal("it never ends")
			}
			x := c.get(id)
			if !x.Taken {
				if _, _, err := c.s.TakeAudience(t.Context(), id, c.dues(nil)); err != nil {
					t.Fatal(err)
				}
				continue
			}
			// Killed while it commits: nothing of it may be there, or all.
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(errKilled)
			if _, err := c.feedOnce(ctx, id, 7); err == nil {
				t.Fatal("a transaction of a dead process is stored")
			}
			if out := c.fed(id, 7); out.Handled == 0 {
				break
			}
		}
		got := c.queued(id)
		if len(got) != 60 || len(slices.Compact(got)) != 60 {
			t.Fatalf("%d sends", len(got))
		}
	})
}

func TestTwoNodesThatFeedOneBroadcastMailEverybodyOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		c := newCasting(t, open)
		id := c.some(200, store.BroadcastDefinition{})
		nodes := []*store.Store{c.s}
		if c.s.Engine() == "postgres" {
			nodes = append(nodes, open(func(o *store.Options) { o.Now = func() time.Time { return c.now } }))
		}
		results := make(chan error)
		for node, s := range slices.Concat(nodes, nodes) {
			go func() {
				results <- func() error {
					for {
						_, done, err := s.TakeAudience(t.Context(), id, c.dues(nil))
						if err != nil {
							return err
						}
						if done {
							break
						}
					}
					for i := 0; ; i++ {
						out, err := s.FeedBroadcast(t.Context(), &store.Feed{
							Broadcast: id, Source: c.src, Limit: 11, Lead: 1000, NewID: func() string {
								return fmt.Sprintf("snd_%dx%d", node, rand.Int64())
							},
						})
						if err != nil || out.Handled == 0 {
							return err
						}
					}
				}()
			}()
		}
		for range slices.Concat(nodes, nodes) {
			if err := <-results; err != nil {
				t.Fatal(err)
			}
		}
		got := c.queued(id)
		if len(got) != 200 || len(slices.Compact(got)) != 200 {
			t.Fatalf("%d sends", len(got))
		}
	})
}

func TestAThrottleLetsAsManyPassAMinuteAsItSaysAndCatchesNothingUp(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		c := newCasting(t, open)
		id := c.some(200, store.BroadcastDefinition{Throttle: 60})
		c.take(id)
		n := 0
		for range 600 { // a minute
			n += c.fed(id, 100).Handled
			c.now = c.now.Add(100 * time.Millisecond)
		}
		if n < 59 || n > 61 {
			t.Errorf("%d in a minute, want 60", n)
		}
		c.now = c.now.Add(time.Hour)
		if n := c.fed(id, 100).Handled; n > 1 {
			t.Errorf("%d at once after an hour without", n)
		}
	})
}

func TestRecipientsAreDueByTheirZone(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		c := newCasting(t, open)
		zone := func(name string) map[string]json.RawMessage {
			return map[string]json.RawMessage{"timezone": json.RawMessage(`"` + name + `"`)}
		}
		c.contacts(
			contact.Change{Address: "b@acme.test", Consent: contact.OptIn, Born: contact.OptIn, Attributes: zone("Europe/Berlin")},
			contact.Change{Address: "n@acme.test", Consent: contact.OptIn, Born: contact.OptIn, Attributes: zone("America/New_York")},
			contact.Change{Address: "x@acme.test", Consent: contact.OptIn, Born: contact.OptIn, Attributes: zone("Mars/Olympus")},
			contact.Change{Address: "y@acme.test", Consent: contact.OptIn, Born: contact.OptIn},
		)
		zones, err := c.s.TimeZones(t.Context(), store.DefaultProject)
		slices.Sort(zones)
		if err != nil || !slices.Equal(zones, []string{"America/New_York", "Europe/Berlin", "Mars/Olympus"}) {
			t.Fatalf("%v %v", zones, err)
		}
		id := c.begin(store.BroadcastDefinition{AudienceType: store.AudienceAll, LocalTime: "09:00"})
		due := store.Due{Otherwise: c.now.Add(2 * time.Hour), Zones: map[string]time.Time{
			"Europe/Berlin": c.now.Add(time.Hour), "America/New_York": c.now.Add(7 * time.Hour),
		}}
		for done := false; !done; {
			if _, done, err = c.s.TakeAudience(t.Context(), id, func(*store.Broadcast) (store.Due, error) { return due, nil }); err != nil {
				t.Fatal(err)
			}
		}
		for _, step := range []struct {
			after time.Duration
			want  []string
		}{
			{0, nil},
			{time.Hour, []string{"b@acme.test"}},
			{time.Hour, []string{"b@acme.test", "x@acme.test", "y@acme.test"}},
			{5 * time.Hour, []string{"b@acme.test", "n@acme.test", "x@acme.test", "y@acme.test"}},
		} {
			c.now = c.now.Add(step.after)
			c.fed(id, 10)
			if got := c.queued(id); !slices.Equal(got, step.want) {
				t.Fatalf("after %s: %v, want %v", step.after, got, step.want)
			}
		}
	})
}

func TestABroadcastIsFinishedWhenNothingWaitsAndSettledWhenEverythingHasAnOutcome(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		c := newCasting(t, open)
		id := c.some(2, store.BroadcastDefinition{})
		c.take(id)
		finish := func() bool {
			done, err := c.s.FinishBroadcast(t.Context(), id, c.src)
			if err != nil {
				t.Fatal(err)
			}
			return done
		}
		settle := func() bool {
			if err := c.s.SettleBroadcast(t.Context(), id, c.src, 72*time.Hour); err != nil {
				t.Fatal(err)
			}
			return !c.get(id).SettledAt.IsZero()
		}
		if finish() {
			t.Fatal("finished before anybody had a turn")
		}
		c.fed(id, 10)
		if finish() {
			t.Fatal("finished while emails wait")
		}
		claimed := c.claim()
		if finish() {
			t.Fatal("finished while emails are handed over")
		}
		for i := range claimed {
			c.settle(c.sent(&claimed[i], "ses-"+claimed[i].ID))
		}
		if !finish() || finish() {
			t.Fatal("want it to be finished once")
		}
		if settle() {
			t.Fatal("settled before anything was delivered")
		}
		c.commit(c.entry(back(event.EmailDelivery, "ses-"+claimed[0].ID, claimed[0].Contact.Address, claimed[0].ID, 3*time.Hour)))
		if settle() {
			t.Fatal("settled while one has no outcome")
		}
		c.commit(c.entry(back(event.EmailDelivery, "ses-"+claimed[1].ID, claimed[1].Contact.Address, claimed[1].ID, 3*time.Hour)))
		if !settle() {
			t.Fatal("not settled though everything was delivered")
		}
		var told []string
		page, err := c.s.ListEvents(t.Context(), store.EventQuery{
			Project: store.DefaultProject, Names: []event.Name{event.BroadcastFinished, event.BroadcastSettled}, Limit: 10,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			told = append(told, string(e.Name))
		}
		slices.Sort(told)
		if !slices.Equal(told, []string{"broadcast.finished", "broadcast.settled"}) {
			t.Fatalf("told %v", told)
		}
		outcome, err := c.s.BroadcastOutcome(t.Context(), new(c.get(id)))
		if err != nil || outcome.Sends[send.StatusSent] != 2 {
			t.Fatalf("%+v %v", outcome, err)
		}
		report, err := c.s.Verify(t.Context(), nil)
		if err != nil || len(report.Differences) > 0 {
			t.Fatalf("a recount differs: %+v %v", report, err)
		}
	})
}
