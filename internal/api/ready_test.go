package api_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"tidings/internal/api"
	"tidings/internal/auth"
)

type readiness struct {
	Ready   bool
	Reasons []struct{ Code, Message string }
}

func TestReadinessTellsWhyNotAndComesBack(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	get := func(status int) (r readiness) {
		req := s.request(http.MethodGet, "/readyz", nil)
		req.Header.Del("Authorization")
		s.send(req).want(status).into(&r)
		return r
	}
	if r := get(http.StatusOK); !r.Ready || len(r.Reasons) != 0 {
		t.Errorf("ready: %+v", r)
	}
	s.draining = true
	if r := get(http.StatusServiceUnavailable); r.Ready || len(r.Reasons) != 1 || r.Reasons[0].Code != "draining" {
		t.Errorf("draining: %+v", r)
	}
	s.draining = false
	get(http.StatusOK)
	release := s.lockDatabase()
	get(http.StatusOK) // the last look holds for a second
	s.pass(time.Second)
	if r := get(http.StatusServiceUnavailable); len(r.Reasons) != 1 || strings.Contains(r.Reasons[0].Message, "/") {
		t.Errorf("with a locked database: %+v", r)
	}
	release()
	s.pass(time.Second)
	get(http.StatusOK)
	var up struct{ Status, Version string }
	s.call(http.MethodGet, "/healthz", nil).want(http.StatusOK).into(&up)
	if up.Status != "up" || up.Version != "1.2.3" {
		t.Errorf("health %+v", up)
	}
}

// lockDatabase takes the write lock of the database's file, as another program may, until release.
func (s *server) lockDatabase() (release func()) {
	s.t.Helper()
	conn, err := sqlite.OpenConn(s.file, sqlite.OpenReadWrite)
	must(s.t, err)
	must(s.t, sqlitex.ExecuteTransient(conn, "BEGIN IMMEDIATE", nil))
	return func() { must(s.t, conn.Close()) }
}

func TestMetricsAndTheDocumentAreOpen(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for target, want := range map[string]string{
		"/metrics": "up 1", "/openapi.json": `"openapi":"3.1.0"`, "/openapi.yaml": "openapi: 3.1.0",
		"/docs": "The HTTP API",
	} {
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d, without %q", target, w.Code, want)
		}
	}
}

func TestARequestThatPanicsIsAnsweredAndTheServerGoesOn(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	logger := slog.New(slog.NewTextHandler(s.log, nil))
	h := api.New(api.Options{
		Control: s.control, Auth: auth.NewAuthenticator(s.store, "api", s.Now, logger), Logger: logger, Version: "1",
		Draining: func() bool { return false },
		Metrics:  http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret of ours") }),
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	id := w.Header().Get("X-Request-Id")
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), id) ||
		strings.Contains(w.Body.String(), "secret of ours") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if log := s.log.String(); !strings.Contains(log, id) || !strings.Contains(log, "secret of ours") {
		t.Errorf("log %s", log)
	}
}

func TestARequestThatItsClientLeftEndsAsATimeout(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.send(s.request(http.MethodGet, "/events", nil).WithContext(ctx)).want(http.StatusGatewayTimeout).problem()
	if s.log.Len() > 0 {
		t.Errorf("logged: %s", s.log)
	}
}

func TestRequestsOverTheNetworkEndWhereTheBodyDoes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	server := httptest.NewServer(s.handler)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/sources", strings.NewReader(strings.Repeat("x", 8<<20)))
	must(t, err)
	r.Header.Set("Authorization", "Bearer "+s.secret)
	res, err := server.Client().Do(r)
	if err != nil {
		return // the server may close the connection before the client has sent all
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}
