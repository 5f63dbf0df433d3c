package provider

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"tidings/event"
)

// Handle is what a library user does with the events of one request. The provider gets its success only after Handle
// returned nil, so events that must not be lost are made durable in it. An error makes the provider send the same
// request again: the same facts come with the same ids. It may be called from many goroutines at once. Its context is the
// request's: it ends when the provider hangs up.
type Handle func(context.Context, []event.Event) error

// Options are what a handler takes from outside. The zero value is ready to use.
type Options struct {
	// Fetch brings what a wish asks for. Nil means HTTPS to public addresses only, with no redirects and no proxy,
	// within 5 seconds and 16 KiB.
	Fetch func(ctx context.Context, url string) ([]byte, error)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log gets refusals, problems and faults; nil means none.
	Log *slog.Logger
}

// Handler serves one source of one provider with the default Options: it proves each request, reads it and calls
// handle with its events. It panics if the adapter does not validate. It keeps no record of what it has seen: handle
// sees redelivered events again, with the ids they had before.
func Handler(a Adapter, src Source, handle Handle) http.Handler {
	return Options{}.Handler(a, src, handle)
}

// Handler is the function Handler with these options.
func (o Options) Handler(a Adapter, src Source, handle Handle) http.Handler {
	if err := Validate(a); err != nil {
		panic(err)
	}
	if o.Fetch == nil {
		o.Fetch = fetchWith(guardedClient())
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &handler{
		adapter: a, source: src, handle: handle, Options: o,
		certificates: certificates{fetch: o.Fetch, now: o.Now},
	}
}

type handler struct {
	Options
	adapter      Adapter
	source       Source
	handle       Handle
	certificates certificates
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.adapter.Takes(r.Method) {
		w.Header().Set("Allow", strings.Join(h.adapter.methods(), ", "))
		http.Error(w, "wrong_method", http.StatusMethodNotAllowed)
		return
	}
	road := h.adapter.RoadOf(r.Header)
	if err := h.serve(w, r, road); err != nil {
		h.refuse(w, r, road, err)
		return
	}
	status := h.adapter.StatusOn(road, Stored)
	if road.Reply != nil {
		h.reply(w, road, Reply{Status: status})
		return
	}
	w.WriteHeader(status)
}

// reply answers in the provider's own form.
func (h *handler) reply(w http.ResponseWriter, road Road, r Reply) {
	r.At = h.Now()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.Status)
	_, _ = w.Write(road.Reply(r))
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request, road Road) error {
	body, err := h.read(w, r, road)
	if err != nil {
		return err
	}
	result, err := h.open(r, body)
	if err != nil {
		return err
	}
	result = result.Addressed()
	for _, p := range result.Problems {
		h.Log.WarnContext(r.Context(), "problem in a provider's request", "code", p.Code, "message", p.Message)
	}
	events, err := h.adapter.Finish(result, h.source, h.Now())
	if err != nil {
		return err
	}
	if len(events) > 0 {
		if err := h.handle(r.Context(), events); err != nil {
			return fmt.Errorf("handle events: %w", err)
		}
	}
	return h.confirm(r.Context(), result.Wishes)
}

func (h *handler) read(w http.ResponseWriter, r *http.Request, road Road) ([]byte, error) {
	if refusal := road.CheckEncoding(r.Header); refusal != nil {
		return nil, refusal
	}
	if road.Check != nil {
		if refusal := road.Check(h.source); refusal != nil {
			return nil, refusal
		}
	}
	// The length is not asked: a program's own middleware may have replaced the body.
	body, err := road.Read(r.Header, http.MaxBytesReader(w, r.Body, road.MaxBody+1), -1)
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	return body, nil
}

// open calls the adapter, and once more after its certificate is there.
func (h *handler) open(r *http.Request, body []byte) (Result, error) {
	req := Request{Method: r.Method, Header: r.Header, Body: body, Certificates: h.certificates.all()}
	now := h.Now()
	result, err := h.adapter.Open(req, h.source, now)
	if err != nil || !wants(result, FetchCertificate) {
		return result, err
	}
	if req.Certificates, err = h.certificates.grant(r.Context(), result.Wishes); err != nil {
		return Result{}, err
	}
	result, err = h.adapter.Open(req, h.source, now)
	if err == nil && wants(result, FetchCertificate) {
		return Result{}, errors.New("open request: the adapter asks again for what it was given")
	}
	return result, err
}

func wants(r Result, kind WishKind) bool {
	for _, w := range r.Wishes {
		if w.Kind == kind {
			return true
		}
	}
	return false
}

// Finish makes events of what Open or Reparse read, each with its Raw. received is when the request came. Custom events of which
// nobody knows whom they are about are left out: Result.Addressed tells of them.
func (a Adapter) Finish(result Result, src Source, received time.Time) ([]event.Event, error) {
	origin := event.Origin{Project: src.Project, SourceID: src.ID, Provider: a.Slug, ReceivedAt: received}
	events := make([]event.Event, 0, len(result.Drafts))
	for _, d := range result.Drafts {
		if Nobody(&d) {
			continue
		}
		e, err := d.Finish(origin)
		if err != nil {
			return nil, fmt.Errorf("finish draft: %w", err)
		}
		if e.Raw == nil {
			if e.Raw, err = a.raw(result, d.Element); err != nil {
				return nil, fmt.Errorf("read element %d: %w", d.Element, err)
			}
		}
		events = append(events, e)
	}
	return events, nil
}

func (a Adapter) raw(result Result, element int) ([]byte, error) {
	if element < len(result.Elements) {
		return result.Elements[element], nil
	}
	return a.Element(result.Keep, element)
}

func (h *handler) confirm(ctx context.Context, wishes []Wish) error {
	for _, w := range wishes {
		if w.Kind != ConfirmSubscription {
			continue
		}
		if !w.Auto {
			h.Log.WarnContext(ctx, "subscription not confirmed: set Source.AutoConfirm to confirm it", "subscription", w.Note)
			continue
		}
		if _, err := h.Fetch(ctx, w.URL); err != nil {
			return fmt.Errorf("confirm subscription: %w", err)
		}
	}
	return nil
}

// refuse answers by cause. The body is the code alone: the message is for the owner of the source, not for whoever
// sent the request.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, road Road, err error) {
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		refusal = &Refusal{Cause: OurFault, Code: string(OurFault), Message: err.Error()}
	}
	status := h.adapter.StatusOn(road, refusal.Cause)
	h.Log.WarnContext(r.Context(), "provider's request refused",
		"status", status, "code", refusal.Code, "message", refusal.Message)
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Basic realm="events"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "1")
	}
	if road.Reply != nil {
		h.reply(w, road, Reply{Status: status, Message: refusal.Code})
		return
	}
	http.Error(w, refusal.Code, status)
}
