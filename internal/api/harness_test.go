package api_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/go-cmp/cmp"

	"tidings/internal/api"
	"tidings/internal/auth"
	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/receipt"
	"tidings/internal/sender"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider/all"
	"tidings/provider/ses"
	"tidings/test/database"
)

var update = flag.Bool("update", false, "write the golden files anew")

const topic = "arn:aws:sns:eu-west-1:111122223333:ses"

// server is the API over a real database, with a clock that stands still until it is moved.
type server struct {
	t       testing.TB
	handler http.Handler
	control *control.Control
	store   *store.Store
	spec    routers.Router
	log     *bytes.Buffer
	file    string // of the database
	auth    *auth.Authenticator
	logger  *slog.Logger

	secret  string // an API key
	exports string // the folder below which exports write

	mu       sync.Mutex
	now      time.Time
	draining bool
	confirm  error // how the provider answers to a confirmation
	asked    []source.Confirmation
}

func (s *server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *server) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

var operator = control.Actor{Project: store.DefaultProject, By: "cli", Door: "cli"}

func newServer(t testing.TB) *server {
	t.Helper()
	s := &server{
		t: t, now: time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC), log: &bytes.Buffer{},
		file: database.New(t, "sqlite"),
	}
	var err error
	s.store, err = store.Open(t.Context(), store.Options{
		URL: s.file, Soft: contact.DefaultSoftPolicy, Now: s.Now,
	})
	must(t, err)
	t.Cleanup(func() { _ = s.store.Close() })
	codec, err := receipt.NewCodec()
	must(t, err)
	s.logger = slog.New(slog.NewTextHandler(s.log, nil))
	s.auth = auth.NewAuthenticator(s.store, "api", s.Now, s.logger)
	s.control = &control.Control{
		Store: s.store, Adapters: all.Adapters(), Now: s.Now, PublicURL: "https://tidings.test", BasePath: "/in",
		Builder: receipt.Builder{Codec: codec}, Commit: s.store.Commit,
		Gate: control.NewGate(),
		Confirm: func(_ context.Context, c source.Confirmation) error {
			s.asked = append(s.asked, c)
			return s.confirm
		},
	}
	s.places()
	s.control.Outbox = &sender.Outbox{Folder: filepath.Join(t.TempDir(), "outbox")}
	s.control.Ways = sender.Deps{Outbox: s.control.Outbox, Now: s.Now}
	s.outlets(&receiver{})
	s.control.Rulebook = control.NewRuleBook(s.store, s.Now)
	s.control.Workflowbook = control.NewWorkflowBook(s.store)
	s.control.Outgoing = sender.NewRegistry(s.store, s.control.Ways)
	t.Cleanup(s.control.Outgoing.Close)
	s.control.Submit = func(ctx context.Context, e *receipt.Entry) error {
		return s.store.Commit(ctx, []*receipt.Entry{e})
	}
	s.control.Tracking = control.TrackRules{Past: 90 * 24 * time.Hour, Ahead: 5 * time.Minute}
	s.control.Feed = control.NewFeed(s.store, api.EncodeTold, 3, s.logger)
	t.Cleanup(s.control.Feed.Close)
	s.handler = api.New(api.Options{
		Heartbeat: 50 * time.Millisecond,
		Control:   s.control, Auth: s.auth, Logger: s.logger,
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") }),
		Version: "1.2.3", People: true, Draining: func() bool { return s.draining },
	})
	s.spec = harnessSpec(t, s.handler)
	_, s.secret, err = s.control.CreateKey(t.Context(), operator, "test", store.SecretKey)
	must(t, err)
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// harness is the document that every server of newServer serves, read once: it takes a second to write and to read.
var harness struct {
	once sync.Once
	spec routers.Router
}

func harnessSpec(t testing.TB, h http.Handler) routers.Router {
	t.Helper()
	harness.once.Do(func() { harness.spec = servedSpec(t, h) })
	return harness.spec
}

// specs are the documents that were served, by their text, each read and validated once: that takes a second.
var specs sync.Map

// servedSpec reads the OpenAPI document as a client gets it.
func servedSpec(t testing.TB, h http.Handler) routers.Router {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	if read, ok := specs.Load(w.Body.String()); ok {
		router, _ := read.(routers.Router)
		return router
	}
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	must(t, err)
	must(t, doc.Validate(t.Context()))
	router, err := legacy.NewRouter(doc)
	must(t, err)
	specs.Store(w.Body.String(), router)
	return router
}

// answer is what a call came to.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

// into reads the body, and fails at fields that the caller does not know.
func (a answer) into(v any) {
	a.t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		a.t.Fatalf("read %s: %v", a.body, err)
	}
}

type problem struct {
	Type, Title, Detail, Instance, Error, Message, Field, Hint string
	Status, Code                                               int
	Time                                                       int64
	Errors                                                     []struct{ Field, Code, Message, Hint string }
}

func (a answer) problem() (p problem) {
	a.t.Helper()
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		a.t.Fatalf("content type %q of %s", got, a.body)
	}
	a.into(&p)
	return p
}

// call makes a request with the secret key and validates the answer against the served OpenAPI document. body is sent
// as it is if it is a string, else as JSON.
func (s *server) call(method, target string, body any) answer {
	s.t.Helper()
	return s.send(s.request(method, target, body))
}

func (s *server) request(method, target string, body any) *http.Request {
	s.t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		encoded, err := json.Marshal(b)
		must(s.t, err)
		reader = bytes.NewReader(encoded)
	}
	r := httptest.NewRequest(method, target, reader)
	r.Header.Set("Authorization", "Bearer "+s.secret)
	if reader != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func (s *server) send(r *http.Request) answer {
	s.t.Helper()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	w := leaver{httptest.NewRecorder(), func() {}}
	if r.URL.Path == "/feed" { // it has no end of its own
		w.leave = cancel
	}
	s.handler.ServeHTTP(w, r.WithContext(ctx))
	a := answer{t: s.t, status: w.Code, header: w.Header(), body: w.Body.Bytes()}
	if route, params, err := s.spec.FindRoute(r); err == nil {
		validate(s.t, r, route, params, a)
	}
	return a
}

// leaver is somebody who reads of a stream what comes first, and leaves.
type leaver struct {
	*httptest.ResponseRecorder
	leave func()
}

func (l leaver) Flush() {
	l.ResponseRecorder.Flush()
	l.leave()
}

// unreadTypes are those of bodies that the library can't read.
var unreadTypes = []string{"text/event-stream", "application/jsonl", "application/vnd.apache.parquet", "application/gzip"}

func validate(t testing.TB, r *http.Request, route *routers.Route, params map[string]string, a answer) {
	t.Helper()
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 a.status, Header: a.header,
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, MultiError: true,
			ExcludeResponseBody: slices.Contains(unreadTypes, a.header.Get("Content-Type")),
		},
	}
	in.SetBodyBytes(a.body)
	if err := openapi3filter.ValidateResponse(t.Context(), in); err != nil {
		t.Errorf("%s %s: %d %s is not what the OpenAPI document says: %v", r.Method, r.URL, a.status, a.body, err)
	}
}

// want fails unless the call came to a status.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// golden compares JSON with a file.
func golden(t testing.TB, name string, got []byte) {
	t.Helper()
	var pretty bytes.Buffer
	must(t, json.Indent(&pretty, got, "", "  "))
	pretty.WriteByte('\n')
	file := filepath.Join("testdata", name)
	if *update {
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, pretty.Bytes(), 0o600))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if diff := cmp.Diff(string(want), pretty.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// newSource makes a source of the one topic.
func (s *server) newSource() *source.Source {
	s.t.Helper()
	created, err := s.control.CreateSource(s.t.Context(), operator, control.NewSource{
		Name: "main", Provider: "ses", Settings: source.Settings{Topics: []string{topic}},
	})
	must(s.t, err)
	return created.Source
}

// take stores SES records as ingest does once they are proved: in SNS envelopes, one commit each.
func (s *server) take(src *source.Source, records ...string) {
	s.t.Helper()
	adapter := ses.Adapter
	for _, r := range records {
		sum := auth.Hash(r)
		envelope, err := json.Marshal(map[string]string{
			"Type": "Notification", "MessageId": uuid(sum), "TopicArn": topic, "Message": r,
			"Timestamp": s.Now().Format("2006-01-02T15:04:05.000Z"), "SignatureVersion": "2",
		})
		must(s.t, err)
		res, err := adapter.Reparse(envelope, src.ForProvider(true, 0))
		must(s.t, err)
		must(s.t, s.store.Commit(s.t.Context(), []*receipt.Entry{s.control.Builder.Build(src, res, envelope, s.Now())}))
	}
}

func uuid(sum [32]byte) string {
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// life is what became of two emails: records of SES, one a line.
func life(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/ses/life.jsonl")
	must(t, err)
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}
