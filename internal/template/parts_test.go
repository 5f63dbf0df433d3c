package template_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/template"
)

func TestATextIsMadeOfTheHTML(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"<p>a\n b</p><p>c<br>d</p>":                                                 "a b\n\nc\nd\n",
		"<h1>Big</h1><h2>Less</h2><h3>Least</h3>x":                                  "Big\n===\n\nLess\n----\n\nLeast\n\nx\n",
		`<a href="https://a.test/?x=1&amp;y=2">see</a>`:                             "see (https://a.test/?x=1&y=2)\n",
		`<a href="https://a.test">https://a.test</a>`:                               "https://a.test\n",
		`<a href="mailto:a@b.test">a@b.test</a> <a href="#x">up</a>`:                "a@b.test up\n",
		`<a href="https://a.test"><img src="x" alt="Logo"></a>`:                     "Logo (https://a.test)\n",
		`<a href="https://a.test"><img src="x"></a>`:                                "https://a.test\n",
		"<ul><li>a<li>b<ul><li>c</ul></ul>d":                                        "* a\n* b\n  * c\n\nd\n",
		"<ol><li>a</li><li>b</li></ol>":                                             "1. a\n2. b\n",
		"<table><tr><th>A<th>B<tr><td>1<td>2</table>x":                              "A | B\n1 | 2\n\nx\n",
		"<table><tr><td><p>a</p></td></tr><tr><td><p>b</p></td></tr></table>":       "a\n\nb\n",
		"<blockquote>a<p>b</p></blockquote>c":                                       "> a\n>\n> b\n\nc\n",
		"<pre>a\n  b</pre>":                                                         "a\n  b\n",
		"a<hr>b":                                                                    "a\n\n----------\n\nb\n",
		"<style>p{}</style><script>x<p></script><title>t</title><!-- c --><p>a</p>": "a\n",
		`<div style="display : none"><div>hidden</div>too</div>shown`:               "shown\n",
		"<p hidden>no</p><span>yes</span>":                                          "yes\n",
		"&lt;b&gt; &amp; &copy;":                                                    "<b> & ©\n",
		"1 < 2 and <":                                                               "1 < 2 and <\n",
		"":                                                                          "\n",
		"<!doctype html><p title=\"a > b\">x":                                       "x\n",
	} {
		if got := template.PlainText(src); got != want {
			t.Errorf("%s:\n  got  %q\n  want %q", src, got, want)
		}
	}
}

func TestStylesAreWrittenIntoTheElementsTheyAreAbout(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		`<style>p{color:red}</style><p>a</p>`:                                                                                     `<p style="color: red">a</p>`,
		`<style>p{color:red} .b{color:blue} #i{color:green}</style><p class="b" id=i>a</p>`:                                       `<p style="color: green" class="b" id=i>a</p>`,
		`<style>p{color:red;margin:0}</style><p style="color: blue;">a</p>`:                                                       `<p style="color: red; margin: 0; color: blue">a</p>`,
		`<style>p{color:red!important}</style><p style='color: blue'>a</p>`:                                                       `<p style='color: blue; color: red !important'>a</p>`,
		`<style>p{font-family:"A B"}</style><p>a</p><p style='x:y'>b</p>`:                                                         `<p style="font-family: 'A B'">a</p><p style='font-family: "A B"; x:y'>b</p>`,
		`<style data-no-inline>p{color:red}</style><p>a</p>`:                                                                      `<style data-no-inline>p{color:red}</style><p>a</p>`,
		`<style>p:hover{color:red}</style><p>a</p>`:                                                                               "<style>\np:hover { color: red }\n\n</style><p>a</p>",
		`<style>p,td.x>b{color:red}</style><table>{% for i in l %}<tr><td class="x"><b>{{ i }}</b></td></tr>{% endfor %}</table>`: `<table>{% for i in l %}<tr><td class="x"><b style="color: red">{{ i }}</b></td></tr>{% endfor %}</table>`,
		`<style>p{color:{{ brand }}}</style><p {% if x %}class="a"{% endif %}>a</p>`:                                              `<p style="color: {{ brand }}" {% if x %}class="a"{% endif %}>a</p>`,
		`<style>p{color:red}</style><p style="width: {{ w }}px">a</p>`:                                                            `<p style="color: red; width: {{ w }}px">a</p>`,
		`<style>a{color:red}</style><a href={{ url }} class=x>a</a>`:                                                              `<a style="color: red" href={{ url }} class=x>a</a>`,
		`<style>{% if x %}p{color:red}{% endif %}</style><p>a</p>`:                                                                `<style>{% if x %}p{color:red}{% endif %}</style><p>a</p>`,
		`<style>p{</style><p>a</p>`:                                                                                               `<p>a</p>`,
	} {
		if got := template.Inline(src); got != want {
			t.Errorf("%s:\n  got  %s\n  want %s", src, got, want)
		}
	}
}

func TestDoubtfulLinksAndImagesAreWarnedOf(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		`<a href="">x</a>`:                                          "This link leads nowhere",
		`<a href="#">x</a>`:                                         "This link leads nowhere",
		`<a href="/start">x</a>`:                                    `The link "/start" is relative`,
		`<a href="acme.test/x">x</a>`:                               `The link "acme.test/x" is relative`,
		`<a href="javascript:x()">x</a>`:                            "Readers of mail don't follow",
		`<a href="http://">x</a>`:                                   `The link "http://" is no URL`,
		`<img src="http://a.test/x.png" alt="">`:                    "This image is fetched without TLS",
		`<img src="data:image/png;base64,AA" alt="">`:               "This image is within the HTML",
		`<img src="x.png" alt="">`:                                  `The image "x.png" is relative`,
		`<img alt="">`:                                              "This image has no src",
		`<img src="https://a.test/x.png">`:                          "This image has no alt",
		`<img src="https://a.test/{{ x }}.png" alt="a">`:            "",
		`<img src="{{ x }}" alt="{{ y }}"><img src="cid:a" alt="">`: "",
		`<a href="{{ url }}">x</a><a href="https://a.test/?q={{ x }}">x</a><a name="x"></a><a href="mailto:a@b.test">`: "",
	} {
		c := compile(t, template.Source{HTML: src})
		got := ""
		for _, w := range c.Warnings() {
			got += w.Says
		}
		if want == "" && got != "" || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", src, got, want)
		}
	}
}

func TestATemplateKnowsTheContactTheDataAndTheEvent(t *testing.T) {
	t.Parallel()
	in := lea(t)
	in.Data = map[string]any{"plan": "solo", "order": 17}
	in.Event = map[string]any{"subject": "Re: you"}
	in.Attributes["email"] = "hidden@acme.test"
	c := compile(t, template.Source{
		Subject: "{{ event.subject }}\r\nBcc: x@y.test  {{ firstName }}",
		HTML: "{{ email }}={{ contact.email }} {{ contact.id }} {{ contact.subscribed }} {{ contact.data.plan }} {{ data.plan }}={{ plan }} " +
			"{{ order }} {{ data.firstName }} {{ currentYear }} {{ unsubscribeUrl }} {{ workflow.name }}",
		Text: "{{ firstName }} & <{{ email }}>",
	})
	e, problems, err := c.Render(context.Background(), in)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	want := template.Email{
		Subject: "Re: you Bcc: x@y.test Lea",
		HTML:    "lea@acme.test=lea@acme.test con_4f true team solo=solo 17 Lea 2026 https://t.acme.test/u/abc ",
		Text:    "Lea & <lea@acme.test>",
	}
	if d := cmp.Diff(want, e); d != "" {
		t.Error(d)
	}
}

func TestABoundThatIsPassedIsToldWhereItWasWritten(t *testing.T) {
	t.Parallel()
	c := compile(t, template.Source{HTML: "<style>\np{color:red}\n</style>\n<p>{% for i in (1..n) %}{% endfor %}</p>"})
	in := lea(t)
	in.Data = map[string]any{"n": 1_000_000}
	_, problems, err := c.Render(context.Background(), in)
	if err != nil || len(problems) != 1 || problems[0].Line != 4 || problems[0].Column != 16 || problems[0].Part != "body" {
		t.Errorf("%+v %v", problems, err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := c.Render(gone, in); err == nil {
		t.Error("it is rendered for nobody")
	}
}

func TestAFolderIsReadFileByFile(t *testing.T) {
	t.Parallel()
	files, names, err := template.ReadFolder(fstest.MapFS{
		"onboarding/welcome.html": {Data: []byte("---\r\nsubject: Hi {{ a | default: 'b' }}\r\ntype: transactional\r\nopens: false\r\n---\r\n<p>1</p>")},
		"plain.html":              {Data: []byte("<p>2</p>")},
		"open.html":               {Data: []byte("---\nsubject: x\n")},
		"wrong.html":              {Data: []byte("---\nsubjct: x\n---\nbody")},
		".hidden.html":            {Data: []byte("x")},
		".git/x.html":             {Data: []byte("x")},
		"README.md":               {Data: []byte("x")},
		"display-names.json":      {Data: []byte(`{"planName":{"t":"Team"}}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, f.Key+" "+f.Subject+" "+f.Type+" "+strconv.Itoa(f.Offset)+" "+f.HTML+" "+strings.SplitN(f.Wrong, ":", 2)[0])
	}
	want := []string{
		"onboarding/welcome Hi {{ a | default: 'b' }} TRANSACTIONAL 5 <p>1</p> ", "open   0 ---\nsubject: x\n Its front matter is not ended",
		"plain   0 <p>2</p> ", "wrong   3 body Its front matter can't be read",
	}
	if d := cmp.Diff(want, got); d != "" || names["planName"]["t"] != "Team" {
		t.Errorf("names %v\n%s", names, d)
	}
	if _, _, err := template.ReadFolder(fstest.MapFS{"display-names.json": {Data: []byte(`[]`)}}); err == nil {
		t.Error("display names that are no object are taken")
	}
}

func TestTheCacheKeepsNoMoreThanItMay(t *testing.T) {
	t.Parallel()
	cache := template.NewCache(2)
	first, _ := cache.Compile("a/1", template.Source{HTML: "a"})
	if again, _ := cache.Compile("a/1", template.Source{HTML: "other"}); again != first {
		t.Error("it is compiled twice")
	}
	for i := range 5 {
		if _, problems := cache.Compile(strconv.Itoa(i), template.Source{HTML: "x"}); len(problems) > 0 {
			t.Fatal(problems)
		}
	}
	if again, _ := cache.Compile("a/1", template.Source{HTML: "a"}); again == first {
		t.Error("nothing is ever dropped")
	}
	if x, problems := cache.Compile("b", template.Source{HTML: "{{"}); x != nil || len(problems) != 1 {
		t.Error("a broken one is kept")
	}
}

func FuzzRender(f *testing.F) {
	for _, src := range []string{
		"<style>p{color:red}@media x{a{b:c}}</style><p style='a' {% if b %}x{% endif %}>{{ a | raw }}<a href={{ b }}>c</a>",
		"<table><tr><td>{% for i in (1..3) %}<li>{{ i }}{% endfor %}<style data-no-inline></style><!-- <", "<p hidden><ul><li><pre>\n</pre",
		`<img src="x" alt='{{ "y" }}'><style>a:hover,b>c[d="e,f"]{g:url("h")!important}</style><b><c d="e"/>`,
	} {
		f.Add(src)
	}
	in := &template.Context{Email: "a@b.test", Attributes: map[string]any{"a": "<b>", "b": "https://c.test"}, Now: time.Unix(0, 0)}
	f.Fuzz(func(t *testing.T, src string) {
		began := time.Now()
		c, _ := template.Compile(template.Source{Subject: src, HTML: src})
		if c == nil {
			return
		}
		e, problems, err := c.Render(context.Background(), in)
		if err != nil || time.Since(began) > 2*template.Deadline+3*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		if len(problems) == 0 && strings.ContainsAny(e.Subject, "\r\n") {
			t.Errorf("the subject breaks: %q", e.Subject)
		}
	})
}
