package bench

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// histogram counts durations in buckets that are at most an eighth wide of what they hold. The zero value is empty.
type histogram struct {
	counts [64 * 8]int64
	total  int64
}

// bucket is the place of a duration in microseconds: three bits below the highest one.
func bucket(us uint64) int {
	if us < 8 {
		return int(us)
	}
	e := bits.Len64(us) - 4
	return e*8 + int(us>>e)
}

// upper is the largest number of microseconds in a bucket.
func upper(i int) uint64 {
	if i < 16 {
		return uint64(i)
	}
	e := i/8 - 1
	return (uint64(i%8)+9)<<e - 1
}

func (h *histogram) add(d time.Duration) {
	h.counts[bucket(uint64(max(d.Microseconds(), 0)))]++
	h.total++
}

func (h *histogram) merge(o *histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.total += o.total
}

// quantile returns the duration that a share of all is not above.
func (h *histogram) quantile(q float64) time.Duration {
	rest := int64(q * float64(h.total))
	for i, n := range h.counts {
		if rest -= n; rest < 0 {
			return time.Duration(upper(i)) * time.Microsecond
		}
	}
	return 0
}

// Window is the speed within one stretch of the load.
type Window struct {
	Events    int64   `json:"events"` // acknowledged at its end
	PerSecond float64 `json:"perSecond"`
}

// counter counts acknowledgements and when each stretch of them ended.
type counter struct {
	done   atomic.Int64
	shed   atomic.Int64
	size   int64 // of a stretch
	total  int64
	began  time.Time
	mu     sync.Mutex
	points []point
}

type point struct {
	events int64
	at     time.Duration
}

// windows is into how many stretches a load is cut, at least: 100,000 events are one at most.
const windows = 5

func (c *counter) begin(total int64) {
	c.total, c.size, c.began = total, max(1, min(100_000, total/windows)), time.Now()
}

// add counts events that were acknowledged together.
func (c *counter) add(events int64) int64 {
	n := c.done.Add(events)
	if n/c.size != (n-events)/c.size || n == c.total {
		c.mu.Lock()
		c.points = append(c.points, point{n, time.Since(c.began)})
		c.mu.Unlock()
	}
	return n
}

// outcome is what a load came to.
type outcome struct {
	took     time.Duration
	windows  []Window
	p50, p99 time.Duration
	shed     int64
}

func (c *counter) outcome(h *histogram) outcome {
	o := outcome{took: time.Since(c.began), p50: h.quantile(0.50), p99: h.quantile(0.99), shed: c.shed.Load()}
	var last point
	for _, p := range c.points {
		if p.at > last.at && p.events > last.events {
			o.windows = append(o.windows, Window{p.events, float64(p.events-last.events) / (p.at - last.at).Seconds()})
			last = p
		}
	}
	return o
}
