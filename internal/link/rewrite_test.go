package link_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"tidings/internal/link"
)

// both is a rewriting that shows what it was told.
func both() link.Rewriting {
	return link.Rewriting{
		Pixel: "https://click.test/t/o/x&y",
		Click: func(target string, tags map[string][]string) string {
			if len(tags) > 0 {
				return fmt.Sprintf("[%s %v]", target, tags)
			}
			return "[" + target + "]"
		},
		Keep: func(target string) bool { return strings.HasPrefix(target, "https://us.test/") },
	}
}

const seen = `<img src="https://click.test/t/o/x&amp;y" alt="" width="1" height="1" border="0"` +
	` style="display:block;width:1px;height:1px;border:0;overflow:hidden">`

func TestWhatIsRewritten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in, want string
		n        int
	}{
		"a link":                 {`<A  HREF='https://a.test/'  class=x>A</A>`, `<a href="[https://a.test/]" class="x">A</A>` + seen, 1},
		"an escaped address":     {`<a href="http://a.test/?a=1&amp;b=2&copy=3">x</a>`, `<a href="[http://a.test/?a=1&amp;b=2&amp;copy=3]">x</a>` + seen, 1},
		"blanks around it":       {"<a href=\" https://a.test/\n\">x</a>", `<a href="[https://a.test/]">x</a>` + seen, 1},
		"capital letters":        {`<a href="HTTPS://A.test/X">x</a>`, `<a href="[HTTPS://A.test/X]">x</a>` + seen, 1},
		"a map":                  {`<map><area href=https://a.test/ /></map>`, `<map><area href="[https://a.test/]" /></map>` + seen, 1},
		"a slash of the address": {`<area href=https://a.test/>`, `<area href="[https://a.test/]">` + seen, 1},
		"not to be tracked":      {`<a ses:no-track href="https://a.test/">x</a>`, `<a href="https://a.test/">x</a>` + seen, 0},
		"with tags": {
			`<a href=https://a.test/ ses:tags="k:v;k:w; l : u ;;:x">x</a>`, `<a href="[https://a.test/ map[k:[v w] l:[u]]]">x</a>` + seen, 1,
		},
		"tags of no link":         {`<a name=x ses:tags="k:v">x</a>`, `<a name="x">x</a>` + seen, 0},
		"mail":                    {`<a href="mailto:a@b.test">x</a>`, `<a href="mailto:a@b.test">x</a>` + seen, 0},
		"a telephone":             {`<a href='tel:1'>x</a>`, `<a href='tel:1'>x</a>` + seen, 0},
		"a part of the page":      {`<a href=#top>x</a>`, `<a href=#top>x</a>` + seen, 0},
		"a script":                {`<a href="javascript:alert(1)">x</a>`, `<a href="javascript:alert(1)">x</a>` + seen, 0},
		"without a host":          {`<a href="https:///x">x</a>`, `<a href="https:///x">x</a>` + seen, 0},
		"with a backslash":        {`<a href="https://a.test\@b.test">x</a>`, `<a href="https://a.test\@b.test">x</a>` + seen, 0},
		"a placeholder":           {`<a href="{{amazonSESUnsubscribeUrl}}">x</a>`, `<a href="{{amazonSESUnsubscribeUrl}}">x</a>` + seen, 0},
		"ours":                    {`<a href="https://us.test/u/x">x</a>`, `<a href="https://us.test/u/x">x</a>` + seen, 0},
		"an image":                {`<img src="https://a.test/">`, `<img src="https://a.test/">` + seen, 0},
		"a comment":               {`<!--[if mso]><a href="https://a.test/"><![endif]-->`, `<!--[if mso]><a href="https://a.test/"><![endif]-->` + seen, 0},
		"a style":                 {`<style><a href="https://a.test/"></style>`, `<style><a href="https://a.test/"></style>` + seen, 0},
		"before the body's end":   {"<html><body>x</BODY></html>\n", "<html><body>x" + seen + "</BODY></html>\n", 0},
		"before the last of them": {"<body>x</body>y</body>z", "<body>x</body>y" + seen + "</body>z", 0},
		"before the page's end":   {"x</html>", "x" + seen + "</html>", 0},
		"a tag without an end":    {`x<a href="https://a.test/`, `x<a href="https://a.test/` + seen, 0},
		"nothing":                 {"", seen, 0},
		"long":                    {`<a href="https://a.test/` + strings.Repeat("x", 2000) + `">x</a>`, `<a href="https://a.test/` + strings.Repeat("x", 2000) + `">x</a>` + seen, 0},
	} {
		got, n := link.Rewrite(c.in, both())
		if got != c.want || n != c.n {
			t.Errorf("%s: %d\n got %s\nwant %s", name, n, got, c.want)
		}
	}
}

func TestOpensAndClicksAreSwitchedOffApart(t *testing.T) {
	t.Parallel()
	const in = `<body><a href="https://a.test/" ses:no-track>a</a><a href='https://b.test/' ses:tags='k:v'>b</a></body>`
	opens, clicks := both(), both()
	opens.Click, clicks.Pixel = nil, ""
	for name, c := range map[string]struct {
		o    link.Rewriting
		want string
	}{
		"neither": {link.Rewriting{}, `<body><a href="https://a.test/">a</a><a href="https://b.test/">b</a></body>`},
		"opens":   {opens, `<body><a href="https://a.test/">a</a><a href="https://b.test/">b</a>` + seen + `</body>`},
		"clicks":  {clicks, `<body><a href="https://a.test/">a</a><a href="[https://b.test/ map[k:[v]]]">b</a></body>`},
	} {
		if got, _ := link.Rewrite(in, c.o); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

// tokensOf lists what a page consists of, each as it stands, and the tags of links as the parser reads them.
func tokensOf(text string, as func(*html.Token)) (list []string) {
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		kind := z.Next()
		raw := string(z.Raw())
		if kind == html.ErrorToken {
			return append(list, raw)
		}
		if kind == html.StartTagToken || kind == html.SelfClosingTagToken {
			if t := z.Token(); t.Data == "a" || t.Data == "area" {
				as(&t)
				raw = fmt.Sprintf("%v %q", t.Type, append([]html.Attribute{{Key: t.Data}}, t.Attr...))
			}
		}
		list = append(list, raw)
	}
}

func checkRewrite(t interface {
	Helper()
	Fatalf(string, ...any)
}, in string,
) {
	t.Helper()
	o := both()
	o.Pixel = ""
	got, n := link.Rewrite(in, o)
	rewritten := 0
	want := tokensOf(in, func(x *html.Token) {
		keep := slices.ContainsFunc(x.Attr, func(a html.Attribute) bool { return a.Key == "ses:no-track" })
		x.Attr = slices.DeleteFunc(x.Attr, func(a html.Attribute) bool { return a.Key == "ses:no-track" || a.Key == "ses:tags" })
		i := slices.IndexFunc(x.Attr, func(a html.Attribute) bool { return a.Key == "href" })
		if i < 0 || keep {
			return
		}
		if target, ok := link.Target(x.Attr[i].Val); ok && !o.Keep(target) {
			x.Attr[i].Val = "…"
			rewritten++
		}
	})
	out := tokensOf(got, func(x *html.Token) {
		for i := range x.Attr {
			if x.Attr[i].Key == "href" && strings.HasPrefix(strings.ToLower(x.Attr[i].Val), "[http") {
				x.Attr[i].Val = "…"
				break
			}
		}
	})
	if !slices.Equal(want, out) || n != rewritten {
		t.Fatalf("of %q became %q:\nwant %q\n got %q", in, got, want, out)
	}
	if marked, _ := link.Rewrite(in, both()); strings.Replace(marked, seen, "", 1) != got {
		t.Fatalf("beside the image, there is more in %q", marked)
	}
}

func TestEverythingButLinksStaysByteForByte(t *testing.T) {
	t.Parallel()
	parts := rapid.SampledFrom([]string{
		"<a href=\"https://a.test/\">", "</a>", "<a", " href='", "'", "\"", ">", "<!--", "-->", "<style>", "</style>", "<b>", "&amp;", "\x00",
		"\r\n", "é", "<area href=http://b.test/x ses:no-track />", " ses:tags=a:b", "</body>", "<title>", "<br/>", "=", "/", "\xff",
	})
	rapid.Check(t, func(t *rapid.T) {
		checkRewrite(t, strings.Join(rapid.SliceOf(parts).Draw(t, "parts"), ""))
	})
}

func FuzzRewrite(f *testing.F) {
	f.Add(`<body><A href=https://a.test/ ses:tags="a:b">x</A><area href='http://b.test/' ses:no-track /></body>`)
	f.Add(`<a "=x' href="https://a.test/?a&copy=1" href=2>`)
	f.Fuzz(func(t *testing.T, in string) { checkRewrite(t, in) })
}

func BenchmarkRewrite(b *testing.B) {
	var page strings.Builder
	page.WriteString("<html><body>")
	for page.Len() < 20<<10 {
		page.WriteString(`<tr><td style="font-family:sans-serif;padding:4px"><a href="https://acme.test/offers?id=1&amp;x=2">Offer</a> text of it</td></tr>`)
	}
	page.WriteString("</body></html>")
	s := link.NewSealer([]byte("secret"))
	o := link.Rewriting{Pixel: "https://click.test/t/o/x", Click: func(target string, tags map[string][]string) string {
		return "https://click.test/t/c/" + s.Seal(link.Link{Kind: link.Click, Target: target, Tags: tags})
	}}
	b.ReportAllocs()
	for b.Loop() {
		link.Rewrite(page.String(), o)
	}
}
