package hit_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/form"
	"tidings/internal/hit"
	"tidings/internal/link"
	"tidings/internal/receipt"
	"tidings/internal/stats"
	"tidings/internal/store"
	"tidings/test/database"
)

var operator = control.Actor{Project: store.DefaultProject, By: "cli", Door: "cli"}

const (
	pages    = "https://tidings.test"
	tracking = "https://click.acme.test"
	browser  = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"
)

// world is the doors over a real database.
type world struct {
	*testing.T
	control *control.Control
	store   *store.Store
	links   *control.MailLinks
	base    string
	ann     store.Contact

	mu  sync.Mutex
	now time.Time
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func onBoth(t *testing.T, run func(w *world)) {
	t.Helper()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			run(newWorld(t, engine))
		})
	}
}

// outbox knows one email, the send 7 of the default project.
type outbox struct{ sentAt time.Time }

func (o outbox) SendOfRef(_ context.Context, project, send int64) (control.Sent, error) {
	if project != 1 || send != 7 {
		return control.Sent{}, nil
	}
	return control.Sent{Provider: "smtp", Message: event.Message{
		ID: "snd_7@acme.test", Template: "onboarding/welcome", Tags: []string{"may"}, SentAt: o.sentAt,
	}}, nil
}

func newWorld(t *testing.T, engine string) *world {
	t.Helper()
	w := &world{T: t, now: time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)}
	var err error
	w.store, err = store.Open(t.Context(), store.Options{
		URL: database.New(t, engine), Soft: contact.DefaultSoftPolicy, Now: w.Now,
	})
	must(t, err)
	t.Cleanup(func() { _ = w.store.Close() })
	codec, err := receipt.NewCodec()
	must(t, err)
	w.control = &control.Control{
		Store: w.store, Now: w.Now, PublicURL: pages, TrackingURL: tracking, BasePath: "/in",
		Builder: receipt.Builder{Codec: codec, Judge: stats.DefaultRules().Mark},
		Submit: func(ctx context.Context, e *receipt.Entry) error {
			return w.store.Commit(ctx, []*receipt.Entry{e})
		},
		SentMail:    outbox{sentAt: w.now.Add(-time.Hour)},
		HitPatience: time.Minute,
	}
	quiet := slog.New(slog.DiscardHandler)
	server := httptest.NewServer(hit.New(w.control, quiet, form.New(w.control, quiet, http.NotFoundHandler())))
	t.Cleanup(server.Close)
	w.base = server.URL
	for _, name := range []string{"News", "Offers"} {
		_, err = w.control.CreateTopic(t.Context(), operator, control.NewTopic{Name: name, Description: "What is new"})
		must(t, err)
	}
	made, err := w.control.PutContact(t.Context(), operator, control.ContactEdit{
		Email: "ann@acme.test", Topics: map[string]bool{"news": true},
	})
	must(t, err)
	w.ann = made.Contact
	w.pass(time.Minute)
	w.links, err = w.control.MailLinks(t.Context())
	must(t, err)
	return w
}

// ref is ann in the email that the outbox knows.
func (w *world) ref() link.Ref { return link.Ref{Project: 1, Contact: w.ann.Ref, Send: 7} }

// answer is a whole answer.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// do asks for a link as a program that calls itself agent.
func (w *world) do(method, address, agent string, header map[string]string, body string) answer {
	w.Helper()
	path := strings.TrimPrefix(strings.TrimPrefix(address, tracking), pages)
	r, err := http.NewRequestWithContext(w.Context(), method, w.base+path, strings.NewReader(body))
	must(w, err)
	r.Header.Set("User-Agent", agent)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	must(w, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(w, err)
	res.Header.Del("Date")
	return answer{res.StatusCode, res.Header, string(b)}
}

func (w *world) get(address string) answer { return w.do(http.MethodGet, address, browser, nil, "") }

// post sends fields as a browser does.
func (w *world) post(address string, fields ...string) answer {
	w.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	return w.do(http.MethodPost, address, browser, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, values.Encode())
}

func (w *world) contact() store.Contact {
	w.Helper()
	k, err := w.store.Contact(w.Context(), operator.Project, "ann@acme.test")
	must(w, err)
	return k
}

func (w *world) events(names ...event.Name) []event.Event {
	w.Helper()
	f := control.EventFilter{Limit: 1000}
	for _, n := range names {
		f.Names = append(f.Names, string(n))
	}
	page, err := w.control.ListEvents(w.Context(), operator, f)
	must(w, err)
	return page.Events
}

// counted are the figures of a name by class.
func (w *world) counted(name event.Name) map[stats.Class]int64 {
	w.Helper()
	list, err := w.store.Stats(w.Context(), store.StatsQuery{
		Project: operator.Project, By: stats.BySource, Names: []event.Name{name}, From: w.Now().Add(-48 * time.Hour), To: w.Now().Add(time.Hour),
	})
	must(w, err)
	out := make(map[stats.Class]int64)
	for _, f := range list {
		out[f.Class] += f.N
	}
	return out
}

func (w *world) verify() {
	w.Helper()
	v, err := w.store.Verify(w.Context(), nil)
	must(w, err)
	if len(v.Differences) > 0 {
		w.Errorf("verify: %v", v.Differences)
	}
}
