package app

import (
	"context"
	"time"

	"tidings/internal/ingest"
	"tidings/internal/telemetry"
)

// trace starts sending traces where the settings say so.
func (a *App) trace(ctx context.Context, version string) (err error) {
	if a.config.OTLPEndpoint == "" {
		return nil
	}
	a.tracer, err = telemetry.NewTracer(ctx, telemetry.TraceOptions{
		Endpoint: a.config.OTLPEndpoint, Version: version, Log: a.log,
	})
	return err
}

// watch lets the metrics see the state of the server.
func (a *App) watch(m *telemetry.Metrics, takeIn *ingest.Handler) {
	m.Watch(telemetry.Watched{
		Queue: a.committer.Queue, InFlight: takeIn.InFlight, Readers: a.feed.Readers, State: a.state, Log: a.log, Now: time.Now,
	})
}

func (a *App) state(ctx context.Context) (telemetry.State, error) {
	g, err := a.store.Gauges(ctx)
	if err != nil {
		return telemetry.State{}, err
	}
	s := telemetry.State{
		DatabaseBytes: g.Bytes, Jobs: make([]telemetry.JobCount, len(g.Jobs)),
		Sources: make([]telemetry.SourceState, len(g.Sources)), Sends: telemetry.SendState(g.Sends),
	}
	for i, j := range g.Jobs {
		s.Jobs[i] = telemetry.JobCount(j)
	}
	for i, src := range g.Sources {
		s.Sources[i] = telemetry.SourceState(src)
	}
	return s, nil
}
