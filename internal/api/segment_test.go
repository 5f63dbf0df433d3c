package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/store"
)

const everybody = `{"logic":"AND","groups":[{"filters":[{"field":"email","operator":"exists"}]}]}`

// segment makes a segment of a body and returns its id.
func (s *server) segment(body string) string {
	s.t.Helper()
	var made struct{ ID string }
	s.call(http.MethodPost, "/segments", body).want(http.StatusCreated).into(&made)
	return made.ID
}

// prepared makes a segment as the operator, and returns its id.
func (s *server) prepared(n control.NewSegment) string {
	s.t.Helper()
	x, err := s.control.CreateSegment(s.t.Context(), operator, n)
	must(s.t, err)
	return x.ID
}

// person makes a contact with attributes.
func (s *server) person(address, attributes string) {
	s.t.Helper()
	var fields map[string]json.RawMessage
	must(s.t, json.Unmarshal([]byte(attributes), &fields))
	_, err := s.control.Store.EditContacts(s.t.Context(), store.DefaultProject, []contact.Change{{
		Address: address, Attributes: fields, At: s.control.Now().UnixMilli(),
	}}, store.Act{At: s.control.Now(), By: "test", Door: "test", Operation: "test"})
	must(s.t, err)
}

type members struct {
	Data       []struct{ Email string }
	Total      int64
	Page       int
	PageSize   int
	TotalPages int
}

func (m members) emails() []string {
	list := []string{}
	for _, x := range m.Data {
		list = append(list, x.Email)
	}
	return list
}

func TestASegmentIsMadeChangedListedAndDeletedAsInMailGlyph(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, address := range []string{"ann@acme.test", "bob@acme.test", "cy@acme.test"} {
		s.person(address, `{"plan":"team"}`)
	}
	s.person("dan@acme.test", `{}`)
	a := s.call(http.MethodPost, "/segments", `{"name":"Teams that pay!","condition":{"logic":"AND","groups":[{"filters":[
		{"field":"data.plan","operator":"equals","value":"team"}]}]},"trackMembership":false}`).want(http.StatusCreated)
	var made struct {
		ID, Slug    string
		MemberCount int64
	}
	a.into(&made)
	golden(t, "segment.json", bytes.ReplaceAll(a.body, []byte(made.ID), []byte("seg_1")))
	if made.Slug != "teams-that-pay" || made.MemberCount != 3 {
		t.Errorf("%+v", made)
	}
	var page members
	s.call(http.MethodGet, "/segments/"+made.ID+"/contacts?pageSize=2&page=2", nil).want(http.StatusOK).into(&page)
	want := members{Total: 3, Page: 2, PageSize: 2, TotalPages: 2}
	want.Data = page.Data
	if diff := cmp.Diff(want, page); diff != "" || len(page.Data) != 1 {
		t.Errorf("%s\n%v", diff, page.emails())
	}
	s.call(http.MethodPatch, "/segments/"+made.ID, `{"condition":`+everybody+`}`).want(http.StatusOK).into(&made)
	if made.MemberCount != 4 {
		t.Errorf("%d members, want 4", made.MemberCount)
	}
	var list []struct{ ID string }
	s.call(http.MethodGet, "/segments", nil).want(http.StatusOK).into(&list)
	if len(list) != 1 || list[0].ID != made.ID {
		t.Errorf("%+v", list)
	}
	s.call(http.MethodPost, "/segments", `{"name":"teams THAT pay","condition":`+everybody+`}`).want(http.StatusConflict)
	s.call(http.MethodDelete, "/segments/"+made.ID, nil).want(http.StatusNoContent)
	s.call(http.MethodGet, "/segments/"+made.ID, nil).want(http.StatusNotFound)
}

func TestMembersOfAStaticSegmentAreThoseWhomSomebodyPutThere(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.person("ann@acme.test", `{}`)
	s.person("bob@acme.test", `{}`)
	id := s.segment(`{"name":"Guests","type":"STATIC","trackMembership":true}`)
	var added struct {
		Added    int
		NotFound []string
	}
	s.call(http.MethodPost, "/segments/"+id+"/members", `{"emails":["Ann@acme.test","ann@acme.test","nobody@acme.test"]}`).
		want(http.StatusOK).into(&added)
	if added.Added != 1 || len(added.NotFound) != 1 || added.NotFound[0] != "nobody@acme.test" {
		t.Errorf("%+v", added)
	}
	var page members
	s.call(http.MethodGet, "/segments/"+id+"/contacts", nil).want(http.StatusOK).into(&page)
	if diff := cmp.Diff([]string{"ann@acme.test"}, page.emails()); diff != "" {
		t.Error(diff)
	}
	var events eventList
	s.call(http.MethodGet, "/events?name=segment.guests.entry", nil).want(http.StatusOK).into(&events)
	if len(events.Events) != 1 {
		t.Errorf("%d entries", len(events.Events))
	}
	var removed struct{ Removed int }
	s.call(http.MethodDelete, "/segments/"+id+"/members", `{"emails":["ann@acme.test","bob@acme.test"]}`).
		want(http.StatusOK).into(&removed)
	if removed.Removed != 1 {
		t.Errorf("%+v", removed)
	}
	dynamic := s.segment(`{"name":"All","condition":` + everybody + `}`)
	s.call(http.MethodPost, "/segments/"+dynamic+"/members", `{"emails":["ann@acme.test"]}`).want(http.StatusConflict)
}

func TestSegmentsThatNameEachOtherInACircleAreRefusedAndOneInUseStays(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	of := func(id string) string {
		return `{"logic":"AND","groups":[{"filters":[{"field":"segment","operator":"memberOf","value":"` + id + `"}]}]}`
	}
	first := s.segment(`{"name":"first","condition":` + everybody + `}`)
	second := s.segment(`{"name":"second","condition":` + of(first) + `}`)
	third := s.segment(`{"name":"third","condition":` + of(second) + `}`)
	for _, id := range []string{first, second, third} {
		s.call(http.MethodPatch, "/segments/"+first, `{"condition":`+of(id)+`}`).want(http.StatusUnprocessableEntity)
	}
	s.call(http.MethodDelete, "/segments/"+first, nil).want(http.StatusConflict)
}

func TestAConditionIsTriedAndExplained(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.person("ann@acme.test", `{"plan":"team"}`)
	s.person("bob@acme.test", `{"plan":7}`)
	s.person("cy@acme.test", `{}`)
	const condition = `{"logic":"OR","groups":[{"filters":[{"field":"data.plan","operator":"equals","value":"team"}]},
		{"filters":[{"field":"data.plan","operator":"greaterThan","value":8},{"field":"event.paid","operator":"notTriggered"}]}]}`
	var tried struct {
		Count  int
		Sample []struct{ Email string }
	}
	s.call(http.MethodPost, "/segments/preview", `{"condition":`+condition+`}`).want(http.StatusOK).into(&tried)
	if tried.Count != 1 || len(tried.Sample) != 1 || tried.Sample[0].Email != "ann@acme.test" {
		t.Errorf("%+v", tried)
	}
	var unsaved struct{ Explanation json.RawMessage }
	s.call(http.MethodPost, "/segments/preview", `{"condition":`+condition+`,"contact":"bob@acme.test"}`).want(http.StatusOK).
		into(&unsaved)
	golden(t, "segment_explained_bob.json", unsaved.Explanation)
	s.call(http.MethodPost, "/segments/preview", `{"condition":`+condition+`,"contact":"dan@acme.test"}`).want(http.StatusNotFound)
	s.call(http.MethodPost, "/segments/preview", `{"condition":`+condition+`,"contact":"\u0000"}`).
		want(http.StatusUnprocessableEntity)
	id := s.segment(`{"name":"a","condition":` + condition + `}`)
	for _, address := range []string{"ann", "bob", "cy"} {
		a := s.call(http.MethodGet, "/segments/"+id+"/explanation?contact="+address+"@acme.test", nil).want(http.StatusOK)
		golden(t, "segment_explained_"+address+".json", a.body)
	}
	if control.Slug("  Größe  & more_x ") != "gre-more_x" {
		t.Error(control.Slug("  Größe  & more_x "))
	}
}
