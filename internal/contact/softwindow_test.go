package contact_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/event"
	"tidings/internal/contact"
)

const day = 24 * time.Hour

var start = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// eventID makes an id that only tells facts apart.
func eventID(n int) (id event.ID) {
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

func softBounce(after time.Duration, message int64) contact.SoftFact {
	return contact.SoftFact{At: start.Add(after).UnixMilli(), Message: message}
}

func delivery(after time.Duration) contact.SoftFact {
	return contact.SoftFact{At: start.Add(after).UnixMilli(), Message: 99, Delivery: true}
}

// daily is one bounce a day, each of another message.
func daily(days int) (facts []contact.SoftFact) {
	for i := range days {
		facts = append(facts, softBounce(time.Duration(i)*day, int64(i)))
	}
	return facts
}

func TestSoftWindowExamples(t *testing.T) {
	t.Parallel()
	policy := contact.DefaultSoftPolicy
	off := policy
	off.Count = 0
	short := contact.SoftPolicy{Count: 2, Window: 7 * day, Hold: day}
	for _, c := range []struct {
		name         string
		policy       contact.SoftPolicy
		facts        []contact.SoftFact
		since, until time.Duration // after start; 0, 0: not reached
	}{
		{"nothing", policy, nil, 0, 0},
		{"four messages", policy, daily(4), 0, 0},
		{"the fifth message in seven days", policy, daily(5), 4 * day, 34 * day},
		{"a further bounce extends it", policy, daily(6), 4 * day, 35 * day},
		{"the rule is off", off, daily(9), 0, 0},
		{
			"one message counts once",
			policy, append(daily(4), softBounce(4*day, 3), softBounce(5*day, 0)), 0, 0,
		},
		{
			"the fifth a moment after seven days is too late",
			policy, append(daily(4), softBounce(7*day+time.Millisecond, 4)), 0, 0,
		},
		{
			"the fifth at seven days to the millisecond is in time",
			policy, append(daily(4), softBounce(7*day, 4)), 7 * day, 37 * day,
		},
		{
			"a delivery between begins the counting anew",
			policy, append(daily(5), delivery(3*day+time.Hour)), 0, 0,
		},
		{
			"a delivery afterwards ends it",
			policy, append(daily(5), delivery(9*day)), 4 * day, 9 * day,
		},
		{
			"a delivery at the same moment comes before the bounce",
			policy, append(daily(5), delivery(4*day)), 0, 0,
		},
		{
			"a delivery after the end changes nothing",
			policy, append(daily(5), delivery(40*day)), 4 * day, 34 * day,
		},
		{
			"a bounce after the end is not part of it",
			policy, append(daily(5), softBounce(34*day, 50)), 4 * day, 34 * day,
		},
		{
			"of two the last is told",
			policy, append(append(daily(5), delivery(5*day)),
				softBounce(6*day, 10), softBounce(6*day, 11), softBounce(6*day, 12), softBounce(6*day, 13),
				softBounce(7*day, 14)), 7 * day, 37 * day,
		},
		{
			"a hold shorter than the window counts what is still within it",
			short, append(daily(2), softBounce(3*day, 0)), 3 * day, 4 * day,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for i := range c.facts {
				c.facts[i].Event = eventID(i)
			}
			got, reached := contact.SoftWindow(c.facts, c.policy)
			if want := c.until != 0; reached != want {
				t.Fatalf("reached %v, want %v: %+v", reached, want, got)
			}
			if !reached {
				return
			}
			want := contact.Suppression{
				Reason: contact.SoftBounceLimit, Since: start.Add(c.since), Until: start.Add(c.until), Event: got.Event,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("suppression (-want +got):\n%s", diff)
			}
			i := slices.IndexFunc(c.facts, func(f contact.SoftFact) bool { return f.Event == got.Event })
			if f := c.facts[i]; f.Delivery || f.At != want.Since.UnixMilli() {
				t.Errorf("the suppression came from %+v", f)
			}
		})
	}
}

func drawSoftFacts(t *rapid.T) []contact.SoftFact {
	facts := make([]contact.SoftFact, rapid.IntRange(0, 25).Draw(t, "facts"))
	for i := range facts {
		facts[i] = contact.SoftFact{
			At:       start.UnixMilli() + rapid.Int64Range(0, 30).Draw(t, "hour")*time.Hour.Milliseconds(),
			Message:  rapid.Int64Range(0, 5).Draw(t, "message"),
			Event:    eventID(i),
			Delivery: rapid.IntRange(0, 5).Draw(t, "delivery") == 0,
		}
	}
	return facts
}

func drawPolicy(t *rapid.T) contact.SoftPolicy {
	return contact.SoftPolicy{
		Count:  rapid.IntRange(0, 4).Draw(t, "count"),
		Window: time.Duration(rapid.IntRange(0, 12).Draw(t, "window")) * time.Hour,
		Hold:   time.Duration(rapid.IntRange(1, 12).Draw(t, "hold")) * time.Hour,
	}
}

// comesBefore is the order of facts in words: by time, then deliveries, then by id.
func comesBefore(f, g contact.SoftFact) bool {
	if f.At != g.At {
		return f.At < g.At
	}
	if f.Delivery != g.Delivery {
		return f.Delivery
	}
	return f.Event.String() < g.Event.String()
}

// reference looks at each bounce with a scan over all facts, without a memory but the suppression itself.
func reference(facts []contact.SoftFact, p contact.SoftPolicy) (s contact.Suppression, reached bool) {
	deliveredBetween := func(from, to contact.SoftFact) bool {
		return slices.ContainsFunc(facts, func(d contact.SoftFact) bool {
			return d.Delivery && comesBefore(from, d) && comesBefore(d, to)
		})
	}
	var cause contact.SoftFact
	left := slices.Clone(facts)
	for p.Count > 0 && len(left) > 0 {
		next := 0
		for i := range left {
			if comesBefore(left[i], left[next]) {
				next = i
			}
		}
		f := left[next]
		left = slices.Delete(left, next, next+1)
		at := time.UnixMilli(f.At).UTC()
		holds := reached && !deliveredBetween(cause, f) && at.Before(s.Until)
		switch {
		case holds && f.Delivery:
			s.Until = at
			continue
		case holds:
			s.Until = at.Add(p.Hold)
			continue
		case f.Delivery:
			continue
		}
		messages := map[int64]bool{f.Message: true}
		for _, g := range facts {
			if !g.Delivery && comesBefore(g, f) && f.At-g.At <= p.Window.Milliseconds() && !deliveredBetween(g, f) {
				messages[g.Message] = true
			}
		}
		if len(messages) >= p.Count {
			s = contact.Suppression{Reason: contact.SoftBounceLimit, Since: at, Until: at.Add(p.Hold), Event: f.Event}
			cause, reached = f, true
		}
	}
	return s, reached
}

func TestSoftWindowAgreesWithTheReferenceInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts, policy := drawSoftFacts(t), drawPolicy(t)
		want, wantReached := reference(facts, policy)
		order := shuffled(t, facts)
		if n := len(facts); n > 0 { // duplicates change nothing
			order = append(order, facts[rapid.IntRange(0, n-1).Draw(t, "twice")])
		}
		given := slices.Clone(order)
		got, reached := contact.SoftWindow(order, policy)
		if reached != wantReached {
			t.Errorf("reached %v, want %v", reached, wantReached)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("suppression (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(given, order); diff != "" {
			t.Errorf("the caller's facts were changed (-want +got):\n%s", diff)
		}
	})
}

func TestSoftWindowSurvivesANegativeWindow(t *testing.T) {
	t.Parallel()
	p := contact.SoftPolicy{Count: 1, Window: -time.Hour, Hold: day}
	if s, reached := contact.SoftWindow(daily(3), p); reached {
		t.Errorf("no bounce lies within less than no time, but got %+v", s)
	}
}
