package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"tidings/event"
)

// Handle is what a library user does with the events of one request. The provider gets its success only after Handle
// returned nil, so events that must not be lost are made durable in it. An error makes the provider send the same
// request again: the same facts come with the same ids.
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
	if err := h.serve(w, r); err != nil {
		h.refuse(w, r, err)
		return
	}
	w.WriteHeader(h.adapter.Status(Stored))
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request) error {
	body, err := h.read(w, r)
	if err != nil {
		return err
	}
	result, err := h.open(r, body)
	if err != nil {
		return err
	}
	for _, p := range result.Problems {
		h.Log.WarnContext(r.Context(), "problem in a provider's request", "code", p.Code, "message", p.Message)
	}
	events, err := h.finish(result)
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

func (h *handler) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, Refuse(Encoded, "encoded_body", "the body has a Content-Encoding, which no provider uses")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.adapter.Limit()))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, Refuse(TooLarge, "body_too_large", "the body is longer than %d bytes", large.Limit)
	}
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

func (h *handler) finish(result Result) ([]event.Event, error) {
	origin := event.Origin{
		Project: h.source.Project, SourceID: h.source.ID, Provider: h.adapter.Slug, ReceivedAt: h.Now(),
	}
	events := make([]event.Event, 0, len(result.Drafts))
	for _, d := range result.Drafts {
		e, err := d.Finish(origin)
		if err != nil {
			return nil, fmt.Errorf("finish draft: %w", err)
		}
		if e.Raw == nil {
			if e.Raw, err = h.adapter.Element(result.Keep, d.Element); err != nil {
				return nil, fmt.Errorf("read element %d: %w", d.Element, err)
			}
		}
		events = append(events, e)
	}
	return events, nil
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
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		refusal = &Refusal{Cause: OurFault, Code: string(OurFault), Message: err.Error()}
	}
	status := h.adapter.Status(refusal.Cause)
	h.Log.WarnContext(r.Context(), "provider's request refused",
		"status", status, "code", refusal.Code, "message", refusal.Message)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="events"`)
	}
	http.Error(w, refusal.Code, status)
}
