package api_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/internal/api"
	"tidings/internal/control"
)

func selfSigned(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// limited makes a key with scopes.
func (s *server) limited(words ...string) string {
	s.t.Helper()
	_, plain, err := s.control.CreateLimitedKey(s.t.Context(), operator, control.NewKey{Scopes: words})
	must(s.t, err)
	return plain
}

func (s *server) as(key, method, target string, body any) answer {
	s.t.Helper()
	r := s.request(method, target, body)
	r.Header.Set("Authorization", "Bearer "+key)
	return s.send(r)
}

func TestAKeyOpensWhatItsScopeSaysAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	names := make(map[string]control.Operation)
	for _, o := range control.Operations() {
		names[o.Name] = o
	}
	doc := servedDocument(t, s)
	for _, scope := range control.KeyScopes() {
		key := s.limited(scope.Word)
		for path, item := range doc.Paths.Map() {
			for method, op := range item.Operations() {
				o := names[op.OperationID]
				if o.Scope == control.Open || o.Scope == control.Person {
					continue
				}
				a := s.as(key, method, strings.NewReplacer("{", "", "}", "").Replace(path), nil)
				reads := scope.Word == "read" && strings.HasSuffix(o.Needs(), ":read") && o.Needs() != "raw:read"
				if may := reads || o.Needs() == scope.Word; (a.status != http.StatusForbidden) != may {
					t.Errorf("%s with %s: %d %s", op.OperationID, scope.Word, a.status, a.body)
				}
				if !strings.Contains(op.Description, "`"+o.Needs()+"`") || op.Security == nil ||
					!slices.Equal((*op.Security)[0]["bearer"], []string{o.Needs()}) {
					t.Errorf("the document does not say that %s needs %s", op.OperationID, o.Needs())
				}
			}
		}
	}
}

func TestRefusalsOfKeysSayWhatToDo(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	maker := s.limited("keys:write", "events:read")
	_, brief, err := s.control.CreateLimitedKey(t.Context(), operator, control.NewKey{
		Kind: "secret", ExpiresAt: "2026-05-06",
	})
	must(t, err)
	for _, c := range []struct {
		name, key, method, target, body string
		status                          int
	}{
		{"missing scope", maker, http.MethodGet, "/events/00000000-0000-8000-8000-000000000000/raw", "", 403},
		{"scope exceeded", maker, http.MethodPost, "/keys", `{"scopes":["events:read","stats:read"]}`, 403},
		{"everything exceeds scopes", maker, http.MethodPost, "/keys", `{"kind":"secret"}`, 403},
		{"public key exceeds scopes", maker, http.MethodPost, "/keys", `{"kind":"public"}`, 403},
		{"key that outlives its maker", brief, http.MethodPost, "/keys", `{"kind":"secret","expiresAt":"2026-05-07"}`, 403},
	} {
		var body any
		if c.body != "" {
			body = c.body
		}
		a := s.as(c.key, c.method, c.target, body).want(c.status)
		golden(t, "problems/"+strings.ReplaceAll(c.name, " ", "_")+".json", a.body)
	}
	s.as(maker, http.MethodPost, "/keys", `{"scopes":["events:read"]}`).want(http.StatusCreated)
	s.as(brief, http.MethodPost, "/keys", `{"kind":"secret","expiresAt":"2026-05-06"}`).want(http.StatusCreated)
	s.as(brief, http.MethodGet, "/events", nil).want(http.StatusOK)
	s.pass(12 * time.Hour)
	a := s.as(brief, http.MethodGet, "/events", nil).want(http.StatusUnauthorized)
	golden(t, "problems/expired_key.json", a.body)
}

func TestAKeyIsListedWithItsScopesAndItsEnd(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	type keyView struct {
		Kind      string
		Scopes    []string
		ExpiresAt time.Time
	}
	var one keyView
	s.call(http.MethodPost, "/keys", `{"scopes":["stats:read","events:read","stats:read"],"expiresAt":"2027-01-01T02:00:00+02:00"}`).
		want(http.StatusCreated).into(&one)
	var list struct{ Keys []keyView }
	s.call(http.MethodGet, "/keys", nil).want(http.StatusOK).into(&list)
	for _, k := range []keyView{one, list.Keys[1]} {
		end := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
		if k.Kind != "secret" || !slices.Equal(k.Scopes, []string{"events:read", "stats:read"}) || !k.ExpiresAt.Equal(end) {
			t.Errorf("key %+v", k)
		}
	}
	if list.Keys[0].Scopes != nil || !list.Keys[0].ExpiresAt.IsZero() {
		t.Errorf("a key without limits: %+v", list.Keys[0])
	}
}

// counts is a meter that remembers what was refused.
type counts struct {
	mu      sync.Mutex
	refused []string
}

func (c *counts) Asked(operation string, status int, _ time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if status == http.StatusForbidden {
		c.refused = append(c.refused, operation)
	}
}

func TestARefusalForAScopeIsCounted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	meter := &counts{}
	s.handler = api.New(api.Options{Control: s.control, Auth: s.auth, Logger: s.logger, Meter: meter})
	s.as(s.limited("events:read"), http.MethodGet, "/sources", nil).want(http.StatusForbidden)
	if !slices.Equal(meter.refused, []string{"listSources"}) {
		t.Errorf("counted %v", meter.refused)
	}
}
