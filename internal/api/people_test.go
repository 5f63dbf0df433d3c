package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/control"
	"tidings/internal/store"
)

const password = "correct horse battery"

// browser is a person's: it keeps a cookie as browsers do.
type browser struct {
	*server
	cookie *http.Cookie
	base   string // "http://tidings.test"
}

func (s *server) browser() *browser { return &browser{server: s, base: "http://tidings.test"} }

// send asks as a page of the server itself does.
func (b *browser) send(method, path string, body any) answer {
	b.t.Helper()
	return b.sendAs(method, path, body, nil)
}

// sendAs is send with other headers.
func (b *browser) sendAs(method, path string, body any, header http.Header) answer {
	b.t.Helper()
	r := b.request(method, b.base+path, body)
	r.Header.Del("Authorization")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("User-Agent", "Browser/1.0")
	for name, values := range header {
		r.Header[name] = values
	}
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	a := b.server.send(r)
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		b.cookie = c
		if c.MaxAge < 0 {
			b.cookie = nil
		}
	}
	return a
}

// invited makes a person and returns the token of the link.
func (s *server) invited(name string) (token string) {
	s.t.Helper()
	x, err := s.control.CreatePerson(s.t.Context(), operator, name)
	must(s.t, err)
	link, token, _ := strings.Cut(x.Link, "#")
	if link != "https://tidings.test/ui/welcome" || token == "" {
		s.t.Fatalf("link %s", x.Link)
	}
	return token
}

// signedUp is a browser in which a new person is signed in.
func (s *server) signedUp(name string) *browser {
	s.t.Helper()
	b := s.browser()
	b.send(http.MethodPost, "/ui/invitation/accept", map[string]string{"token": s.invited(name), "password": password}).want(http.StatusOK)
	return b
}

func signInAs(name, word string) map[string]string {
	return map[string]string{"name": name, "password": word}
}

type sessionView struct {
	ID     string
	Person struct{ ID, Name string }
}

func TestTheFirstPersonComesByALinkAndMayDoEverything(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	link, err := s.control.FirstLink(t.Context())
	must(t, err)
	_, token, _ := strings.Cut(link, "#")
	b := s.browser()
	a := b.send(http.MethodPost, "/ui/invitation", map[string]string{"token": token}).want(http.StatusOK)
	if got, want := string(a.body), `{"name":null,"expiresAt":"2026-05-06T12:00:00.000Z"}`; got != want {
		t.Errorf("invitation %s, want %s", got, want)
	}
	b.send(http.MethodGet, "/ui/session", nil).want(http.StatusUnauthorized)
	var accepted, again sessionView
	b.send(http.MethodPost, "/ui/invitation/accept", map[string]string{"token": token, "name": "Lea", "password": password}).
		want(http.StatusOK).into(&accepted)
	b.send(http.MethodGet, "/ui/session", nil).want(http.StatusOK).into(&again)
	if diff := cmp.Diff(accepted, again); diff != "" || again.Person.Name != "Lea" {
		t.Errorf("session %+v: %s", again, diff)
	}
	b.send(http.MethodGet, "/events", nil).want(http.StatusOK)
	b.send(http.MethodPost, "/keys", `{"kind":"secret"}`).want(http.StatusCreated)
	if link, err := s.control.FirstLink(t.Context()); err != nil || link != "" {
		t.Errorf("a second link for the first person: %q %v", link, err)
	}
	p := s.browser().send(http.MethodPost, "/ui/invitation", map[string]string{"token": token}).want(http.StatusGone).problem()
	if p.Type != "urn:tidings:error:invitation_used" || p.Hint == "" {
		t.Errorf("problem %+v", p)
	}
	b.send(http.MethodDelete, "/ui/session", nil).want(http.StatusNoContent)
	if b.cookie != nil {
		t.Error("the cookie stays")
	}
	b.send(http.MethodPost, "/ui/session", signInAs("LEA", password)).want(http.StatusOK)
	b.send(http.MethodGet, "/events", nil).want(http.StatusOK)
}

func TestEveryActOfAPersonIsNoted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	b := s.signedUp("lea")
	s.browser().send(http.MethodPost, "/ui/session", signInAs("lea", "a wrong password")).want(http.StatusUnauthorized)
	other := s.browser()
	other.send(http.MethodPost, "/ui/session", signInAs("lea", password)).want(http.StatusOK)
	var list struct{ Sessions []struct{ ID string } }
	b.send(http.MethodGet, "/ui/sessions", nil).want(http.StatusOK).into(&list)
	b.send(http.MethodDelete, "/ui/sessions/"+list.Sessions[0].ID, nil).want(http.StatusNoContent)
	b.send(http.MethodPost, "/ui/password", map[string]string{"old": password, "new": "another four words"}).want(http.StatusOK)
	b.send(http.MethodPost, "/keys", `{"kind":"secret"}`).want(http.StatusCreated)
	b.send(http.MethodPost, "/people", `{"name":"max"}`).want(http.StatusCreated)
	for _, act := range []string{"reset", "disable", "enable"} {
		b.send(http.MethodPost, "/people/max/"+act, nil).want(http.StatusOK)
	}
	b.send(http.MethodDelete, "/ui/session", nil).want(http.StatusNoContent)
	var page struct {
		Acts []struct{ By, ByName, Door, Operation, Target, Note string }
	}
	a := s.call(http.MethodGet, "/audit?door=ui", nil).want(http.StatusOK)
	a.into(&page)
	var got []string
	for _, x := range page.Acts {
		got = append(got, x.Operation+" "+x.ByName)
		if x.Operation != "refuseSignIn" && (!strings.HasPrefix(x.By, "per_") || x.ByName != "lea") {
			t.Errorf("act %+v", x)
		}
	}
	want := []string{
		"signOut lea", "enablePerson lea", "disablePerson lea", "resetPerson lea", "createPerson lea", "createKey lea", "changePassword lea",
		"endSession lea", "signIn lea", "refuseSignIn ", "acceptInvitation lea",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s.call(http.MethodGet, "/audit?by="+page.Acts[0].By, nil).want(http.StatusOK)
	for _, secret := range []string{password, "another four words", "a wrong password", "argon2id"} {
		if strings.Contains(string(a.body), secret) || strings.Contains(s.log.String(), secret) {
			t.Errorf("%q is in the audit log or the log", secret)
		}
	}
	known := map[string]bool{"refuseSignIn": true}
	for _, x := range page.Acts {
		known[x.Operation] = true
	}
	for _, o := range control.Operations() {
		if o.Group == "People" && o.Noted() && !o.Local && !known[o.Name] {
			t.Errorf("nothing shows that %s is noted", o.Name)
		}
	}
}

func TestASessionLastsWhileItIsUsed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	b := s.signedUp("lea")
	const step = 11 * time.Hour
	for passed := time.Duration(0); passed+step < 30*24*time.Hour; passed += step {
		s.pass(step)
		b.send(http.MethodGet, "/events", nil).want(http.StatusOK)
	}
	s.pass(step)
	b.send(http.MethodGet, "/events", nil).want(http.StatusUnauthorized)

	b = s.browser()
	b.send(http.MethodPost, "/ui/session", signInAs("lea", password)).want(http.StatusOK)
	s.pass(12*time.Hour - time.Millisecond)
	b.send(http.MethodGet, "/ui/session", nil).want(http.StatusOK)
	s.pass(12 * time.Hour)
	if p := b.send(http.MethodGet, "/events", nil).want(http.StatusUnauthorized).problem(); p.Type != "urn:tidings:error:no_session" {
		t.Errorf("problem %+v", p)
	}
}

func TestSigningInMakesANewSessionWhateverTheBrowserHad(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	b := s.signedUp("lea")
	before := *b.cookie
	b.send(http.MethodPost, "/ui/session", signInAs("lea", password)).want(http.StatusOK)
	if b.cookie.Value == before.Value {
		t.Error("the token is the one from before")
	}
	planted := s.browser()
	planted.cookie = &http.Cookie{Name: "tidings_session", Value: "planted-by-somebody-else"}
	planted.send(http.MethodPost, "/ui/session", signInAs("lea", password)).want(http.StatusOK)
	if planted.cookie.Value == "planted-by-somebody-else" {
		t.Error("a token that was planted is used")
	}
}

func TestAPasswordChangeEndsWhatWasOpenElsewhere(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	b, other := s.signedUp("lea"), s.browser()
	other.send(http.MethodPost, "/ui/session", signInAs("lea", password)).want(http.StatusOK)
	before := *b.cookie
	b.send(http.MethodPost, "/ui/password", map[string]string{"old": password, "new": "another four words"}).want(http.StatusOK)
	b.send(http.MethodGet, "/events", nil).want(http.StatusOK)
	other.send(http.MethodGet, "/events", nil).want(http.StatusUnauthorized)
	stolen := s.browser()
	stolen.cookie = &before
	stolen.send(http.MethodGet, "/events", nil).want(http.StatusUnauthorized)
	other.send(http.MethodPost, "/ui/session", signInAs("lea", password)).want(http.StatusUnauthorized)
	other.send(http.MethodPost, "/ui/session", signInAs("lea", "another four words")).want(http.StatusOK)
	_, err := s.control.DisablePerson(t.Context(), operator, "Lea")
	must(t, err)
	other.send(http.MethodGet, "/events", nil).want(http.StatusUnauthorized)
	p := other.send(http.MethodPost, "/ui/session", signInAs("lea", "another four words")).want(http.StatusForbidden).problem()
	if p.Type != "urn:tidings:error:person_disabled" {
		t.Errorf("problem %+v", p)
	}
}

func TestWhereOneIsSignedInIsListedAndEnded(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	b, stranger := s.signedUp("lea"), s.signedUp("max")
	other := s.browser()
	other.sendAs(http.MethodPost, "/ui/session", signInAs("lea", password), http.Header{
		"User-Agent": {"Phone/2.0"}, "X-Forwarded-For": {"198.51.100.7"},
	}).want(http.StatusOK)
	type open struct {
		ID, UserAgent, Network string
		Current                bool
	}
	var list struct{ Sessions []open }
	b.send(http.MethodGet, "/ui/sessions", nil).want(http.StatusOK).into(&list)
	if len(list.Sessions) != 2 {
		t.Fatalf("sessions %+v", list)
	}
	// httptest's requests come from 192.0.2.1, which is no machine of ours: nobody believes what it forwards.
	want := []open{
		{ID: list.Sessions[0].ID, UserAgent: "Phone/2.0", Network: "192.0.2.0/24"},
		{ID: list.Sessions[1].ID, UserAgent: "Browser/1.0", Network: "192.0.2.0/24", Current: true},
	}
	if diff := cmp.Diff(want, list.Sessions); diff != "" {
		t.Error(diff)
	}
	stranger.send(http.MethodDelete, "/ui/sessions/"+list.Sessions[0].ID, nil).want(http.StatusNotFound)
	b.send(http.MethodDelete, "/ui/sessions/"+list.Sessions[0].ID, nil).want(http.StatusNoContent)
	other.send(http.MethodGet, "/events", nil).want(http.StatusUnauthorized)
}

func TestWrongPasswordsWaitAndSayHowLong(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.signedUp("lea")
	b := s.browser()
	for range 5 {
		b.send(http.MethodPost, "/ui/session", signInAs("lea", "wrong")).want(http.StatusUnauthorized)
	}
	a := b.send(http.MethodPost, "/ui/session", signInAs("LEA", password)).want(http.StatusTooManyRequests)
	if got := a.header.Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After %q", got)
	}
	golden(t, "problems/too_many_guesses.json", a.body)
	b.send(http.MethodPost, "/ui/session", signInAs("max", password)).want(http.StatusUnauthorized)
	s.pass(2 * time.Second)
	b.send(http.MethodPost, "/ui/session", signInAs("lea", password)).want(http.StatusOK)
}

func TestWhoCanNotSignInLearnsNoMoreThanThat(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.signedUp("lea")
	s.invited("max")
	answers := make(map[string]bool)
	for _, name := range []string{"lea", "max", "nobody", "no body", strings.Repeat("x", 100)} {
		before := s.control.Gate.Passwords.Work()
		a := s.browser().send(http.MethodPost, "/ui/session", signInAs(name, "a wrong password")).want(http.StatusUnauthorized)
		answers[string(a.body)] = true
		if work := s.control.Gate.Passwords.Work() - before; work != 1 {
			t.Errorf("%s: %d hashes", name, work)
		}
	}
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
}

func TestAKeyIsNoPersonAndAPersonsCookieIsNoKey(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	b := s.signedUp("lea")
	s.call(http.MethodGet, "/ui/session", nil).want(http.StatusForbidden)
	b.sendAs(http.MethodGet, "/events", nil, http.Header{"Authorization": {"Bearer sk_unknown"}}).want(http.StatusUnauthorized)
	b.sendAs(http.MethodGet, "/events", nil, http.Header{"Authorization": {"Bearer " + b.cookie.Value}}).want(http.StatusUnauthorized)
	_, public, err := s.control.CreateKey(t.Context(), operator, "", store.PublicKey)
	must(t, err)
	b.sendAs(http.MethodGet, "/events", nil, http.Header{"Authorization": {"Bearer " + public}}).want(http.StatusForbidden)
}

func TestBodiesOfPeopleAreCheckedByName(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	b := s.signedUp("lea")
	token, named := s.invited("max"), s.invited("mia")
	accept := func(body map[string]string) string {
		body["token"] = named
		text, err := json.Marshal(body)
		must(t, err)
		return string(text)
	}
	for _, c := range []struct {
		name, path, body string
		status           int
	}{
		{"sign in without anything", "/ui/session", `{}`, 422},
		{"sign in with too much", "/ui/session", `{"name":"` + strings.Repeat("x", 101) + `","password":"` + strings.Repeat("x", 257) + `"}`, 422},
		{"sign in with a wrong password", "/ui/session", `{"name":"lea","password":"guess"}`, 401},
		{"invitation that is not", "/ui/invitation", `{"token":"` + token[1:] + `"}`, 404},
		{"accept with a short password", "/ui/invitation/accept", accept(map[string]string{"password": "short"}), 422},
		{"accept with the name as password", "/ui/invitation/accept", `{"token":"` + s.invited("alexander-maximilian") + `","password":"Alexander-Maximilian"}`, 422},
		{"accept with another name", "/ui/invitation/accept", accept(map[string]string{"name": "eve", "password": password}), 422},
		{"accept with a long password", "/ui/invitation/accept", accept(map[string]string{"password": strings.Repeat("ä", 129)}), 422},
		{"change of a wrong password", "/ui/password", `{"old":"guess","new":"another four words"}`, 422},
		{"change to the same password", "/ui/password", `{"old":"` + password + `","new":"` + password + `"}`, 422},
		{"change to a short password", "/ui/password", `{"old":"` + password + `","new":"short"}`, 422},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := b.send(http.MethodPost, c.path, c.body)
			a.t = t
			golden(t, "problems/"+strings.ReplaceAll(c.name, " ", "_")+".json", a.want(c.status).body)
			if strings.Contains(string(a.body), password) {
				t.Error("the answer repeats a password")
			}
		})
	}
}

func TestTheFirstPersonsNameIsChecked(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	link, err := s.control.FirstLink(t.Context())
	must(t, err)
	_, token, _ := strings.Cut(link, "#")
	for _, name := range []string{"", "lea doe", "a\nb", strings.Repeat("x", 101), "\u202elea"} {
		p := s.browser().send(http.MethodPost, "/ui/invitation/accept", map[string]string{"token": token, "name": name, "password": password}).
			want(http.StatusUnprocessableEntity).problem()
		if p.Field != "name" {
			t.Errorf("%q: %+v", name, p)
		}
	}
	s.pass(24 * time.Hour)
	a := s.browser().send(http.MethodPost, "/ui/invitation/accept", map[string]string{"token": token, "name": "lea", "password": password})
	golden(t, "problems/invitation_that_is_over.json", a.want(http.StatusGone).body)
}
