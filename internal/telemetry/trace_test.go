package telemetry_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"tidings/internal/telemetry"
	"tidings/test/collector"
)

func startCollector(t *testing.T) *collector.Collector {
	t.Helper()
	c := collector.Start()
	t.Cleanup(c.Close)
	return c
}

func newTracer(t *testing.T, endpoint string, log *slog.Logger) *telemetry.Tracer {
	t.Helper()
	tracer, err := telemetry.NewTracer(t.Context(), telemetry.TraceOptions{Endpoint: endpoint, Version: "v1", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	return tracer
}

func attribute(s *tracepb.Span, key string) string {
	for _, a := range s.GetAttributes() {
		if a.GetKey() == key {
			return a.GetValue().String()
		}
	}
	return ""
}

func TestARequestAndItsStepsBecomePartsOfTheCallersTrace(t *testing.T) {
	t.Parallel()
	peer := startCollector(t)
	tracer := newTracer(t, peer.URL, slog.New(slog.DiscardHandler))
	r := httptest.NewRequest(http.MethodPost, "/in/ses/a-secret-token", http.NoBody)
	r.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	ctx, end := tracer.Request(r, "take in ses")
	_, endStep := tracer.Step(ctx, "commit")
	endStep(errors.New("the disk is full"))
	end(http.StatusServiceUnavailable)
	tracer.Close(t.Context())

	spans, wrong := peer.Spans()
	if len(wrong) > 0 || len(spans) != 2 {
		t.Fatalf("%d spans, wrong: %q", len(spans), wrong)
	}
	step, request := spans[0], spans[1]
	if got := hex.EncodeToString(request.GetTraceId()); got != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("the trace is %s", got)
	}
	if got := hex.EncodeToString(request.GetParentSpanId()); got != "00f067aa0ba902b7" {
		t.Errorf("the parent is %s", got)
	}
	if !bytes.Equal(step.GetParentSpanId(), request.GetSpanId()) || step.GetName() != "commit" {
		t.Errorf("step %q is not below the request", step.GetName())
	}
	if step.GetStatus().GetCode() != tracepb.Status_STATUS_CODE_ERROR || step.GetStatus().GetMessage() != "the disk is full" {
		t.Errorf("the step ended %v", step.GetStatus())
	}
	if got := attribute(request, "http.response.status_code"); !strings.Contains(got, "503") {
		t.Errorf("the status is %q", got)
	}
	for _, s := range spans {
		if strings.Contains(s.String(), "a-secret-token") {
			t.Errorf("a span holds the token: %v", s)
		}
	}
}

func TestACollectorThatRefusesIsToldOfInTheLogAndHoldsUpNothing(t *testing.T) {
	t.Parallel()
	peer := startCollector(t)
	peer.Refuse(http.StatusBadRequest)
	var log strings.Builder
	tracer := newTracer(t, peer.URL+"/", slog.New(slog.NewTextHandler(&log, nil)))
	_, end := tracer.Step(context.Background(), "commit")
	end(nil)
	tracer.Close(t.Context())
	if !strings.Contains(log.String(), "traces not sent") {
		t.Errorf("the log says %q", log.String())
	}
}
