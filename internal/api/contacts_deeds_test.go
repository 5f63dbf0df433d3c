package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tidings/internal/control"
)

var news = control.NewTopic{Name: "News"}

// contactDeeds are deeds of contacts and topics.
func contactDeeds() map[string]deed {
	put := func(s *server, method, path, body string, status int) string {
		var thing struct{ ID string }
		a := s.call(method, path, body).want(status)
		if status != http.StatusNoContent {
			a.into(&thing)
		}
		return thing.ID
	}
	topic := func(s *server) {
		_, err := s.control.CreateTopic(s.t.Context(), operator, news)
		must(s.t, err)
	}
	form := func(s *server) string {
		name, double := "News", true
		f, err := s.control.CreateForm(s.t.Context(), operator, control.FormEdit{Name: &name, DoubleOptIn: &double})
		must(s.t, err)
		return f.ID
	}
	return map[string]deed{
		"createContact": {func(s *server, _ string) string {
			return put(s, http.MethodPost, "/contacts", `{"email":"new@acme.test","data":{"plan":"canary"},"tags":["vip"]}`, http.StatusCreated)
		}, "data.plan →, tags →vip"},
		"updateContact": {func(s *server, _ string) string {
			return put(s, http.MethodPatch, "/contacts/full@acme.test", `{"subscribed":false,"externalId":"7"}`, http.StatusOK)
		}, "subscribed →false, externalId →"},
		"deleteContact": {func(s *server, _ string) string {
			k, err := s.control.Contact(s.t.Context(), operator, "full@acme.test")
			must(s.t, err)
			put(s, http.MethodDelete, "/contacts/full@acme.test", "", http.StatusNoContent)
			return k.ID
		}, ""},
		"eraseContact": {func(s *server, _ string) string {
			return put(s, http.MethodPost, "/erasures", `{"email":"full@acme.test","note":"asked for it"}`, http.StatusAccepted)
		}, ""},
		"mergeContacts": {func(s *server, _ string) string {
			return put(s, http.MethodPost, "/contacts/full@acme.test/merge", `{"from":"lea@acme.test"}`, http.StatusOK)
		}, "merged con_1→"},
		"bulkContacts": {func(s *server, _ string) string {
			put(s, http.MethodPost, "/contacts/bulk", `{"contacts":[{"email":"a@acme.test"},{"email":"b@acme.test"}]}`, http.StatusOK)
			return "2 contacts"
		}, ""},
		"importContacts": {func(s *server, _ string) string {
			r := s.request(http.MethodPost, "/contacts/import", "email,n\na@acme.test,1\nb@acme.test,2\n")
			r.Header.Set("Content-Type", "text/csv")
			s.send(r).want(http.StatusOK)
			return "2 contacts, up to line 3"
		}, ""},
		"updateBrand": {func(s *server, _ string) string {
			put(s, http.MethodPatch, "/brand", `{"name":"Acme","color":"#1f4fd8"}`, http.StatusOK)
			return "prj_default"
		}, "name →Acme, color →#1f4fd8"},
		"setContactLimit": {func(s *server, _ string) string {
			put(s, http.MethodPut, "/contacts/limit", `{"limit":7}`, http.StatusOK)
			return "prj_default"
		}, "contactLimit 0→7"},
		"createTopic": {func(s *server, _ string) string {
			return put(s, http.MethodPost, "/topics", `{"name":"News"}`, http.StatusCreated)
		}, "slug →news, name →News"},
		"updateTopic": {func(s *server, _ string) string {
			topic(s)
			return put(s, http.MethodPatch, "/topics/news", `{"name":"Old","subscribedByDefault":false}`, http.StatusOK)
		}, "name News→Old, subscribedByDefault true→false"},
		"deleteTopic": {func(s *server, _ string) string {
			topic(s)
			put(s, http.MethodDelete, "/topics/news", "", http.StatusNoContent)
			return "top_1"
		}, "slug news→"},
		"createForm": {func(s *server, _ string) string {
			return put(s, http.MethodPost, "/forms", `{"name":"News","origins":["https://acme.test"],`+
				`"fields":[{"name":"city","label":"City","required":true}]}`, http.StatusCreated)
		}, "name →News, doubleOptIn false→true, fields →city (required): City, origins →https://acme.test"},
		"updateForm": {func(s *server, _ string) string {
			return put(s, http.MethodPatch, "/forms/"+form(s), `{"doubleOptIn":false,"confirmedUrl":"https://tidings.test/x"}`, http.StatusOK)
		}, "doubleOptIn true→false, confirmedUrl →https://tidings.test/x"},
		"deleteForm": {func(s *server, _ string) string {
			id := form(s)
			put(s, http.MethodDelete, "/forms/"+id, "", http.StatusNoContent)
			return id
		}, "name News→"},
		"createConfirmation": {func(s *server, _ string) string {
			id := form(s)
			var link struct{ ConfirmURL string }
			s.call(http.MethodPost, "/contacts/full@acme.test/confirmation", `{"form":"`+id+`"}`).want(http.StatusOK).into(&link)
			k, err := s.control.Contact(s.t.Context(), operator, "full@acme.test")
			must(s.t, err)
			if k.Confirmation == nil || !strings.HasPrefix(link.ConfirmURL, "https://tidings.test/confirm/") {
				s.t.Errorf("link %q, wish %+v", link.ConfirmURL, k.Confirmation)
			}
			return k.ID
		}, ""},
	}
}

func TestContactsAreImportedAndExportedOverTheAPI(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	list := "email,plan,tags\na@acme.test,team,vip\nnobody,,\nb@acme.test,=1,\n"
	post := func(query string) answer {
		r := s.request(http.MethodPost, "/contacts/import"+query, list)
		r.Header.Set("Content-Type", "text/csv")
		return s.send(r).want(http.StatusOK)
	}
	golden(t, "contacts_import_dry.json", post("?dryRun=true").body)
	golden(t, "contacts_import.json", post("").body)
	if got, want := string(post("?report=csv").body), "\"line\",\"field\",\"code\",\"message\"\r\n"+
		"\"3\",\"email\",\"invalid\",\"\"\"nobody\"\" is not an address: want local@domain\"\r\n"; got != want {
		t.Errorf("report %q, want %q", got, want)
	}
	want := "\"email\",\"subscribed\",\"externalId\",\"tags\",\"status\",\"createdAt\",\"updatedAt\",\"snoozedUntil\",\"data.plan\"\r\n" +
		"\"b@acme.test\",\"true\",\"\",\"\",\"ACTIVE\",\"2026-05-05T12:00:00.000Z\",\"2026-05-05T12:00:00.000Z\",\"\",\"'=1\"\r\n"
	if got := string(s.call(http.MethodGet, "/contacts/export?search=b@", nil).want(http.StatusOK).body); got != want {
		t.Errorf("export %q, want %q", got, want)
	}
	w := httptest.NewRecorder() // the document's validator can't read JSON lines
	s.handler.ServeHTTP(w, s.request(http.MethodGet, "/contacts/export?format=jsonl&search=a@", nil))
	golden(t, "contacts_export.json", w.Body.Bytes())
	s.call(http.MethodGet, "/contacts/export?format=xml", nil).want(http.StatusUnprocessableEntity)
	s.call(http.MethodPost, "/contacts/import", `{}`).want(http.StatusUnsupportedMediaType)
}
