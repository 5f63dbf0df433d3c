// Package collector provides the other side of traces: a receiver of OTLP over HTTP that keeps what it is sent, for
// tests.
package collector

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Collector takes spans at POST /v1/traces. Make it with Start.
type Collector struct {
	URL string // to be given as the endpoint

	server *httptest.Server
	mu     sync.Mutex
	spans  []*tracepb.Span
	wrong  []string
	refuse int
	came   chan struct{} // capacity 1
}

// Start listens. Close ends it.
func Start() *Collector {
	c := &Collector{came: make(chan struct{}, 1)}
	c.server = httptest.NewServer(http.HandlerFunc(c.serve))
	c.URL = c.server.URL
	return c
}

// Close stops listening.
func (c *Collector) Close() { c.server.Close() }

// Refuse answers everything from now on with a status.
func (c *Collector) Refuse(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse = status
}

// Spans are all spans that came, and what came that was no message of spans.
func (c *Collector) Spans() (spans []*tracepb.Span, wrong []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append(spans, c.spans...), append(wrong, c.wrong...)
}

// Came has a value after something came.
func (c *Collector) Came() <-chan struct{} { return c.came }

func (c *Collector) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	// An ExportTraceServiceRequest has the same bytes as a TracesData: one repeated field.
	var data tracepb.TracesData
	if err == nil {
		err = proto.Unmarshal(body, &data)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/v1/traces" ||
		r.Header.Get("Content-Type") != "application/x-protobuf" {
		c.wrong = append(c.wrong, fmt.Sprintf("%s %s %q: %v", r.Method, r.URL.Path, r.Header.Get("Content-Type"), err))
	}
	for _, resource := range data.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
	if c.refuse != 0 {
		w.WriteHeader(c.refuse)
	} else {
		w.Header().Set("Content-Type", "application/x-protobuf")
	}
	select {
	case c.came <- struct{}{}:
	default:
	}
}
