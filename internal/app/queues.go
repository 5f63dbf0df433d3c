package app

import (
	"crypto/rand"
	"os"
	"strings"

	"tidings/internal/ingest"
	"tidings/internal/pull"
	"tidings/internal/telemetry"
)

// readQueues makes what reads the queues of sources. AWS is reached without the address guard: the operator says where it
// is, never a source.
func (a *App) readQueues(takeIn *ingest.Handler, metrics *telemetry.Metrics) *pull.Queues {
	return &pull.Queues{
		Store: a.store, Take: takeIn.TakeQueued, Node: node(), Workers: a.config.SQSWorkers,
		Visibility: a.config.SQSVisibility.Std(), Drain: a.config.ShutdownTimeout.Std(), Meter: metrics, Log: a.log,
	}
}

// node names this process for people, unlike any other.
func node() string {
	const letters = 6
	name := strings.ToLower(rand.Text()[:letters])
	if host, err := os.Hostname(); err == nil && host != "" {
		return host + "-" + name
	}
	return name
}
