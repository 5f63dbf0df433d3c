package store_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/stats"
	"tidings/internal/store"
)

// count is what a brute-force count of events says of one value, time, name and class.
type bruteKey struct {
	value string
	at    time.Time
	name  event.Name
	class stats.Class
}

// brute counts distinct facts in plain loops, without any of the store's ways of counting.
type brute struct {
	facts []event.Event        // distinct
	sent  map[string]time.Time // when messages were sent, where any fact says so
}

// newBrute keeps each fact once, with what all facts of its message say of the message.
func newBrute(t *testing.T, f *feed, facts []fact) *brute {
	t.Helper()
	b := &brute{sent: make(map[string]time.Time)}
	seen := make(map[event.ID]bool)
	said := make(map[string]event.Message)
	for _, x := range facts {
		e := f.entry(x).Events[0].Event
		if seen[e.ID] {
			continue
		}
		seen[e.ID] = true
		b.facts = append(b.facts, e)
		m := said[e.Message.ID+e.Recipient]
		if m.Template == "" {
			m.Template, m.Workflow = e.Message.Template, e.Message.Workflow
		}
		if m.SenderDomain == "" {
			m.SenderDomain = e.Message.SenderDomain
		}
		for _, tag := range e.Message.Tags {
			if !slices.Contains(m.Tags, tag) {
				m.Tags = append(m.Tags, tag)
			}
		}
		said[e.Message.ID+e.Recipient] = m
		if at := e.Message.SentAt; !at.IsZero() {
			b.sent[e.Message.ID+e.Recipient] = at // every fact of a message that says it says the same
		}
	}
	for i := range b.facts {
		e := &b.facts[i]
		m := said[e.Message.ID+e.Recipient]
		m.ID = e.Message.ID
		e.Message = &m
	}
	return b
}

// figures counts by what values gives, within a span, in buckets that begin at what begin gives.
func (b *brute) figures(values func(event.Event) []string, from, to time.Time, begin func(time.Time) time.Time) map[bruteKey]stats.Count {
	type unique struct {
		message string
		name    event.Name
		class   stats.Class
	}
	first := make(map[unique]time.Time)
	for _, e := range b.facts {
		k := unique{e.Message.ID + e.Recipient, e.Name, stats.ClassOf(&e)}
		if at, ok := first[k]; !ok || e.OccurredAt.Before(at) {
			first[k] = e.OccurredAt
		}
	}
	got := make(map[bruteKey]stats.Count)
	taken := make(map[unique]bool)
	for _, e := range b.facts {
		if e.OccurredAt.Before(from) || !e.OccurredAt.Before(to) {
			continue
		}
		u := unique{e.Message.ID + e.Recipient, e.Name, stats.ClassOf(&e)}
		n := stats.Count{N: 1}
		if first[u].Equal(e.OccurredAt) && !taken[u] && u.class != stats.OfCandidates {
			taken[u] = true
			n.Unique = 1
		}
		for _, v := range values(e) {
			k := bruteKey{v, begin(e.OccurredAt), e.Name, u.class}
			got[k] = got[k].Plus(n)
		}
	}
	return got
}

func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// factsToCount is how many facts the comparison with brute force takes: TIDINGS_STATS_FACTS, else few enough for every run.
func factsToCount(t *testing.T) int {
	t.Helper()
	text := os.Getenv("TIDINGS_STATS_FACTS")
	if text == "" {
		return 5000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("TIDINGS_STATS_FACTS: %v", err)
	}
	return n
}

func TestEveryStatisticEqualsABruteForceCount(t *testing.T) {
	facts := randomFacts(rand.New(rand.NewPCG(11, 11)), factsToCount(t))
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		b := newBrute(t, f, facts)
		commitShuffled(t, s, f, rand.New(rand.NewPCG(12, 12)), facts)
		never := func(time.Time) time.Time { return time.Time{} }
		daily := func(t time.Time) time.Time { return t.Truncate(24 * time.Hour) }
		hourly := func(t time.Time) time.Time { return t.Truncate(time.Hour) }
		day := start.Truncate(24 * time.Hour)
		for name, c := range map[string]struct {
			by     stats.Kind
			values func(event.Event) []string
		}{
			"name":     {stats.ByName, func(event.Event) []string { return []string{""} }},
			"source":   {stats.BySource, func(event.Event) []string { return []string{f.src.ID} }},
			"template": {stats.ByTemplate, func(e event.Event) []string { return one(e.Message.Template) }},
			"workflow": {stats.ByWorkflow, func(e event.Event) []string { return one(e.Message.Workflow) }},
			"tag":      {stats.ByTag, func(e event.Event) []string { return e.Message.Tags }},
			"sender":   {stats.BySenderDomain, func(e event.Event) []string { return one(e.Message.SenderDomain) }},
			"domain": {stats.ByDomain, func(e event.Event) []string {
				_, domain, _ := cutAt(e.Recipient)
				return []string{domain}
			}},
			"reason": {stats.ByReason, func(e event.Event) []string { return one(stats.ReasonOf(&e)) }},
		} {
			for _, span := range [][2]time.Time{{{}, day.AddDate(1, 0, 0)}, {day.AddDate(0, 0, 3), day.AddDate(0, 0, 28)}, {day, day.AddDate(0, 0, 1)}} {
				for _, series := range []bool{false, true} {
					begin := never
					if series {
						begin = daily
						if c.by == stats.BySource {
							begin = hourly
						}
					}
					want := b.figures(c.values, span[0], span[1], begin)
					list, err := s.Stats(t.Context(), store.StatsQuery{
						Project: store.DefaultProject, By: c.by, From: span[0], To: span[1], Series: series,
					})
					if err != nil {
						t.Fatal(err)
					}
					got := make(map[bruteKey]stats.Count)
					for _, g := range list {
						g.Any = 0
						got[bruteKey{g.Value, g.At, g.Name, g.Class}] = g.Count
					}
					if c.by == stats.ByReason {
						for k, n := range want {
							want[k] = stats.Count{N: n.N}
						}
					}
					if !maps.Equal(want, got) {
						t.Errorf("by %s from %s, series %v (-want +got):\n%.2000s", name, span[0], series, cmp.Diff(words(want), words(got)))
					}
				}
			}
		}
	})
}

// sending is what a message of brute force comes to.
type sending struct {
	template string
	sent     time.Time
	first    map[bruteKey]time.Time // by name and class
	links    map[string]int64       // clicks of people by link
}

func (b *brute) messages() map[string]*sending {
	list := make(map[string]*sending)
	for _, e := range b.facts {
		id := e.Message.ID + e.Recipient
		m := list[id]
		if m == nil {
			m = &sending{template: e.Message.Template, first: make(map[bruteKey]time.Time), links: make(map[string]int64)}
			list[id] = m
		}
		k := bruteKey{name: e.Name, class: stats.ClassOf(&e)}
		if at, ok := m.first[k]; !ok || e.OccurredAt.Before(at) {
			m.first[k] = e.OccurredAt
		}
		if link := stats.LinkOf(&e); link != "" && k.class == stats.ByHuman {
			m.links[link]++
		}
	}
	for id, m := range list {
		if m.sent = b.sent[id]; !m.sent.IsZero() {
			continue
		}
		for _, at := range m.first {
			if m.sent.IsZero() || at.Before(m.sent) {
				m.sent = at
			}
		}
	}
	return list
}

func TestLinksFunnelDelaysAndReachEqualABruteForceCount(t *testing.T) {
	facts := randomFacts(rand.New(rand.NewPCG(21, 21)), 4000)
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		f := newFeed(t, s, "one")
		b := newBrute(t, f, facts)
		commitShuffled(t, s, f, rand.New(rand.NewPCG(22, 22)), facts)
		query := func(by stats.Kind) []store.Figure {
			list, err := s.Stats(t.Context(), store.StatsQuery{Project: store.DefaultProject, By: by})
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		links, sendings, delays := map[string]stats.Count{}, map[string]int64{}, map[string]int64{}
		for _, m := range b.messages() {
			for link, n := range m.links {
				links[m.template+" "+link] = links[m.template+" "+link].Plus(stats.Count{N: n, Unique: 1})
			}
			sendings[m.template+"  "]++
			for k, at := range m.first {
				sendings[fmt.Sprintf("%s %s %s", m.template, k.name, k.class)]++
				if k.class == stats.ByHuman {
					delays[fmt.Sprintf("%s %s %d", m.template, k.name, stats.DelayBucket(at.Sub(m.sent).Milliseconds()))]++
				}
			}
		}
		gotLinks, gotSendings, gotDelays := map[string]stats.Count{}, map[string]int64{}, map[string]int64{}
		for _, g := range query(stats.ByLink) {
			if g.Class == stats.ByHuman {
				gotLinks[g.Value+" "+g.Link] = g.Count
			}
		}
		for _, g := range query(stats.BySending) {
			gotSendings[fmt.Sprintf("%s %s %s", g.Value, g.Name, g.Class)] = g.N
		}
		for _, g := range query(stats.ByDelay) {
			gotDelays[fmt.Sprintf("%s %s %d", g.Value, g.Name, g.Delay)] = g.N
		}
		for _, d := range []string{cmp.Diff(links, gotLinks), cmp.Diff(sendings, gotSendings), cmp.Diff(delays, gotDelays)} {
			if d != "" {
				t.Errorf("(-want +got):\n%.2000s", d)
			}
		}
		people := make(map[string]bool)
		from, to := start.AddDate(0, 0, 5), start.AddDate(0, 0, 25)
		for _, e := range b.facts {
			class := stats.ClassOf(&e)
			if e.Name == event.EmailOpen && e.Message.Template == "template-1" && class != stats.ByMachine &&
				class != stats.OfCandidates && !e.OccurredAt.Before(from) && e.OccurredAt.Before(to) {
				people[e.Recipient] = true
			}
		}
		r, err := s.Reached(t.Context(), store.EventQuery{
			Project: store.DefaultProject, Template: "template-1", Names: []event.Name{event.EmailOpen}, From: from, To: to,
		}, true)
		if err != nil || r.Contacts != int64(len(people)) || len(people) == 0 {
			t.Errorf("reached %+v, %v, want %d contacts", r, err, len(people))
		}
	})
}

func words(m map[bruteKey]stats.Count) []string {
	var lines []string
	for k, n := range m {
		lines = append(lines, fmt.Sprintf("%s %s %s %s: %d %d", k.value, k.at, k.name, k.class, n.N, n.Unique))
	}
	slices.Sort(lines)
	return lines
}

func cutAt(address string) (local, domain string, found bool) {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == '@' {
			return address[:i], address[i+1:], true
		}
	}
	return "", address, false
}
