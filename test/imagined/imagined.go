// Package imagined provides the mail of sixty days for benchmarks, a few thousand events of it or millions.
package imagined

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider"
	"tidings/provider/all"
)

const (
	// EventsVariable is how many events are stored before the first question; docs/benchmarks.md has 5,000,000.
	EventsVariable = "TIDINGS_BENCH_EVENTS"
	// StoreVariable is a SQLite file that is kept: where it is there already, nothing is stored again.
	StoreVariable = "TIDINGS_BENCH_STORE"

	defaultEvents = 50_000
)

// Wanted is how many events a benchmark is to store first.
func Wanted(b *testing.B) int {
	b.Helper()
	text := os.Getenv(EventsVariable)
	if text == "" {
		return defaultEvents
	}
	n, err := strconv.Atoi(text)
	must(b, err)
	return n
}

// Control makes the operations over a database that is full of imagined mail, which ended when it was filled.
func Control(b *testing.B) *control.Control {
	b.Helper()
	path := os.Getenv(StoreVariable)
	if path == "" {
		path = filepath.Join(b.TempDir(), "tidings.db")
	}
	if _, err := os.Stat(path); err != nil {
		began, begun := time.Now(), path+".begun"
		c := open(b, begun)
		Fill(b, c, Wanted(b), began)
		must(b, c.Store.Close())
		must(b, os.Rename(begun, path))
		b.Logf("%d events stored in %s", Wanted(b), time.Since(began).Round(time.Millisecond))
	}
	c := open(b, path)
	b.Cleanup(func() { _ = c.Store.Close() })
	return c
}

func open(b *testing.B, path string) *control.Control {
	b.Helper()
	s, err := store.Open(b.Context(), store.Options{URL: path, Soft: contact.DefaultSoftPolicy})
	must(b, err)
	codec, err := receipt.NewCodec()
	must(b, err)
	return &control.Control{
		Store: s, Adapters: all.Adapters(), Now: time.Now, PublicURL: "https://tidings.test", BasePath: "/in",
		Builder: receipt.Builder{Codec: codec}, Commit: s.Commit,
	}
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// mail is the mail of sixty days: 100 templates in turn, of 4 senders, to 300 domains.
type mail struct {
	rng    *rand.Rand
	begin  time.Time
	number int
	step   time.Duration // between messages
}

// MessageID is the id of the n-th message, from 1. There are five messages to twelve events.
func MessageID(n int) string {
	return fmt.Sprintf("0100019a1f6e8d2f-%08d-4c1e-9b1e-6f0c2a7d5e11-000000", n)
}

// Recipient is whom the n-th message went to.
func Recipient(n int) string { return fmt.Sprintf("person%d@domain%d.test", n*7919%500_000, n%300) }

// Template is that of the n-th message.
func Template(n int) string { return fmt.Sprintf("group-%d/template-%d", n%100%7, n%100) }

// Workflow is that of the n-th message.
func Workflow(n int) string { return fmt.Sprintf("group-%d", n%100%7) }

// life makes what became of the next message, one draft for each fact.
func (w *mail) life() []event.Draft {
	w.number++
	n := w.number
	sent := w.begin.Add(time.Duration(n) * w.step)
	m := &event.Message{
		ID: MessageID(n), Template: Template(n), Workflow: Workflow(n), Subject: "Welcome", From: fmt.Sprintf("app@send%d.test", n%4),
		SenderDomain: fmt.Sprintf("send%d.test", n%4), Tags: []string{fmt.Sprintf("tag-%d", n%10)},
	}
	to := Recipient(n)
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

// Fill stores events of an imagined world, the newest at a moment.
func Fill(b *testing.B, c *control.Control, events int, now time.Time) {
	b.Helper()
	src := &source.Source{ID: "src_0123456789abcdef", Project: store.DefaultProject, Name: "main", Provider: "ses", CreatedAt: now}
	must(b, c.Store.CreateSource(b.Context(), src, store.Act{At: now, By: "test", Door: "test", Operation: "create"}))
	span := 60 * 24 * time.Hour
	w := &mail{rng: rand.New(rand.NewPCG(1, 2)), begin: now.Add(-span), step: span * 245 / 100 / time.Duration(events)}
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
