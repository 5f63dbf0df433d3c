package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/api"
	"tidings/internal/export"
	"tidings/internal/receipt"
	"tidings/provider"
)

// examples are the goldens of the public JSON of every name, as events.
func examplesOfEvents(t testing.TB) (list []event.Event) {
	t.Helper()
	files, err := filepath.Glob("../../event/testdata/*.json")
	must(t, err)
	if len(files) < 15 {
		t.Fatalf("only %d examples", len(files))
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		must(t, err)
		var e event.Event
		must(t, json.Unmarshal(b, &e))
		list = append(list, e)
	}
	return list
}

func sameJSON(t testing.TB, e *event.Event) {
	t.Helper()
	got, err := export.AppendJSON(nil, e)
	must(t, err)
	var want bytes.Buffer
	must(t, api.Encode(&want, api.EventOf(e)))
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("(-api +export)\n%s", diff)
	}
}

func TestExportsWriteTheJSONOfTheAPI(t *testing.T) {
	t.Parallel()
	for _, e := range examplesOfEvents(t) {
		sameJSON(t, &e)
		e.ContactID, e.EmailID, e.ReceivedAt = "con_4f", "msg_2b", e.ReceivedAt.Add(7*time.Millisecond)
		e.Data = json.RawMessage(`{"subject":"theirs", "zz":[1, 2.50, "A"],"a\"b":null,"Ünï":{"b":1,"a":2}}`)
		sameJSON(t, &e)
	}
	sameJSON(t, &event.Event{})
}

func FuzzExportsWriteTheJSONOfTheAPI(f *testing.F) {
	for _, e := range examplesOfEvents(f) {
		b, err := json.Marshal(e)
		must(f, err)
		f.Add(b, "")
	}
	f.Add([]byte(`{"name":"email.open","message":{"id":"m","metadata":{"b":"1","a":"2"}}}`), "\x00\xff\u2028<&>\"\\\x7f")
	f.Fuzz(func(t *testing.T, b []byte, text string) {
		var e event.Event
		if json.Unmarshal(b, &e) != nil {
			return
		}
		e.Recipient, e.RecipientAs = text, text
		if e.Message != nil {
			e.Message.Subject, e.Message.Tags = text, append(e.Message.Tags, text)
		}
		sameJSON(t, &e)
	})
}

// many stores so many custom events.
func (s *server) many(n int) {
	s.t.Helper()
	src := s.newSource()
	for from := 0; from < n; from += 500 {
		var drafts []event.Draft
		for i := from; i < from+500; i++ {
			d := event.Draft{IdentityAt: s.Now(), Element: i - from, Key: []string{strconv.Itoa(i)}}
			d.Name, d.Recipient, d.OccurredAt = "order.paid", "lea@acme.test", s.Now()
			drafts = append(drafts, d)
		}
		entry := s.control.Builder.Build(src, provider.Result{
			Transport: provider.Transport{ID: strconv.Itoa(from), At: s.Now()}, Drafts: drafts, Keep: []byte("x"), Kind: "notification",
		}, []byte("x"), s.Now())
		must(s.t, s.store.Commit(s.t.Context(), []*receipt.Entry{entry}))
	}
}

// closing closes the store as soon as something is written.
type closing struct {
	*httptest.ResponseRecorder
	once  sync.Once
	close func()
}

func (c *closing) Write(b []byte) (int, error) {
	c.once.Do(c.close)
	return c.ResponseRecorder.Write(b)
}

func TestAnExportThatFailsMidwayBreaksOff(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.many(8000)
	r := s.request(http.MethodGet, "http://tidings.test/export/events?order=seq", nil)
	w := &closing{ResponseRecorder: httptest.NewRecorder(), close: func() { must(t, s.store.Close()) }}
	var ended any
	func() {
		defer func() { ended = recover() }()
		s.handler.ServeHTTP(w, r)
	}()
	if ended != http.ErrAbortHandler { //nolint:errorlint // a panic is no error that somebody wrapped
		t.Errorf("the answer ended with %v and %d bytes", ended, w.Body.Len())
	}
}

func TestAnExportIsAFileToSave(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	for query, want := range map[string][2]string{
		"":                           {"application/jsonl", "events.jsonl"},
		"?format=csv&raw=true":       {"text/csv; charset=utf-8", "events.csv"},
		"?format=parquet&order=seq":  {"application/vnd.apache.parquet", "events.parquet"},
		"?format=csv&columns=engage": {"text/csv; charset=utf-8", "events.csv"},
		"?gzip=true":                 {"application/gzip", "events.jsonl.gz"},
	} {
		a := s.call(http.MethodGet, "/export/events"+query, nil).want(http.StatusOK)
		if got := a.header.Get("Content-Type"); got != want[0] {
			t.Errorf("%s has the type %q", query, got)
		}
		if got := a.header.Get("Content-Disposition"); got != `attachment; filename="`+want[1]+`"` {
			t.Errorf("%s: %q", query, got)
		}
	}
	lines := bytes.Split(bytes.TrimSpace(s.call(http.MethodGet, "/export/events?name=bounced", nil).want(http.StatusOK).body), []byte("\n"))
	var page struct{ Events []json.RawMessage }
	must(t, json.Unmarshal(s.call(http.MethodGet, "/events?name=bounced", nil).want(http.StatusOK).body, &page))
	if len(lines) != len(page.Events) || len(lines) == 0 {
		t.Fatalf("%d lines, %d events", len(lines), len(page.Events))
	}
	for i := range lines {
		if diff := cmp.Diff(string(page.Events[i]), string(lines[i])); diff != "" {
			t.Errorf("(-list +export)\n%s", diff)
		}
	}
}
