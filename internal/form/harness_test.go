package form_test

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
	"tidings/internal/receipt"
	"tidings/internal/store"
	"tidings/test/database"
)

var operator = control.Actor{Project: store.DefaultProject, By: "cli", Door: "cli"}

const site = "https://acme.test"

// world is the pages over a real database.
type world struct {
	*testing.T
	control *control.Control
	store   *store.Store
	url     string // of the database
	engine  string
	base    string

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

func newWorld(t *testing.T, engine string) *world {
	t.Helper()
	w := &world{T: t, engine: engine, url: database.New(t, engine), now: time.Date(2026, 5, 5, 12, 0, 0, 0, time.UTC)}
	var err error
	w.store, err = store.Open(t.Context(), store.Options{URL: w.url, Soft: contact.DefaultSoftPolicy, Now: w.Now})
	must(t, err)
	t.Cleanup(func() { _ = w.store.Close() })
	codec, err := receipt.NewCodec()
	must(t, err)
	w.control = &control.Control{
		Store: w.store, Now: w.Now, PublicURL: "https://tidings.test", BasePath: "/in", Builder: receipt.Builder{Codec: codec},
		Submit: func(ctx context.Context, e *receipt.Entry) error { return w.store.Commit(ctx, []*receipt.Entry{e}) },
	}
	server := httptest.NewServer(form.New(w.control, slog.New(slog.DiscardHandler), http.NotFoundHandler()))
	t.Cleanup(server.Close)
	w.base = server.URL
	_, err = w.control.CreateTopic(t.Context(), operator, control.NewTopic{Name: "News"})
	must(t, err)
	return w
}

// form makes a form and returns the path of its link.
func (w *world) form(double bool, change ...func(*control.FormEdit)) (f store.Form, path string) {
	w.Helper()
	name, topics, origins := "News of <Acme>", []string{"news"}, []string{site}
	fields := []store.FormField{{Name: "firstName", Label: "First <name>", Required: true}, {Name: "city", Label: "City"}}
	e := control.FormEdit{Name: &name, DoubleOptIn: &double, Topics: &topics, Fields: &fields, Origins: &origins}
	for _, c := range change {
		c(&e)
	}
	f, err := w.control.CreateForm(w.Context(), operator, e)
	must(w, err)
	path = w.path(w.control.FormURL(&f))
	return f, path
}

// path is that of a link of ours.
func (w *world) path(link string) string {
	w.Helper()
	path, ours := strings.CutPrefix(link, "https://tidings.test")
	if !ours {
		w.Fatalf("%q is no link of ours", link)
	}
	return path
}

// answer is a whole answer.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

func (w *world) do(method, path, body string, header map[string]string) answer {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), method, w.base+path, strings.NewReader(body))
	must(w, err)
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

var urlencoded = map[string]string{"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "browser/1"}

func (w *world) send(path, email string, more ...string) answer {
	w.Helper()
	values := url.Values{"email": {email}, "firstName": {"Ann"}}
	for i := 0; i+1 < len(more); i += 2 {
		values.Set(more[i], more[i+1])
	}
	return w.do(http.MethodPost, path, values.Encode(), urlencoded)
}

func (w *world) contact(email string) *store.Contact {
	w.Helper()
	k, err := w.store.Contact(w.Context(), operator.Project, email)
	if err != nil {
		return nil
	}
	return &k
}

func (w *world) events(names ...event.Name) []event.Event {
	w.Helper()
	f := control.EventFilter{}
	for _, n := range names {
		f.Names = append(f.Names, string(n))
	}
	page, err := w.control.ListEvents(w.Context(), operator, f)
	must(w, err)
	return page.Events
}

// link is the path of the newest link to confirm.
func (w *world) link() string {
	w.Helper()
	list := w.events(event.ContactConfirmation)
	if len(list) == 0 {
		w.Fatal("nobody was asked to confirm")
	}
	_, rest, _ := strings.Cut(string(list[0].Data), `"confirmUrl":"`)
	link, _, _ := strings.Cut(rest, `"`)
	return w.path(link)
}
