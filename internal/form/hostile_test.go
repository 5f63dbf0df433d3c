package form_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/control"
	"tidings/internal/store"
)

func TestWhatIsWrongStandsBesideItsFieldAndWhatWasFilledInStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	_, path := w.form(true)
	before := w.dump()
	const hostile = `"><script>alert(1)</script>`
	for _, c := range []struct {
		name   string
		values url.Values
		want   []string
	}{
		{"nothing", url.Values{}, []string{"This is required."}},
		{"no address", url.Values{"email": {"ann"}, "firstName": {"Ann"}}, []string{"This is not an email address", `value="Ann"`, `value="ann"`}},
		{
			"a hostile address",
			url.Values{"email": {hostile + "@acme.test"}, "firstName": {hostile}},
			[]string{"&lt;script&gt;", "not an email address"},
		},
		{"a long name", url.Values{"email": {"a@acme.test"}, "firstName": {strings.Repeat("x", 501)}}, []string{"must have 1 to 500 characters"}},
		{"a header in a name", url.Values{"email": {"a@acme.test"}, "firstName": {"x\r\nBcc: y@z.test"}}, []string{"holds control characters"}},
		{"a header in an address", url.Values{"email": {"a@acme.test\r\nBcc: y@z.test"}, "firstName": {"x"}}, []string{"holds control characters"}},
		{"a NUL", url.Values{"email": {"a\x00@acme.test"}, "firstName": {"x"}}, []string{"holds control characters"}},
		{"no UTF-8", url.Values{"email": {"a@acme.test"}, "firstName": {"\xff\xfe"}}, []string{"is not valid UTF-8"}},
	} {
		a := w.do(http.MethodPost, path, c.values.Encode(), urlencoded)
		if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, `aria-invalid="true"`) {
			t.Errorf("%s: %d %s", c.name, a.Status, a.Body)
		}
		for _, want := range c.want {
			if !strings.Contains(a.Body, want) {
				t.Errorf("%s: no %q in %s", c.name, want, a.Body)
			}
		}
		if strings.Contains(a.Body, "<script") || strings.Contains(a.Body, "First <name>") {
			t.Errorf("%s: what strangers wrote is not escaped: %s", c.name, a.Body)
		}
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("what was refused changed something:\n%s", diff)
	}
}

func TestRequestsThatMakeNoSenseChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	_, path := w.form(false)
	before := w.dump()
	good := url.Values{"email": {"a@acme.test"}, "firstName": {"Ann"}}.Encode()
	for _, c := range []struct {
		name, path, body string
		header           map[string]string
		want             int
	}{
		{"a body without end", path, good + "&x=" + strings.Repeat("y", 10<<20), urlencoded, http.StatusRequestEntityTooLarge},
		{"JSON without end", path, `{"email":"` + strings.Repeat("y", 10<<20), map[string]string{"Content-Type": "application/json"}, 413},
		{"what stands in the link", path + "?" + good, "", urlencoded, http.StatusUnprocessableEntity},
		{"no kind", path, good, nil, http.StatusUnsupportedMediaType},
		{"files", path, good, map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, http.StatusUnsupportedMediaType},
		{"broken JSON", path, `{"email":`, map[string]string{"Content-Type": "application/json"}, http.StatusUnprocessableEntity},
		{"JSON of a wrong kind", path, `{"email":["a@acme.test"]}`, map[string]string{"Content-Type": "application/json"}, 422},
		{"broken encoding", path, "email=%zz", urlencoded, http.StatusUnprocessableEntity},
		{"another site", path, good, map[string]string{"Content-Type": urlencoded["Content-Type"], "Origin": "https://evil.test"}, 403},
		{"a site that hides", path, good, map[string]string{"Content-Type": urlencoded["Content-Type"], "Origin": "null"}, 403},
		{"a site like ours", path, good, map[string]string{"Content-Type": urlencoded["Content-Type"], "Origin": site + ".evil.test"}, 403},
		{"an unknown form", "/subscribe/none", good, urlencoded, http.StatusNotFound},
		{"no form", "/subscribe/", good, urlencoded, http.StatusNotFound},
		{"a longer path", path + "/x", good, urlencoded, http.StatusNotFound},
		{"a path of others", "/subscribe/..%2f..%2fforms", good, urlencoded, http.StatusNotFound},
		{"an unknown link", "/confirm/" + strings.Repeat("a", 48), "", nil, http.StatusNotFound},
		{"no link", "/confirm/", "", nil, http.StatusNotFound},
		{"a link with a NUL", "/confirm/%00" + strings.Repeat("a", 47), "", nil, http.StatusNotFound},
	} {
		a := w.do(http.MethodPost, c.path, c.body, c.header)
		if a.Status != c.want {
			t.Errorf("%s: %d, want %d: %.300s", c.name, a.Status, c.want, a.Body)
		}
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("something changed:\n%s", diff)
	}
}

func TestAFilledTrapIsThankedAndNothingIsStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	_, path := w.form(false)
	before := w.dump()
	trapped := w.send(path, "bot@acme.test", control.FormTrap, "https://spam.test")
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("something changed:\n%s", diff)
	}
	if person := w.send(path, "ann@acme.test"); !cmp.Equal(person, trapped) {
		t.Errorf("a program can tell: %s", cmp.Diff(person, trapped))
	}
}

func TestALinkThatWasChangedProvesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	_, path := w.form(true)
	w.send(path, "ann@acme.test")
	link := w.link()
	before := w.dump()
	for i := len("/confirm/"); i < len(link); i++ {
		other := byte('a')
		if link[i] == other {
			other = 'b'
		}
		changed := link[:i] + string(other) + link[i+1:]
		if a := w.do(http.MethodPost, changed, "", nil); a.Status != http.StatusNotFound {
			t.Fatalf("letter %d changed: %d", i, a.Status)
		}
	}
	for _, changed := range []string{link[:len(link)-1], link + "a", strings.ToUpper(link[:12]) + link[12:]} {
		if a := w.do(http.MethodPost, changed, "", nil); a.Status == http.StatusOK {
			t.Errorf("%s confirms", changed)
		}
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("something changed:\n%s", diff)
	}
}

func TestPagesOfTheFormsSitesMaySendItAndReadTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	_, path := w.form(true)
	const allow = "Access-Control-Allow-Origin"
	for origin, want := range map[string]string{
		site: site, "https://tidings.test": "https://tidings.test", "https://evil.test": "", "null": "", "http://acme.test": "",
	} {
		ask := w.do(http.MethodOptions, path, "", map[string]string{
			"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type",
		})
		if ask.Status != http.StatusNoContent || ask.Header.Get(allow) != want || (ask.Header.Get("Access-Control-Allow-Methods") == "POST") != (want != "") {
			t.Errorf("%s may ask: %d %v", origin, ask.Status, ask.Header)
		}
		sent := w.do(http.MethodPost, path, `{"email":"ann@acme.test","firstName":"Ann"}`, map[string]string{
			"Origin": origin, "Content-Type": "application/json",
		})
		if sent.Header.Get(allow) != want || (sent.Status == http.StatusOK) != (want != "") || sent.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s sends: %d %v", origin, sent.Status, sent.Header)
		}
		if want != "" && !strings.HasPrefix(sent.Body, `{"success":true,"message":`) {
			t.Errorf("%s reads %s", origin, sent.Body)
		}
	}
	wrong := w.do(http.MethodPost, path, `{"email":"ann"}`, map[string]string{"Origin": site, "Content-Type": "application/json"})
	if wrong.Status != 422 || wrong.Header.Get(allow) != site || !strings.Contains(wrong.Body, `"field":"firstName","message":"is required"`) {
		t.Errorf("what is wrong: %d %s", wrong.Status, wrong.Body)
	}
}

func TestAFormSendsPeopleToItsOwnSitesAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	name := "x"
	origins := []string{site}
	for _, bad := range []string{
		"javascript:alert(1)", "data:text/html,x", "//evil.test", "https://evil.test/", "https://acme.test.evil.test/", "/thanks",
		"https://acme.test@evil.test/", "http://acme.test/", `https://acme.test\@evil.test/`, "https:acme.test", "https://acme.test:444/x",
		"https://acme.test/\r\nSet-Cookie: a=b",
	} {
		for _, e := range []control.FormEdit{
			{Name: &name, Origins: &origins, RedirectURL: &bad}, {Name: &name, Origins: &origins, ConfirmedURL: &bad},
		} {
			if _, err := w.control.CreateForm(t.Context(), operator, e); err == nil {
				t.Errorf("%q was taken", bad)
			}
		}
	}
	to, on := site+"/thanks?a=b", "https://tidings.test/x"
	_, path := w.form(true, func(e *control.FormEdit) { e.RedirectURL, e.ConfirmedURL = &to, &on })
	if a := w.send(path+"?redirectUrl=https://evil.test", "ann@acme.test", "redirectUrl", "https://evil.test"); a.Status != http.StatusSeeOther || a.Header.Get("Location") != to {
		t.Errorf("sent: %d to %s", a.Status, a.Header.Get("Location"))
	}
	if policy := w.do(http.MethodGet, path, "", nil).Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' https://acme.test;") {
		t.Errorf("policy %s", policy)
	}
	link := w.link()
	for range 2 {
		if a := w.do(http.MethodPost, link, "", nil); a.Status != http.StatusSeeOther || a.Header.Get("Location") != on {
			t.Errorf("confirmed: %d to %s", a.Status, a.Header.Get("Location"))
		}
	}
}

func TestAPageLoadsNothingAndIsKeptNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	_, path := w.form(true)
	w.send(path, "ann@acme.test")
	for _, p := range []string{path, w.link(), "/subscribe/none"} {
		a := w.do(http.MethodGet, p, "", nil)
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex",
			"Content-Type": "text/html; charset=utf-8",
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", p, name, got)
			}
		}
		policy := a.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "style-src 'sha256-", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy %s", p, policy)
			}
		}
		for _, bad := range []string{"<script", "onclick", "http://", "<Acme>", "ZgotmplZ"} {
			if strings.Contains(a.Body, bad) {
				t.Errorf("%s: %q in %s", p, bad, a.Body)
			}
		}
	}
}

func TestOneAddressSendsAFormAFewTimesAMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	w.control.Joining = control.JoinRules{Client: control.NewRates(2, time.Minute), Form: control.NewRates(3, time.Minute)}
	_, path := w.form(true)
	from := func(address string) answer {
		header := map[string]string{"X-Forwarded-For": address}
		for k, v := range urlencoded {
			header[k] = v
		}
		return w.do(http.MethodPost, path, "email=a@acme.test&firstName=x", header)
	}
	for i, c := range []struct {
		address string
		want    int
	}{{"203.0.113.1", 200}, {"203.0.113.1", 200}, {"203.0.113.1", 429}, {"203.0.113.2", 200}, {"203.0.113.3", 429}} {
		if a := from(c.address); a.Status != c.want || (c.want == 429) != (a.Header.Get("Retry-After") != "") {
			t.Errorf("request %d: %d %v", i, a.Status, a.Header)
		}
	}
}

func TestWrongFormsAreRefusedFieldByField(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	text := func(s string) *string { return &s }
	many := make([]store.FormField, 11)
	fields := func(list ...store.FormField) *[]store.FormField { return &list }
	for name, c := range map[string]struct {
		edit control.FormEdit
		want string
	}{
		"no name":               {control.FormEdit{}, "name: is required"},
		"a topic that is not":   {control.FormEdit{Name: text("x"), Topics: &[]string{"none"}}, "topics[0]"},
		"a topic twice":         {control.FormEdit{Name: text("x"), Topics: &[]string{"news", "news"}}, "topics[1]"},
		"many fields":           {control.FormEdit{Name: text("x"), Fields: &many}, "may have 10 fields"},
		"a field of ours":       {control.FormEdit{Name: text("x"), Fields: fields(store.FormField{Name: "unsubscribeUrl", Label: "x"})}, "a name of ours"},
		"the address again":     {control.FormEdit{Name: text("x"), Fields: fields(store.FormField{Name: "email", Label: "x"})}, "a field of every form"},
		"the trap":              {control.FormEdit{Name: text("x"), Fields: fields(store.FormField{Name: control.FormTrap, Label: "x"})}, "a field of every form"},
		"no label":              {control.FormEdit{Name: text("x"), Fields: fields(store.FormField{Name: "a"})}, "fields[0].label: is required"},
		"an origin with a path": {control.FormEdit{Name: text("x"), Origins: &[]string{"https://acme.test/x"}}, "origins[0]"},
		"every origin":          {control.FormEdit{Name: text("x"), Origins: &[]string{"*"}}, "origins[0]"},
	} {
		if _, err := w.control.CreateForm(t.Context(), operator, c.edit); err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "\n", " "), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
