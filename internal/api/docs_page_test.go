package api_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// servedDocument is the OpenAPI document as a client gets it.
func servedDocument(t *testing.T, s *server) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(s.call(http.MethodGet, "/openapi.json", nil).want(http.StatusOK).body)
	must(t, err)
	return doc
}

func TestEveryOperationIsDescribedWithExamples(t *testing.T) {
	t.Parallel()
	for path, item := range servedDocument(t, newServer(t)).Paths.Map() {
		for method, op := range item.Operations() {
			where := method + " " + path
			if op.Summary == "" || op.Description == "" {
				t.Errorf("%s has no summary or no description", where)
			}
			for _, p := range op.Parameters {
				if p.Value.Description == "" {
					t.Errorf("%s: parameter %s has no description", where, p.Value.Name)
				}
			}
			if op.RequestBody != nil {
				wantExample(t, where+", body", op.RequestBody.Value.Content)
			}
			for status, r := range op.Responses.Map() {
				if strings.HasPrefix(status, "2") {
					wantExample(t, where+", answer", r.Value.Content)
				}
			}
		}
	}
}

func wantExample(t *testing.T, where string, content openapi3.Content) {
	t.Helper()
	media := content["application/json"]
	if media == nil || media.Schema.Ref == "" { // bytes as they came have no form of ours
		return
	}
	if media.Example == nil {
		t.Errorf("%s has no example", where)
		return
	}
	if err := media.Schema.Value.VisitJSON(media.Example); err != nil {
		t.Errorf("%s: the example is not what the schema says: %v", where, err)
	}
}

func TestEveryFieldOfEveryObjectIsDescribed(t *testing.T) {
	t.Parallel()
	for name, schema := range servedDocument(t, newServer(t)).Components.Schemas {
		for property, field := range schema.Value.Properties {
			if field.Ref == "" && field.Value.Description == "" {
				t.Errorf("%s.%s has no description: give its field a doc tag", name, property)
			}
		}
	}
}

func TestThePagesShowEveryOperationAndObjectAndEachLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	page := string(s.call(http.MethodGet, "/docs", nil).want(http.StatusOK).body)
	var ids []string
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if slices.Contains(ids, m[1]) {
			t.Errorf("the id %s is on the page twice", m[1])
		}
		ids = append(ids, m[1])
	}
	for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if !slices.Contains(ids, m[1]) {
			t.Errorf("a link leads to #%s, which is not there", m[1])
		}
	}
	doc := servedDocument(t, s)
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if !slices.Contains(ids, op.OperationID) {
				t.Errorf("operation %s is not on the page", op.OperationID)
			}
		}
	}
	for name := range doc.Components.Schemas {
		if !slices.Contains(ids, "object-"+name) {
			t.Errorf("object %s is not on the page", name)
		}
	}
}

func TestThePagesLoadNothingFromElsewhereAndRunNoScript(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for path, kind := range map[string]string{"/docs": "text/html; charset=utf-8", "/docs/page.css": "text/css; charset=utf-8"} {
		a := s.call(http.MethodGet, path, nil).want(http.StatusOK)
		if got := a.header.Get("Content-Type"); got != kind {
			t.Errorf("%s is %q, want %q", path, got, kind)
		}
		policy := a.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") {
			t.Errorf("%s has the policy %q", path, policy)
		}
		for _, no := range []string{"<script", "<style", " style=", " onclick=", "src=\"http", "href=\"http", "url(", "@import"} {
			if strings.Contains(string(a.body), no) {
				t.Errorf("%s holds %q", path, no)
			}
		}
	}
}

func TestTheRootShowsABrowserTheWayAndTellsAProgramThatNothingIsThere(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call(http.MethodGet, "/", nil).want(http.StatusNotFound).problem()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
	if got := s.send(r).want(http.StatusSeeOther).header.Get("Location"); got != "/docs" {
		t.Errorf("a browser is sent to %q", got)
	}
}
