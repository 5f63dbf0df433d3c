package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tidings/internal/ingest"
	"tidings/internal/store"
)

// contactsOfBench is how many contacts are told of.
const contactsOfBench = 20_000

// measured is a server whose commits are gathered as those of a real one are.
func measured(b *testing.B) *server {
	b.Helper()
	s := newServer(b)
	committer := ingest.NewCommitter(ingest.CommitterOptions{Commit: s.store.Commit})
	b.Cleanup(func() { _ = committer.Close(b.Context()) })
	s.control.Submit = committer.Submit
	return s
}

func benchEvent(n int64) string {
	return fmt.Sprintf(`{"email":"u%d@acme.test","event":"page.viewed","data":{"page":"/p/%d","plan":"team"}}`, n%contactsOfBench, n%500)
}

// post asks without validating the answer, which takes longer than giving it.
func (s *server) post(key, path, body string) int {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Code
}

func benchTrack(b *testing.B, path string, size int, body func(n int64) string) {
	b.Helper()
	s := measured(b)
	key := s.publicKey(store.KeyBounds{})
	var n atomic.Int64
	b.SetParallelism(max(2, 128/size))
	b.ResetTimer()
	began := processor(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if code := s.post(key, path, body(n.Add(int64(size))-int64(size))); code != http.StatusOK {
				b.Errorf("status %d", code)
			}
		}
	})
	b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64((processor(b)-began).Microseconds())/float64(b.N*size), "cpu-µs/event")
}

// processor is how long this process has computed: what a machine that others use too does not change much.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkTrack tracks events of 20,000 contacts from 256 callers, through the API and onto the disk.
func BenchmarkTrack(b *testing.B) { benchTrack(b, "/v1/track", 1, benchEvent) }

// BenchmarkTrackBatch tracks batches of 500.
func BenchmarkTrackBatch(b *testing.B) {
	benchTrack(b, "/v1/track/batch", 500, func(n int64) string {
		events := make([]string, 500)
		for i := range events {
			events[i] = benchEvent(n + int64(i))
		}
		return `{"events":[` + strings.Join(events, ",") + `]}`
	})
}
