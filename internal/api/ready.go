package api

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"tidings/internal/fault"
)

// Health says that the process is up.
type Health struct {
	Status  string `json:"status" enum:"up"`
	Version string `json:"version"`
}

type healthOut struct{ Body Health }

func (a *api) getHealth(context.Context, *nothingIn) (*healthOut, error) {
	return &healthOut{Health{Status: "up", Version: a.Version}}, nil
}

// Readiness says whether requests can be served.
type Readiness struct {
	Ready   bool         `json:"ready"`
	Reasons []NotReadyAs `json:"reasons" nullable:"false" doc:"Why not; empty where ready"`
}

// NotReadyAs is one reason why requests can't be served.
type NotReadyAs struct {
	Code    string `json:"code" example:"draining"`
	Message string `json:"message" example:"the server is shutting down"`
	Hint    string `json:"hint,omitempty"`
}

type readinessOut struct {
	Status int
	Body   Readiness
}

func (a *api) getReadiness(ctx context.Context, _ *nothingIn) (*readinessOut, error) {
	out := &readinessOut{Status: http.StatusOK, Body: Readiness{Ready: true}}
	if a.Draining() {
		out.add(NotReadyAs{Code: "draining", Message: "the server is shutting down"})
	}
	if err := a.ready.check(ctx, a); err != nil {
		out.add(databaseReason(err))
	}
	return out, nil
}

func (o *readinessOut) add(r NotReadyAs) {
	o.Status, o.Body.Ready = http.StatusServiceUnavailable, false
	o.Body.Reasons = append(o.Body.Reasons, r)
}

// databaseReason tells what a fault says of itself and nothing of others: the path is open to everybody.
func databaseReason(err error) NotReadyAs {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind != fault.Internal {
		return NotReadyAs{Code: f.Code, Message: f.Message, Hint: f.Hint}
	}
	return NotReadyAs{Code: "database", Message: "the database can't be written"}
}

const (
	readyFor    = time.Second // how long one look at the database holds: the path is open, and a look is a write
	pingTimeout = 2 * time.Second
)

// readiness remembers the last look at the database. Its zero value is ready; it is safe for concurrent use.
type readiness struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

func (r *readiness) check(ctx context.Context, a *api) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := a.Control.Now()
	if !r.at.IsZero() && now.Sub(r.at) < readyFor {
		return r.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pingTimeout)
	defer cancel()
	err := a.Control.Store.Ping(ctx)
	if err != nil && r.err == nil {
		a.Logger.WarnContext(ctx, "not ready", "error", err)
	}
	r.at, r.err = now, err
	return err
}
