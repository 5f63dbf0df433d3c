package control_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/ingest"
	"tidings/internal/netguard"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider/all"
	"tidings/test/database"
)

// engines runs a test on both engines; PostgreSQL is the server that TIDINGS_TEST_POSTGRES names.
func engines(t *testing.T, run func(t *testing.T, databaseURL string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		run(t, database.New(t, "sqlite"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		run(t, database.New(t, "postgres"))
	})
}

// road is a server behind a proxy that a test tells what to do.
type road struct {
	*control.Control
	backend *httptest.Server
	proxy   *httptest.Server
	refused *ingest.RefusalLog

	mu   sync.Mutex
	does http.Handler
}

func (r *road) set(h http.Handler) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.does = h
}

func (r *road) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	h := r.does
	r.mu.Unlock()
	h.ServeHTTP(w, q)
}

// taken is the handler of a server over a store. The clock of all stands still.
func taken(t *testing.T, s *store.Store) (*ingest.Handler, *ingest.RefusalLog, receipt.Builder) {
	t.Helper()
	codec, err := receipt.NewCodec()
	must(t, err)
	clock, log := func() time.Time { return now }, slog.New(slog.DiscardHandler)
	builder := receipt.Builder{Codec: codec}
	committer := ingest.NewCommitter(ingest.CommitterOptions{Commit: s.Commit, Log: log})
	refused := ingest.NewRefusalLog(s, clock, log)
	client := (&netguard.Guard{}).Client(time.Second)
	confirmer := ingest.NewConfirmer(client, s, clock, log)
	t.Cleanup(func() {
		_ = committer.Close(context.Background())
		refused.Close(context.Background())
		confirmer.Close(context.Background())
	})
	return ingest.NewHandler(ingest.Options{
		Adapters: all.Adapters(), Sources: s, Builder: builder, Submit: committer.Submit,
		Certificates: ingest.NewCertificates(client, clock), Confirmer: confirmer, Refusals: refused, Tests: s, Log: log, Now: clock,
	}), refused, builder
}

func openStore(t *testing.T, databaseURL string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{
		URL: databaseURL, Soft: contact.DefaultSoftPolicy, Now: func() time.Time { return now },
	})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func newRoad(t *testing.T, databaseURL string) *road {
	t.Helper()
	r := &road{}
	s := openStore(t, databaseURL)
	handler, refused, builder := taken(t, s)
	r.refused = refused
	r.backend = httptest.NewServer(handler)
	r.proxy = httptest.NewServer(r)
	t.Cleanup(r.backend.Close)
	t.Cleanup(r.proxy.Close)
	r.Control = &control.Control{
		Store: s, Adapters: all.Adapters(), Now: func() time.Time { return now }, BasePath: "/in", Builder: builder,
		Commit: s.Commit,
	}
	r.public(t, r.proxy.URL, nil, patience)
	r.set(r.pass(nil, nil))
	return r
}

// patience is how long an answer may take that comes.
const patience = 30 * time.Second

// public says where the server is to be reached.
func (r *road) public(t *testing.T, base string, roots *x509.CertPool, timeout time.Duration) {
	t.Helper()
	way, err := netguard.NewRoad(base, timeout, roots)
	must(t, err)
	r.PublicURL, r.Send = base, way.Send
}

// pass passes requests on to the server, and answers back.
func (r *road) pass(request func(*http.Request), answer func(*http.Response) error) http.Handler {
	to, _ := url.Parse(r.backend.URL)
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(to)
			if request != nil {
				request(p.Out)
			}
		},
		ModifyResponse: answer,
	}
}

// body makes a proxy that changes bodies.
func (r *road) body(change func(string) string) http.Handler {
	return r.pass(func(q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		changed := change(string(b))
		q.Body, q.ContentLength = io.NopCloser(strings.NewReader(changed)), int64(len(changed))
		q.Header.Del("Content-Length")
	}, nil)
}

func status(code int, header ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	})
}

// newSource makes a source of the one topic.
func (r *road) newSource(t *testing.T, change func(*source.Settings)) control.SourceWithToken {
	t.Helper()
	set := source.Settings{Topics: []string{topic}}
	if change != nil {
		change(&set)
	}
	s, err := r.CreateSource(t.Context(), operator, control.NewSource{Name: "main", Provider: "ses", Settings: set})
	must(t, err)
	return s
}

// untouched fails if anything was stored or counted for a source.
func (r *road) untouched(t *testing.T, src *source.Source) {
	t.Helper()
	r.refused.Close(t.Context())
	receipts, err := r.Store.ListReceipts(t.Context(), store.ReceiptQuery{Project: src.Project})
	must(t, err)
	events, err := r.Store.ListEvents(t.Context(), store.EventQuery{Project: src.Project})
	must(t, err)
	h, err := r.Store.SourceHealth(t.Context(), src.Ref, now)
	must(t, err)
	if len(receipts.Receipts)+len(events.Events)+len(h.Refusals)+len(h.Hours) > 0 {
		t.Errorf("a test left %d receipts, %d events, %d refusals, %d hours", len(receipts.Receipts), len(events.Events),
			len(h.Refusals), len(h.Hours))
	}
}

// story is a report as a golden has it: what differs from run to run is left out.
func (r *road) story(report control.TestReport) string {
	var b strings.Builder
	fmt.Fprintf(&b, "ok %t, %s\n", report.OK, report.Signed)
	for _, s := range report.Steps {
		fmt.Fprintf(&b, "%-8s%-10s%s\n", s.State, s.Name, s.Detail)
		if s.Remedy != "" {
			fmt.Fprintf(&b, "%-8s%-10s-> %s\n", "", "", s.Remedy)
		}
	}
	for _, u := range report.Untested {
		fmt.Fprintf(&b, "untested: %s\n", u)
	}
	host := func(s *httptest.Server) string {
		return strings.TrimPrefix(strings.TrimPrefix(s.URL, "http://"), "https://")
	}
	return strings.NewReplacer(host(r.proxy), "PROXY", host(r.backend), "SERVER").Replace(b.String())
}

func goldenText(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "selftest", name+".txt")
	if *update {
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// obstacles are what a sample may meet on its way, by the name of the golden that tells of it.
func obstacles(r *road) map[string]http.Handler {
	return map[string]http.Handler{
		"nothing_in_the_way": r.pass(nil, nil),
		"body_changed":       r.body(func(b string) string { return strings.ReplaceAll(b, "Delivery", "Bounce") }),
		"body_reformatted":   r.body(func(b string) string { return strings.ReplaceAll(b, "\n", "") }),
		"body_cut":           r.body(func(b string) string { return b[:100] }),
		"body_empty":         r.body(func(string) string { return "" }),
		"prefix_added":       r.pass(func(q *http.Request) { q.URL.Path = "/in" + q.URL.Path }, nil),
		"path_cut":           r.pass(func(q *http.Request) { q.URL.Path = strings.TrimPrefix(q.URL.Path, "/in") }, nil),
		"header_changed":     r.pass(func(q *http.Request) { q.Header.Set("X-Amz-Sns-Topic-Arn", "arn:other") }, nil),
		"encoded":            r.pass(func(q *http.Request) { q.Header.Set("Content-Encoding", "gzip") }, nil),
		"redirect":           status(http.StatusMovedPermanently, "Location", "https://www.tidings.test/in/ses?x=1"),
		"not_found":          status(http.StatusNotFound),
		"login":              status(http.StatusUnauthorized),
		"bad_gateway":        status(http.StatusBadGateway),
		"teapot":             status(http.StatusTeapot),
		"somebody_else":      status(http.StatusOK),
		"answer_replaced": r.pass(nil, func(a *http.Response) error {
			a.StatusCode = http.StatusInternalServerError
			return nil
		}),
		"hangs": http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
			_, _ = io.Copy(io.Discard, q.Body) // only then a server notices who hangs up
			<-q.Context().Done()
		}),
		"hangs_up": http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}),
	}
}

func TestASelfTestTellsWhatIsInTheWayAndStoresNothing(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, databaseURL string) {
		r := newRoad(t, databaseURL)
		src := r.newSource(t, nil)
		for name, obstacle := range obstacles(r) {
			r.set(obstacle)
			r.public(t, r.proxy.URL, nil, map[bool]time.Duration{true: time.Second, false: patience}[name == "hangs"])
			report, err := r.SelfTest(t.Context(), operator, src.ID)
			must(t, err)
			goldenText(t, name, r.story(report))
			if report.OK != (name == "nothing_in_the_way") {
				t.Errorf("%s: ok is %t", name, report.OK)
			}
			if strings.Contains(fmt.Sprint(report), src.Token) {
				t.Errorf("%s: the report has the source's token", name)
			}
		}
		r.untouched(t, src.Source)
	})
}

func TestASelfTestTellsWhatTheSourceItselfRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings func(*source.Settings)
		prepare  func(*road, *source.Source)
		ok       bool
	}{
		"basic_auth": {settings: func(s *source.Settings) { s.BasicAuth = []string{"amy:pond", "old:one"} }, ok: true},
		"basic_auth_taken_off": {
			settings: func(s *source.Settings) { s.BasicAuth = []string{"amy:pond"} },
			prepare: func(r *road, _ *source.Source) {
				r.set(r.pass(func(q *http.Request) { q.Header.Del("Authorization") }, nil))
			},
		},
		"everything_set": {settings: func(s *source.Settings) {
			s.Account, s.RequireVersion2, s.MaxAgeSeconds, s.AllowRaw = "111122223333", true, 60, true
		}, ok: true},
		"disabled": {prepare: func(r *road, s *source.Source) {
			_, _ = r.DisableSource(context.Background(), operator, s.ID)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoad(t, filepath.Join(t.TempDir(), "tidings.db"))
			src := r.newSource(t, c.settings)
			if c.prepare != nil {
				c.prepare(r, src.Source)
			}
			report, err := r.SelfTest(t.Context(), operator, src.ID)
			must(t, err)
			goldenText(t, "source_"+name, r.story(report))
			if report.OK != c.ok {
				t.Errorf("ok is %t", report.OK)
			}
			r.untouched(t, src.Source)
		})
	}
}

func TestASelfTestTellsHowFarItCame(t *testing.T) {
	t.Parallel()
	r := newRoad(t, filepath.Join(t.TempDir(), "tidings.db"))
	src := r.newSource(t, nil)
	story := func(name string) {
		t.Helper()
		report, err := r.SelfTest(t.Context(), operator, src.ID)
		must(t, err)
		goldenText(t, name, r.story(report))
	}
	secure := httptest.NewUnstartedServer(r)
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	secure.StartTLS()
	defer secure.Close()
	r.proxy.Close()
	story("refuses_connections")
	r.proxy = secure
	r.public(t, secure.URL, nil, patience)
	story("untrusted_certificate")
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	r.public(t, secure.URL, roots, patience)
	story("trusted_certificate")
	r.Send = func(context.Context, string, string, http.Header, []byte) netguard.Trip {
		return netguard.Trip{Failed: netguard.StageResolve, Err: &net.DNSError{Name: "tidings.test", Err: "no such host"}}
	}
	r.PublicURL = "https://tidings.test"
	story("no_such_name")
	r.Send = func(context.Context, string, string, http.Header, []byte) netguard.Trip {
		return netguard.Trip{Failed: netguard.StageURL, Err: errors.New("want a http or https URL")}
	}
	story("no_url")
}

// caught is a request that a proxy kept.
type caught struct {
	path   string
	header http.Header
	body   []byte
}

// catch passes one test on and keeps its request.
func (r *road) catch(t *testing.T, id string) (caught, control.TestReport) {
	t.Helper()
	var c caught
	r.set(r.pass(func(q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		c = caught{q.URL.Path, q.Header.Clone(), b}
		q.Body = io.NopCloser(bytes.NewReader(b))
	}, nil))
	report, err := r.SelfTest(t.Context(), operator, id)
	must(t, err)
	return c, report
}

// post posts a caught request to a path of the server.
func (r *road) post(t *testing.T, path string, c caught) int {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.backend.URL+path, bytes.NewReader(c.body))
	must(t, err)
	q.Header = c.header
	answer, err := r.backend.Client().Do(q)
	must(t, err)
	defer answer.Body.Close()
	return answer.StatusCode
}

func TestATestIsNeverARealRequestNorARealRequestATest(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, databaseURL string) {
		r := newRoad(t, databaseURL)
		src := r.newSource(t, nil)
		c, report := r.catch(t, src.ID)
		if !report.OK || !strings.HasPrefix(c.path, "/in/ses/"+ingest.TestPrefix) {
			t.Fatalf("%s: %+v", c.path, report)
		}
		if got := r.post(t, c.path, c); got != http.StatusForbidden {
			t.Errorf("the same test again: %d", got)
		}
		if got := r.post(t, "/in/ses/"+src.Token, c); got != http.StatusForbidden {
			t.Errorf("the sample at the source's real URL: %d", got)
		}
		// The request of another test is signed with another key.
		r.set(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
			if got := r.post(t, q.URL.Path, c); got != http.StatusForbidden {
				t.Errorf("the sample at the URL of another test: %d", got)
			}
			if got := r.post(t, strings.Replace(q.URL.Path, "/ses/", "/other/", 1), c); got != http.StatusNotFound {
				t.Errorf("a test's URL with another provider: %d", got)
			}
		}))
		report, err := r.SelfTest(t.Context(), operator, src.ID)
		must(t, err)
		i := slices.IndexFunc(report.Steps, func(s control.TestStep) bool { return s.Name == "prove" })
		if s := report.Steps[i]; report.OK || s.State != control.StepFailed || !strings.HasPrefix(s.Detail, "bad_signature") {
			t.Errorf("%+v", s)
		}
		receipts, err := r.Store.ListReceipts(t.Context(), store.ReceiptQuery{Project: src.Project})
		if err != nil || len(receipts.Receipts) != 0 {
			t.Errorf("%d receipts, %v", len(receipts.Receipts), err)
		}
	})
}

func TestATestMayLandOnAnotherNode(t *testing.T) {
	t.Parallel()
	databaseURL := database.New(t, "postgres")
	r := newRoad(t, databaseURL)
	src := r.newSource(t, nil)
	other, _, _ := taken(t, openStore(t, databaseURL))
	r.set(other)
	report, err := r.SelfTest(t.Context(), operator, src.ID)
	if err != nil || !report.OK {
		t.Errorf("%v\n%s", err, r.story(report))
	}
}

func TestASourceThatIsNotThereCannotBeTested(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	if _, err := c.SelfTest(t.Context(), operator, "src_none"); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	s, err := c.CreateSource(t.Context(), operator, control.NewSource{
		Name: "main", Provider: "ses", Settings: source.Settings{Topics: []string{topic}},
	})
	must(t, err)
	c.Adapters = slices.Clone(c.Adapters)
	for i := range c.Adapters {
		c.Adapters[i].Sample = nil
	}
	if _, err := c.SelfTest(t.Context(), operator, s.ID); !fault.Is(err, fault.Conflict) {
		t.Error(err)
	}
}
