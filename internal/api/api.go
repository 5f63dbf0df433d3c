// Package api provides the HTTP API: it decodes a question, calls one operation of control and encodes its answer. It
// decides nothing.
package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/klauspost/compress/gzhttp"

	"tidings/internal/auth"
	"tidings/internal/control"
)

// Options are what the API needs. All but Metrics, Meter and Tracer are required.
type Options struct {
	Control  *control.Control
	Auth     *auth.Authenticator
	Logger   *slog.Logger
	Metrics  http.Handler // served at /metrics; nil: not served
	Version  string       // of the program, for the OpenAPI document
	Draining func() bool  // whether the server is shutting down: then it is not ready
	Meter    Meter        // counts requests; nil: they are not counted
	Tracer   Tracer       // follows requests; nil: they are not followed
	People   bool         // whether people may sign in, and ask with the cookie that they get
	// Heartbeat is how often a silent feed proves that it lives; 0: every 15 seconds.
	Heartbeat time.Duration
	// SlowReader is how long a reader of the feed may take for 64 KB; 0: 10 seconds.
	SlowReader time.Duration
}

const (
	maxBody        = 1 << 20
	requestTimeout = 10 * time.Second
)

type api struct {
	Options
	ready   readiness
	origins *http.CrossOriginProtection
	pieces  sync.Pool // of *bytes.Buffer: what the feed is gathered in
}

// New makes the handler of all routes of the API. It answers every path: those that it does not know with a problem.
func New(o Options) http.Handler {
	a := &api{Options: o, origins: originsOf(o.Control.PublicURL)}
	mux := http.NewServeMux()
	h := humago.New(mux, a.config())
	a.register(h)
	describe(h.OpenAPI())
	if err := a.serveDocs(mux, h.OpenAPI()); err != nil {
		panic(fmt.Sprintf("the pages of the API: %v", err))
	}
	a.servePreflights(mux)
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	return a.recovered(a.prepared(a.packed(a.routed(mux))))
}

// packed compresses answers in JSON for browsers in which a person is signed in: the first page is a third lighter by it.
// Programs get them as they are, which costs them and us less.
func (a *api) packed(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.ContentTypes([]string{"application/json"}))
	if err != nil {
		panic(fmt.Sprintf("compression of answers: %v", err)) // options that do not fit each other
	}
	packing := wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.Path != "/feed" && a.sessionToken(r) != "" {
			packing.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (a *api) config() huma.Config {
	format := huma.Format{Marshal: Encode, Unmarshal: decode}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Tidings", Version: a.Version, Description: description,
				License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Servers: []*huma.Server{{URL: "/", Description: "The server that this document came from"}},
			Components: &huma.Components{
				Schemas:         huma.NewMapRegistry("#/components/schemas/", schemaName),
				SecuritySchemes: a.schemes(),
			},
		},
		OpenAPIPath:   "/openapi",
		Formats:       map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{a.ofFramework},
	}
}

const description = `What became of every email, and why.

Errors are RFC 9457 problem details. Lists are read with ` + "`limit` and `cursor`" + `: pass the ` + "`nextCursor`" + ` of
a page to get the next one, while ` + "`hasMore`" + ` is true.`

// schemaName names schemas after their types. Types of other packages are named after those too, because a Message in
// an event is less than a Message of its own.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := huma.DefaultSchemaNamer(t, hint)
	for suffix, prefix := range foreign {
		if strings.HasSuffix(t.PkgPath(), suffix) {
			return prefix + name
		}
	}
	return name
}

// foreign are the packages whose types are answered as they are.
var foreign = map[string]string{"/event": "Event", "/provider": "Receipt"}

type contextKey int

const (
	actorKey contextKey = iota
	requestKey
	visitKey
	callKey
)

// who is the actor that the guard proved.
func who(ctx context.Context) control.Actor {
	w, _ := ctx.Value(actorKey).(control.Actor)
	return w
}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey).(string)
	return id
}
