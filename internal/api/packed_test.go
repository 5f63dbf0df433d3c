package api_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAnswersAreCompressedForPagesAndNotForPrograms(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	src := s.newSource()
	s.take(src, life(t)...)
	lea := s.signedUp("lea")
	plain := s.call(http.MethodGet, "/events?limit=100", nil).want(http.StatusOK)
	ask := func(path string, cookie *http.Cookie) *http.Response {
		r := s.request(http.MethodGet, "http://tidings.test"+path, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		if cookie != nil {
			r.Header.Del("Authorization")
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w.Result()
	}
	if got := ask("/events?limit=100", nil).Header.Get("Content-Encoding"); got != "" {
		t.Errorf("a program gets %q", got)
	}
	res := ask("/events?limit=100", lea.cookie)
	defer res.Body.Close()
	if res.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("a page gets %q", res.Header.Get("Content-Encoding"))
	}
	z, err := gzip.NewReader(res.Body)
	must(t, err)
	body, err := io.ReadAll(z)
	must(t, err)
	if !bytes.Equal(body, plain.body) {
		t.Errorf("the page reads %s, the program %s", body, plain.body)
	}
	if got := ask("/docs", lea.cookie).StatusCode; got != http.StatusOK {
		t.Errorf("the manual answers %d", got)
	}
}
