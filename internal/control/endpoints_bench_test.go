package control_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/auth"
	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/dispatch"
	"tidings/internal/receipt"
	"tidings/internal/store"
	"tidings/test/database"
	"tidings/test/imagined"
)

// What endpoints that want none of the events add to storing an event, while they follow the log on the same processors: the difference
// to none. They are served, so that the time of reading the log is in it, as far as storing waits for it.
func BenchmarkStoreBesideEndpoints(b *testing.B) {
	for _, endpoints := range []int{0, 1, 50} {
		b.Run(fmt.Sprint(endpoints), func(b *testing.B) {
			events := imagined.Wanted(b)
			for b.Loop() {
				b.StopTimer()
				c, stop := servingEndpoints(b, endpoints)
				b.StartTimer()
				imagined.Fill(b, c, events, time.Now())
				b.StopTimer()
				stop()
				b.StartTimer()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*events), "ns/event")
		})
	}
}

// servingEndpoints serves so many endpoints over a new store until the returned function is called.
func servingEndpoints(b *testing.B, n int) (c *control.Control, stop func()) {
	b.Helper()
	s, err := store.Open(b.Context(), store.Options{URL: database.New(b, "sqlite"), Soft: contact.DefaultSoftPolicy})
	must(b, err)
	codec, err := receipt.NewCodec()
	must(b, err)
	sealer, err := auth.NewSealer(auth.NewSealKey())
	must(b, err)
	c = &control.Control{Store: s, Builder: receipt.Builder{Codec: codec}, Now: time.Now}
	c.Outlets = control.Outlets{
		Sealer: func() (*auth.Sealer, error) { return sealer, nil },
		Poster: &dispatch.Poster{Client: http.DefaultClient, Now: time.Now},
		Public: func(*event.Event) ([]byte, error) { return []byte("{}"), nil },
	}
	quiet := slog.New(slog.DiscardHandler)
	log := control.NewOutletLog(s, quiet)
	c.Commit = func(ctx context.Context, list []*receipt.Entry) error {
		err := s.Commit(ctx, list)
		log.Wake()
		return err
	}
	for i := range n {
		name, url := fmt.Sprint("e", i), "https://acme.test/"
		_, err := c.CreateEndpoint(b.Context(), operator, control.EndpointEdit{Name: &name, URL: &url, On: []byte(`{"event":"order.gone"}`)})
		must(b, err)
	}
	runner := c.NewOutlets(log, quiet)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- runner.Run(ctx) }()
	return c, func() {
		cancel()
		must(b, <-done)
		log.Close()
		must(b, s.Close())
	}
}
