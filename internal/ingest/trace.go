package ingest

import (
	"context"
	"net/http"
)

// Tracer follows requests through their steps. Its methods are called from many goroutines at once.
type Tracer interface {
	// Request begins a request; end is called once with the status of the answer.
	Request(r *http.Request, name string) (ctx context.Context, end func(status int))
	// Step begins a step of the request that ctx belongs to; end is called once with how it ended.
	Step(ctx context.Context, name string) (stepCtx context.Context, end func(error))
}

// The steps of a request. Proving and reading are one: an adapter parses what it proved.
const (
	stepProve  = "prove and read"
	stepBuild  = "judge and encode"
	stepCommit = "commit" // the wait for a place in a transaction, and the transaction
)

// traced begins a step. Without a tracer it costs a comparison.
func (h *Handler) traced(ctx context.Context, name string) (stepCtx context.Context, end func(error)) {
	if h.Tracer == nil {
		return ctx, untraced
	}
	return h.Tracer.Step(ctx, name)
}

func untraced(error) {}
