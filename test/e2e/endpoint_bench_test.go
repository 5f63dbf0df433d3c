package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// BenchmarkDispatches measures how many dispatches a second go out, each its own signed request, to a receiver on loopback, on SQLite, while
// TIDINGS_E2E_EVENTS events wait for it: the events are there before the endpoint is enabled.
//
//	TIDINGS_E2E_EVENTS=30000 go test ./test/e2e -run '^$' -bench Dispatches -benchtime 3x
func BenchmarkDispatches(b *testing.B) {
	size := setting(b, eventsVariable, 10_000)
	for b.Loop() {
		b.StopTimer()
		o := serveOutlets(b, b.TempDir()+"/tidings.db")
		r := newHooks(b)
		o.endpoint("crm", r.url, `,"concurrency":16`)
		o.api(http.MethodPost, "/endpoints/crm/disable", "", nil)
		o.orders(0, size)
		b.StartTimer()
		began := time.Now()
		o.api(http.MethodPost, "/endpoints/crm/enable", "", nil)
		o.until("everything is there", func() bool { return r.requests() >= size })
		b.ReportMetric(float64(size)/time.Since(began).Seconds(), "dispatches/s")
		b.StopTimer()
		o.kill()
		b.StartTimer()
	}
}

// BenchmarkCommitToArrival measures how long after its commit was acknowledged one event is at the receiver, when nothing else goes on.
func BenchmarkCommitToArrival(b *testing.B) {
	o := serveOutlets(b, b.TempDir()+"/tidings.db")
	r := newHooks(b)
	o.endpoint("crm", r.url, "")
	o.order(0, 1)
	o.until("the first is there", func() bool { return r.requests() == 1 })
	var took []time.Duration
	for n := 1; b.Loop(); n++ {
		r.mu.Lock()
		change := r.change
		r.mu.Unlock()
		if _, err := o.order(n, n+1); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if r.requests() <= n {
			<-change
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
}

// BenchmarkOneBadEndpointAmongFifty measures how long events take to 49 endpoints (p99), with the fiftieth well and then hanging.
func BenchmarkOneBadEndpointAmongFifty(b *testing.B) {
	for _, bad := range []bool{false, true} {
		b.Run(fmt.Sprintf("bad=%v", bad), func(b *testing.B) {
			o := serveOutlets(b, b.TempDir()+"/tidings.db")
			good := newHooks(b)
			for i := range 49 {
				o.endpoint(fmt.Sprint("good", i), fmt.Sprint(good.url, i), "")
			}
			last := newHooks(b)
			hang := make(chan struct{})
			b.Cleanup(func() { close(hang) })
			if bad {
				last.answer = nil
				last.block = hang
			}
			o.endpoint("last", last.url, "")
			var took []time.Duration
			for n := 0; b.Loop(); n++ {
				began := time.Now()
				if _, err := o.order(n, n+1); err != nil {
					b.Fatal(err)
				}
				o.until("all good ones have it", func() bool { return good.requests() >= 49*(n+1) })
				good.mu.Lock()
				for _, list := range good.log {
					for _, h := range list {
						if h.at.After(began) {
							took = append(took, h.at.Sub(began))
						}
					}
				}
				clear(good.log)
				good.mu.Unlock()
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
		})
	}
}
