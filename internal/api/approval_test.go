package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tidings/internal/control"
	"tidings/internal/store"
)

type approvalView struct {
	Code, State, Operation, ContactID, Email, KeyID, KeyName, ApprovedBy, ApprovedByName, Note string
	Lifts                                                                                      []string
	AskedAt, ExpiresAt                                                                         time.Time
}

// askedFor lets an assistant ask for a removal and returns the code.
func (s *server) askedFor(key, address string) (code string) {
	s.t.Helper()
	assistant := control.Actor{Project: store.DefaultProject, By: key, Door: control.DoorMCP}
	r, err := s.control.RemoveSuppression(s.t.Context(), assistant, address, control.Consent{})
	must(s.t, err)
	return r.Wait.Code
}

// decide lets an assistant ask, and decides on it; it returns whom it was about.
func (s *server) decide(verb string, body any) (contact string) {
	s.t.Helper()
	var a approvalView
	s.call(http.MethodPost, "/approvals/"+s.askedFor("key_assistant", suppressedRecord)+"/"+verb, body).want(http.StatusOK).into(&a)
	return a.ContactID
}

func (s *server) approvals() []approvalView {
	s.t.Helper()
	var list struct{ Approvals []approvalView }
	s.call(http.MethodGet, "/approvals", nil).want(http.StatusOK).into(&list)
	return list.Approvals
}

func TestWhatAnAssistantAskedForIsNamedWithWhoAndForHowLong(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	if got := s.approvals(); len(got) != 0 {
		t.Fatalf("nobody asked for anything: %+v", got)
	}
	code := s.askedFor(s.keyID(), suppressedRecord)
	b := s.signedUp("lea")
	a := s.call(http.MethodGet, "/approvals", nil).want(http.StatusOK)
	golden(t, "approvals.json", []byte(strings.NewReplacer(code, "K7QD93XM", s.keyID(), "key_1").Replace(string(a.body))))

	var decided approvalView
	b.send(http.MethodPost, "/approvals/"+strings.ToLower(code)+"/approve", `{"note":"asked by phone"}`).want(http.StatusOK).into(&decided)
	if decided.State != "approved" || !strings.HasPrefix(decided.ApprovedBy, "per_") || decided.Note != "asked by phone" {
		t.Errorf("decided %+v", decided)
	}
	if got := s.approvals(); len(got) != 1 || got[0].State != "approved" || got[0].ApprovedByName != "lea" {
		t.Errorf("listed %+v", got)
	}
	s.pass(15 * time.Minute)
	if got := s.approvals(); len(got) != 0 {
		t.Errorf("what is over is listed: %+v", got)
	}
}

func TestTheKeyThatAskedCantDecideAndAnotherNeedsTheScope(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	code := s.askedFor(s.keyID(), suppressedRecord)
	for _, verb := range []string{"approve", "refuse"} {
		a := s.call(http.MethodPost, "/approvals/"+code+"/"+verb, `{"note":"n"}`).want(http.StatusForbidden)
		golden(t, "problems/own_approval.json", a.body)
	}
	limited := s.limited("suppressions:write", "approvals:read")
	s.as(limited, http.MethodPost, "/approvals/"+code+"/approve", `{"note":"n"}`).want(http.StatusForbidden)
	s.as(limited, http.MethodGet, "/approvals", nil).want(http.StatusOK)
	if got := s.approvals(); len(got) != 1 || got[0].State != "waits" {
		t.Fatalf("a refused decision counted: %+v", got)
	}
	s.as(s.limited("approvals:write"), http.MethodPost, "/approvals/"+code+"/refuse", `{}`).want(http.StatusOK)
	if got := s.approvals(); len(got) != 0 {
		t.Errorf("what was refused is listed: %+v", got)
	}
}
