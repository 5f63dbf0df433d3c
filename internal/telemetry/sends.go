package telemetry

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// sends are the metrics of emails that are sent, and of the door that apps put events through.
type sends struct {
	emails  *prometheus.CounterVec
	took    *prometheus.HistogramVec
	calls   *prometheus.CounterVec
	answers prometheus.Histogram
	entries *prometheus.CounterVec
}

func newSends(r prometheus.Registerer) sends {
	s := sends{
		emails: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidings_sends_total", Help: "Emails by the kind of their sender and what became of them.",
		}, []string{"kind", "outcome"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tidings_send_seconds", Help: "Time that a sender took to hand an email over, or to fail.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"kind"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidings_bus_requests_total", Help: "Calls of AWS SDKs, by the status of the answer.",
		}, []string{"status"}),
		answers: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tidings_bus_seconds", Help: "Time from a call of an AWS SDK to its answer.",
			Buckets: []float64{.001, .005, .025, .1, .5, 2.5, 10},
		}),
		entries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidings_bus_entries_total", Help: "Entries of PutEvents, by what became of them.",
		}, []string{"outcome"}),
	}
	r.MustRegister(s.emails, s.took, s.calls, s.answers, s.entries)
	return s
}

// Mailed counts emails by what became of them.
func (m *Metrics) Mailed(kind, outcome string, n int) {
	if n > 0 {
		m.sends.emails.WithLabelValues(kind, outcome).Add(float64(n))
	}
}

// MailTook counts how long a sender had an email.
func (m *Metrics) MailTook(kind string, took time.Duration) {
	m.sends.took.WithLabelValues(kind).Observe(took.Seconds())
}

// BusAnswered counts a call of an AWS SDK and how long it took.
func (m *Metrics) BusAnswered(status int, took time.Duration) {
	m.sends.calls.WithLabelValues(strconv.Itoa(status)).Inc()
	m.sends.answers.Observe(took.Seconds())
}

// BusEntry counts an entry of PutEvents.
func (m *Metrics) BusEntry(outcome string) { m.sends.entries.WithLabelValues(outcome).Inc() }
