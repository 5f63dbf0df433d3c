package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// queues are the metrics of messages that are taken from queues.
type queues struct {
	messages *prometheus.CounterVec
	troubles *prometheus.CounterVec
	lag      *prometheus.HistogramVec
	held     *prometheus.GaugeVec
}

func newQueues(r prometheus.Registerer) queues {
	q := queues{
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidings_queue_messages_total", Help: "Messages of queues, by what was done with them.",
		}, []string{"provider", "what"}),
		troubles: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidings_queue_failures_total", Help: "Calls of queues that did not work, by reason.",
		}, []string{"provider", "code"}),
		lag: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tidings_queue_lag_seconds", Help: "Time from the sending of a message to its commit.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200},
		}, []string{"provider"}),
		held: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tidings_queue_in_flight_messages", Help: "Messages of queues that were received and are not done with.",
		}, []string{"provider"}),
	}
	r.MustRegister(q.messages, q.troubles, q.lag, q.held)
	return q
}

// Queued counts messages of queues by what was done with them.
func (m *Metrics) Queued(provider, what string, n int) {
	if n > 0 {
		m.queues.messages.WithLabelValues(provider, what).Add(float64(n))
	}
}

// QueueLag counts how long after a message was sent it was on disk.
func (m *Metrics) QueueLag(provider string, lag time.Duration) {
	m.queues.lag.WithLabelValues(provider).Observe(max(0, lag.Seconds()))
}

// QueueTrouble counts a call of a queue that did not work.
func (m *Metrics) QueueTrouble(provider, code string) {
	m.queues.troubles.WithLabelValues(provider, code).Inc()
}

// QueueHolds adds to the messages that were received and are not done with.
func (m *Metrics) QueueHolds(provider string, n int) {
	m.queues.held.WithLabelValues(provider).Add(float64(n))
}
