package control_test

import (
	"cmp"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/receipt"
	"tidings/internal/store"
	"tidings/test/imagined"
)

// BenchmarkStore stores the events of an imagined world that ends now.
func BenchmarkStore(b *testing.B) {
	events := imagined.Wanted(b)
	for b.Loop() {
		path := cmp.Or(os.Getenv(imagined.StoreVariable), filepath.Join(b.TempDir(), "tidings.db"))
		s, err := store.Open(b.Context(), store.Options{URL: path, Soft: contact.DefaultSoftPolicy})
		must(b, err)
		codec, err := receipt.NewCodec()
		must(b, err)
		c := &control.Control{Store: s, Builder: receipt.Builder{Codec: codec}, Commit: s.Commit}
		imagined.Fill(b, c, events, time.Now())
		must(b, s.Close())
	}
	b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
