package api_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/api"
	"tidings/internal/control"
	"tidings/internal/store"
)

// told is one server-sent event, as the standard reads it.
type told struct{ id, name, data string }

// listener reads a feed as a browser does.
type listener struct {
	t     testing.TB
	lines *bufio.Scanner
	id    string
	end   context.CancelFunc
}

// listen opens a feed on a real connection, with the id of the last event.
func (s *server) listen(base *httptest.Server, query, last string) *listener {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	s.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base.URL+"/feed"+query, nil)
	must(s.t, err)
	req.Header.Set("Authorization", "Bearer "+s.secret)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := base.Client().Do(req)
	must(s.t, err)
	s.t.Cleanup(func() { _ = res.Body.Close() })
	if ct := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || ct != "text/event-stream" {
		s.t.Fatalf("the feed answers %s, %s", res.Status, ct)
	}
	l := &listener{t: s.t, lines: bufio.NewScanner(res.Body), end: cancel}
	l.lines.Buffer(nil, 1<<20)
	return l
}

// block reads up to the next empty line; a comment alone, or an id alone, has no name.
func (l *listener) block() (e told, ok bool) {
	for l.lines.Scan() {
		field, value, _ := strings.Cut(l.lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			l.id = value
		case "event":
			e.name = value
		case "data":
			e.data = value
		case "":
			if l.lines.Text() == "" {
				e.id = l.id
				return e, true
			}
		}
	}
	return e, false
}

// next reads the next event; it passes over heartbeats.
func (l *listener) next() told {
	l.t.Helper()
	for {
		e, ok := l.block()
		if !ok {
			l.t.Fatalf("the feed ended: %v", l.lines.Err())
		}
		if e.name != "" {
			return e
		}
	}
}

func (l *listener) names(n int) (names []string) {
	l.t.Helper()
	for range n {
		var e api.Event
		must(l.t, json.Unmarshal([]byte(l.next().data), &e))
		names = append(names, e.Name)
	}
	return names
}

func TestTheFeedTellsWhatComesInAsListsHaveIt(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	base := httptest.NewServer(s.handler)
	defer base.Close()
	src := s.newSource()
	l := s.listen(base, "", "")
	defer l.end()
	s.take(src, life(t)...)
	var page api.EventPage
	s.call(http.MethodGet, "/events", nil).want(http.StatusOK).into(&page)
	var want, got []string
	for _, e := range page.Events {
		var one json.RawMessage
		s.call(http.MethodGet, "/events/"+e.ID, nil).want(http.StatusOK).into(&one)
		want = append(want, string(one))
	}
	for range page.Events {
		e := l.next()
		if e.name != "event" || e.id == "" {
			t.Fatalf("%+v", e)
		}
		got = append(got, e.data)
	}
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the feed tells (-lists +feed):\n%s", d)
	}
}

func TestAFeedThatIsCutAndGoesOnMissesNothingAndRepeatsNothingLateEventsAmongThem(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	base := httptest.NewServer(s.handler)
	defer base.Close()
	src := s.newSource()
	records := life(t)
	slices.Reverse(records) // the oldest facts come last
	l := s.listen(base, "", "")
	s.take(src, records[:4]...)
	first := map[string]bool{}
	for range 2 {
		first[l.next().data] = true
	}
	last := l.id
	l.end()
	s.take(src, records[4:]...)
	l = s.listen(base, "", last)
	defer l.end()
	var page api.EventPage
	s.call(http.MethodGet, "/events", nil).want(http.StatusOK).into(&page)
	for len(first) < len(page.Events) {
		e := l.next()
		if first[e.data] {
			t.Fatalf("told twice: %s", e.data)
		}
		first[e.data] = true
	}
	if e, ok := l.block(); !ok || e.name != "" {
		t.Errorf("after everything comes %+v, want a heartbeat", e)
	}
}

func TestTheFeedTakesTheFiltersOfLists(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	base := httptest.NewServer(s.handler)
	defer base.Close()
	src := s.newSource()
	l := s.listen(base, "?name=bounced&name=complained", "")
	defer l.end()
	s.take(src, life(t)...)
	var page api.EventPage
	s.call(http.MethodGet, "/events?name=bounced&name=complained", nil).want(http.StatusOK).into(&page)
	for _, name := range l.names(len(page.Events)) {
		if name != "email.bounce" && name != "email.complaint" {
			t.Errorf("told of %s", name)
		}
	}
	before := l.id
	s.take(src, strings.ReplaceAll(life(t)[0], "0102019a-one", "0102019a-six"))
	for e, ok := l.block(); l.id == before; e, ok = l.block() { // a heartbeat moves the place past what did not match
		if !ok || e.name != "" {
			t.Fatalf("%+v", e)
		}
	}
}

// renew gives the database the epoch that it would have after a restore.
func (s *server) renew() {
	s.t.Helper()
	db, err := sql.Open("sqlite", s.file)
	must(s.t, err)
	defer db.Close()
	_, err = db.ExecContext(s.t.Context(), `UPDATE meta SET value = 'another' WHERE name = 'epoch'`)
	must(s.t, err)
}

func TestAnIDOfAnotherDatabaseIsToldAndTheFeedBeginsNow(t *testing.T) {
	t.Parallel()
	other, s := newServer(t), newServer(t)
	other.renew()
	there, here := httptest.NewServer(other.handler), httptest.NewServer(s.handler)
	defer there.Close()
	defer here.Close()
	foreign := other.listen(there, "", "")
	foreign.block()
	foreign.end()
	l := s.listen(here, "?after="+url.QueryEscape(foreign.id), "")
	defer l.end()
	if e := l.next(); e.name != "lost" || !strings.Contains(e.data, "restored") {
		t.Errorf("%+v", e)
	}
}

func TestAFeedEndsWhenItsKeyIsRevoked(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	base := httptest.NewServer(s.handler)
	defer base.Close()
	key, plain, err := s.control.CreateKey(t.Context(), operator, "feed", store.SecretKey)
	must(t, err)
	s.secret = plain
	l := s.listen(base, "", "")
	defer l.end()
	_, err = s.control.RevokeKey(t.Context(), operator, key.ID)
	must(t, err)
	if e := l.next(); e.name != "end" || !strings.Contains(e.data, `"code":"revoked_key"`) {
		t.Errorf("the last is %+v", e)
	}
	if e, ok := l.block(); ok {
		t.Errorf("after the end comes %+v", e)
	}
}

func TestAReaderThatTheServerEndsIsToldWhyAndGoesOnAfterwards(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	base := httptest.NewServer(s.handler)
	defer base.Close()
	src := s.newSource()
	l := s.listen(base, "", "")
	s.take(src, life(t)[:2]...)
	l.names(2)
	s.control.Feed.Close()
	if e := l.next(); e.name != "end" || e.id == "" || !strings.Contains(e.data, `"code":"closing"`) {
		t.Errorf("the last is %+v", e)
	}
	s.control.Feed = control.NewFeed(s.store, api.EncodeTold, 3, s.logger) // another server
	defer s.control.Feed.Close()
	s.take(src, life(t)[2])
	after := s.listen(base, "", l.id)
	defer after.end()
	var page api.EventPage
	s.call(http.MethodGet, "/events", nil).want(http.StatusOK).into(&page)
	after.names(len(page.Events) - 2)
}

// slowly is a reader that takes its time for every write.
type slowly struct {
	*httptest.ResponseRecorder
	pause time.Duration
}

func (w slowly) Write(b []byte) (int, error) {
	<-time.After(w.pause)
	return w.ResponseRecorder.Write(b)
}

func TestAReaderThatDoesNotKeepUpIsSentAwayAndToldHowItGoesOn(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	handler := api.New(api.Options{
		Control: s.control, Auth: s.auth, Logger: s.logger, Draining: func() bool { return false }, SlowReader: time.Millisecond,
	})
	begin, err := s.control.WatchEvents(t.Context(), operator, control.EventFilter{}, "")
	must(t, err)
	defer begin.Close()
	s.take(src, life(t)...)
	w := slowly{httptest.NewRecorder(), 2 * time.Millisecond}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/feed", nil)
	req.Header.Set("Authorization", "Bearer "+s.secret)
	req.Header.Set("Last-Event-ID", begin.ID())
	handler.ServeHTTP(w, req) // returns when the server ends it
	l := &listener{t: t, lines: bufio.NewScanner(w.Body)}
	l.lines.Buffer(nil, 1<<20)
	got, last := 0, l.next()
	for ; last.name == "event"; last = l.next() {
		got++
	}
	if last.name != "end" || !strings.Contains(last.data, `"code":"slow_reader"`) || !strings.Contains(last.data, "Last-Event-ID") {
		t.Errorf("the last is %+v", last)
	}
	base := httptest.NewServer(s.handler)
	defer base.Close()
	var page api.EventPage
	s.call(http.MethodGet, "/events", nil).want(http.StatusOK).into(&page)
	rest := s.listen(base, "", last.id)
	defer rest.end()
	rest.names(len(page.Events) - got)
	if e, ok := rest.block(); !ok || e.name != "" {
		t.Errorf("after everything comes %+v, want a heartbeat", e)
	}
}

func TestTooManyReadersAreToldToComeAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	base := httptest.NewServer(s.handler)
	defer base.Close()
	var readers []*listener
	for range 3 {
		readers = append(readers, s.listen(base, "", ""))
	}
	s.call(http.MethodGet, "/feed", nil).want(http.StatusTooManyRequests)
	for _, l := range readers {
		l.end()
	}
}

func TestTheFeedRefusesWhatItCantRead(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, query := range []string{"?after=nonsense", "?limit=5", "?cursor=x", "?name=email.bouncing", "?provider=none"} {
		s.call(http.MethodGet, "/feed"+query, nil).want(http.StatusUnprocessableEntity)
	}
}
