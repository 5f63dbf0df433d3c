package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"tidings/internal/ingest"
	"tidings/internal/receipt"
	"tidings/internal/source"
)

// BenchmarkTakeIn is the way of one signed event without network and database: proof, parsing, identity, compression
// and the way through the committer.
func BenchmarkTakeIn(b *testing.B) {
	w := newTown(b, func(_ *source.Source, _ *ingest.Options, c *ingest.CommitterOptions) {
		c.Commit = func(context.Context, []*receipt.Entry) error { return nil }
	})
	bodies := make([][]byte, 64)
	for i := range bodies {
		message := strings.Replace(bounceMessage(i), `"destination"`, `"headers":[{"name":"From","value":"app@send.test"},`+
			`{"name":"Subject","value":"Hi"},{"name":"X-Template-Key","value":"onboarding/welcome"}],"tags":{"ses:configuration-set":`+
			`["production"],"ses:from-domain":["send.test"],"order":["17"]},"destination"`, 1)
		bodies[i] = w.notification(i, message)
	}
	b.ResetTimer()
	var next atomic.Int64
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			body := bodies[next.Add(1)%int64(len(bodies))]
			r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, in, bytes.NewReader(body))
			rec := httptest.NewRecorder()
			if w.handler.ServeHTTP(rec, r); rec.Code != http.StatusOK {
				panic(fmt.Sprint(rec.Code, rec.Body))
			}
		}
	})
}
