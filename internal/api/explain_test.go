package api_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestWhySomebodyDidNotGetAnEmailIsToldInSentences(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	for name, target := range map[string]string{
		"suppressed": "/contacts/" + suppressedRecord + "/explanation", "complained": "/contacts/lea@acme.test/explanation",
		"unknown": "/contacts/nobody@acme.test/explanation", "email": "/messages/0102019a-two-000000/explanation",
	} {
		golden(t, "explanations/"+name+".json", s.call(http.MethodGet, target, nil).want(http.StatusOK).body)
	}
	s.call(http.MethodPost, "/suppressions/"+suppressedRecord+"/lift", `{"note":"new mailbox"}`).want(http.StatusOK)
	lifted := s.call(http.MethodGet, "/contacts/"+suppressedRecord+"/explanation", nil).want(http.StatusOK).body
	if !strings.Contains(string(lifted), "An earlier suppression (hard_bounce) has ended.") {
		t.Errorf("after the lift: %s", lifted)
	}
	for _, target := range []string{"/contacts/con_zz/explanation", "/messages/msg_zz/explanation", "/messages/0102-nothing/explanation"} {
		s.call(http.MethodGet, target, nil).want(http.StatusNotFound)
	}
}
