package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// State is what is read when Prometheus asks, rather than counted as it happens.
type State struct {
	DatabaseBytes int64
	Jobs          []JobCount
	Sources       []SourceState
	Sends         SendState
}

// SendState is what waits to be sent, and what a person has to decide.
type SendState struct {
	Queued, Handing, Uncertain int64
	OldestDueAt                time.Time // of the queued ones; zero: none waits
}

// JobCount is how many jobs of a kind are in a state.
type JobCount struct {
	Kind, State string
	Count       int64
}

// SourceState is when the newest event of a source occurred; zero: none came yet.
type SourceState struct {
	ID, Provider string
	LastEventAt  time.Time
}

const (
	stateAge     = 10 * time.Second // several scrapers share one reading
	stateTimeout = 2 * time.Second
)

// Watched is where the state of a server is read.
type Watched struct {
	// Queue is what waits to be committed: requests, and bytes of memory.
	Queue func() (entries, bytes int)
	// InFlight is how many provider requests are worked on.
	InFlight func() int64
	// Readers is how many read the live feed.
	Readers func() int
	// State reads the rest. Where it fails, its metrics are absent until it works again.
	State func(context.Context) (State, error)
	Log   *slog.Logger
	Now   func() time.Time
}

// Watch adds the metrics of a server's state. It is called once, before Handler serves.
func (m *Metrics) Watch(w Watched) {
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	m.registry.MustRegister(
		gauge("tidings_ingest_queue_receipts", "Requests that wait for a place in a transaction.", func() float64 {
			entries, _ := w.Queue()
			return float64(entries)
		}),
		gauge("tidings_ingest_queue_bytes", "Memory of what waits for a place in a transaction.", func() float64 {
			_, bytes := w.Queue()
			return float64(bytes)
		}),
		gauge("tidings_ingest_in_flight_requests", "Requests of providers that are worked on.", func() float64 {
			return float64(w.InFlight())
		}),
		gauge("tidings_feed_readers", "Connections that read the live feed.", func() float64 {
			return float64(w.Readers())
		}),
		newStateCollector(w),
	)
}

// stateCollector reads the state at most once in stateAge.
type stateCollector struct {
	Watched
	bytes, jobs, last, sends, due *prometheus.Desc

	mu   sync.Mutex
	at   time.Time
	kept State
	err  error
}

func newStateCollector(w Watched) *stateCollector {
	return &stateCollector{
		Watched: w,
		bytes:   prometheus.NewDesc("tidings_database_bytes", "What the database takes on disk.", nil, nil),
		jobs:    prometheus.NewDesc("tidings_jobs", "Jobs by kind and state.", []string{"kind", "state"}, nil),
		last: prometheus.NewDesc("tidings_source_last_event_timestamp_seconds",
			"When the newest event of an enabled source occurred.", []string{"provider", "source"}, nil),
		sends: prometheus.NewDesc("tidings_sends", "Emails that wait, are handed over, or wait for a person.",
			[]string{"status"}, nil),
		due: prometheus.NewDesc("tidings_send_oldest_due_timestamp_seconds", "When the oldest of the emails that wait was or is due.",
			nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *stateCollector) Describe(out chan<- *prometheus.Desc) {
	out <- c.bytes
	out <- c.jobs
	out <- c.last
	out <- c.sends
	out <- c.due
}

// Collect implements prometheus.Collector.
func (c *stateCollector) Collect(out chan<- prometheus.Metric) {
	s, err := c.read()
	if err != nil {
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(c.bytes, float64(s.DatabaseBytes))
	for _, j := range s.Jobs {
		gauge(c.jobs, float64(j.Count), j.Kind, j.State)
	}
	gauge(c.sends, float64(s.Sends.Queued), "queued")
	gauge(c.sends, float64(s.Sends.Handing), "handing")
	gauge(c.sends, float64(s.Sends.Uncertain), "uncertain")
	if !s.Sends.OldestDueAt.IsZero() {
		gauge(c.due, float64(s.Sends.OldestDueAt.UnixMilli())/1000)
	}
	for _, src := range s.Sources {
		if !src.LastEventAt.IsZero() {
			gauge(c.last, float64(src.LastEventAt.UnixMilli())/1000, src.Provider, src.ID)
		}
	}
}

func (c *stateCollector) read() (State, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.Now(); c.at.IsZero() || now.Sub(c.at) >= stateAge {
		ctx, cancel := context.WithTimeout(context.Background(), stateTimeout)
		defer cancel()
		c.at = now
		if c.kept, c.err = c.State(ctx); c.err != nil {
			c.Log.WarnContext(ctx, "the state of the database could not be read for metrics", "error", c.err)
		}
	}
	return c.kept, c.err
}
