package store_test

import (
	"crypto/sha256"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/fault"
	"tidings/internal/store"
)

const day = 24 * time.Hour

func personAct(operation string, at time.Time) store.Act {
	return store.Act{At: at, Project: store.DefaultProject, By: "cli", Door: "cli", Operation: operation}
}

func lea() store.Person {
	return store.Person{ID: "per_1", Project: store.DefaultProject, Name: "Lea", NameKey: "lea", CreatedAt: start}
}

func hashOf(s string) [32]byte { return sha256.Sum256([]byte(s)) }

func link(token string) store.Invitation {
	return store.Invitation{Hash: hashOf(token), CreatedAt: start, ExpiresAt: start.Add(day)}
}

func session(id string, p store.Person, at time.Time) store.Session {
	return store.Session{
		ID: id, Hash: hashOf(id), Person: p, CreatedAt: at, ExpiresAt: at.Add(12 * time.Hour), UserAgent: "Firefox",
		IP: "203.0.113.0/24",
	}
}

// signedUp makes a person with the password's hash "h1" and the session ses_1.
func signedUp(t *testing.T, s *store.Store) store.Person {
	t.Helper()
	noError(t, s.CreatePerson(t.Context(), lea(), link("a"), personAct("createPerson", start)))
	p, err := s.AcceptInvitation(t.Context(), hashOf("a"), store.Person{Project: store.DefaultProject, Hash: "h1"},
		session("ses_1", store.Person{}, start), personAct("acceptInvitation", start))
	noError(t, err)
	return p
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func codeOf(err error) string {
	if f, ok := err.(*fault.Error); ok { //nolint:errorlint // these come as they are
		return f.Code
	}
	return ""
}

func TestAPersonIsMadeOnceWhateverTheCaseOfTheName(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		has, err := s.HasPeople(t.Context())
		if err != nil || has {
			t.Fatalf("a new database has people: %t %v", has, err)
		}
		noError(t, s.CreatePerson(t.Context(), lea(), link("a"), personAct("createPerson", start)))
		again := lea()
		again.ID, again.Name = "per_2", "LEA"
		err = s.CreatePerson(t.Context(), again, link("b"), personAct("createPerson", start))
		if !fault.Is(err, fault.Conflict) || codeOf(err) != "name_taken" {
			t.Errorf("a second one of the name: %v", err)
		}
		if _, err := s.Invitation(t.Context(), hashOf("b"), start); codeOf(err) != "unknown_invitation" {
			t.Errorf("the refused one's link: %v", err)
		}
		list, err := s.People(t.Context(), store.DefaultProject)
		noError(t, err)
		if diff := cmp.Diff([]store.Person{lea()}, list); diff != "" {
			t.Error(diff)
		}
		acts, err := s.Acts(t.Context(), store.AuditQuery{Project: store.DefaultProject})
		noError(t, err)
		if len(acts.Acts) != 1 {
			t.Errorf("acts %+v", acts.Acts)
		}
	})
}

func TestALinkWorksOnceWithinItsTime(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		noError(t, s.CreatePerson(t.Context(), lea(), link("a"), personAct("createPerson", start)))
		i, err := s.Invitation(t.Context(), hashOf("a"), start.Add(day-time.Millisecond))
		if err != nil || i.Person != "per_1" || i.Name != "Lea" {
			t.Fatalf("invitation %+v, %v", i, err)
		}
		accept := func(token, id string, at time.Time) (store.Person, error) {
			return s.AcceptInvitation(t.Context(), hashOf(token), store.Person{Project: store.DefaultProject, Hash: "h1"},
				session(id, store.Person{}, at), personAct("acceptInvitation", at))
		}
		if _, err := accept("a", "ses_0", start.Add(day)); codeOf(err) != "invitation_expired" {
			t.Errorf("after its end: %v", err)
		}
		p, err := accept("a", "ses_1", start)
		if err != nil || p.ID != "per_1" || p.Name != "Lea" || p.Hash != "h1" {
			t.Errorf("person %+v, %v", p, err)
		}
		if _, err := accept("a", "ses_2", start); codeOf(err) != "invitation_used" {
			t.Errorf("a second time: %v", err)
		}
		if _, err := accept("x", "ses_3", start); codeOf(err) != "unknown_invitation" {
			t.Errorf("an unknown one: %v", err)
		}
		acts, err := s.Acts(t.Context(), store.AuditQuery{Project: store.DefaultProject, Limit: 1})
		noError(t, err)
		if a := acts.Acts[0]; a.By != "per_1" || a.Subject != "per_1" || a.ByName != "Lea" {
			t.Errorf("the newest act %+v", a)
		}
		list, err := s.Sessions(t.Context(), "per_1", start)
		if err != nil || len(list) != 1 || list[0].ID != "ses_1" {
			t.Errorf("sessions %+v, %v", list, err)
		}
	})
}

func TestLinksForTheFirstPersonMakeOnePersonHoweverManyAreUsedAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		tokens := strings.Split("a b c d e f", " ")
		for _, token := range tokens {
			noError(t, s.InviteFirst(t.Context(), link(token)))
		}
		failed := make([]error, len(tokens))
		var wait sync.WaitGroup
		for n, token := range tokens {
			wait.Go(func() {
				_, failed[n] = s.AcceptInvitation(t.Context(), hashOf(token), store.Person{
					ID: "per_" + token, Project: store.DefaultProject, Name: token, NameKey: token, Hash: "h", CreatedAt: start,
				}, session("ses_"+token, store.Person{}, start), personAct("acceptInvitation", start))
			})
		}
		wait.Wait()
		made := 0
		for _, err := range failed {
			if err == nil {
				made++
			} else if codeOf(err) != "invitation_used" {
				t.Errorf("one that came later: %v", err)
			}
		}
		list, err := s.People(t.Context(), store.DefaultProject)
		if err != nil || made != 1 || len(list) != 1 {
			t.Errorf("%d links worked, people %+v, %v", made, list, err)
		}
		noError(t, s.InviteFirst(t.Context(), link("late")))
		if _, err := s.Invitation(t.Context(), hashOf("late"), start); codeOf(err) != "invitation_used" {
			t.Errorf("a link for the first person where there is one: %v", err)
		}
	})
}

func TestSessionsEndWithWhatTheyRestOn(t *testing.T) {
	later := start.Add(time.Hour)
	for name, end := range map[string]func(*testing.T, *store.Store) error{
		"disabled": func(t *testing.T, s *store.Store) error {
			t.Helper()
			return s.DisablePerson(t.Context(), "per_1", personAct("disablePerson", later))
		},
		"reset": func(t *testing.T, s *store.Store) error {
			t.Helper()
			return s.ResetPerson(t.Context(), "per_1", link("again"), personAct("resetPerson", later))
		},
		"password changed": func(t *testing.T, s *store.Store) error {
			t.Helper()
			p, err := s.Person(t.Context(), "per_1")
			noError(t, err)
			return s.ChangePassword(t.Context(), "h2", session("ses_9", p, later), personAct("changePassword", later))
		},
		"signed out": func(t *testing.T, s *store.Store) error {
			t.Helper()
			return s.EndSession(t.Context(), "per_1", "ses_1", personAct("endSession", later))
		},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
				s := open()
				signedUp(t, s)
				found, err := s.SessionByHash(t.Context(), hashOf("ses_1"))
				if err != nil || found.Person.ID != "per_1" || found.IP != "203.0.113.0/24" || !found.ExpiresAt.Equal(start.Add(12*time.Hour)) {
					t.Fatalf("session %+v, %v", found, err)
				}
				noError(t, end(t, s))
				if _, err := s.SessionByHash(t.Context(), hashOf("ses_1")); !fault.Is(err, fault.NotFound) {
					t.Errorf("the session goes on: %v", err)
				}
				list, err := s.Sessions(t.Context(), "per_1", later)
				if noError(t, err); name == "password changed" != (len(list) == 1) {
					t.Errorf("sessions %+v", list)
				}
			})
		})
	}
}

func TestAPasswordThatWasChangedMeanwhileOpensNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		old := signedUp(t, s)
		noError(t, s.CreateSession(t.Context(), session("ses_2", old, start), personAct("signIn", start)))
		noError(t, s.ChangePassword(t.Context(), "h2", session("ses_3", old, start), personAct("changePassword", start)))
		for what, err := range map[string]error{
			"sign in": s.CreateSession(t.Context(), session("ses_4", old, start), personAct("signIn", start)),
			"change":  s.ChangePassword(t.Context(), "h3", session("ses_5", old, start), personAct("changePassword", start)),
		} {
			if !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("%s: %v", what, err)
			}
		}
		now, err := s.Person(t.Context(), "per_1")
		noError(t, err)
		if !now.LastSignInAt.Equal(start) {
			t.Errorf("signed in last at %s", now.LastSignInAt)
		}
		noError(t, s.DisablePerson(t.Context(), "per_1", personAct("disablePerson", start)))
		if err := s.CreateSession(t.Context(), session("ses_6", now, start), personAct("signIn", start)); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("one who is disabled: %v", err)
		}
		noError(t, s.ResetPerson(t.Context(), "per_1", link("r"), personAct("resetPerson", start)))
		_, err = s.AcceptInvitation(t.Context(), hashOf("r"), store.Person{Project: store.DefaultProject, Hash: "h4"},
			session("ses_7", store.Person{}, start), personAct("acceptInvitation", start))
		if codeOf(err) != "person_disabled" {
			t.Errorf("a link of one who is disabled: %v", err)
		}
		noError(t, s.EnablePerson(t.Context(), "per_1", personAct("enablePerson", start)))
		if _, err := s.Invitation(t.Context(), hashOf("r"), start); err != nil {
			t.Errorf("the refused link was used up: %v", err)
		}
	})
}

func TestSessionsAreBoundedAndThoseThatAreOverGo(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		p := signedUp(t, s)
		noError(t, s.TouchSession(t.Context(), "ses_1", start.Add(time.Minute), start.Add(13*time.Hour)))
		noError(t, s.TouchSession(t.Context(), "ses_1", start, start))
		one, err := s.SessionByHash(t.Context(), hashOf("ses_1"))
		if err != nil || !one.LastSeenAt.Equal(start.Add(time.Minute)) || !one.ExpiresAt.Equal(start.Add(13*time.Hour)) {
			t.Errorf("session %+v, %v", one, err)
		}
		for n := range 55 {
			id := "ses_x" + strings.Repeat("x", n)
			noError(t, s.CreateSession(t.Context(), session(id, p, start.Add(time.Hour)), personAct("signIn", start)))
		}
		list, err := s.Sessions(t.Context(), "per_1", start)
		if err != nil || len(list) != 50 || len(list[0].ID) <= len(list[49].ID) {
			t.Errorf("%d sessions, %v", len(list), err)
		}
		noError(t, s.CreateSession(t.Context(), session("ses_last", p, start.Add(2*day)), personAct("signIn", start)))
		if n, err := s.Count(t.Context(), `SELECT count(*) FROM sessions`); err != nil || n != 1 {
			t.Errorf("%d sessions are stored, %v", n, err)
		}
		if list, err := s.Sessions(t.Context(), "per_1", start.Add(3*day)); err != nil || len(list) != 0 {
			t.Errorf("over: %+v, %v", list, err)
		}
	})
}

func TestWhatChangesNobodyIsNotNoted(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		signedUp(t, s)
		noError(t, s.EnablePerson(t.Context(), "per_1", personAct("enablePerson", start)))
		for range 2 {
			noError(t, s.DisablePerson(t.Context(), "per_1", personAct("disablePerson", start)))
		}
		if err := s.EndSession(t.Context(), "per_1", "ses_none", personAct("endSession", start)); !fault.Is(err, fault.NotFound) {
			t.Errorf("an unknown session: %v", err)
		}
		for what, err := range map[string]error{
			"reset":  s.ResetPerson(t.Context(), "per_x", link("z"), personAct("resetPerson", start)),
			"enable": s.EnablePerson(t.Context(), "per_x", personAct("enablePerson", start)),
		} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s of nobody: %v", what, err)
			}
		}
		acts, err := s.Acts(t.Context(), store.AuditQuery{Project: store.DefaultProject})
		noError(t, err)
		var names []string
		for _, a := range acts.Acts {
			names = append(names, a.Operation)
		}
		if diff := cmp.Diff([]string{"disablePerson", "acceptInvitation", "createPerson"}, names); diff != "" {
			t.Error(diff)
		}
	})
}
