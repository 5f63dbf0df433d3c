package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// assistants count what AI assistants call.
type assistants struct {
	calls   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

func newAssistants() assistants {
	return assistants{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidings_mcp_calls_total", Help: "Calls of AI assistants, by tool and outcome: ok, refused or failed.",
		}, []string{"tool", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tidings_mcp_seconds", Help: "Time from a call of an AI assistant to its answer.",
			Buckets: []float64{.001, .005, .025, .05, .1, .5, 2.5, 10},
		}, []string{"tool"}),
	}
}

// Called counts a call of an AI assistant and how long it took.
func (m *Metrics) Called(tool, outcome string, took time.Duration) {
	m.assistants.calls.WithLabelValues(tool, outcome).Inc()
	m.assistants.seconds.WithLabelValues(tool).Observe(took.Seconds())
}
