package e2e_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"strings"
	"testing"
)

// visitor is a browser: it keeps cookies and says where its requests come from.
type visitor struct {
	t    *testing.T
	base string
	http *http.Client
}

func newVisitor(t *testing.T, s *server) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &visitor{t, s.base, &http.Client{Jar: jar, Timeout: patience}}
}

// ask makes a request of a page at site, and fails unless it is answered with the status.
func (v *visitor) ask(site, method, path, body string, status int) string {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, strings.NewReader(body))
	must(v.t, err)
	r.Header.Set("Sec-Fetch-Site", site)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := v.http.Do(r)
	must(v.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(v.t, err)
	if res.StatusCode != status {
		v.t.Fatalf("%s %s from %s: %d %s, want %d", method, path, site, res.StatusCode, b, status)
	}
	return string(b)
}

// firstLink is the token of the link that a server shows while nobody can sign in.
func firstLink(t *testing.T, s *server) string {
	t.Helper()
	var line struct{ Link string }
	must(t, json.Unmarshal([]byte(s.await("nobody can sign in yet")), &line))
	token, ok := strings.CutPrefix(line.Link, s.base+"/ui/welcome#")
	if !ok {
		t.Fatalf("the link is %s, and the server is at %s", line.Link, s.base)
	}
	return token
}

const samePage, otherSite = "same-origin", "cross-site"

func TestTheFirstPersonSignsInByTheLinkOfTheStartAndStaysAcrossARestart(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "tidings.db")
	s := serve(t, db)
	old := firstLink(t, s)
	s.stop()
	s = serve(t, db)
	token := firstLink(t, s)
	if token == old {
		t.Error("the link of the start before is shown again")
	}
	v := newVisitor(t, s)
	v.ask(samePage, http.MethodGet, "/events", "", http.StatusUnauthorized)
	v.ask(samePage, http.MethodPost, "/ui/invitation/accept",
		`{"token":"`+token+`","name":"Lea","password":"four words or more"}`, http.StatusOK)
	v.ask(samePage, http.MethodPost, "/ui/invitation", `{"token":"`+old+`"}`, http.StatusGone)
	v.ask(samePage, http.MethodGet, "/events", "", http.StatusOK)
	v.ask(otherSite, http.MethodPost, "/keys", `{"kind":"secret"}`, http.StatusForbidden)
	v.ask(samePage, http.MethodPost, "/keys", `{"kind":"secret"}`, http.StatusCreated)
	if page := v.ask(samePage, http.MethodGet, "/ui/", "", http.StatusOK); !strings.Contains(page, "<title>") {
		t.Errorf("the page is %s", page)
	}
	s.stop()
	if log := s.log(); strings.Contains(log, "four words") || strings.Contains(log, "tidings_session") {
		t.Errorf("the log holds a secret:\n%s", log)
	}

	s = serve(t, db)
	again := newVisitor(t, s)
	again.http.Jar = v.http.Jar // cookies do not know ports
	again.ask(samePage, http.MethodGet, "/events", "", http.StatusOK)
	if r := command(t, "person", "disable", "lea", "--db", db); r.code != 0 {
		t.Fatal(r.errOut)
	}
	again.ask(samePage, http.MethodGet, "/events", "", http.StatusUnauthorized)
	s.stop()
	if log := s.log(); strings.Contains(log, "nobody can sign in yet") {
		t.Errorf("a link is shown though there is a person:\n%s", log)
	}
}
