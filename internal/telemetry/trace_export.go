package telemetry

import (
	"context"
	"log/slog"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// tracesURL is where a collector takes traces, given its base URL.
func tracesURL(base string) string {
	const path = "/v1/traces"
	base = strings.TrimSuffix(base, "/")
	if strings.HasSuffix(base, path) {
		return base
	}
	return base + path
}

// loggedExporter tells our log of spans that the collector did not take. OpenTelemetry would tell a global handler.
type loggedExporter struct {
	sdktrace.SpanExporter
	log *slog.Logger
}

// ExportSpans implements sdktrace.SpanExporter. Spans that could not be sent are lost: nothing waits for a collector.
func (e loggedExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if err := e.SpanExporter.ExportSpans(ctx, spans); err != nil {
		e.log.WarnContext(ctx, "traces not sent", "spans", len(spans), "error", err)
	}
	return nil
}
