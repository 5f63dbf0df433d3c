package control_test

import (
	"testing"
	"time"

	"tidings/test/imagined"
)

// BenchmarkWatchAlerts looks at all rules that every project has, each of which is due every time.
func BenchmarkWatchAlerts(b *testing.B) {
	c := imagined.Control(b)
	now, looks := time.Now(), 0
	c.Now = func() time.Time { return now.Add(-time.Duration(looks%2) * time.Hour) }
	for b.Loop() {
		must(b, c.WatchAlerts(b.Context()))
		looks++
	}
}
