package api

import (
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tidings/internal/auth"
	"tidings/internal/control"
)

const (
	allowOrigin     = "Access-Control-Allow-Origin"
	preflightMaxAge = "600" // seconds; browsers cap it

	limitHeader     = "RateLimit-Limit"
	remainingHeader = "RateLimit-Remaining"
	resetHeader     = "RateLimit-Reset"
)

// call is what tracking needs of its request.
type call struct {
	origin string
	client netip.Addr
	answer http.Header
}

// onTrack serves a handler that pages of other sites may call with a public key.
func onTrack[I, O any](h handler[I, O]) func(*api, huma.API, huma.Operation) {
	return func(a *api, framework huma.API, op huma.Operation) {
		op.Middlewares = append(huma.Middlewares{op.Middlewares[0], shared}, op.Middlewares[1:]...)
		op.Middlewares = append(op.Middlewares, called)
		headers := make(map[string]*huma.Param)
		for name, means := range map[string]string{
			limitHeader: "How many events may be tracked at once", remainingHeader: "How many may be tracked now",
			resetHeader: "Seconds until all of the limit may be",
		} {
			headers[name] = &huma.Param{Schema: &huma.Schema{Type: huma.TypeInteger}, Description: means}
		}
		op.Responses[strconv.Itoa(http.StatusOK)] = &huma.Response{Headers: headers}
		op.Responses[strconv.Itoa(http.StatusTooManyRequests)].Headers = headers
		on(h)(a, framework, op)
	}
}

// shared lets the page that asks with a public key read the answer. A secret key belongs into no page: its answers can't be
// read there.
func shared(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	w.Header().Set("Vary", "Origin")
	_, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if origin := r.Header.Get("Origin"); origin != "" && strings.HasPrefix(strings.TrimSpace(key), auth.PublicPrefix) {
		w.Header().Set(allowOrigin, origin)
		w.Header().Set("Access-Control-Expose-Headers",
			strings.Join([]string{limitHeader, remainingHeader, resetHeader, retryAfter, "X-Request-Id"}, ", "))
	}
	next(ctx)
}

// called hands on what the handler needs of the request.
func called(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	next(huma.WithValue(ctx, callKey, call{
		origin: r.Header.Get("Origin"), client: control.ClientAddress(r), answer: w.Header(),
	}))
}

// servePreflights answers the question that a browser asks before it sends what a page of another site made. It comes without
// the key, so which origins may is told with the request itself.
func (a *api) servePreflights(mux *http.ServeMux) {
	for _, r := range routes() {
		if !strings.HasPrefix(r.path, "/v1/track") {
			continue
		}
		mux.HandleFunc("OPTIONS "+r.path, func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Vary", "Origin, Access-Control-Request-Headers")
			h.Set("Allow", "OPTIONS, POST")
			if origin := r.Header.Get("Origin"); origin != "" {
				h.Set(allowOrigin, origin)
				h.Set("Access-Control-Allow-Methods", http.MethodPost)
				h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key")
				h.Set("Access-Control-Max-Age", preflightMaxAge)
			}
			w.WriteHeader(http.StatusNoContent)
		})
	}
}

// tellAllowance writes what is left of a limit, in the headers that clients know.
func tellAllowance(h http.Header, left control.Allowance) {
	h.Set(limitHeader, strconv.Itoa(left.Limit))
	h.Set(remainingHeader, strconv.Itoa(left.Remaining))
	h.Set(resetHeader, strconv.Itoa(int(math.Ceil(float64(left.Reset)/float64(time.Second)))))
}
