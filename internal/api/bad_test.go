package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tidings/internal/auth"
	"tidings/internal/store"
)

// badRequest is a request that must be refused; its answer is the golden file of its name.
type badRequest struct {
	name, method, target string
	body                 any
	status               int
	header               http.Header
}

func badRequests() []badRequest {
	const get, post, patch = http.MethodGet, http.MethodPost, http.MethodPatch
	sources := func(name string, body any, status int) badRequest {
		return badRequest{name: name, method: post, target: "/sources", body: body, status: status}
	}
	events := func(name, query string, status int) badRequest {
		return badRequest{name: name, method: get, target: "/events?" + query, status: status}
	}
	list := func(name, kind, query, body string, status int) badRequest {
		return badRequest{
			name: name, method: post, target: "/suppressions/import" + query, body: body, status: status,
			header: http.Header{"Content-Type": {kind}},
		}
	}
	segments := func(name string, body any, status int) badRequest {
		return badRequest{name: name, method: post, target: "/segments", body: body, status: status}
	}
	const simple = `{"logic":"AND","groups":[{"filters":[{"field":"email","operator":"exists"}]}]}`
	templates := func(name string, body any, status int) badRequest {
		return badRequest{name: name, method: post, target: "/templates", body: body, status: status}
	}
	return slices.Concat(badTracks(), badSenders(), badEndpoints(), badRules(), badAlerts(), badWorkflows(), badBroadcasts(), badExports(), []badRequest{
		{name: "unknown path", method: get, target: "/nothing/here", status: 404},
		{name: "root", method: get, target: "/", status: 404},
		{name: "wrong method", method: http.MethodPut, target: "/sources", status: 405},
		{name: "wrong method on a public path", method: post, target: "/healthz", status: 405},

		events("unknown filter", "subject=hi&name=open&Limit=3", 422),
		events("limit too low", "limit=0", 422),
		events("limit too high", "limit=1001", 422),
		events("limit no number", "limit=many", 422),
		events("limit twice", "limit=1&limit=2", 422),
		events("bad date", "from=yesterday", 422),
		events("date with a lost plus", "to=2026-05-04T10:00:00+02:00", 422),
		events("year ten thousand", "to=10000-01-01", 422),
		events("span backwards", "from=2026-05-05&to=2026-05-04", 422),
		events("bad cursor", "cursor=abc", 422),
		events("cursor no base64", "cursor=%21%21", 422),
		events("cursor of another list", "cursor=cwAAAAAAAAAB", 422),
		events("cursor of nothing", "cursor=ZQAAAAAAAAAAAAAAAAAAAAA", 422),
		events("name misspelt", "name=email.opend", 422),
		events("contact no address", "contact=lea", 422),
		events("source no id", "source=main", 422),
		events("receipt no id", "receipt=12", 422),
		{name: "timeline of a receipt", method: get, target: "/contacts/lea@acme.test/events?receipt=rcp_1", status: 422},
		events("provider unknown", "provider=pigeons", 422),
		events("filter too long", "tag="+strings.Repeat("x", 1001), 422),
		events("filter with NUL", "tag=a%00b", 422),
		events("filter with bad UTF-8", "tag=%ff", 422),
		events("filter with a line end", "tag=a%0Ab", 422),
		events("query that can't be read", "tag=%zz", 400),
		events("all at once", "limit=5000&from=x&to=y&cursor=z", 422),
		events("all of ours at once", "from=x&to=y&cursor=z&contact=lea&provider=p", 422),
		{name: "path with bad UTF-8", method: get, target: "/contacts/%ff@acme.test", status: 400},
		{name: "event id no id", method: get, target: "/events/12", status: 422},
		{name: "contact id no id", method: get, target: "/contacts/lea", status: 422},

		templates("template without anything", `{}`, 422),
		templates("template with everything wrong", `{"name":" ","key":"a b","subject":"a\nb","body":"{% if %}\n{{ x | nope }}{{",
			"text":"{{ 'a }}","from":"nobody","fromName":"a\u0000","replyTo":"x","type":"SPAM","displayNames":{"platform":{"a":"b"}}}`, 422),
		templates("template in two languages", `{"name":"a","subject":"{{ a","body":"{% include 'x' %}{% for i in (1..99999999) %}","type":"MARKETING"}`, 422),
		templates("template of a wrong kind", `{"name":1,"body":[],"type":null,"text":5,"opens":"no"}`, 422),
		{name: "templates with wrong filters", method: get, target: "/templates?type=x&limit=101&cursor=z", status: 422},
		{name: "template that is not there", method: get, target: "/templates/tpl_none", status: 404},
		{name: "versions of no template", method: get, target: "/templates/none/versions?limit=0&cursor=q", status: 422},
		{name: "version no number", method: get, target: "/templates/none/versions/x", status: 422},
		{name: "version zero", method: get, target: "/templates/none/versions/0", status: 422},
		{name: "preview of nothing", method: post, target: "/templates/preview", body: `{"contact":"lea","data":[1]}`, status: 422},
		{name: "preview of what is not there", method: post, target: "/templates/preview", body: `{"template":"nope"}`, status: 422},
		{name: "validating nothing", method: post, target: "/templates/validate", body: `{}`, status: 422},

		segments("segment without anything", `{}`, 422),
		segments("segment without a condition", `{"name":"a"}`, 422),
		segments("segment of a name without letters", `{"name":"!!!","condition":`+simple+`}`, 422),
		segments("static segment with a condition", `{"name":"a","type":"STATIC","condition":`+simple+`}`, 422),
		segments("condition of another shape", `{"name":"a","condition":{"logic":"AND","groups":{}}}`, 422),
		segments("condition with an unknown key", `{"name":"a","condition":{"logic":"AND","groups":[{"filters":[],"not":1}]}}`, 422),
		segments("condition that is wrong everywhere", `{"name":"a","condition":{"logic":"XOR","groups":[{"filters":[
			{"field":"plan","operator":"equals","value":1},{"field":"email","operator":"triggered"},
			{"field":"data.a","operator":"equals"},{"field":"data.a","operator":"within","value":0,"unit":"weeks"},
			{"field":"data.a","operator":"contains","value":7},{"field":"subscribed","operator":"equals","value":"yes"},
			{"field":"createdAt","operator":"greaterThan","value":"yesterday"},{"field":"email.opend","operator":"triggered"},
			{"field":"event.x","operator":"triggered","count":{"min":0}},{"field":"data.a","operator":"exists","count":{"min":1}},
			{"field":"event.x","operator":"triggered","where":[{"field":"a","operator":"equals","value":1}]},
			{"field":"events","operator":"sequence","value":1,"unit":"days","steps":[{"event":"a"}]},
			{"field":"segment","operator":"memberOf","value":7}]},{"filters":[]}]}}`, 422),
		segments("condition that names no segment", `{"name":"a","condition":{"logic":"AND","groups":[{"filters":[
			{"field":"segment","operator":"memberOf","value":"seg_none"}]}]}}`, 422),
		{name: "segment that is not there", method: get, target: "/segments/seg_none", status: 404},
		{name: "page of a segment too long", method: get, target: "/segments/seg_none/contacts?pageSize=101", status: 422},
		{name: "members without addresses", method: post, target: "/segments/seg_none/members", body: `{"emails":[]}`, status: 422},
		{
			name: "members that are no addresses", method: post, target: "/segments/seg_none/members",
			body: `{"emails":["ann@acme.test","ann"]}`, status: 422,
		},
		{name: "preview without a condition", method: post, target: "/segments/preview", body: `{"condition":null}`, status: 422},
		{name: "explanation without a contact", method: get, target: "/segments/seg_none/explanation", status: 422},

		sources("no body", "", 400),
		sources("bad JSON", `{"name":`, 400),
		sources("JSON with more behind it", `{"name":"a","provider":"ses"} {}`, 400),
		sources("JSON with a key twice", `{"name":"a","name":"b","provider":"ses"}`, 400),
		sources("JSON with bad UTF-8", "{\"name\":\"\xff\",\"provider\":\"ses\"}", 400),
		sources("JSON too deep", strings.Repeat("[", 20_000), 400),
		sources("JSON of another kind", `[]`, 422),
		sources("oversized body", `{"name":"`+strings.Repeat("x", 1<<20)+`"}`, 413),
		sources("unknown field", `{"name":"a","provider":"ses","tpoics":[]}`, 422),
		sources("field in another letter case", `{"Name":"a","provider":"ses"}`, 422),
		sources("fields of a wrong kind", `{"name":1,"provider":"ses","settings":{"topics":"one"}}`, 422),
		sources("all settings wrong", map[string]any{
			"name": "a\nb", "provider": "ses", "path": "Not/Me", "settings": map[string]any{
				"topics": []string{topic, topic, "arn:aws:s3:::bucket"}, "signingCertificate": "no PEM",
				"basicAuth": []string{"nobody"}, "account": "12", "maxAgeSeconds": 1 << 40, "templateTag": "ä",
			},
		}, 422),
		sources("queues that are none", map[string]any{"name": "a", "provider": "ses", "settings": map[string]any{
			"topics": []string{topic}, "queue": "arn:aws:sqs:eu-west-1:111122223333:q", "queueRegion": "eu-west-1",
		}}, 422),
		sources("queue in another region", map[string]any{"name": "a", "provider": "ses", "settings": map[string]any{
			"queue": "https://sqs.eu-west-1.amazonaws.com/111122223333/q", "queueRegion": "us-east-1",
		}}, 422),
		sources("queue of a provider without", map[string]any{"name": "a", "provider": "postmark", "settings": map[string]any{
			"queue": "https://sqs.eu-west-1.amazonaws.com/111122223333/q",
		}}, 422),
		sources("no topics", `{"name":"a","provider":"ses"}`, 422),
		sources("unknown provider", `{"name":"a","provider":"pigeon"}`, 422),
		sources("raw on a fixed path", `{"name":"a","provider":"ses","path":"main","settings":{"topics":["`+topic+`"],"allowRaw":true}}`, 422),
		{
			name: "wrong content type", method: post, target: "/sources", body: "name=a", status: 415,
			header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		},
		{
			name: "compressed body", method: post, target: "/sources", body: "\x1f\x8b", status: 415,
			header: http.Header{"Content-Encoding": {"gzip"}},
		},
		{name: "rotate for too long", method: post, target: "/sources/src_1/rotate", body: `{"graceSeconds":9999999}`, status: 422},
		{name: "lift without a note", method: post, target: "/suppressions/lea@acme.test/lift", body: `{}`, status: 422},
		{name: "lift with an empty note", method: post, target: "/suppressions/lea@acme.test/lift", body: `{"note":""}`, status: 422},
		{name: "lift for an unknown reason", method: post, target: "/suppressions/lea@acme.test/lift", body: `{"note":"n","reason":"x"}`, status: 422},
		{name: "suppress no address", method: post, target: "/suppressions", body: `{"address":"lea"}`, status: 422},
		{name: "suppress without an address", method: post, target: "/suppressions", body: `{}`, status: 422},
		{name: "suppress for a reason and until a time that are not", method: post, target: "/suppressions", body: `{"address":"lea@acme.test","reason":"x"}`, status: 422},
		{name: "suppress until the past", method: post, target: "/suppressions", body: `{"address":"lea@acme.test","until":"2026-05-01"}`, status: 422},
		{name: "suppress until nobody knows when", method: post, target: "/suppressions", body: `{"address":"a@b@c","until":"soon","note":"a\nb"}`, status: 422},
		{name: "pattern of a top-level domain", method: post, target: "/suppressions", body: `{"address":"*@test"}`, status: 422},
		{name: "pattern with a reason and an end", method: post, target: "/suppressions", body: `{"address":"*@bad.test","reason":"complaint","until":"2027-01-01"}`, status: 422},
		{name: "patterns with a cursor of suppressions", method: get, target: "/suppressions/patterns?cursor=cwAAAAAAAAAB&active=maybe&limit=0", status: 422},
		{name: "lift no pattern", method: post, target: "/suppressions/patterns/bad.test/lift", body: `{"note":"n"}`, status: 422},
		{name: "lift a pattern that is not", method: post, target: "/suppressions/patterns/sup_2/lift", body: `{"note":"n"}`, status: 404},
		{name: "lift a pattern without a note", method: post, target: "/suppressions/patterns/sup_2/lift", body: `{}`, status: 422},
		{name: "explanation of no address", method: get, target: "/contacts/lea/explanation", status: 422},
		{name: "explanation of an unknown email", method: get, target: "/messages/0102-nothing/explanation", status: 404},
		{name: "explanation by a reason", method: get, target: "/messages/msg_1/explanation?reason=x", status: 422},
		{name: "deliverability of wrong days", method: get, target: "/stats/deliverability?from=x&to=2026-13-01&zone=Mars", status: 422},
		{name: "approvals by a state", method: get, target: "/approvals?state=waits", status: 422},
		{name: "approve without a note", method: post, target: "/approvals/K7QD93XM/approve", body: `{}`, status: 422},
		{name: "approve nothing", method: post, target: "/approvals/K7QD93XM/approve", body: `{"note":"n"}`, status: 404},
		{name: "approve with a note of two lines", method: post, target: "/approvals/K7QD93XM/approve", body: `{"note":"a\nb"}`, status: 422},
		{name: "refuse nothing", method: post, target: "/approvals/K7QD93XM/refuse", body: `{}`, status: 404},
		{name: "refuse with another field", method: post, target: "/approvals/K7QD93XM/refuse", body: `{"why":"n"}`, status: 422},
		list("import of JSON by its type", "application/json", "", `{"a":1}`, 415),
		list("import of JSON by its body", "text/csv", "", `{"a":1}`, 422),
		list("import of a spreadsheet", "text/csv", "", "PK\x03\x04", 422),
		list("import without a header", "text/csv", "", "name\nlea\n", 422),
		list("import with a column twice", "text/csv", "", "email;address\n", 422),
		list("import with wrong parameters", "text/csv", "?dryRun=perhaps&reason=spam&file=x", "lea@acme.test", 422),
		list("import for an unknown reason", "text/csv", "?reason=spam", "lea@acme.test", 422),
		list("import that may be dry", "text/csv", "?dryRun=perhaps", "lea@acme.test", 422),
		{name: "export in an unknown format", method: get, target: "/suppressions/export?format=xlsx", status: 422},
		{name: "key of no kind", method: post, target: "/keys", body: `{"name":"a"}`, status: 422},
		{
			name: "key with wrong limits", method: post, target: "/keys", status: 422,
			body: `{"kind":"public","scopes":["events","read"],"expiresAt":"2026-05-05T12:00:00Z"}`,
		},
		{name: "key of no scope", method: post, target: "/keys", body: `{"scopes":[]}`, status: 422},
		{name: "key that ends some day", method: post, target: "/keys", body: `{"kind":"secret","expiresAt":"some day"}`, status: 422},
		{
			name: "audit with wrong filters", method: get, status: 422,
			target: "/audit?operation=listEvents&by=lea&door=window&target=a%0Ab&from=x&to=y&cursor=ZQGaH26NL4xBmx5vDCp9XhE&limit=2",
		},
		{name: "audit with a limit too high", method: get, target: "/audit?limit=1001", status: 422},
		{name: "audit backwards", method: get, target: "/audit?from=2026-05-05&to=2026-05-04", status: 422},
		{name: "audit by a name of nothing", method: get, target: "/audit?actor=cli", status: 422},
		{
			name: "change of no version", method: patch, target: "/sources/src_1", body: `{"name":"x"}`, status: 422,
			header: http.Header{"If-Match": {`"abc"`}},
		},
		{name: "person with blanks in the name", method: post, target: "/people", body: `{"name":"two words"}`, status: 422},
		{name: "person without a name", method: post, target: "/people", body: `{}`, status: 422},
		{name: "person that is not", method: post, target: "/people/nobody/disable", status: 404},
		{name: "person of another field", method: post, target: "/people", body: `{"name":"lea","password":"x"}`, status: 422},
		{name: "people with a filter", method: get, target: "/people?name=lea", status: 422},
		{name: "key of an unknown kind", method: post, target: "/keys", body: `{"kind":"root"}`, status: 422},
		{name: "suppressions of an unknown reason", method: get, target: "/suppressions?reason=x&active=maybe", status: 422},
		{name: "receipts with a cursor of events", method: get, target: "/receipts?cursor=ZQGaH26NL4xBmx5vDCp9XhE", status: 422},
		{name: "negative cursor", method: get, target: "/receipts?cursor=cv__________", status: 422},
		{name: "change of a wrong kind", method: patch, target: "/sources/src_1", body: `{"settings":{"topics":null,"allowRaw":"yes"}}`, status: 422},

		{name: "no key", method: get, target: "/events", status: 401, header: http.Header{"Authorization": nil}},
		{name: "basic auth", method: get, target: "/events", status: 401, header: http.Header{"Authorization": {"Basic c2s6eA=="}}},
		{name: "key of another kind", method: get, target: "/events", status: 401, header: http.Header{"Authorization": {"Bearer token"}}},
		{name: "unknown key", method: get, target: "/events", status: 401, header: http.Header{"Authorization": {"Bearer sk_unknown"}}},
	})
}

func TestBadInputIsRefusedByName(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, c := range badRequests() {
		t.Run(c.name, func(t *testing.T) {
			r := s.request(c.method, c.target, c.body)
			for name, values := range c.header {
				r.Header[name] = values
			}
			a := s.send(r)
			a.t = t
			p := a.want(c.status).problem()
			if p.Status != c.status || p.Code != c.status || p.Message != p.Detail || p.Error != p.Title || p.Time != s.Now().UnixMilli() {
				t.Errorf("the keys of a problem contradict each other: %+v", p)
			}
			golden(t, "problems/"+strings.ReplaceAll(c.name, " ", "_")+".json", a.body)
		})
	}
	sources, err := s.control.Sources(t.Context(), operator)
	must(t, err)
	keys, err := s.control.Keys(t.Context(), operator)
	must(t, err)
	if len(sources) != 0 || len(keys) != 1 {
		t.Errorf("%d sources and %d keys came of what was refused", len(sources), len(keys))
	}
	if s.log.Len() > 0 {
		t.Errorf("what was refused was logged: %s", s.log)
	}
}

func TestHeadersOfRefusalsSayWhatToDo(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	r := s.request(http.MethodGet, "/events", nil)
	r.Header.Del("Authorization")
	if got := s.send(r).want(http.StatusUnauthorized).header.Get("WWW-Authenticate"); got != `Bearer realm="tidings"` {
		t.Errorf("WWW-Authenticate %q", got)
	}
	if got := s.call(http.MethodPut, "/sources", nil).want(http.StatusMethodNotAllowed).header.Get("Allow"); got != "GET, HEAD, POST" {
		t.Errorf("Allow %q", got)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"} {
		for _, target := range []string{"/events?limit=0", "/nothing", "/keys", "/audit"} {
			if got := s.call(http.MethodGet, target, nil).header.Get(name); got != want {
				t.Errorf("%s: %s %q, want %q", target, name, got, want)
			}
		}
	}
}

func TestNoRouteButTheOpenOnesTakesAPublicKeyOrNone(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	_, public, err := s.control.CreateKey(t.Context(), operator, "page", store.PublicKey)
	must(t, err)
	var doc struct {
		Paths map[string]map[string]struct{ Security []any }
	}
	s.call(http.MethodGet, "/openapi.json", nil).into(&doc)
	open := map[string]bool{
		"get /healthz": true, "get /readyz": true, "post /ui/session": true, "post /ui/invitation": true,
		"post /ui/invitation/accept": true,
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if (len(op.Security) == 0) != open[method+" "+path] {
				t.Errorf("%s %s: security %v", method, path, op.Security)
			}
			if open[method+" "+path] {
				continue
			}
			if strings.HasPrefix(path, "/v1/track") { // the one thing that a public key is for
				r := s.request(strings.ToUpper(method), path, nil)
				r.Header.Set("Authorization", "Bearer "+public)
				s.send(r).want(http.StatusBadRequest)
				r.Header.Del("Authorization")
				s.send(r).want(http.StatusUnauthorized)
				continue
			}
			code := "public_key"
			if strings.HasPrefix(path, "/ui/") {
				code = "person_only"
			}
			r := s.request(strings.ToUpper(method), strings.NewReplacer("{", "", "}", "").Replace(path), nil)
			r.Header.Set("Authorization", "Bearer "+public)
			if p := s.send(r).want(http.StatusForbidden).problem(); p.Type != "urn:tidings:error:"+code {
				t.Errorf("%s %s: %+v", method, path, p)
			}
			r.Header.Del("Authorization")
			s.send(r).want(http.StatusUnauthorized)
		}
	}
}

func TestARevokedKeyOpensNothingFromThatMomentOn(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var key struct{ ID, Key string }
	s.call(http.MethodPost, "/keys", map[string]string{"name": "backend", "kind": "secret"}).want(http.StatusCreated).into(&key)
	r := s.request(http.MethodGet, "/events", nil)
	r.Header.Set("Authorization", "Bearer "+key.Key)
	s.send(r).want(http.StatusOK)
	s.pass(time.Second)
	s.call(http.MethodDelete, "/keys/"+key.ID, nil).want(http.StatusOK)
	a := s.send(r).want(http.StatusUnauthorized)
	golden(t, "problems/revoked_key.json", a.body)
	if auth.Hash(key.Key) == [32]byte{} || strings.Contains(string(a.body), key.Key) {
		t.Errorf("the answer repeats the key: %s", a.body)
	}
}

func TestAMistakeOfOursIsLoggedAndNotShown(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	must(t, s.store.Close())
	a := s.call(http.MethodGet, "/events", nil)
	p := a.problem()
	if p.Status < 500 || strings.Contains(string(a.body), "sql") {
		t.Errorf("a closed database answers %s", a.body)
	}
	if p.Status == http.StatusInternalServerError && !strings.Contains(s.log.String(), strings.TrimPrefix(p.Instance, "urn:tidings:request:")) {
		t.Errorf("the log does not have the request %s: %s", p.Instance, s.log)
	}
}
