package api_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tidings/internal/api"
)

func TestTheCookieIsAsSafeAsTheConnection(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.signedUp("lea")
	for _, c := range []struct {
		name, host, forwarded string
		tls, secure           bool
	}{
		{name: "plain", host: "10.0.0.5:8080"},
		{name: "the public URL is https", host: "tidings.test", secure: true},
		{name: "the public URL in another case", host: "TIDINGS.test", secure: true},
		{name: "a proxy says https", host: "10.0.0.5:8080", forwarded: "https", secure: true},
		{name: "two proxies, the outer one says https", host: "10.0.0.5:8080", forwarded: "https, http", secure: true},
		{name: "a proxy says http", host: "10.0.0.5:8080", forwarded: "http"},
		{name: "https itself", host: "10.0.0.5:8080", tls: true, secure: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := s.request(http.MethodPost, "/ui/session", signInAs("lea", password))
			r.Header.Del("Authorization")
			r.Host = c.host
			if c.forwarded != "" {
				r.Header.Set("X-Forwarded-Proto", c.forwarded)
			}
			if c.tls {
				r.TLS = &tls.ConnectionState{}
			}
			cookies := (&http.Response{Header: s.send(r).want(http.StatusOK).header}).Cookies()
			if len(cookies) != 1 {
				t.Fatalf("cookies %v", cookies)
			}
			k := cookies[0]
			name := map[bool]string{false: "tidings_session", true: "__Host-tidings_session"}[c.secure]
			if k.Name != name || k.Secure != c.secure || !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.Path != "/" || k.Domain != "" {
				t.Errorf("cookie %+v", k)
			}
			if want := s.Now().Add(30 * 24 * time.Hour); !k.Expires.Equal(want) {
				t.Errorf("the browser keeps it until %s, and a session lasts until %s", k.Expires, want)
			}
			ask := func(name string) int {
				r := r.Clone(t.Context())
				r.Method, r.URL.Path, r.Body = http.MethodGet, "/ui/session", http.NoBody
				r.RequestURI = "/ui/session"
				r.AddCookie(&http.Cookie{Name: name, Value: k.Value})
				return s.send(r).status
			}
			if got := ask(k.Name); got != http.StatusOK {
				t.Errorf("with its cookie: %d", got)
			}
			other := map[bool]string{true: "tidings_session", false: "__Host-tidings_session"}[c.secure]
			if got := ask(other); got != http.StatusUnauthorized {
				t.Errorf("with the token in a cookie that others may set: %d", got)
			}
		})
	}
}

func TestAnotherSiteCanNotActWithACookie(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	b := s.signedUp("lea")
	for _, c := range []struct {
		name   string
		header http.Header
		ok     bool
	}{
		{"the page itself", http.Header{"Sec-Fetch-Site": {"same-origin"}}, true},
		{"another site", http.Header{"Sec-Fetch-Site": {"cross-site"}}, false},
		{"a sibling of the site", http.Header{"Sec-Fetch-Site": {"same-site"}}, false},
		{"an old browser on the page", http.Header{"Sec-Fetch-Site": nil, "Origin": {"http://tidings.test"}}, true},
		{"an old browser on another site", http.Header{"Sec-Fetch-Site": nil, "Origin": {"https://evil.test"}}, false},
		{"a page in a sandbox", http.Header{"Sec-Fetch-Site": nil, "Origin": {"null"}}, false},
		{"the public URL behind a proxy", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://tidings.test"}}, true},
	} {
		for path, body := range map[string]any{
			"/keys": `{"kind":"secret"}`, "/ui/session": signInAs("lea", password),
			"/ui/password": map[string]string{"old": "x", "new": "y"},
		} {
			a := b.sendAs(http.MethodPost, path, body, c.header)
			if refused := a.status == http.StatusForbidden && strings.Contains(string(a.body), "cross_origin"); refused == c.ok {
				t.Errorf("%s, POST %s: %d %s", c.name, path, a.status, a.body)
			}
		}
		b.sendAs(http.MethodGet, "/events", nil, c.header).want(http.StatusOK)
	}
	s.as(s.secret, http.MethodPost, "/keys", `{"kind":"secret"}`).want(http.StatusCreated)
	r := s.request(http.MethodPost, "/keys", `{"kind":"secret"}`)
	r.Header.Set("Origin", "https://app.test")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	s.send(r).want(http.StatusCreated)
	r = s.request(http.MethodPost, "/ui/session", signInAs("lea", password))
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	golden(t, "problems/cross_origin.json", s.send(r).want(http.StatusForbidden).body)
}

func TestWithoutPeopleThereIsNoCookieAndNoPathOfTheirs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	b := s.signedUp("lea")
	s.handler = api.New(api.Options{Control: s.control, Auth: s.auth, Logger: s.logger, Version: "1.2.3"})
	s.spec = servedSpec(t, s.handler)
	b.send(http.MethodGet, "/events", nil).want(http.StatusUnauthorized)
	b.send(http.MethodGet, "/ui/session", nil).want(http.StatusNotFound)
	s.call(http.MethodGet, "/events", nil).want(http.StatusOK)
}

func TestSignInsAreLimitedByTheAddressThatIsReallyTheirs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, peer string
		forwarded  func(n int) []string
		limited    bool
	}{
		{"one address", "203.0.113.9:4000", func(int) []string { return nil }, true},
		{"one that invents others", "203.0.113.9:4000", func(n int) []string { return []string{addressN(n)} }, true},
		{"a proxy of ours with many behind it", "127.0.0.1:4000", func(n int) []string { return []string{addressN(n)} }, false},
		{"a proxy with one that invents others", "10.0.0.2:4000", func(n int) []string { return []string{addressN(n) + ", 203.0.113.9"} }, true},
		{"one network of IPv6", "[2001:db8::1]:4000", func(int) []string { return nil }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			last := 0
			for n := range 22 {
				r := s.request(http.MethodPost, "/ui/session", signInAs("name"+strings.Repeat("x", n), "wrong"))
				r.Header.Del("Authorization")
				r.RemoteAddr = c.peer
				if v := c.forwarded(n); v != nil {
					r.Header["X-Forwarded-For"] = v
				}
				last = s.send(r).status
			}
			if (last == http.StatusTooManyRequests) != c.limited {
				t.Errorf("the last answer is %d", last)
			}
		})
	}
}

func addressN(n int) string { return "198.51.100." + string(rune('1'+n%9)) + string(rune('0'+n/9)) }

func FuzzBodiesOfPeople(f *testing.F) {
	for _, body := range []string{
		`{"name":"lea","password":"wrong"}`, `{"token":"x","name":"lea","password":"four words or more"}`, `{"old":"a","new":"b"}`,
		`{`, `[]`, `{"name":null}`, "{\"name\":\"\xff\"}", `{"token":"` + strings.Repeat("x", 1000) + `"}`,
	} {
		f.Add(body)
	}
	s := newServer(f)
	b := s.signedUp("lea")
	f.Fuzz(func(t *testing.T, body string) {
		s.t = t
		for _, path := range []string{"/ui/session", "/ui/invitation", "/ui/invitation/accept", "/ui/password"} {
			r := httptest.NewRequest(http.MethodPost, "http://tidings.test"+path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			r.AddCookie(b.cookie)
			if a := s.send(r); a.status < 400 || a.status >= 500 {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
	})
}
