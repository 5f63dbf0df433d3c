package control_test

import (
	"io"
	"testing"

	"tidings/internal/control"
	"tidings/internal/export"
	"tidings/test/imagined"
)

// BenchmarkExport writes all events of a store. One iteration is the whole of it.
func BenchmarkExport(b *testing.B) {
	c := imagined.Control(b)
	for _, x := range []struct {
		name string
		control.EventExport
	}{
		{"jsonl/seq", control.EventExport{Order: "seq"}},
		{"jsonl/id", control.EventExport{}},
		{"csv/seq", control.EventExport{Order: "seq", Options: export.Options{Format: export.CSV}}},
		{"parquet/seq", control.EventExport{Order: "seq", Options: export.Options{Format: export.Parquet}}},
	} {
		b.Run(x.name, func(b *testing.B) {
			b.ReportAllocs()
			total := int64(0)
			for b.Loop() {
				var events int64
				must(b, c.ExportEvents(b.Context(), operator, x.EventExport, io.Discard, func(n int64) { events = n }))
				total += events
			}
			b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
