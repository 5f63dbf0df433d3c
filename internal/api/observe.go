package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// Tracer follows requests.
type Tracer interface {
	// Request begins a request of an operation; end is called once with the status of the answer.
	Request(r *http.Request, name string) (ctx context.Context, end func(status int))
}

// Meter counts requests.
type Meter interface {
	// Asked is called after every answer of an operation.
	Asked(operation string, status int, took time.Duration)
}

// observed traces and counts the requests of an operation. It comes before the guard: refused requests count too.
func (a *api) observed(operation string) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		status := &statusOf{ResponseWriter: w}
		traced, end := r.Context(), func(int) {}
		if a.Tracer != nil {
			traced, end = a.Tracer.Request(r, operation)
		}
		start := time.Now()
		sent := http.StatusInternalServerError // what a panic is answered with
		defer func() {
			end(sent)
			if a.Meter != nil {
				a.Meter.Asked(operation, sent, time.Since(start))
			}
		}()
		next(humago.NewContext(ctx.Operation(), r.WithContext(traced), status))
		sent = status.sent()
	}
}

// statusOf remembers the status that was written.
type statusOf struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (s *statusOf) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (s *statusOf) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// sent is the status that the client got.
func (s *statusOf) sent() int {
	if s.status == 0 {
		return http.StatusOK
	}
	return s.status
}
