package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Tracer makes the spans of requests and of their steps, and sends them to a collector in the background. A request that
// carries a W3C traceparent becomes a part of that trace. Spans name routes, never paths: a path may hold a token. It is
// safe for concurrent use. Make it with NewTracer.
type Tracer struct {
	provider *sdktrace.TracerProvider
	spans    trace.Tracer
	context  propagation.TraceContext
	log      *slog.Logger
}

// TraceOptions say where spans go.
type TraceOptions struct {
	// Endpoint is the base URL of an OTLP/HTTP collector, as in http://127.0.0.1:4318; spans go to /v1/traces below it.
	Endpoint string
	Version  string       // of the program
	Log      *slog.Logger // where what the collector refuses is told
}

// NewTracer starts sending spans. What else there is to say (headers, timeouts, sampling, attributes of the resource) is
// read from the standard OTEL_ variables. Call Close at the end.
func NewTracer(ctx context.Context, o TraceOptions) (*Tracer, error) {
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(tracesURL(o.Endpoint)))
	if err != nil {
		return nil, fmt.Errorf("send traces to %s: %w", o.Endpoint, err)
	}
	res, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", "tidings"), attribute.String("service.version", o.Version),
	), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("describe this server to traces: %w", err)
	}
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(loggedExporter{exporter, o.Log}), sdktrace.WithResource(res))
	return &Tracer{provider: p, spans: p.Tracer("tidings"), log: o.Log}, nil
}

// Request begins the span of a request. The name is that of the route or operation. end is called once with the status
// of the answer.
func (t *Tracer) Request(r *http.Request, name string) (ctx context.Context, end func(status int)) {
	ctx = t.context.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := t.spans.Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", r.Method),
	))
	return ctx, func(status int) {
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Step begins the span of a part of what ctx's span is of. end is called once with how it ended.
func (t *Tracer) Step(ctx context.Context, name string) (stepCtx context.Context, end func(error)) {
	ctx, span := t.spans.Start(ctx, name)
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}
}

// closeTimeout is how long a stop may wait for a collector.
const closeTimeout = 3 * time.Second

// Close sends what was not sent yet. A collector that does not answer holds up no stop: then the last spans are lost.
func (t *Tracer) Close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		t.log.WarnContext(ctx, "the last traces were not sent", "error", err)
	}
}
