package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tidings/internal/control"
)

func TestAFormIsMadeChangedListedAndDeleted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call(http.MethodPost, "/topics", `{"name":"News"}`).want(http.StatusCreated)
	a := s.call(http.MethodPost, "/forms", `{"name":"News of Acme","topics":["news"],"origins":["https://ACME.test/"],
		"fields":[{"name":"firstName","label":"First name","required":true},{"name":"city","label":"City"}],
		"redirectUrl":"https://acme.test/thanks","confirmedUrl":"https://tidings.test/x"}`).want(http.StatusCreated)
	var made struct{ ID, URL string }
	a.into(&made)
	token := strings.TrimPrefix(made.URL, "https://tidings.test/subscribe/")
	if len(token) != 32 {
		t.Errorf("the link is %s", made.URL)
	}
	golden(t, "form.json", []byte(strings.NewReplacer(made.ID, "frm_1", token, "token").Replace(string(a.body))))
	var list struct{ Forms []struct{ ID string } }
	s.call(http.MethodGet, "/forms", nil).want(http.StatusOK).into(&list)
	if len(list.Forms) != 1 || list.Forms[0].ID != made.ID {
		t.Errorf("listed %+v", list)
	}
	var changed struct {
		Name, URL, RedirectURL string
		DoubleOptIn            bool
		Topics, Fields         []any
	}
	s.call(http.MethodPatch, "/forms/"+made.ID, `{"doubleOptIn":false,"topics":[],"redirectUrl":""}`).want(http.StatusOK).into(&changed)
	if changed.DoubleOptIn || changed.Name != "News of Acme" || changed.URL != made.URL || len(changed.Topics) != 0 || len(changed.Fields) != 2 ||
		changed.RedirectURL != "" {
		t.Errorf("changed %+v", changed)
	}
	s.call(http.MethodPatch, "/forms/"+made.ID, `{"origins":[],"redirectUrl":"https://acme.test/"}`).want(http.StatusUnprocessableEntity)
	s.call(http.MethodGet, "/forms/"+made.ID, nil).want(http.StatusOK)
	s.call(http.MethodDelete, "/forms/"+made.ID, nil).want(http.StatusNoContent)
	s.call(http.MethodGet, "/forms/"+made.ID, nil).want(http.StatusNotFound)
}

func TestTheFeedAndListsTellTheLinkOnlyToKeysThatCouldSubscribe(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	base := httptest.NewServer(s.handler)
	t.Cleanup(base.Close) // after the listeners ended
	all, reader, writer := s.secret, s.limited("read"), s.limited("events:read", "contacts:write")
	listeners := make(map[string]*listener)
	for _, key := range []string{all, reader, writer} {
		s.secret = key
		listeners[key] = s.listen(base, "", "")
		t.Cleanup(listeners[key].end)
	}
	s.secret = all
	name := "News"
	f, err := s.control.CreateForm(t.Context(), operator, control.FormEdit{Name: &name, DoubleOptIn: new(true)})
	must(t, err)
	must(t, s.control.Join(t.Context(), &f, &control.JoinRequest{Email: "ann@acme.test"}))
	for key, told := range map[string]bool{all: true, reader: false, writer: true} {
		if e := listeners[key].next(); !strings.Contains(e.data, `"name":"contact.confirmation"`) || strings.Contains(e.data, `"confirmUrl":"https://tidings.test/confirm/`) != told {
			t.Errorf("told %t: the feed says %+v", told, e)
		}
		if a := s.as(key, http.MethodGet, "/events?name=contact.confirmation", nil).want(http.StatusOK); strings.Contains(string(a.body), "confirmUrl") != told {
			t.Errorf("told %t: the list says %s", told, a.body)
		}
	}
	if a := s.as(reader, http.MethodPost, "/contacts/ann@acme.test/confirmation", `{}`); a.status != http.StatusForbidden {
		t.Errorf("a key that only reads asks for the link: %d", a.status)
	}
	if a := s.as(all, http.MethodPost, "/v1/track", `{"email":"ann@acme.test","event":"contact.confirmation"}`); a.status != http.StatusUnprocessableEntity {
		t.Errorf("somebody tracked contact.confirmation: %d", a.status)
	}
	a := s.call(http.MethodGet, "/contacts/ann@acme.test", nil).want(http.StatusOK)
	if !strings.Contains(string(a.body), `"confirmation":{"form":"`+f.ID+`","requestedAt":"2026-05-05T12:00:00.000Z"}`) {
		t.Errorf("the contact is %s", a.body)
	}
}
