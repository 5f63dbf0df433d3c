package liquid_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/liquid"
)

func render(t *testing.T, src string, vars map[string]any, escape bool) (string, error) {
	t.Helper()
	x, problems := liquid.Parse(src)
	if len(problems) > 0 {
		t.Fatalf("%s: %v", src, problems)
	}
	return x.Render(context.Background(), vars, liquid.Options{Escape: escape, Now: time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)})
}

func TestEveryMistakeIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	for src, want := range map[string][]string{
		"Hi {{ name":                      {"1:4 {{ is not closed: }} is missing."},
		"a\n{% if x":                      {"2:1 {% is not closed: %} is missing."},
		"{{ }}":                           {"1:1 There is nothing to show between {{ and }}."},
		"é {{ name | upcas }}":            {`1:13 There is no filter "upcas". Did you mean upcase?`},
		"{{ a b }}":                       {`1:6 "b" does not belong here.`},
		"{{ 'a }}":                        {"1:4 This text is not ended: a ' is missing."},
		"{{ a & b }}":                     {`1:6 "&" does not belong here.`},
		"{% if a %}\n{{ x | nope }}\nend": {"1:1 {% if %} is not ended: {% endif %} is missing.", `2:8 There is no filter "nope".`},
		"{% endif %}":                     {"1:1 {% endif %} ends a block that has not begun: there is no {% if %} before it."},
		"{% else %}":                      {"1:1 {% else %} stands outside of the block it belongs to (if, unless, case or for)."},
		"{% if a %}{% for b in c %}{% endif %}": {
			"1:11 {% for %} is not ended: {% endfor %} is missing before {% endif %}.",
		},
		"{% fro a in b %}":                             {`1:1 There is no tag "fro". Did you mean for?`},
		"{% render 'x' %}":                             {"1:1 {% render %} is not offered: a template stands by itself. Put the text into this one."},
		"{% assign x %}":                               {"1:1 {% assign %} wants a name, = and a value: {% assign name = value %}."},
		"{% for x of y %}{% endfor %}":                 {"1:1 {% for %} wants a name, in and a list: {% for item in items %}."},
		"{% for i in (1..20000000) %}{% endfor %}":     {"1:13 This range has 20000000 elements; 10000 are allowed."},
		"{% if a = 1 %}{% endif %}":                    {`1:9 "=" does not compare: write == instead.`},
		"{% break %}":                                  {"1:1 {% break %} stands outside of a loop."},
		"{% if a %}{% else %}{% elsif b %}{% endif %}": {"1:21 {% elsif %} comes after {% else %}."},
		"{% comment %} {{ x }}":                        {"1:1 {% comment %} is not ended: {% endcomment %} is missing."},
		"{% raw %} {{ x }}":                            {"1:1 {% raw %} is not ended: {% endraw %} is missing."},
		"{% case a %}text{% when 1 %}{% endcase %}": {
			"1:1 What stands between {% case %} and the first {% when %} is never shown.",
		},
		"{%  %}":      {"1:1 The name of a tag is missing after {%."},
		"{{ (1..2 }}": {"1:10 A ) is missing."},
		"{{ a[1 }}":   {"1:8 A ] is missing."},
		"{{ a. }}":    {"1:7 A name is missing after the point."},
		"{{ a | }}":   {"1:8 The name of a filter is missing."},
		"{% liquid\nif a\necho b | nope\nendif %}": {`3:10 There is no filter "nope".`},
	} {
		_, problems := liquid.Parse(src)
		got := make([]string, len(problems))
		for i, p := range problems {
			got[i] = fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Says)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s:\n%s", src, d)
		}
	}
}

func TestTextsAreEscapedUnlessTheyAreHTMLAlready(t *testing.T) {
	t.Parallel()
	vars := map[string]any{"name": `<b>A & "B"</b>`, "lines": "a<\nb", "list": []any{"<", "&"}}
	const escaped = "&lt;b&gt;A &amp; &#34;B&#34;&lt;/b&gt;"
	for src, want := range map[string]string{
		"{{ name }}":                                              escaped,
		"{{ name | escape }}":                                     escaped,
		"{{ name | escape | escape }}":                            escaped,
		"{{ name | escape_once }}":                                escaped,
		"{{ name | raw }}":                                        `<b>A & "B"</b>`,
		"{{ name | raw | upcase }}":                               `<B>A & "B"</B>`,
		"{{ name | strip_html }}":                                 "A &amp; &#34;B&#34;",
		"{{ lines | newline_to_br }}":                             "a&lt;<br />\nb",
		"{{ name | escape | append: '<i>' }}":                     escaped + "&lt;i&gt;",
		"{{ '<i>' | raw | append: name }}":                        "<i>" + escaped,
		"{% capture x %}<i>{{ name }}</i>{% endcapture %}{{ x }}": "<i>" + escaped + "</i>",
		"{% assign x = name | escape %}{{ x }}":                   escaped,
		"{{ list }}":                                              "&lt;&amp;",
		"{{ list | join: '<br>' | raw }}":                         "<<br>&",
		"<p>{{ 3 }} & more":                                       "<p>3 & more",
	} {
		if got, err := render(t, src, vars, true); err != nil || got != want {
			t.Errorf("%s: %q %v, want %q", src, got, err, want)
		}
		if strings.Contains(src, "capture") || strings.Contains(src, "escape") || strings.Contains(src, "br") {
			continue
		}
		if got, err := render(t, src, vars, false); err != nil || strings.Contains(got, "&lt;") {
			t.Errorf("%s is escaped where there is no HTML: %q %v", src, got, err)
		}
	}
}

func TestAFallbackStandsForWhatIsNotThere(t *testing.T) {
	t.Parallel()
	vars := map[string]any{"name": "Lea", "none": "", "zero": 0, "data": map[string]any{"plan": "team"}}
	for src, want := range map[string]string{
		`{{ name ?? "there" }}`:                  "Lea",
		`{{ missing ?? "there" }}`:               "there",
		`{{ none ?? 'there' }}`:                  "there",
		`{{ zero ?? 5 }}`:                        "0",
		`{{ missing ?? data.plan }}`:             "team",
		`{{ missing ?? none ?? "x" | upcase }}`:  "X",
		`{{ missing | upcase ?? "there" }}`:      "there",
		`{{data.nope??"none"}}`:                  "none",
		`{% if missing ?? true %}yes{% endif %}`: "yes",
	} {
		if got, err := render(t, src, vars, true); err != nil || got != want {
			t.Errorf("%s: %q %v, want %q", src, got, err, want)
		}
	}
}

func TestARenderingEndsAtItsBounds(t *testing.T) {
	t.Parallel()
	long := make([]any, liquid.MaxLoop+1)
	vars := map[string]any{"n": 20_000_000, "long": long, "s": strings.Repeat("x", 1000)}
	for src, want := range map[string]string{
		"{% for i in (1..n) %}{% endfor %}":  "line 1, column 13: This range has 20000000 elements; 10000 are allowed.",
		"{{ (1..n) | join }}":                "line 1, column 4: This range has 20000000 elements; 10000 are allowed.",
		"\n {% for i in long %}{% endfor %}": "line 2, column 2: This loop would go round 10001 times; 10000 are allowed.",
		"{% for i in (1..1000) %}{% for j in (1..1000) %}{% endfor %}{% endfor %}":            "line 1, column 25: The loops go round more than 100000 times in all.",
		"{% for i in (1..10000) %}{{ s }}{% endfor %}":                                        "line 1, column 29: This makes the text longer than 1048576 bytes.",
		"{% for i in (1..100) %}{% assign s = s | append: s %}{% endfor %}":                   "line 1, column 42: append makes a text or list longer than is allowed (1048576 bytes, 10000 elements).",
		"{% for i in (1..100) %}{% assign s = s | replace: 'x', 'xxxxxxxxxxx' %}{% endfor %}": "line 1, column 42: replace makes a text or list longer than is allowed (1048576 bytes, 10000 elements).",
		"{% for i in (1..100) %}{% capture s %}{{ s }}{{ s }}{% endcapture %}{% endfor %}":    "line 1, column 49: This makes the text longer than 1048576 bytes.",
		"{% assign a = (1..9000) %}{{ a | concat: a }}":                                       "line 1, column 34: concat makes a text or list longer than is allowed (1048576 bytes, 10000 elements).",
	} {
		if _, err := render(t, src, vars, true); err == nil || err.Error() != want {
			t.Errorf("%s:\n  got  %v\n  want %s", src, err, want)
		}
	}
}

func TestARenderingEndsWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	x, _ := liquid.Parse("{% for i in (1..300) %}{% for j in (1..300) %}{% assign k = i | times: j %}{% endfor %}{% endfor %}")
	ctx, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	_, err := x.Render(ctx, nil, liquid.Options{})
	if p := (liquid.Problem{}); !errors.As(err, &p) || p.Says != "This takes too long to render." {
		t.Errorf("a rendering whose time is over: %v", err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := x.Render(gone, nil, liquid.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a rendering that nobody wants any more: %v", err)
	}
}

func TestVariablesAreWhatATemplateWantsFromOutside(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"{{ a }} {{ b.c }} {{ d['e f'] }} {{ g[h].i }}":                             "a 1:4, b.c 1:12, d.e f 1:22, h 1:39, g 1:37",
		"{% assign x = y %}{{ x }}{% capture z %}{% endcapture %}{{ z }}":           "y 1:15",
		"{% for i in items %}{{ i.name }}{{ forloop.index }}{% endfor %}{{ i }}":    "items? 1:13, i 1:67",
		"{{ a | default: 'x' }}{{ b ?? c }}{{ c | upcase }}":                        "a? 1:4, b? 1:26, c 1:31, c 1:38",
		"{% if a %}{{ a }}{{ a.b }}{{ b }}{% else %}{{ a }}{% endif %}{{ a }}":      "a? 1:7, a? 1:14, a.b? 1:21, b 1:30, a 1:47, a 1:65",
		"{% unless a %}{{ a }}{% endunless %}{% case p %}{% when q %}{% endcase %}": "a? 1:11, a 1:18, p? 1:45, q 1:57",
		"{% increment n %}{{ n }}{{ x[0].y }}":                                      "x 1:28",
	} {
		x, problems := liquid.Parse(src)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		var got []string
		for _, v := range x.Variables() {
			mark := ""
			if v.Defaulted {
				mark = "?"
			}
			got = append(got, fmt.Sprintf("%s%s %d:%d", v.Name(), mark, v.Line, v.Column))
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("%s:\n  got  %s\n  want %s", src, s, want)
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, src := range []string{
		"{{ a.b | default: 'x', allow_false: true }}", "{% for i in (1..n) reversed limit: 2 %}{{ forloop.index }}{% else %}{% endfor %}",
		"{% if a contains 'b' or c == empty %}{% elsif d %}{% else %}{% endif %}", "{% liquid\nassign x = 1\necho x %}", "{{- 'x' -}}",
		"{% case a %}{% when 1, 2 %}{% endcase %}{% tablerow x in list cols: 2 %}{% endtablerow %}", "{% raw %}{{{% endraw %}",
		"{{ 'now' | date: '%-d %^B %10Y' | truncate: 3 | slice: -1, 9 }}", "{% cycle 'a', 'b' %}{% increment x %}{% capture y %}{% endcapture %}",
		"{{ list | sort: 'a' | where: 'b', 1 | map: 'c' | group_by: 'd' | json }}",
	} {
		f.Add(src)
	}
	vars := map[string]any{
		"a": "text", "n": 1 << 40, "list": []any{1, "b", nil, map[string]any{"a": 1.5, "b": []any{}}}, "c": map[string]any{"size": 1},
	}
	f.Fuzz(func(t *testing.T, src string) {
		x, problems := liquid.Parse(src)
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Says == "" {
				t.Errorf("problem %+v", p)
			}
		}
		if len(problems) > 0 {
			return
		}
		began := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		out, err := x.Render(ctx, vars, liquid.Options{Escape: true})
		if len(out) > liquid.MaxOutput || time.Since(began) > 5*time.Second {
			t.Errorf("%d bytes after %s", len(out), time.Since(began))
		}
		if err != nil && strings.Contains(err.Error(), "can't be rendered") {
			t.Errorf("it panicked: %v", err)
		}
	})
}
