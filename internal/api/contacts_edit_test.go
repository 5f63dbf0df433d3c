package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

type editView struct {
	ID, Email, ExternalID, Status string
	ExpiresAt                     *string
	Subscribed, Unsubscribed      bool
	Data                          map[string]any
	Tags                          []string
	Topics                        map[string]bool
	Meta                          struct {
		IsNew, IsUpdate bool
		Ignored         []string
	} `json:"_meta"`
}

func TestAContactIsMadeChangedFoundAndRemovedAsMailGlyphDoes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call(http.MethodPost, "/topics", `{"name":"Product News"}`).want(http.StatusCreated)
	a := s.call(http.MethodPost, "/contacts", `{"email":"Ann@Acme.test","data":{"plan":"team","id":"x","n":1.50},"tags":["vip"],`+
		`"topics":{"product-news":false},"externalId":"u 1"}`).want(http.StatusCreated)
	golden(t, "contact_created.json", a.body)
	a = s.call(http.MethodPost, "/contacts", `{"email":"ann@acme.test","subscribed":false,"data":{"plan":null}}`).want(http.StatusOK)
	golden(t, "contact_updated.json", a.body)
	var k editView
	a.into(&k)
	for _, id := range []string{k.ID, "ANN@acme.test", "ext:u%201"} {
		var found editView
		s.call(http.MethodGet, "/contacts/"+id, nil).want(http.StatusOK).into(&found)
		if found.ID != k.ID {
			t.Errorf("%s finds %+v", id, found)
		}
	}
	s.pass(time.Second)
	s.call(http.MethodPatch, "/contacts/ext:u%201", `{"subscribed":true,"removeTags":["vip"],"externalId":""}`).want(http.StatusOK)
	k = editView{}
	s.call(http.MethodGet, "/contacts/ann@acme.test", nil).want(http.StatusOK).into(&k)
	if !k.Subscribed || k.Meta.IsNew || k.ExternalID != "" {
		t.Errorf("changed %+v", k)
	}
	golden(t, "consents.json", replaced(s, "none", s.call(http.MethodGet, "/contacts/"+k.ID+"/consents", nil).want(http.StatusOK).body))
	s.call(http.MethodDelete, "/contacts/"+k.ID, nil).want(http.StatusNoContent)
	for _, r := range [][2]string{
		{http.MethodGet, ""}, {http.MethodDelete, ""}, {http.MethodPatch, `{"data":{}}`}, {http.MethodGet, "/consents"}, {http.MethodGet, "/events"},
	} {
		path, body := "/contacts/ann@acme.test", any(nil)
		if strings.HasPrefix(r[1], "/") {
			path += r[1]
		} else if r[1] != "" {
			body = r[1]
		}
		s.call(r[0], path, body).want(http.StatusNotFound)
	}
	var list contactList
	if s.call(http.MethodGet, "/contacts", nil).want(http.StatusOK).into(&list); len(list.Data) != 0 {
		t.Errorf("a removed contact is listed: %+v", list)
	}
	k = editView{}
	s.call(http.MethodPost, "/contacts", `{"email":"ann@acme.test"}`).want(http.StatusCreated).into(&k)
	if len(k.Data) > 0 || len(k.Topics) > 0 {
		t.Errorf("it came back with %+v", k)
	}
}

func TestARemovedContactStaysSuppressedAndUnsubscribed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	s.call(http.MethodPatch, "/contacts/ghost@acme.test", `{"subscribed":false}`).want(http.StatusOK)
	s.call(http.MethodDelete, "/contacts/ghost@acme.test", nil).want(http.StatusNoContent)
	var list struct{ Suppressions []struct{ Active bool } }
	s.call(http.MethodGet, "/suppressions?contact=ghost@acme.test", nil).want(http.StatusOK).into(&list)
	if len(list.Suppressions) != 1 || !list.Suppressions[0].Active {
		t.Errorf("suppressions %+v", list)
	}
	var k editView
	s.call(http.MethodPost, "/contacts", `{"email":"ghost@acme.test"}`).want(http.StatusCreated).into(&k)
	if k.Subscribed || !k.Unsubscribed {
		t.Errorf("made again it is %+v", k)
	}
}

func TestManyContactsAreTakenEachByItself(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	a := s.call(http.MethodPost, "/contacts/bulk", `{"contacts":[{"email":"a@acme.test","data":{"n":1},"externalId":"1"},`+
		`{"email":"nobody"},{"email":"b@acme.test","externalId":"1","topics":{"none":true},"data":{"":1}},`+
		`{"email":"c@acme.test","externalId":"1"},{"email":"A@acme.test","data":{"n":2}}]}`).want(http.StatusOK)
	golden(t, "contacts_bulk.json", a.body)
}

func TestBeyondTheLimitContactsWaitForRoom(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call(http.MethodPut, "/contacts/limit", `{"limit":1}`).want(http.StatusOK)
	var first, second editView
	s.call(http.MethodPost, "/contacts", `{"email":"a@acme.test"}`).want(http.StatusCreated).into(&first)
	s.call(http.MethodPost, "/contacts", `{"email":"b@acme.test"}`).want(http.StatusCreated).into(&second)
	if first.Status != "ACTIVE" || second.Status != "PENDING" || second.ExpiresAt == nil || *second.ExpiresAt != "2026-05-06T12:00:00.000Z" {
		t.Errorf("first %+v, second %+v", first, second)
	}
	s.call(http.MethodDelete, "/contacts/a@acme.test", nil).want(http.StatusNoContent)
	second = editView{}
	s.call(http.MethodGet, "/contacts/b@acme.test", nil).want(http.StatusOK).into(&second)
	if second.Status != "ACTIVE" || second.ExpiresAt != nil {
		t.Errorf("with room it is %+v", second)
	}
	var l struct{ Limit, Active, Pending int }
	if s.call(http.MethodGet, "/contacts/limit", nil).want(http.StatusOK).into(&l); l.Limit != 1 || l.Active != 1 || l.Pending != 0 {
		t.Errorf("%+v", l)
	}
}

func TestTopicsAreMadeChangedAndRemoved(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	golden(t, "topic.json", s.call(http.MethodPost, "/topics", `{"name":"Été & News","slug":"news","subscribedByDefault":false}`).
		want(http.StatusCreated).body)
	s.call(http.MethodPost, "/topics", `{"name":"News"}`).want(http.StatusConflict)
	s.call(http.MethodPatch, "/topics/news", `{"name":"News","description":"monthly"}`).want(http.StatusOK)
	s.call(http.MethodPost, "/contacts", `{"email":"a@acme.test","topics":{"news":true},"tags":["x","y"]}`).want(http.StatusCreated)
	golden(t, "topics.json", s.call(http.MethodGet, "/topics", nil).want(http.StatusOK).body)
	golden(t, "tags.json", s.call(http.MethodGet, "/tags", nil).want(http.StatusOK).body)
	s.call(http.MethodDelete, "/topics/top_1", nil).want(http.StatusNoContent)
	s.call(http.MethodGet, "/topics/news", nil).want(http.StatusNotFound)
	var k editView
	if s.call(http.MethodGet, "/contacts/a@acme.test", nil).want(http.StatusOK).into(&k); len(k.Topics) != 0 {
		t.Errorf("a topic that is no more: %+v", k)
	}
}

func TestTwoContactsBecomeOne(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	s.call(http.MethodPatch, "/contacts/ghost@acme.test", `{"data":{"plan":"old","city":"Rome"},"tags":["a"],"externalId":"7"}`).want(http.StatusOK)
	s.call(http.MethodPatch, "/contacts/full@acme.test", `{"data":{"plan":"team"},"tags":["b"]}`).want(http.StatusOK)
	var before, after struct{ Events []struct{ ID string } }
	s.call(http.MethodGet, "/contacts/full@acme.test/events", nil).want(http.StatusOK).into(&before)
	var k editView
	s.call(http.MethodPost, "/contacts/full@acme.test/merge", `{"from":"ghost@acme.test"}`).want(http.StatusOK).into(&k)
	if k.Data["plan"] != "team" || k.Data["city"] != "Rome" || len(k.Tags) != 2 || k.ExternalID != "7" || !k.Subscribed {
		t.Errorf("%+v", k)
	}
	s.call(http.MethodGet, "/contacts/full@acme.test/events", nil).want(http.StatusOK).into(&after)
	if len(after.Events) <= len(before.Events) {
		t.Errorf("%d events before, %d after", len(before.Events), len(after.Events))
	}
	var other editView
	if s.call(http.MethodGet, "/contacts/ghost@acme.test", nil).want(http.StatusOK).into(&other); other.ID != k.ID {
		t.Errorf("the one that went is found as %+v", other)
	}
	s.call(http.MethodPost, "/contacts/full@acme.test/merge", `{"from":"full@acme.test"}`).want(http.StatusUnprocessableEntity)
	if v, err := s.store.Verify(t.Context(), nil); err != nil || len(v.Differences) > 0 {
		t.Errorf("%v %v", v.Differences, err)
	}
}
