package api_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/control"
)

type contactView struct {
	Subscribed, Suppressed bool
	Suppressions           []struct{ Reason, Note string }
	Patterns               []struct{ ID, Pattern, Note string }
}

func (s *server) contact(address string) (k contactView) {
	s.t.Helper()
	s.call(http.MethodGet, "/contacts/"+url.PathEscape(address), nil).want(http.StatusOK).into(&k)
	return k
}

func TestWhoeverIsSuppressedByHandIsShownWithTheReason(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	body := map[string]string{"address": "Lea <LEA@Acme.test>", "note": "asked by phone", "until": "2027-01-01"}
	goldenBy(t, "suppress.json", s.call(http.MethodPost, "/suppressions", body))
	var again struct{ Known bool }
	if s.call(http.MethodPost, "/suppressions", body).want(http.StatusOK).into(&again); !again.Known {
		t.Error("the second time it is not known")
	}
	if k := s.contact("lea@acme.test"); !k.Suppressed || k.Subscribed || len(k.Suppressions) != 1 || k.Suppressions[0].Reason != "manual" {
		t.Errorf("contact %+v", k)
	}
}

// anyKey is the id of a key.
var anyKey = regexp.MustCompile(`key_[a-z0-9]+`)

// goldenBy is golden for answers that name the key of whoever asked, which differs in every run.
func goldenBy(t *testing.T, name string, a answer) {
	t.Helper()
	golden(t, name, anyKey.ReplaceAll(a.want(http.StatusOK).body, []byte("key_1")))
}

func TestAPatternSuppressesItsContactsUntilItIsLifted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	s.call(http.MethodPost, "/suppressions/ghost@acme.test/lift", `{"note":"new mailbox"}`).want(http.StatusOK)
	if k := s.contact("ghost@acme.test"); k.Suppressed || len(k.Patterns) != 0 {
		t.Fatalf("before: %+v", k)
	}
	goldenBy(t, "suppress_pattern.json", s.call(http.MethodPost, "/suppressions", `{"address":"*@ACME.test","note":"spam trap"}`))
	k := s.contact("ghost@acme.test")
	if !k.Suppressed || k.Subscribed || len(k.Patterns) != 1 || k.Patterns[0].Pattern != "*@acme.test" {
		t.Fatalf("contact %+v", k)
	}
	goldenBy(t, "patterns.json", s.call(http.MethodGet, "/suppressions/patterns?active=true", nil))
	target := "/suppressions/patterns/" + url.PathEscape("*@acme.test") + "/lift"
	goldenBy(t, "pattern_lifted.json", s.call(http.MethodPost, target, `{"note":"they moved to us"}`))
	s.call(http.MethodPost, "/suppressions/patterns/"+k.Patterns[0].ID+"/lift", `{"note":"again"}`).want(http.StatusNotFound)
	if k := s.contact("ghost@acme.test"); k.Suppressed {
		t.Errorf("after the lift: %+v", k)
	}
	var page struct{ Patterns []struct{ Active bool } }
	s.call(http.MethodGet, "/suppressions/patterns", nil).want(http.StatusOK).into(&page)
	if len(page.Patterns) != 1 || page.Patterns[0].Active {
		t.Errorf("patterns %+v", page)
	}
}

// list makes a request with a list.
func (s *server) list(query, body string) *http.Request {
	s.t.Helper()
	r := s.request(http.MethodPost, "/suppressions/import"+query, body)
	r.Header.Set("Content-Type", "text/csv; charset=utf-8")
	return r
}

func TestAnImportTakesWhatIsGoodAndTellsWhatIsNot(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const list = "address,reason,extra\nlea@acme.test,complaint,1\nghost\n*@bad.test,,\nLEA@acme.test,complaint,2\nbob@acme.test,spam,\n"
	golden(t, "import_dry.json", s.send(s.list("?dryRun=true", list)).want(http.StatusOK).body)
	var empty suppressionList
	if s.call(http.MethodGet, "/suppressions", nil).into(&empty); len(empty.Suppressions) != 0 {
		t.Errorf("a dry run left %+v", empty)
	}
	golden(t, "import.json", s.send(s.list("", list)).want(http.StatusOK).body)
	out := s.call(http.MethodGet, "/suppressions/export", nil).want(http.StatusOK)
	want := "\"address\",\"reason\",\"since\",\"until\",\"note\",\"event\",\"by\"\r\n" +
		"\"*@bad.test\",\"manual\",\"\",\"\",\"\",\"\",\"key_1\"\r\n" +
		"\"lea@acme.test\",\"complaint\",\"2026-05-05T12:00:00.000Z\",\"\",\"\",\"\",\"key_1\"\r\n"
	if diff := cmp.Diff(want, anyKey.ReplaceAllString(string(out.body), "key_1")); diff != "" || out.header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("%v (-want +got):\n%s", out.header, diff)
	}
	for _, ask := range []func(*http.Request){
		func(r *http.Request) { r.URL.RawQuery = "format=jsonl" },
		func(r *http.Request) { r.Header.Set("Accept", "application/jsonl") },
	} {
		r, w := s.request(http.MethodGet, "/suppressions/export", nil), httptest.NewRecorder()
		ask(r)
		s.handler.ServeHTTP(w, r)
		want := `{"address":"*@bad.test","reason":"manual","by":"key_1"}` + "\n" +
			`{"address":"lea@acme.test","reason":"complaint","since":"2026-05-05T12:00:00.000Z","by":"key_1"}` + "\n"
		if diff := cmp.Diff(want, anyKey.ReplaceAllString(w.Body.String(), "key_1")); diff != "" || w.Header().Get("Content-Type") != "application/jsonl" {
			t.Errorf("%v (-want +got):\n%s", w.Header(), diff)
		}
	}
	if s.log.Len() > 0 {
		t.Errorf("logged: %s", s.log)
	}
}

// endless is a body of one line without an end.
type endless struct{}

// Read implements io.Reader.
func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestAListThatIsTooLongIsRefusedBeforeAndWhileItIsRead(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, said := range []int64{control.MaxImportBytes + 1, -1} {
		r := s.list("", "")
		r.Body, r.ContentLength = io.NopCloser(endless{}), said
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "256 MiB") {
			t.Errorf("length %d: %d %s", said, w.Code, w.Body)
		}
	}
}

func TestAnImportOfMoreThanOneBatchTakesAllOfThem(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var list strings.Builder
	for i := range 4001 {
		fmt.Fprintf(&list, "p%d@acme.test\n", i)
	}
	var report struct{ Lines, Added int }
	if s.send(s.list("", list.String())).want(http.StatusOK).into(&report); report.Lines != 4001 || report.Added != 4001 {
		t.Errorf("report %+v", report)
	}
	lines := strings.Count(string(s.call(http.MethodGet, "/suppressions/export", nil).want(http.StatusOK).body), "\r\n")
	if lines != 4002 {
		t.Errorf("%d lines exported, want a header and 4,001", lines)
	}
}
