package api_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

type knownPerson struct {
	ID, Name, State, Link               string
	LastSignInAt, DisabledAt, CreatedAt time.Time
	LinkExpiresAt                       time.Time
}

// goldenPeople is golden for answers with ids and links, which differ in every run.
func goldenPeople(t *testing.T, name string, a answer) {
	t.Helper()
	b := regexp.MustCompile(`per_[a-z0-9]+`).ReplaceAll(a.body, []byte("per_1"))
	golden(t, name, regexp.MustCompile(`#[A-Za-z0-9_-]+`).ReplaceAll(b, []byte("#token")))
}

func TestPeopleInviteListResetAndShutOutEachOther(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	lea := s.signedUp("lea")
	made := lea.send(http.MethodPost, "/people", `{"name":"Max"}`).want(http.StatusCreated)
	goldenPeople(t, "person_invited.json", made)
	var maxim knownPerson
	made.into(&maxim)
	if maxim.State != "invited" || maxim.LinkExpiresAt.Sub(s.Now()) != 24*time.Hour {
		t.Errorf("made %+v", maxim)
	}
	accept := func(b *browser, link, word string) answer {
		_, token, _ := strings.Cut(link, "#")
		return b.send(http.MethodPost, "/ui/invitation/accept", map[string]string{"token": token, "password": word})
	}
	his := s.browser()
	accept(his, maxim.Link, password).want(http.StatusOK)

	var again knownPerson
	a := lea.send(http.MethodPost, "/people/"+maxim.ID+"/reset", nil).want(http.StatusOK)
	if a.into(&again); again.Link == maxim.Link || again.State != "invited" {
		t.Errorf("reset %+v", again)
	}
	his.send(http.MethodGet, "/events", nil).want(http.StatusUnauthorized)
	accept(his, again.Link, password).want(http.StatusOK)

	list := lea.send(http.MethodGet, "/people", nil).want(http.StatusOK)
	goldenPeople(t, "people.json", list)
	for _, secret := range []string{"argon2id", "#", password} {
		if strings.Contains(string(list.body), secret) {
			t.Errorf("the list tells %q: %s", secret, list.body)
		}
	}

	var shut knownPerson
	for range 2 {
		his.server.call(http.MethodPost, "/people/MAX/disable", nil).want(http.StatusOK).into(&shut)
	}
	if shut.State != "disabled" || shut.DisabledAt.IsZero() {
		t.Errorf("disabled %+v", shut)
	}
	his.send(http.MethodGet, "/events", nil).want(http.StatusUnauthorized)
	if p := lea.send(http.MethodPost, "/people/max/reset", nil).want(http.StatusConflict).problem(); p.Type != "urn:tidings:error:person_disabled" {
		t.Errorf("a link for who is disabled: %+v", p)
	}
	lea.send(http.MethodPost, "/people/max/enable", nil).want(http.StatusOK).into(&shut)
	if shut.State != "active" {
		t.Errorf("enabled %+v", shut)
	}
	his.send(http.MethodPost, "/ui/session", signInAs("max", password)).want(http.StatusOK)
}

func TestTheLastWhoCanSignInIsNotShutOut(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	lea := s.signedUp("lea")
	lea.send(http.MethodPost, "/people", `{"name":"max"}`).want(http.StatusCreated) // who has no password can't sign in
	for _, disable := range []func() answer{
		func() answer { return lea.send(http.MethodPost, "/people/lea/disable", nil) },
		func() answer { return s.call(http.MethodPost, "/people/lea/disable", nil) },
	} {
		if p := disable().want(http.StatusConflict).problem(); p.Type != "urn:tidings:error:last_person" || p.Hint == "" {
			t.Errorf("problem %+v", p)
		}
	}
	if p := lea.send(http.MethodPost, "/people/lea/reset", nil).want(http.StatusConflict).problem(); p.Type != "urn:tidings:error:own_person" {
		t.Errorf("problem %+v", p)
	}
	lea.send(http.MethodPost, "/people/max/disable", nil).want(http.StatusOK)
	max2 := s.signedUp("max2")
	lea.send(http.MethodPost, "/people/lea/disable", nil).want(http.StatusOK)
	lea.send(http.MethodGet, "/people", nil).want(http.StatusUnauthorized)
	max2.send(http.MethodPost, "/people/max2/disable", nil).want(http.StatusConflict)
	if _, err := s.control.DisablePerson(t.Context(), operator, "max2"); err != nil {
		t.Errorf("who runs the server may: %v", err)
	}
}

func TestAKeyNeedsAScopeForPeople(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.invited("lea")
	ask := func(scope, method, path string) int {
		var key struct{ Key string }
		s.call(http.MethodPost, "/keys", `{"scopes":["`+scope+`"]}`).want(http.StatusCreated).into(&key)
		r := s.request(method, path, nil)
		r.Header.Set("Authorization", "Bearer "+key.Key)
		return s.send(r).status
	}
	for _, c := range []struct {
		scope, method, path string
		want                int
	}{
		{"people:read", http.MethodGet, "/people", 200},
		{"read", http.MethodGet, "/people", 200},
		{"keys:write", http.MethodGet, "/people", 403},
		{"people:read", http.MethodPost, "/people/lea/reset", 403},
		{"keys:write", http.MethodPost, "/people/lea/reset", 403},
		{"people:write", http.MethodPost, "/people/lea/reset", 200},
		{"people:write", http.MethodPost, "/people/lea/disable", 200},
	} {
		if got := ask(c.scope, c.method, c.path); got != c.want {
			t.Errorf("%s %s with %s: %d, want %d", c.method, c.path, c.scope, got, c.want)
		}
	}
}
