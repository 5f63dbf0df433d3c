package web_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	pages "tidings/internal/web"
	"tidings/web"
)

const (
	html = "text/html,application/xhtml+xml,*/*;q=0.8"
	page = `<!doctype html><title>Tidings</title><script type="module" src="/ui/assets/main-Ab12.js"></script>`
)

func script() string { return strings.Repeat("export const rows = [];\n", 100) }

func built() fstest.MapFS {
	return fstest.MapFS{
		"index.html":           {Data: []byte(page)},
		"favicon.svg":          {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)},
		"assets/main-Ab12.js":  {Data: []byte(script())},
		"assets/logo-Cd34.png": {Data: bytes.Repeat([]byte{0x89}, 2000)},
	}
}

// api stands for what is behind the pages.
func api(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "api "+r.Method+" "+r.URL.Path)
}

func newPages(t testing.TB) http.Handler {
	t.Helper()
	p, err := pages.New(built(), http.HandlerFunc(api))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ask(h http.Handler, method, path string, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t testing.TB, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEveryPlaceIsAnsweredByPageFileOrAPI(t *testing.T) {
	t.Parallel()
	h := newPages(t)
	for _, c := range []struct {
		method, path, accept string
		status               int
		body                 string // its beginning
	}{
		{"GET", "/", html, 303, ""},
		{"HEAD", "/", html, 303, ""},
		{"GET", "/", "*/*", 200, "api GET /"},
		{"POST", "/", html, 200, "api POST /"},
		{"GET", "/ui", "*/*", 303, ""},
		{"GET", "/ui/", html, 200, page},
		{"GET", "/ui/", "*/*", 200, page},
		{"GET", "/ui/", "", 200, page},
		{"GET", "/ui/index.html", "*/*", 200, page},
		{"GET", "/ui/events?name=open", html, 200, page},
		{"GET", "/ui/messages/%3Cid%40x%3E", html, 200, page},
		{"GET", "/ui/sessions", html, 200, page},
		{"GET", "/ui/sessions", "application/json", 200, "api GET /ui/sessions"},
		{"GET", "/ui/session", "*/*", 200, "api GET /ui/session"},
		{"POST", "/ui/session", html, 200, "api POST /ui/session"},
		{"DELETE", "/ui/session", "", 200, "api DELETE /ui/session"},
		{"GET", "/ui/assets/main-Ab12.js", "*/*", 200, "export"},
		{"GET", "/ui/assets/gone-Zz99.js", "*/*", 404, "there is no such file"},
		{"GET", "/ui/assets/gone-Zz99.js", html, 404, "there is no such file"},
		{"GET", "/ui/assets/", html, 404, "there is no such file"},
		{"GET", "/ui/assets/../index.html", "*/*", 404, "there is no such file"},
		{"GET", "/ui/favicon.svg", "image/*", 200, "<svg"},
		{"POST", "/ui/", html, 405, "this path takes GET, HEAD"},
		{"PUT", "/ui/assets/main-Ab12.js", "*/*", 405, "this path takes GET, HEAD"},
		{"GET", "/events", html, 200, "api GET /events"},
		{"GET", "/uifoo", html, 200, "api GET /uifoo"},
	} {
		r := ask(h, c.method, c.path, "Accept", c.accept)
		got := body(t, r)
		if r.StatusCode != c.status || !strings.HasPrefix(got, c.body) || c.status == 303 && r.Header.Get("Location") != "/ui/" {
			t.Errorf("%s %s, Accept %q: %d %.60q, want %d %.60q", c.method, c.path, c.accept, r.StatusCode, got, c.status, c.body)
		}
		if c.status == 405 && r.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s: Allow %q", c.method, c.path, r.Header.Get("Allow"))
		}
	}
}

func TestPagesAreUnderAPolicyAndKeptAsLongAsTheyHold(t *testing.T) {
	t.Parallel()
	h := newPages(t)
	for path, cache := range map[string]string{
		"/ui/": "no-cache", "/ui/live": "no-cache", "/ui/favicon.svg": "no-cache",
		"/ui/assets/main-Ab12.js": "public, max-age=31536000, immutable", "/ui/assets/none.js": "no-store",
	} {
		r := ask(h, http.MethodGet, path, "Accept", html)
		for name, want := range map[string]string{
			"Cache-Control": cache, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
				"img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s %q, want %q", path, name, got, want)
			}
		}
		tag := r.Header.Get("ETag")
		if cache == "no-store" {
			continue
		}
		again := ask(h, http.MethodGet, path, "Accept", html, "If-None-Match", tag)
		if tag == "" || again.StatusCode != http.StatusNotModified || body(t, again) != "" {
			t.Errorf("%s with ETag %q again: %d", path, tag, again.StatusCode)
		}
	}
}

func TestAFileIsSentInTheBestFormThatIsTaken(t *testing.T) {
	t.Parallel()
	h := newPages(t)
	plain := func(r io.Reader) (io.Reader, error) { return r, nil }
	unzip := func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
	unzstd := func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) }
	readers := map[string]func(io.Reader) (io.Reader, error){"": plain, "gzip": unzip, "zstd": unzstd}
	tags := make(map[string]string)
	for accept, want := range map[string]string{
		"": "", "identity": "", "gzip": "gzip", "GZIP": "gzip", "gzip, deflate, br, zstd": "zstd", "gzip, deflate": "gzip",
		"zstd;q=0, gzip;q=0.5": "gzip", "zstd; q=0.000,*;q=1": "gzip", "*": "zstd", "*;q=0": "", "br": "", "gzip;q=x": "",
		"gzipped": "", "gzip;q=0, zstd;q=0": "",
	} {
		r := ask(h, http.MethodGet, "/ui/assets/main-Ab12.js", "Accept-Encoding", accept)
		got := r.Header.Get("Content-Encoding")
		if got != want {
			t.Errorf("%q: coding %q, want %q", accept, got, want)
			continue
		}
		sent := body(t, r)
		content, err := readers[got](strings.NewReader(sent))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(content); err != nil || string(b) != script() {
			t.Errorf("%q: %v, %.60q", accept, err, b)
		}
		if r.Header.Get("Content-Length") != strconv.Itoa(len(sent)) || !strings.Contains(r.Header.Get("Vary"), "Accept-Encoding") {
			t.Errorf("%q: header %v", accept, r.Header)
		}
		tags[got] = r.Header.Get("ETag")
		head := ask(h, http.MethodHead, "/ui/assets/main-Ab12.js", "Accept-Encoding", accept)
		if body(t, head) != "" || head.Header.Get("Content-Length") != r.Header.Get("Content-Length") {
			t.Errorf("%q: HEAD has %v", accept, head.Header)
		}
	}
	if len(tags) != 3 || tags[""] == tags["gzip"] || tags["gzip"] == tags["zstd"] {
		t.Errorf("ETags %v", tags)
	}
	if r := ask(h, http.MethodGet, "/ui/assets/logo-Cd34.png", "Accept-Encoding", "gzip"); r.Header.Get("Content-Encoding") != "" {
		t.Error("a picture is compressed")
	}
	if r := ask(h, http.MethodGet, "/ui/assets/main-Ab12.js", "Range", "bytes=0-5"); r.StatusCode != http.StatusPartialContent || body(t, r) != "export" {
		t.Errorf("a range: %d", r.StatusCode)
	}
}

func TestWhatWasBuiltIsWhatIsServed(t *testing.T) {
	t.Parallel()
	h, err := pages.New(web.Dist(), http.HandlerFunc(api))
	if err != nil {
		t.Fatal(err)
	}
	r := ask(h, http.MethodGet, "/ui/", "Accept", html)
	text := body(t, r)
	if r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") || !strings.Contains(text, "<title>") {
		t.Errorf("%d %v %.100s", r.StatusCode, r.Header, text)
	}
	inside := regexp.MustCompile(`(?s)<style|<script[^>]*>[^<]|<script[^>]*></script>`).FindAllString(text, -1)
	if slices.ContainsFunc(inside, func(s string) bool { return !strings.Contains(s, ` src="/ui/`) }) {
		t.Errorf("the page has a script or style within itself: %s", text)
	}
	if _, err := pages.New(fstest.MapFS{}, http.HandlerFunc(api)); err == nil {
		t.Error("nothing was built, and nobody says so")
	}
}
