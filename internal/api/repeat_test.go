package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// get asks over a connection, with the key of the harness.
func (s *server) get(client *http.Client, url, key string, header ...string) (*http.Response, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, url, nil)
	must(s.t, err)
	r.Header.Set("Authorization", "Bearer "+key)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(r)
	must(s.t, err)
	body, err := io.ReadAll(res.Body)
	must(s.t, err)
	must(s.t, res.Body.Close())
	return res, string(body)
}

func TestAnAnswerThatStillHoldsIsNotSentAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	s.take(src, life(t)...)
	var page struct {
		Events []struct{ ID, EmailID string }
	}
	s.call(http.MethodGet, "/events?provider=ses", nil).into(&page)
	peer := httptest.NewServer(s.handler)
	t.Cleanup(peer.Close)
	for _, target := range []string{
		"/sources", "/sources/" + src.ID, "/contacts/ghost@acme.test", "/messages/" + page.Events[0].EmailID,
		"/events/" + page.Events[0].ID, "/events/names", "/events?limit=3", "/suppressions", "/receipts",
		"/stats", "/stats/overview", "/stats/funnel", "/openapi.json", "/docs", "/docs/page.css",
	} {
		first, body := s.get(peer.Client(), peer.URL+target, s.secret)
		tag := first.Header.Get("ETag")
		if first.StatusCode != http.StatusOK || body == "" || !strings.HasPrefix(tag, `"`) ||
			first.Header.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("%s: %d with %d bytes, %v", target, first.StatusCode, len(body), first.Header)
			continue
		}
		for _, have := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
			again, body := s.get(peer.Client(), peer.URL+target, s.secret, "If-None-Match", have)
			if again.StatusCode != http.StatusNotModified || body != "" || again.Header.Get("ETag") != tag {
				t.Errorf("%s with %s: %d %q, %v", target, have, again.StatusCode, body, again.Header)
			}
		}
		if other, same := s.get(peer.Client(), peer.URL+target, s.secret, "If-None-Match", `"other"`); same != body {
			t.Errorf("%s: %d with another body", target, other.StatusCode)
		}
	}
}

func TestAnETagChangesWithWhatItIsOf(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	tag := func(target string) string {
		return s.call(http.MethodGet, target, nil).want(http.StatusOK).header.Get("ETag")
	}
	for _, c := range []struct {
		target string
		change func()
	}{
		{"/events", func() { s.take(src, life(t)[:4]...) }},
		{"/contacts/lea@acme.test", func() { s.take(src, life(t)...) }},
		{"/sources", func() { s.call(http.MethodPost, "/sources/"+src.ID+"/rotate", nil) }},
		{"/sources/" + src.ID, func() { s.pass(25 * time.Hour) }}, // the token before ended
	} {
		before := tag(c.target)
		if tag(c.target) != before {
			t.Errorf("%s: another ETag for the same answer", c.target)
		}
		if c.change(); tag(c.target) == before {
			t.Errorf("%s: the same ETag for another answer", c.target)
		}
	}
}

func TestNoETagOpensWhatAKeyMayNotRead(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.newSource()
	tag := s.call(http.MethodGet, "/sources", nil).header.Get("ETag")
	for key, want := range map[string]int{s.secret: 304, s.limited("events:read"): 403, "sk_unknown": 401} {
		r := s.request(http.MethodGet, "/sources", nil)
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("If-None-Match", tag)
		s.send(r).want(want)
	}
}

func TestWhatNobodyIsToKeepHasNoETag(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	s.take(src, life(t)...)
	var page struct{ Events []struct{ ID string } }
	s.call(http.MethodGet, "/events?provider=ses", nil).into(&page)
	for _, target := range []string{"/keys", "/audit", "/events/" + page.Events[0].ID + "/raw", "/healthz", "/metrics"} {
		a := s.call(http.MethodGet, target, nil).want(http.StatusOK)
		if a.header.Get("ETag") != "" || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", target, a.header)
		}
	}
	a := s.call(http.MethodGet, "/sources/src_none", nil).want(http.StatusNotFound)
	if a.header.Get("ETag") != "" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("an error may be kept: %v", a.header)
	}
}

func TestAChangeIsMadeOnlyForTheVersionThatItWasMeantFor(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := "/sources/" + s.newSource().ID
	tag := s.call(http.MethodGet, path, nil).want(http.StatusOK).header.Get("ETag")
	change := func(match, name string) answer {
		r := s.request(http.MethodPatch, path, map[string]string{"name": name})
		r.Header.Set("If-Match", match)
		return s.send(r)
	}
	second := change(tag, "second").want(http.StatusOK).header.Get("ETag")
	a := change(tag, "third").want(http.StatusPreconditionFailed)
	golden(t, "problems/changed.json", []byte(strings.ReplaceAll(string(a.body), path[len("/sources/"):], "src_1")))
	if now := s.call(http.MethodGet, path, nil).header.Get("ETag"); now != second || second == tag {
		t.Errorf("after the change %s, then %s, before %s", second, now, tag)
	}
	change(tag, "second").want(http.StatusPreconditionFailed) // though nothing would change
	change(second, "fourth").want(http.StatusOK)
	change("*", "fifth").want(http.StatusOK)
	var got sourceView
	s.call(http.MethodGet, path, nil).into(&got)
	if got.Name != "fifth" {
		t.Errorf("name %q", got.Name)
	}
}

func TestIfMatchTakesOneTagOfTheSource(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	path := "/sources/" + s.newSource().ID
	tag := s.call(http.MethodGet, path, nil).header.Get("ETag")
	for match, want := range map[string]int{
		"": 200, "*": 200, tag: 200, "W/" + tag: 200, " " + tag + " ": 200,
		`"2-abc"`: 412, `"999999999999999999-abc"`: 412,
		`"0-abc"`: 422, `"1abc"`: 422, "1-abc": 422, `"1-"`: 422, `"-1-abc"`: 422, tag + `, "2-abc"`: 422,
		`"9999999999999999999-abc"`: 422, `""`: 422, "\xff": 422,
	} {
		r := s.request(http.MethodPatch, path, `{"name":"main"}`)
		r.Header.Set("If-Match", match)
		if a := s.send(r); a.status != want {
			t.Errorf("If-Match %q: %d %s, want %d", match, a.status, a.body, want)
		}
	}
}
