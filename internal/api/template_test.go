package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/control"
	"tidings/internal/store"
)

const welcome = `{"name":"Welcome","subject":"Hi {{ firstName }}","body":"<p>{{ firstName }}</p>","type":"MARKETING"}`

// template makes a template and gives its id.
func (s *server) template() string { return made("/templates", welcome)(s, "") }

// preparedTemplate makes a template by another hand.
func (s *server) preparedTemplate() string {
	name, subject, body, kind := "Welcome", "Hi {{ firstName }}", "<p>{{ firstName }}</p>", "MARKETING"
	x, err := s.control.CreateTemplate(s.t.Context(), operator, control.TemplateEdit{Name: &name, Subject: &subject, Body: &body, Type: &kind})
	must(s.t, err)
	return x.ID
}

type templateView struct {
	ID, Key, Name, Subject, Body, Type, Origin, Note string
	Text, Description                                *string
	Version                                          int64
	Opens                                            *bool
}

func TestATemplateIsFoundByItsKeyAndEveryChangeIsAVersion(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var x templateView
	s.call(http.MethodPost, "/templates", `{"name":"Welcome","key":"onboarding/welcome","subject":"Hi","body":"<p>1</p>","type":"MARKETING"}`).
		want(http.StatusCreated).into(&x)
	if !strings.HasPrefix(x.ID, "tpl_") || x.Version != 1 || x.Origin != "api" || x.Text != nil {
		t.Fatalf("made %+v", x)
	}
	const byKey = "/templates/onboarding%2Fwelcome"
	s.call(http.MethodPatch, byKey, `{"body":"<p>2</p>","text":"","description":"first","opens":false}`).want(http.StatusOK).into(&x)
	if x.Version != 2 || x.Body != "<p>2</p>" || x.Text == nil || *x.Text != "" || *x.Description != "first" || *x.Opens {
		t.Errorf("changed to %+v", x)
	}
	x = templateView{}
	s.call(http.MethodPatch, byKey, `{"text":null,"description":null,"opens":null}`).want(http.StatusOK).into(&x)
	if x.Version != 3 || x.Text != nil || x.Description != nil || x.Opens != nil || x.Subject != "Hi" {
		t.Errorf("cleared to %+v", x)
	}
	s.call(http.MethodPatch, byKey, `{"subject":"Hi"}`).want(http.StatusOK).into(&x)
	if x.Version != 3 {
		t.Errorf("nothing changed and it is version %d", x.Version)
	}
	s.call(http.MethodPost, byKey+"/versions/1/restore", nil).want(http.StatusOK).into(&x)
	if x.Version != 4 || x.Body != "<p>1</p>" || x.Note != "as version 1" {
		t.Errorf("restored to %+v", x)
	}
	var versions struct {
		Versions   []templateView
		NextCursor string
	}
	s.call(http.MethodGet, byKey+"/versions?limit=3", nil).want(http.StatusOK).into(&versions)
	if len(versions.Versions) != 3 || versions.Versions[0].Version != 4 || versions.NextCursor == "" {
		t.Errorf("versions %+v", versions)
	}
	s.call(http.MethodGet, byKey+"/versions?cursor="+versions.NextCursor, nil).want(http.StatusOK).into(&versions)
	if len(versions.Versions) != 1 || versions.Versions[0].Body != "<p>1</p>" || versions.Versions[0].Version != 1 {
		t.Errorf("the last version %+v", versions)
	}
	s.call(http.MethodGet, byKey+"/versions/9", nil).want(http.StatusNotFound)
	s.call(http.MethodPost, "/templates", `{"name":"b","key":"onboarding/welcome","subject":"s","body":"b","type":"MARKETING"}`).
		want(http.StatusConflict)
	s.call(http.MethodDelete, byKey, nil).want(http.StatusNoContent)
	s.call(http.MethodGet, byKey, nil).want(http.StatusNotFound)
}

func TestAChangeOfATemplateThatSomebodyElseChangedIsRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id := s.template()
	tag := s.call(http.MethodGet, "/templates/"+id, nil).want(http.StatusOK).header.Get("ETag")
	change := func(match, body string) answer {
		r := s.request(http.MethodPatch, "/templates/"+id, body)
		r.Header.Set("If-Match", match)
		return s.send(r)
	}
	change(tag, `{"subject":"one"}`).want(http.StatusOK)
	change(tag, `{"subject":"two"}`).want(http.StatusPreconditionFailed)
	change("*", `{"subject":"two"}`).want(http.StatusOK)
	change(`"x"`, `{"subject":"two"}`).want(http.StatusUnprocessableEntity)
}

func TestTemplatesAreListedPageByPage(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, n := range []string{"a", "b", "c"} {
		s.call(http.MethodPost, "/templates", `{"name":"`+n+`","subject":"50%_of","body":"x","type":"`+
			map[string]string{"a": "MARKETING", "b": "TRANSACTIONAL", "c": "MARKETING"}[n]+`"}`).want(http.StatusCreated)
	}
	type list struct {
		Data                              []templateView
		Total, Page, PageSize, TotalPages int
		NextCursor                        string
	}
	get := func(query string) (names string, l list) {
		s.call(http.MethodGet, "/templates"+query, nil).want(http.StatusOK).into(&l)
		for _, x := range l.Data {
			names += x.Name
		}
		return names, l
	}
	names, first := get("?limit=2")
	if names != "cb" || first.Total != 3 || first.Page != 1 || first.PageSize != 2 || first.TotalPages != 2 {
		t.Errorf("first page %q %+v", names, first)
	}
	names, second := get("?limit=2&cursor=" + first.NextCursor)
	if names != "a" || second.Page != 2 || second.NextCursor != "" {
		t.Errorf("second page %q %+v", names, second)
	}
	for query, want := range map[string]string{
		"?type=TRANSACTIONAL": "b", "?search=B": "b", "?search=0%25_O": "cba", "?search=%25": "cba", "?search=5_": "", "": "cba",
	} {
		if names, _ := get(query); names != want {
			t.Errorf("%s: %q, want %q", query, names, want)
		}
	}
}

func TestATemplateIsPreviewedForAContact(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call(http.MethodPost, "/contacts", `{"email":"lea@acme.test","data":{"firstName":"<Lea>","platform":"kajabi"}}`).want(http.StatusCreated)
	s.call(http.MethodPost, "/templates", `{"name":"Welcome","key":"welcome","subject":"Hi {{ firstName }}",
		"body":"<style>p{color:red}</style><p>{{ firstName }} of {{ platformName }}, {{ data.order }} {{ nickname }}</p><img src=\"x.png\">",
		"type":"MARKETING","displayNames":{"platformName":{"kajabi":"Kajabi"}}}`).want(http.StatusCreated)
	got := s.call(http.MethodPost, "/templates/preview", `{"template":"welcome","contact":"lea@acme.test","data":{"order":17}}`).
		want(http.StatusOK)
	var p struct {
		Subject, HTML, Text string
		Problems, Warnings  []struct {
			Part, Message string
			Line, Column  int
		}
		Variables []string
	}
	got.into(&p)
	if p.Subject != "Hi <Lea>" || p.HTML != `<p style="color: red">&lt;Lea&gt; of Kajabi, 17 </p><img src="x.png">` ||
		p.Text != "<Lea> of Kajabi, 17\n" || len(p.Problems) != 0 {
		t.Errorf("preview %+v", p)
	}
	if len(p.Warnings) != 2 || !strings.Contains(p.Warnings[0].Message, "nickname") || p.Warnings[0].Column != 90 {
		t.Errorf("warnings %+v", p.Warnings)
	}
	if d := cmp.Diff([]string{"firstName", "platformName", "data.order", "nickname"}, p.Variables); d != "" {
		t.Error(d)
	}
	s.call(http.MethodPost, "/templates/preview", `{"subject":"x","body":"a\n {{ b | nope }}{% if %}"}`).want(http.StatusOK).into(&p)
	if len(p.Problems) != 3 || p.Problems[0].Line != 2 || p.Problems[0].Column != 9 || p.Problems[0].Part != "body" {
		t.Errorf("problems %+v", p.Problems)
	}
	s.call(http.MethodPost, "/templates/preview", `{}`).want(http.StatusUnprocessableEntity)
	s.call(http.MethodPost, "/templates/preview", `{"template":"none"}`).want(http.StatusUnprocessableEntity)
	s.call(http.MethodPost, "/templates/preview", `{"body":"x","contact":"none@acme.test"}`).want(http.StatusUnprocessableEntity)
}

func TestATemplateIsValidatedForWhateverContactsHave(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.call(http.MethodPost, "/contacts", `{"email":"lea@acme.test","data":{"firstName":"Lea","address":{"city":"Rome"}}}`).want(http.StatusCreated)
	var v struct {
		Valid              bool
		Problems, Warnings []struct{ Part, Message string }
	}
	s.call(http.MethodPost, "/templates/validate", `{"type":"MARKETING","subject":"{{ firstName }} {{ order }} {{ data.address.city }}",
		"body":"{{ contact.data.firstName }} {{ frstName }} {{ nick | default: 'x' }} {{ address.zip }}","known":["order"]}`).
		want(http.StatusOK).into(&v)
	var names []string
	for _, w := range v.Warnings {
		names = append(names, strings.TrimPrefix(strings.SplitN(w.Message, ",", 2)[0], "Nothing is known of "))
	}
	want := []string{"frstName", "address.zip", "A MARKETING email shows how to unsubscribe: {{ unsubscribeUrl }} or {{ manageUrl }} is not in it."}
	if d := cmp.Diff(want, names); d != "" || !v.Valid {
		t.Errorf("valid %t:\n%s", v.Valid, d)
	}
	s.call(http.MethodPost, "/templates/validate", `{"body":"{{ x "}`).want(http.StatusOK).into(&v)
	if v.Valid || len(v.Problems) != 1 {
		t.Errorf("verdict %+v", v)
	}
}

func TestATemplateOfTheFolderIsChangedThere(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	content := store.TemplateContent{Name: "Welcome", Subject: "Hi", Body: "<p>1</p>", Type: "MARKETING"}
	_, err := s.control.Store.SyncTemplates(t.Context(), store.DefaultProject, []store.TemplateFile{
		{Path: "a/b.html", Key: "a/b", Content: &content},
		{Path: "c.html", Key: "c", Problems: []store.TemplateProblem{{Part: "body", Line: 3, Column: 2, Message: "wrong"}}},
	}, 10, func() string { return "tpl_folder" }, store.Act{At: s.control.Now(), By: "server", Door: "server", Operation: "readTemplateFolder"})
	must(t, err)
	s.call(http.MethodPatch, "/templates/a%2Fb", `{"subject":"x"}`).want(http.StatusConflict)
	s.call(http.MethodDelete, "/templates/tpl_folder", nil).want(http.StatusConflict)
	got := s.call(http.MethodGet, "/templates", nil).want(http.StatusOK)
	if !strings.Contains(string(got.body), `"problems":[{"file":"c.html","problems":[{"part":"body","line":3,"column":2,"message":"wrong"}]`) {
		t.Errorf("the list tells of no broken file: %s", got.body)
	}
}
