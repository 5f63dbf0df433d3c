package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"tidings/internal/control"
	"tidings/internal/receipt"
	"tidings/test/imagined"
)

// population gives a fifth as many people of the imagined mail as it has events attributes and tags, and returns how many.
func population(b *testing.B, c *control.Control) int {
	b.Helper()
	n := max(imagined.Wanted(b)/5, 1)
	if known, err := c.Contact(b.Context(), operator, imagined.Recipient(n)); err == nil && bytes.Contains(known.Attributes, []byte("plan")) {
		return n
	}
	var list bytes.Buffer
	list.WriteString("email,tags,plan,amount,since\n")
	for i := range n {
		x := uint32(i+1) * 2654435761
		fmt.Fprintf(&list, "%s,t%d,%s,%d,2026-%02d-%02d\n", imagined.Recipient(i+1), x%20, []string{"free", "team", "pro"}[x%3], x%900, x%12+1, x%28+1)
	}
	began := time.Now()
	sum, err := c.ImportContacts(b.Context(), operator, &list, control.ContactImportOptions{}, nil)
	must(b, err)
	b.Logf("%d people in %s: %d created, %d updated", n, time.Since(began).Round(time.Millisecond), sum.Created, sum.Updated)
	return n
}

func rule(filters string) json.RawMessage {
	return json.RawMessage(`{"logic":"AND","groups":[{"filters":[` + filters + `]}]}`)
}

// BenchmarkSegments evaluates conditions over everybody, as a preview does: how many, and the first of them.
func BenchmarkSegments(b *testing.B) {
	c := imagined.Control(b)
	population(b, c)
	for _, x := range []struct{ name, filters string }{
		{"three attributes", `{"field":"data.plan","operator":"equals","value":"team"},{"field":"data.amount","operator":"greaterThan","value":300},
			{"field":"tags","operator":"equals","value":"t7"}`},
		{"attributes and an activity", `{"field":"data.plan","operator":"equals","value":"team"},{"field":"data.amount","operator":"greaterThan","value":300},
			{"field":"email.opened","operator":"triggeredWithin","value":30,"unit":"days"}`},
		{"activities alone", `{"field":"email.delivered","operator":"triggered"},{"field":"email.opened","operator":"triggeredWithin","value":45,"unit":"days"},
			{"field":"email.clicked","operator":"notTriggered"}`},
		{"who may be mailed", `{"field":"subscribed","operator":"equals","value":true},{"field":"data.plan","operator":"notEquals","value":"team"},
			{"field":"data.since","operator":"olderThan","value":100,"unit":"days"}`},
		{"clicks of a template", `{"field":"email.clicked","operator":"triggeredWithin","value":30,"unit":"days","count":{"min":1},"where":[
			{"field":"template","operator":"equals","value":"` + imagined.Template(8) + `"}]},{"field":"data.plan","operator":"equals","value":"team"},
			{"field":"subscribed","operator":"equals","value":true}`},
	} {
		b.Run(x.name, func(b *testing.B) {
			var in int64
			for b.Loop() {
				found, err := c.PreviewSegment(b.Context(), operator, rule(x.filters))
				must(b, err)
				in = found.Count
			}
			b.ReportMetric(float64(in), "members")
		})
	}
}

// BenchmarkKeepSegments tracks an event of each of many people, and measures what it costs to bring 50 segments up to date, of
// which ten ask for it.
func BenchmarkKeepSegments(b *testing.B) {
	c := imagined.Control(b)
	c.Submit = func(ctx context.Context, e *receipt.Entry) error { return c.Store.Commit(ctx, []*receipt.Entry{e}) }
	n := population(b, c)
	list, err := c.Segments(b.Context(), operator)
	must(b, err)
	for i := len(list); i < 50; i++ {
		name := "invoice.paid"
		if i%5 != 0 {
			name = fmt.Sprintf("other.%d", i)
		}
		x, err := c.CreateSegment(b.Context(), operator, control.NewSegment{
			Name: fmt.Sprintf("Bench %d", i), Track: true,
			Condition: rule(fmt.Sprintf(`{"field":"event.%s","operator":"triggeredWithin","value":%d,"unit":"days"},
				{"field":"data.plan","operator":"equals","value":"team"},{"field":"data.amount","operator":"greaterThan","value":%d}`, name, 7+i, i*10)),
		})
		must(b, err)
		must(b, c.RunCompute(b.Context(), x.ID, true))
	}
	must(b, c.KeepSegments(b.Context()))
	const events = 1000
	keep := func(b *testing.B, from func() int) {
		b.Helper()
		for b.Loop() {
			b.StopTimer()
			items := make([]control.TrackItem, events)
			for i := range items {
				items[i] = control.TrackItem{Email: imagined.Recipient(from()%n + 1), Event: "invoice.paid", Data: []byte(`{}`)}
			}
			_, _, err := c.Track(b.Context(), operator, control.TrackRequest{Items: items})
			must(b, err)
			b.StartTimer()
			must(b, c.KeepSegments(b.Context()))
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*events), "us/event")
	}
	at := 0
	b.Run("they come in", func(b *testing.B) { keep(b, func() int { at++; return at }) })
	b.Run("they are in", func(b *testing.B) { again := 0; keep(b, func() int { again++; return again % events }) })
}
