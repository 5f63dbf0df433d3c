// Package telemetry provides what operators watch: metrics and the log. Labels come from fixed vocabularies only, never
// from what a provider or a stranger sent.
package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tidings/internal/receipt"
)

// Metrics are the counters and histograms of one process. They are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	events   *prometheus.CounterVec
	answers  *prometheus.CounterVec
	repeats  *prometheus.CounterVec
	refusals *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	batches  prometheus.Histogram
	commits  prometheus.Histogram
	asked    *prometheus.CounterVec
	asking   *prometheus.HistogramVec
	queues   queues
	sends    sends

	assistants assistants
}

// New makes the metrics of a process that runs this version.
func New(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidings_ingest_events_total", Help: "Events that requests held, by what became of them.",
		}, []string{"provider", "outcome"}),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidings_ingest_requests_total", Help: "Requests of providers, by the status of the answer.",
		}, []string{"provider", "status"}),
		repeats: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidings_ingest_repeats_total", Help: "Requests that were stored before.",
		}, []string{"provider"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidings_ingest_refusals_total", Help: "Requests that were not accepted, by reason.",
		}, []string{"provider", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tidings_ingest_seconds", Help: "Time from a provider's request to its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"provider"}),
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tidings_ingest_batch_receipts", Help: "Receipts committed in one transaction.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 11),
		}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tidings_ingest_commit_seconds", Help: "Time of one ingest transaction, fsync included.",
			Buckets: prometheus.ExponentialBuckets(.0005, 2, 14),
		}),
		asked: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidings_api_requests_total", Help: "Requests of the API, by operation and status of the answer.",
		}, []string{"operation", "status"}),
		asking: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tidings_api_seconds", Help: "Time from a request of the API to its answer.",
			Buckets: []float64{.001, .005, .025, .1, .5, 2.5, 10},
		}, []string{"operation"}),
		assistants: newAssistants(),
	}
	m.queues = newQueues(m.registry)
	m.sends = newSends(m.registry)
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "tidings_build_info", Help: "1, labelled with the version that runs.",
	}, []string{"version"})
	build.WithLabelValues(version).Set(1)
	m.registry.MustRegister(m.assistants.calls, m.assistants.seconds)
	m.registry.MustRegister(m.events, m.answers, m.repeats, m.refusals, m.seconds, m.batches, m.commits, m.asked, m.asking, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Accepted counts what became of a request that was stored.
func (m *Metrics) Accepted(provider string, o receipt.Outcome) {
	if o.Duplicate {
		m.repeats.WithLabelValues(provider).Inc()
	}
	for _, c := range [...]struct {
		outcome string
		n       int
	}{
		{"new", o.New},
		{"known", o.Known},
		{"conflict", o.Conflicts},
		{"upgraded", o.Upgraded},
		{"expired", o.Expired},
	} {
		if c.n > 0 {
			m.events.WithLabelValues(provider, c.outcome).Add(float64(c.n))
		}
	}
}

// Refused counts a request that was not stored.
func (m *Metrics) Refused(provider, code string) { m.refusals.WithLabelValues(provider, code).Inc() }

// Answered counts an answer and how long it took.
func (m *Metrics) Answered(provider string, status int, took time.Duration) {
	m.answers.WithLabelValues(provider, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(provider).Observe(took.Seconds())
}

// Committed counts a transaction: the requests in it, and how long it took.
func (m *Metrics) Committed(entries int, took time.Duration) {
	m.batches.Observe(float64(entries))
	m.commits.Observe(took.Seconds())
}

// Asked counts an answer of the API and how long it took.
func (m *Metrics) Asked(operation string, status int, took time.Duration) {
	m.asked.WithLabelValues(operation, strconv.Itoa(status)).Inc()
	m.asking.WithLabelValues(operation).Observe(took.Seconds())
}

// Handler serves the metrics to Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}
