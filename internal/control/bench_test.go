package control_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider"
)

// statsEventsVariable is how many events BenchmarkStatistics stores before it asks; docs/benchmarks.md has 5,000,000.
const statsEventsVariable = "TIDINGS_BENCH_EVENTS"

// imagined is the mail of sixty days: 100 templates in turn, of 4 senders, to 300 domains.
type imagined struct {
	rng    *rand.Rand
	begin  time.Time
	number int
	step   time.Duration // between messages
}

// life makes what became of the next message, one draft for each fact.
func (w *imagined) life() []event.Draft {
	w.number++
	n := w.number
	sent := w.begin.Add(time.Duration(n) * w.step)
	m := &event.Message{
		ID: fmt.Sprintf("0100019a1f6e8d2f-%08d-4c1e-9b1e-6f0c2a7d5e11-000000", n), Template: fmt.Sprintf("group-%d/template-%d", n%100%7, n%100),
		Workflow: fmt.Sprintf("group-%d", n%100%7), Subject: "Welcome", From: fmt.Sprintf("app@send%d.test", n%4),
		SenderDomain: fmt.Sprintf("send%d.test", n%4), Tags: []string{fmt.Sprintf("tag-%d", n%10)},
	}
	to := fmt.Sprintf("person%d@domain%d.test", n*7919%500_000, n%300)
	draft := func(name event.Name, after time.Duration) event.Draft {
		at := sent.Add(after)
		d := event.Draft{IdentityAt: at, Key: []string{string(name), m.ID}}
		d.Name, d.Recipient, d.OccurredAt, d.Message = name, to, at, m
		return d
	}
	list := []event.Draft{draft(event.EmailSent, 0)}
	if w.rng.IntN(50) == 0 {
		d := draft(event.EmailBounce, 2*time.Second)
		d.Bounce = &event.Bounce{Class: event.Hard, Final: true, Reason: "no_such_user", SMTPCode: 550, EnhancedCode: "5.1.1"}
		return append(list, d)
	}
	list = append(list, draft(event.EmailDelivery, 2*time.Second))
	if w.rng.IntN(3) == 0 {
		d := draft(event.EmailOpen, time.Duration(w.rng.IntN(3600*24))*time.Second)
		d.Automation = &event.Automation{Verdict: event.Human}
		list = append(list, d)
	}
	if w.rng.IntN(9) == 0 {
		d := draft(event.EmailClick, time.Duration(w.rng.IntN(3600*24))*time.Second)
		d.Automation = &event.Automation{Verdict: event.Human}
		d.Click = &event.Engagement{URL: fmt.Sprintf("https://shop.test/offer/%d?u=%d", w.rng.IntN(12), n)}
		list = append(list, d)
	}
	return list
}

// fill stores events of an imagined world, newest at a moment.
func fill(b *testing.B, c *control.Control, events int, now time.Time) {
	b.Helper()
	src := &source.Source{ID: "src_0123456789abcdef", Project: store.DefaultProject, Name: "main", Provider: "ses", CreatedAt: now}
	must(b, c.Store.CreateSource(b.Context(), src, store.Act{At: now, By: "test", Door: "test", Operation: "create"}))
	span := 60 * 24 * time.Hour
	w := &imagined{rng: rand.New(rand.NewPCG(1, 2)), begin: now.Add(-span), step: span * 245 / 100 / time.Duration(events)}
	var entries []*receipt.Entry
	for stored := 0; stored < events; {
		for _, d := range w.life() {
			entries = append(entries, c.Builder.Build(src, provider.Result{
				Transport: provider.Transport{ID: fmt.Sprint(stored), At: d.OccurredAt}, Drafts: []event.Draft{d}, Kind: "notification",
			}, []byte(fmt.Sprint(stored)), d.OccurredAt))
			stored++
		}
		if len(entries) >= 1000 || stored >= events {
			must(b, c.Commit(b.Context(), entries))
			entries = entries[:0]
		}
	}
}

// wanted is how many events a benchmark is to store first.
func wanted(b *testing.B) int {
	b.Helper()
	text := os.Getenv(statsEventsVariable)
	if text == "" {
		return 50_000
	}
	n, err := strconv.Atoi(text)
	must(b, err)
	return n
}

// BenchmarkStatistics asks the questions of the morning.
func BenchmarkStatistics(b *testing.B) {
	events := wanted(b)
	c := newControl(b)
	began := time.Now()
	fill(b, c, events, now)
	b.Logf("%d events stored in %s", events, time.Since(began).Round(time.Millisecond))
	for _, x := range []struct {
		name string
		ask  func() error
	}{
		{"30 days by day and template", func() error {
			r, err := c.Stats(b.Context(), operator, control.StatsFilter{By: "template", Unit: "day", Limit: 100})
			return some(len(r.Rows), err)
		}},
		{"30 days by template", func() error {
			r, err := c.Stats(b.Context(), operator, control.StatsFilter{By: "template"})
			return some(len(r.Rows), err)
		}},
		{"30 days by hour", func() error {
			r, err := c.Stats(b.Context(), operator, control.StatsFilter{Unit: "hour"})
			return some(len(r.Rows), err)
		}},
		{"30 days by domain", func() error {
			r, err := c.Stats(b.Context(), operator, control.StatsFilter{By: "domain"})
			return some(len(r.Rows), err)
		}},
		{"overview", func() error {
			o, err := c.Overview(b.Context(), operator, control.OverviewFilter{})
			return some(len(o.Days), err)
		}},
		{"top links", func() error {
			l, err := c.Links(b.Context(), operator, control.TemplateFilter{})
			return some(len(l.Rows), err)
		}},
		{"top links of a template", func() error {
			l, err := c.Links(b.Context(), operator, control.TemplateFilter{Template: "group-1/template-1"})
			return some(len(l.Rows), err)
		}},
		{"funnel", func() error {
			f, err := c.Funnel(b.Context(), operator, control.TemplateFilter{})
			return some(len(f.Stages), err)
		}},
		{"delays", func() error {
			d, err := c.Delays(b.Context(), operator, control.TemplateFilter{})
			return some(len(d.Rows), err)
		}},
		{"reach of a template in a week", func() error {
			r, err := c.Reach(b.Context(), operator, control.ReachFilter{
				Template: "group-1/template-1", Names: []string{"email.sent"}, From: now.AddDate(0, 0, -7).Format(time.DateOnly),
			})
			return some(int(r.Contacts), err)
		}},
	} {
		b.Run(x.name, func(b *testing.B) {
			for b.Loop() {
				must(b, x.ask())
			}
		})
	}
}

// some is an error where an answer is empty: a question to nothing is fast.
func some(n int, err error) error {
	if err == nil && n == 0 {
		err = fmt.Errorf("the answer is empty")
	}
	return err
}
