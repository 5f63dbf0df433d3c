package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/receipt"
	"tidings/internal/stats"
	"tidings/internal/store"
)

// BenchmarkCommit stores events of a realistic mix, one a receipt, in the batches that group commit makes. One
// iteration is one event.
func BenchmarkCommit(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		for _, size := range []int{1, 50, 500} {
			b.Run(fmt.Sprintf("%s/batch=%d", engine, size), func(b *testing.B) {
				s := opener(b, engine)()
				f := newFeed(b, s, "bench")
				entries := make([]*receipt.Entry, b.N)
				for i := range entries {
					entries[i] = f.entry(lifeOf(i))
				}
				b.ReportAllocs()
				b.ResetTimer()
				for i := 0; i < len(entries); i += size {
					f.commit(entries[i:min(i+size, len(entries))]...)
				}
			})
		}
	}
}

// BenchmarkListEvents reads pages of a store of 200,000 events.
func BenchmarkListEvents(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		s := opener(b, engine)()
		f := newFeed(b, s, "bench")
		const n = 200_000
		for i := 0; i < n; i += 1000 {
			var batch []*receipt.Entry
			for j := range 1000 {
				batch = append(batch, f.entry(lifeOf(i+j)))
			}
			f.commit(batch...)
		}
		for name, q := range map[string]store.EventQuery{
			"contact":  {Contact: recipient(17)},
			"message":  {Message: "0100019a1f6e8d2f-00000017-4c1e-9b1e-6f0c2a7d5e11-000000"},
			"name":     {Names: []event.Name{event.EmailOpen}},
			"template": {Template: "template-3"},
			"all":      {},
		} {
			q.Project, q.Limit = store.DefaultProject, 50
			b.Run(engine+"/"+name, func(b *testing.B) {
				for b.Loop() {
					if _, err := s.ListEvents(b.Context(), q); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func recipient(message int) string {
	return fmt.Sprintf("person%d@domain%d.test", message*7919%100_000, message%300)
}

// lifeOf is event i of a stream in which every message has about three events, spread over a month.
func lifeOf(i int) fact {
	m := i / 3
	rng := rand.New(rand.NewPCG(uint64(i), 1))
	name := [...]event.Name{event.EmailSent, event.EmailDelivery, event.EmailOpen}[i%3]
	return fact{
		name: name, message: fmt.Sprintf("0100019a1f6e8d2f-%08d-4c1e-9b1e-6f0c2a7d5e11-000000", m), to: recipient(m),
		at: time.Duration(m)*2*time.Second + time.Duration(i%3)*time.Second,
		change: func(d *event.Draft) {
			d.Message.Template = fmt.Sprintf("template-%d", m%20)
			d.Message.Workflow = "onboarding"
			d.Message.Subject, d.Message.From = "Welcome to the club", "app@send.test"
			d.Message.SenderDomain, d.Message.Account = "send.test", "111122223333"
			d.Message.Metadata = map[string]string{"order": fmt.Sprint(m)}
			switch name {
			case event.EmailDelivery:
				d.Delivery = &event.Delivery{SMTPResponse: fmt.Sprintf("250 2.0.0 OK %d", rng.Uint64()), ProcessingMs: 1700, ReportingMTA: "a7-12.smtp-out.amazonses.com"}
			case event.EmailOpen:
				d.Client = &event.Client{IP: fmt.Sprintf("203.0.113.%d", rng.IntN(255)), UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"}
				d.Automation = &event.Automation{Verdict: event.Human}
			}
		},
	}
}

// BenchmarkStats reads counters as five million events of 200 templates, 300 domains and 2 sources leave them in a year.
func BenchmarkStats(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		s := opener(b, engine)()
		newFeed(b, s, "bench")
		for _, sql := range []string{
			`INSERT INTO terms (ref, project, kind, text) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 520)
				SELECT 1000 + i, 1, CASE WHEN i <= 10 THEN 1 WHEN i <= 210 THEN 2 WHEN i <= 510 THEN 4 ELSE 9 END,
				'term-' || i FROM n`,
			`INSERT INTO counters (kind, bucket, dim, name, class, n, uniques, any_uniques)
				WITH RECURSIVE d (day) AS (SELECT 0 UNION ALL SELECT day + 1 FROM d WHERE day < 364)
				SELECT t.kind, 20000 + d.day, t.ref, n.ref, 0, 7, 5, 5 FROM d,
					(SELECT ref, CASE kind WHEN 2 THEN 2 ELSE 4 END AS kind FROM terms WHERE kind IN (2, 4) AND ref > 1000) t,
					(SELECT ref FROM terms WHERE kind = 1 AND ref > 1000) n`,
			`INSERT INTO counters (kind, bucket, dim, name, class, n, uniques, any_uniques)
				WITH RECURSIVE h (hour) AS (SELECT 0 UNION ALL SELECT hour + 1 FROM h WHERE hour < 8759)
				SELECT 1, 480000 + h.hour, 1, n.ref, 0, 70, 50, 50 FROM h, (SELECT ref FROM terms WHERE kind = 1 AND ref > 1000) n`,
			`INSERT INTO counters (kind, bucket, dim, name, class, n, uniques, any_uniques)
				WITH RECURSIVE d (day) AS (SELECT 0 UNION ALL SELECT day + 1 FROM d WHERE day < 364)
				SELECT 9, 20000 + d.day, t.ref * 4294967296 + l.ref, 1001, 1, 7, 5, 5 FROM d,
					(SELECT ref FROM terms WHERE kind = 2 AND ref > 1000) t, (SELECT ref FROM terms WHERE kind = 9) l`,
		} {
			if err := s.Exec(b.Context(), sql); err != nil {
				b.Fatal(err)
			}
		}
		from, to := time.Unix(20335*86400, 0), time.Unix(20365*86400, 0)
		for name, q := range map[string]store.StatsQuery{
			"30 days by day and template": {By: stats.ByTemplate, Series: true},
			"30 days by template":         {By: stats.ByTemplate},
			"30 days of one template":     {By: stats.ByTemplate, Value: "term-100", Series: true},
			"rates of templates":          {By: stats.ByTemplate, Names: []event.Name{"term-1", "term-2", "term-3", "term-4"}},
			"30 days by hour":             {By: stats.BySource, Series: true},
			"30 days by domain":           {By: stats.ByDomain},
			"top links":                   {By: stats.ByLink},
			"top links of a template":     {By: stats.ByLink, Value: "term-100"},
		} {
			q.Project, q.From, q.To = store.DefaultProject, from, to
			b.Run(engine+"/"+name, func(b *testing.B) {
				for b.Loop() {
					if list, err := s.Stats(b.Context(), q); err != nil || len(list) == 0 {
						b.Fatal(len(list), err)
					}
				}
			})
		}
	}
}
