package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tidings/internal/auth"
	"tidings/internal/control"
	"tidings/internal/fault"
)

// securityHeaders go with every answer. Nothing here is a page: a browser must not guess, frame or keep it.
var securityHeaders = map[string]string{
	"X-Content-Type-Options":  "nosniff",
	"Cache-Control":           "no-store",
	"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	"Referrer-Policy":         "no-referrer",
}

// prepared gives a request its id and its deadline, and the answer its headers.
func (a *api) prepared(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := auth.NewID("")
		for name, value := range securityHeaders {
			w.Header().Set(name, value)
		}
		w.Header().Set("X-Request-Id", id)
		ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), requestKey, id), timeoutOf(r))
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// recovered answers a request whose handler panicked, and keeps the server up.
func (a *api) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(http.ErrAbortHandler)
			}
			id := w.Header().Get("X-Request-Id")
			a.Logger.ErrorContext(r.Context(), "request panicked", "request", id, "cause", fmt.Sprint(cause),
				"stack", string(debug.Stack()))
			a.write(w, a.internal(context.WithValue(r.Context(), requestKey, id)))
		}()
		next.ServeHTTP(w, r)
	})
}

// routed answers what no route takes with a problem, in place of the mux's plain text.
func (a *api) routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" && documents[r.URL.Path] {
			repeatedDocument(mux).ServeHTTP(w, r)
			return
		}
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		answer := &unrouted{header: http.Header{}}
		h.ServeHTTP(answer, r)
		if answer.status != http.StatusMethodNotAllowed {
			a.write(w, a.newProblem(http.StatusNotFound, "no_route", "there is nothing at this path"))
			return
		}
		allow := answer.header.Get("Allow")
		w.Header().Set("Allow", allow)
		a.write(w, a.newProblem(answer.status, "wrong_method", "this path takes "+allow))
	})
}

// unrouted takes the mux's own answer to a request that it has no handler for.
type unrouted struct {
	header http.Header
	status int
}

// Header takes the headers.
func (u *unrouted) Header() http.Header { return u.header }

// Write passes over the text.
func (u *unrouted) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader takes the status.
func (u *unrouted) WriteHeader(status int) { u.status = status }

func (a *api) write(w http.ResponseWriter, p *Problem) {
	for name := range p.header {
		w.Header().Set(name, p.header[name][0])
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	if err := Encode(w, p); err != nil {
		a.Logger.Debug("the problem was not written", "error", err)
	}
}

// guard lets a request through to an operation if its key or person may use it and its URL and headers make sense.
func (a *api) guard(o control.Operation) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		actor, err := a.admit(r, o)
		if err == nil {
			err = a.sensible(r, ctx.Operation())
		}
		if err != nil {
			a.write(w, a.problem(ctx.Context(), err))
			return
		}
		ctx = huma.WithValue(ctx, actorKey, actor)
		if strings.HasPrefix(ctx.Operation().Path, pathsOfPeople) {
			ctx = huma.WithValue(ctx, visitKey, a.visit(r))
		}
		next(ctx)
	}
}

// admit proves who asks, and that they may.
func (a *api) admit(r *http.Request, o control.Operation) (control.Actor, error) {
	if o.Scope == control.Open && strings.HasPrefix(r.URL.Path, pathsOfPeople) {
		return control.Actor{}, a.crossOrigin(r)
	}
	if o.Scope == control.Open {
		return control.Actor{}, nil
	}
	if a.byCookie(r, o) {
		return a.admitPerson(r, o)
	}
	p, err := a.Auth.Authenticate(r.Context(), r.Header.Get("Authorization"))
	if err != nil {
		return control.Actor{}, err
	}
	return control.Admit(o, p)
}

// sensible refuses what the operation would otherwise pass over in silence: parameters that it does not know, or that
// are given twice, texts that no database takes, compressed bodies.
func (a *api) sensible(r *http.Request, op *huma.Operation) error {
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		status := http.StatusUnsupportedMediaType
		return a.newProblem(status, frameworkCodes[status], frameworkTexts[status])
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return a.newProblem(http.StatusBadRequest, codeMalformed, "the query string can't be read: "+err.Error())
	}
	if !isText(r.URL.Path) {
		return a.newProblem(http.StatusBadRequest, codeMalformed, "the path is not valid UTF-8")
	}
	return checkQuery(query, op)
}

func checkQuery(query url.Values, op *huma.Operation) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if err := checkParameter(name, query[name], op); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func checkParameter(name string, values []string, op *huma.Operation) error {
	if !isText(name) {
		return fault.BadField("query", "a parameter's name is not valid UTF-8")
	}
	param := parameter(op, name)
	if param == nil {
		return fault.New(fault.Invalid, "unknown_parameter", "there is no such parameter").WithField(name).
			WithHint("%s", "known are: "+knownParameters(op))
	}
	if len(values) > 1 && param.Schema.Type != huma.TypeArray {
		return fault.BadField(name, "is given %d times", len(values))
	}
	for _, v := range values {
		if !isText(v) {
			return fault.BadField(name, "is not valid UTF-8, or holds a NUL")
		}
	}
	return nil
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

func parameter(op *huma.Operation, name string) *huma.Param {
	for _, p := range op.Parameters {
		if p.In == "query" && p.Name == name {
			return p
		}
	}
	return nil
}

func knownParameters(op *huma.Operation) string {
	var names []string
	for _, p := range op.Parameters {
		if p.In == "query" {
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
