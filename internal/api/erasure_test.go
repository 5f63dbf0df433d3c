package api_test

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tidings/internal/control"
	"tidings/internal/store"
)

type erasureView struct {
	ID, Status, ContactID, By, Note string
	Suppressed                      bool
	Counts                          struct{ Contacts, Events, Receipts int64 }
}

func TestAnErasureHidesAtOnceAndItsRecordNeverSaysWho(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	var x erasureView
	s.call(http.MethodPost, "/erasures", `{"email":"  Lea <LEA@acme.test>","note":"asked for it"}`).want(http.StatusAccepted).into(&x)
	if x.Status != "running" || x.ContactID == "" || x.By != s.keyID() || x.Note != "asked for it" || x.Counts.Contacts != 1 {
		t.Errorf("the erasure is %+v", x)
	}
	s.call(http.MethodGet, "/contacts/lea@acme.test", nil).want(http.StatusNotFound)
	s.call(http.MethodGet, "/contacts/"+x.ContactID+"/access", nil).want(http.StatusNotFound)
	if got := s.call(http.MethodPost, "/erasures", `{"email":"lea@acme.test","note":"again"}`).want(http.StatusConflict).problem(); got.Type != "urn:tidings:error:erasure_running" {
		t.Errorf("a second erasure: %+v", got)
	}
	must(t, s.control.RunErasure(t.Context(), x.ID, true))
	s.call(http.MethodGet, "/erasures/"+x.ID, nil).want(http.StatusOK).into(&x)
	if x.Status != "done" || x.Counts.Events == 0 || x.Counts.Receipts == 0 {
		t.Errorf("the erasure came to %+v", x)
	}
	s.call(http.MethodPost, "/erasures", `{"email":"lea@acme.test","note":"again"}`).want(http.StatusConflict)
	for _, path := range []string{"/erasures", "/events?limit=1000", "/messages?limit=1000", "/audit?limit=1000", "/contacts"} {
		if body := string(s.call(http.MethodGet, path, nil).want(http.StatusOK).body); strings.Contains(strings.ToLower(body), "lea@") {
			t.Errorf("%s says who it was: %s", path, body)
		}
	}
}

func TestErasingTakesAScopeOfItsOwn(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for scope, status := range map[string]int{
		"contacts:write": http.StatusForbidden, "read": http.StatusForbidden, "contacts:erase": http.StatusAccepted,
	} {
		_, plain, err := s.control.CreateLimitedKey(t.Context(), operator, control.NewKey{
			Name: scope, Kind: store.SecretKey, Scopes: []string{scope},
		})
		must(t, err)
		r := s.request(http.MethodPost, "/erasures", `{"email":"nobody@acme.test","note":"asked"}`)
		r.Header.Set("Authorization", "Bearer "+plain)
		s.send(r).want(status)
	}
}

func TestWhatIsKeptOfAPersonIsExported(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	s.call(http.MethodPatch, "/contacts/lea@acme.test", `{"data":{"plan":"team","name":"=Lea"},"tags":["vip"],"subscribed":false}`).want(http.StatusOK)
	var all struct {
		Contact struct {
			Email string
			Data  map[string]string
			Tags  []string
		}
		Consents []struct{ Subscribed bool }
		Events   []struct{ ID, Name, Recipient string }
	}
	a := s.call(http.MethodGet, "/contacts/lea@acme.test/access", nil).want(http.StatusOK)
	a.into(&all)
	var page struct{ Events []struct{ ID string } }
	s.call(http.MethodGet, "/contacts/lea@acme.test/events?limit=1000", nil).want(http.StatusOK).into(&page)
	if all.Contact.Email != "lea@acme.test" || all.Contact.Data["plan"] != "team" || !slices.Equal(all.Contact.Tags, []string{"vip"}) ||
		len(all.Consents) == 0 || len(all.Events) != len(page.Events) || len(all.Events) < 5 {
		t.Errorf("what is kept is %+v", all)
	}
	if got := a.header.Get("Content-Disposition"); got != `attachment; filename="person.json"` {
		t.Errorf("it is sent as %s", got)
	}
	rows, err := csv.NewReader(strings.NewReader(string(
		s.call(http.MethodGet, "/contacts/lea@acme.test/access?format=csv", nil).want(http.StatusOK).body))).ReadAll()
	must(t, err)
	for _, want := range [][2]string{{"email", "lea@acme.test"}, {"data.plan", "team"}, {"data.name", "'=Lea"}, {"client.ip", "203.0.113.5"}} {
		if !slices.ContainsFunc(rows, func(r []string) bool { return r[4] == want[0] && r[5] == want[1] }) {
			t.Errorf("no row says %s: %s", want[0], want[1])
		}
	}
}
