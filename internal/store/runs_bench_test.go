package store_test

import (
	"fmt"
	"testing"
	"time"

	"tidings/event"
)

// What 200 enabled workflows add to an event that none of them wants: the difference of the two.
func BenchmarkTellingWorkflows(b *testing.B) {
	for _, workflows := range []int{0, 200} {
		b.Run(fmt.Sprint(workflows), func(b *testing.B) {
			x := newRunBench(b, opener(b, "sqlite"))
			for i := range workflows {
				x.define(waiting(fmt.Sprint("w", i)), nil)
			}
			const batch = 1000
			n := 0
			for b.Loop() {
				b.StopTimer()
				facts := make([]fact, batch)
				for i := range facts {
					n++
					facts[i] = fact{name: event.Name(fmt.Sprint("order.", i%50)), to: fmt.Sprintf("p%d@acme.test", i), at: time.Duration(n) * time.Second}
				}
				entry := x.feed.entry(facts...)
				b.StartTimer()
				x.feed.commit(entry)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/event")
		})
	}
}
