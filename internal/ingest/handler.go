package ingest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"tidings/internal/fault"
	"tidings/internal/receipt"
	"tidings/provider"
)

// Options are what a Handler works with. All without a default are required.
type Options struct {
	BasePath string // of sources' URLs, without a slash at the end; default "/in"
	Adapters []provider.Adapter
	Sources  SourceStore
	Builder  receipt.Builder
	// Submit stores an entry and returns when it is on disk: Committer.Submit.
	Submit       func(context.Context, *receipt.Entry) error
	Certificates *Certificates
	Confirmer    *Confirmer
	Refusals     *RefusalLog
	Tests        TestStore // nil: sources can't be tested
	// Retention is how long events are kept, which bounds how old a signed request may be; 0 means of any age.
	Retention time.Duration
	// PublicURL is how the world reaches this server, without a slash at the end: "https://mail.acme.test".
	PublicURL string
	// Receipts is how long receipts are kept, which bounds the age of requests that only their receipt proves to be
	// new, see remembered; 0 means for ever.
	Receipts time.Duration
	// MaxRequests and MaxBytes bound the requests that are worked on at once and the sum of their bodies; what comes
	// on top is told to come again. Defaults 4,096 and 256 MiB.
	MaxRequests, MaxBytes int64

	Meter  Meter            // nil: none
	Tracer Tracer           // nil: none
	Log    *slog.Logger     // nil: none
	Now    func() time.Time // nil: time.Now
}

const (
	defaultBasePath    = "/in"
	defaultMaxRequests = 4096
	defaultMaxInFlight = 256 << 20
	maxRounds          = 2 // of granting an adapter's wishes
)

// Handler takes in the requests of providers: POST {base}/{provider}/{token}. Make it with NewHandler.
type Handler struct {
	Options
	adapters map[string]provider.Adapter
	sources  sources
	load     load
}

// NewHandler makes a Handler.
func NewHandler(o Options) *Handler {
	if o.BasePath == "" {
		o.BasePath = defaultBasePath
	}
	defaults(&o.MaxRequests, defaultMaxRequests)
	defaults(&o.MaxBytes, defaultMaxInFlight)
	if o.Meter == nil {
		o.Meter = noMeter{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	h := &Handler{
		Options: o, adapters: map[string]provider.Adapter{}, sources: sources{store: o.Sources, now: o.Now},
		load: load{maxRequests: o.MaxRequests, maxBytes: o.MaxBytes},
	}
	for _, a := range o.Adapters {
		h.adapters[a.Slug] = a
	}
	return h
}

// ServeHTTP answers one request. It answers with a success only after what the request says is on disk.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	slug, segment, ok := h.target(r.URL.Path)
	adapter, known := h.adapters[slug]
	if !ok || !known {
		writeProblem(w, http.StatusNotFound, CodeUnknownProvider, "there is no such provider; a source's URL is "+
			h.BasePath+"/{provider}/{token}")
		return
	}
	start := h.Now()
	ctx, end := r.Context(), func(int) {}
	if h.Tracer != nil {
		ctx, end = h.Tracer.Request(r, "take in "+slug)
	}
	v := visit{h: h, adapter: adapter, road: adapter.RoadOf(r.Header), segment: segment, w: w, r: r}
	status := h.answer(ctx, &v, v.protected(ctx))
	end(status)
	if v.trial != nil {
		return
	}
	h.Meter.Answered(slug, status, h.Now().Sub(start))
}

// InFlight tells how many requests are worked on.
func (h *Handler) InFlight() int64 { return h.load.requests.Load() }

// target splits a path into provider and token.
func (h *Handler) target(path string) (slug, segment string, ok bool) {
	rest, ok := strings.CutPrefix(path, h.BasePath+"/")
	if !ok {
		return "", "", false
	}
	slug, segment, ok = strings.Cut(rest, "/")
	return slug, segment, ok && segment != ""
}

// protected is run with a panic turned into a fault of ours: an adapter that can't bear a body costs only that body.
func (v *visit) protected(ctx context.Context) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it this way
			panic(p)
		}
		v.h.Log.ErrorContext(ctx, "panic while a request was read", "provider", v.adapter.Slug, "panic", p,
			"stack", string(debug.Stack()))
		err = fault.New(fault.Internal, CodeInternal, "internal error")
	}()
	return v.run(ctx)
}

// answer writes the answer to a visit and counts it. It returns the status.
func (h *Handler) answer(ctx context.Context, v *visit, err error) int {
	if v.trial != nil {
		return h.answerTest(ctx, v, err)
	}
	if err == nil {
		status := v.adapter.StatusOn(v.road, provider.Stored)
		h.Meter.Accepted(v.adapter.Slug, v.outcome)
		if v.road.Reply != nil {
			v.reply(provider.Reply{Status: status})
			return status
		}
		v.w.WriteHeader(status)
		return status
	}
	refusal := refusalOf(err)
	if refusal.Code == CodeInternal {
		h.Log.ErrorContext(ctx, "request not taken in", "provider", v.adapter.Slug, "code", refusal.Code, "error", err)
	}
	status := h.statusOf(v, refusal)
	h.Meter.Refused(v.adapter.Slug, refusal.Code)
	h.Refusals.Add(ctx, v.adapter.Slug, v.source, status, refusal.Code, refusal.Message)
	if v.road.Reply != nil {
		v.reply(provider.Reply{Status: status, Message: refusal.Message})
		return status
	}
	writeProblem(v.w, status, refusal.Code, refusal.Message)
	return status
}

// reply answers in the provider's own form.
func (v *visit) reply(r provider.Reply) {
	r.At = v.h.Now()
	header := v.w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("X-Content-Type-Options", "nosniff")
	v.w.WriteHeader(r.Status)
	_, _ = v.w.Write(v.road.Reply(r))
}

// statusOf is the status of a refusal. It sets the headers that go with it.
func (h *Handler) statusOf(v *visit, refusal *provider.Refusal) int {
	status := v.adapter.StatusOn(v.road, refusal.Cause)
	if refusal.Code == CodeMethod {
		status = http.StatusMethodNotAllowed
		v.w.Header().Set("Allow", strings.Join(methods(v.adapter), ", "))
	}
	switch status {
	case http.StatusUnauthorized:
		v.w.Header().Set("WWW-Authenticate", `Basic realm="tidings"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		v.w.Header().Set("Retry-After", "1")
	}
	return status
}

func methods(a provider.Adapter) []string {
	if len(a.Methods) == 0 {
		return []string{http.MethodPost}
	}
	return slices.Clone(a.Methods)
}

// refusalOf says why a request was not accepted. What is not an adapter's refusal is our fault, and of our own errors
// only the message for people is shown.
func refusalOf(err error) *provider.Refusal {
	if r, ok := errors.AsType[*provider.Refusal](err); ok {
		return r
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind == fault.Internal && f.Code != CodeUnstorable {
		return provider.Refuse(provider.OurFault, CodeInternal, "internal error")
	}
	cause := provider.OurFault
	if f.Code == CodeOverloaded {
		cause = provider.Overloaded
	}
	return provider.Refuse(cause, f.Code, "%s", f.Message)
}
