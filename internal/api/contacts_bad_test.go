package api_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

func badContacts() []badRequest {
	const get, post, patch, put, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete
	deep := strings.Repeat(`{"a":`, 9) + `1` + strings.Repeat(`}`, 9)
	return []badRequest{
		{name: "contact without an address", method: post, target: "/contacts", body: `{"data":{}}`, status: 422},
		{name: "contact of no address", method: post, target: "/contacts", body: `{"email":"lea"}`, status: 422},
		{name: "contact with a control character", method: post, target: "/contacts", body: `{"email":"a\u0001@acme.test"}`, status: 422},
		{name: "contact of a pattern", method: post, target: "/contacts", body: `{"email":"*@acme.test"}`, status: 422},
		{
			name: "contact with everything wrong", method: post, target: "/contacts", status: 422,
			body: `{"email":"a@b@","data":{"":1,"` + strings.Repeat("k", 257) + `":1,"deep":` + deep + `},"tags":["", " x","` +
				strings.Repeat("t", 101) + `"],"removeTags":["a\nb"],"externalId":"a\u0000"}`,
		},
		{
			name: "contact with a thousand keys and one", method: post, target: "/contacts", status: 422,
			body: `{"email":"a@acme.test","data":{"list":[` + strings.Repeat("1,", 1000) + `1]}}`,
		},
		{
			name: "contact with too much data", method: post, target: "/contacts", status: 422,
			body: `{"email":"a@acme.test","data":{"x":"` + strings.Repeat("x", 64<<10) + `"}}`,
		},
		{name: "contact with a topic that is not", method: post, target: "/contacts", body: `{"email":"a@acme.test","topics":{"none":true}}`, status: 422},
		{name: "contact with data of a wrong kind", method: post, target: "/contacts", body: `{"email":"a@acme.test","data":[1],"subscribed":"yes"}`, status: 422},
		{name: "contact with an unknown field", method: post, target: "/contacts", body: `{"email":"a@acme.test","name":"Ann"}`, status: 422},
		{name: "change of a contact that is not", method: patch, target: "/contacts/nobody@acme.test", body: `{}`, status: 404},
		{name: "change of a contact by nothing", method: patch, target: "/contacts/lea", body: `{}`, status: 422},
		{name: "contact with an external id that is taken", method: patch, target: "/contacts/full@acme.test", body: `{"externalId":"7"}`, status: 409},
		{name: "erasure of nothing", method: post, target: "/erasures", body: `{}`, status: 422},
		{name: "erasure of no address", method: post, target: "/erasures", body: `{"email":"lea","note":" "}`, status: 422},
		{
			name: "erasure whose note says who", method: post, target: "/erasures", status: 422,
			body: `{"email":"Lea <lea@acme.test>","note":"LEA%40acme.test wrote"}`,
		},
		{
			name: "erasure of what was erased", method: post, target: "/erasures", status: 422,
			body: `{"email":"erased-abcdefghijklmnopqrstuvwxyz234567@acme.test","note":"again"}`,
		},
		{name: "erasure that is not", method: get, target: "/erasures/era_9", status: 404},
		{name: "erasures with a wrong page", method: get, target: "/erasures?cursor=x&limit=0", status: 422},
		{name: "access to nobody", method: get, target: "/contacts/nobody@acme.test/access", status: 404},
		{name: "access in a wrong format", method: get, target: "/contacts/full@acme.test/access?format=pdf", status: 422},
		{name: "merge with nobody", method: post, target: "/contacts/full@acme.test/merge", body: `{"from":"nobody@acme.test"}`, status: 404},
		{name: "merge with itself", method: post, target: "/contacts/full@acme.test/merge", body: `{"from":"FULL@acme.test"}`, status: 422},
		{name: "delete of a contact that is not", method: del, target: "/contacts/con_zzz", status: 404},
		{name: "bulk of none", method: post, target: "/contacts/bulk", body: `{"contacts":[]}`, status: 422},
		{
			name: "bulk of too many", method: post, target: "/contacts/bulk", status: 422,
			body: `{"contacts":[` + strings.Repeat(`{"email":"a@acme.test"},`, 1000) + `{"email":"a@acme.test"}]}`,
		},
		{name: "limit below nothing", method: put, target: "/contacts/limit", body: `{"limit":-1}`, status: 422},
		{name: "topic of no name", method: post, target: "/topics", body: `{"name":"","slug":"A b"}`, status: 422},
		{name: "topic whose name makes no slug", method: post, target: "/topics", body: `{"name":"???"}`, status: 422},
		{name: "topic that is there", method: post, target: "/topics", body: `{"name":"News"}`, status: 409},
		{name: "topic that is not", method: get, target: "/topics/none", status: 404},
		{name: "brand that is wrong everywhere", method: patch, target: "/brand", body: `{"name":"a\nb","color":"red","logoUrl":"http://acme.test/x"}`, status: 422},
		{name: "brand with an unknown field", method: patch, target: "/brand", body: `{"colour":"#1f4fd8"}`, status: 422},
		{name: "break until no time", method: patch, target: "/contacts/full@acme.test", body: `{"snoozedUntil":"soon"}`, status: 422},
		{name: "form of nothing", method: post, target: "/forms", body: `{}`, status: 422},
		{
			name: "form with everything wrong", method: post, target: "/forms", status: 422,
			body: `{"name":"a\u0001","topics":["none","none"],"fields":[{"name":"email","label":""},{"name":"id","label":"Id"}],` +
				`"origins":["acme.test","https://acme.test/x"],"redirectUrl":"javascript:alert(1)","confirmedUrl":"https://evil.test/"}`,
		},
		{name: "form with an unknown field", method: post, target: "/forms", body: `{"name":"a","redirect":"https://acme.test"}`, status: 422},
		{name: "form that is not", method: get, target: "/forms/frm_none", status: 404},
		{name: "change of a form that is not", method: patch, target: "/forms/frm_none", body: `{"name":"a"}`, status: 404},
		{name: "delete of a form that is not", method: del, target: "/forms/frm_none", status: 404},
		{name: "confirmation of nothing", method: post, target: "/contacts/full@acme.test/confirmation", body: `{}`, status: 409},
		{name: "confirmation by no form", method: post, target: "/contacts/full@acme.test/confirmation", body: `{"form":"frm_none"}`, status: 404},
		{name: "confirmation of nobody", method: post, target: "/contacts/nobody@acme.test/confirmation", body: `{}`, status: 404},
		{name: "consents with a limit too high", method: get, target: "/contacts/full@acme.test/consents?limit=1001", status: 422},
		{name: "export of contacts with wrong filters", method: get, target: "/contacts/export?format=xlsx&subscribed=maybe", status: 422},
		{
			name: "import of contacts that can't be read", method: post, target: "/contacts/import", body: "name,plan\nAnn,team\n",
			status: 422, header: http.Header{"Content-Type": {"text/csv"}},
		},
		{
			name: "import of contacts of a wrong kind", method: post, target: "/contacts/import?report=csv", body: "{}",
			status: 415, header: http.Header{"Content-Type": {"application/json"}},
		},
	}
}

func TestWhatIsWrongWithContactsIsSaid(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	s.call(http.MethodPost, "/topics", `{"name":"News"}`).want(http.StatusCreated)
	s.call(http.MethodPatch, "/contacts/lea@acme.test", `{"externalId":"7"}`).want(http.StatusOK)
	before := s.call(http.MethodGet, "/contacts", nil).want(http.StatusOK).body
	for _, c := range badContacts() {
		t.Run(c.name, func(t *testing.T) {
			r := s.request(c.method, c.target, c.body)
			for key, list := range c.header {
				r.Header[key] = list
			}
			a := s.send(r)
			a.t = t
			a.want(c.status).problem()
			golden(t, "problems/"+strings.ReplaceAll(c.name, " ", "_")+".json", a.body)
		})
	}
	if after := s.call(http.MethodGet, "/contacts", nil).want(http.StatusOK).body; !bytes.Equal(after, before) {
		t.Errorf("what was refused changed something:\n%s\n%s", before, after)
	}
}
