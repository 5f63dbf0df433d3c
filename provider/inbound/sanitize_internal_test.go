package inbound

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestHTMLIsMadeHarmless(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`<p class=x onclick="a()">Hi</p>`:            `<p>Hi</p>`,
		`<script>alert(1)</script>after`:             `after`,
		`<SCRIPT>alert(1)</SCRIPT >after`:            `after`,
		`<style>p{}</style><p>x`:                     `<p>x</p>`,
		`<img src=x onerror=alert(1)>y`:              `y`,
		`<a href="javascript:alert(1)">x</a>`:        `<a>x</a>`,
		`<a href=" JAVASCRIPT:alert(1)">x</a>`:       `<a>x</a>`,
		`<a href="https://a.test/?a=1&b=2">x</a>`:    `<a href="https://a.test/?a=1&amp;b=2" rel="nofollow noopener noreferrer">x</a>`,
		`<a href="data:text/html,x">x</a>`:           `<a>x</a>`,
		`</div></p>x<br/>`:                           `x<br>`,
		`<b><i>x</b>y</i>`:                           `<b><i>x</i></b>y`,
		`<form action=x><input><textarea>a</form>b`:  ``,
		`<svg><script>alert(1)</script></svg>x`:      `x`,
		`<p>&lt;script&gt;</p>`:                      `<p>&lt;script&gt;</p>`,
		`<!--[if IE]><script>x</script><![endif]-->`: ``,
		`<iframe src=x>y</iframe>z`:                  `z`,
	} {
		if got := sanitize(in, 1000); got != want {
			t.Errorf("%s becomes %s, want %s", in, got, want)
		}
	}
}

func TestACutBodyIsWhole(t *testing.T) {
	t.Parallel()
	got := sanitize("<div><b>"+strings.Repeat("ä", 1000), 100)
	if len(got) > 150 || !strings.HasSuffix(got, "</b></div>") || strings.Contains(got, "\uFFFD") {
		t.Errorf("%q", got)
	}
}

// FuzzSanitize: what comes out has no element and no attribute that is not allowed, however it is read again.
func FuzzSanitize(f *testing.F) {
	for _, s := range []string{"<p>x", "<a href=https://x.test>", "<svg><style><img src=x onerror=a()>", "<noscript><p title=\"</noscript><img>\">", "<xmp><b>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := sanitize(s, 4096)
		doc, err := html.Parse(strings.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		for n := range doc.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if !allowed[n.DataAtom] && n.Data != "html" && n.Data != "head" && n.Data != "body" && n.Data != "colgroup" {
				t.Fatalf("element %s of %q", n.Data, out)
			}
			for _, a := range n.Attr {
				if a.Key != "rel" && (a.Key != "href" || safeLink(n.Attr) == "") {
					t.Fatalf("attribute %s=%q of %q", a.Key, a.Val, out)
				}
			}
		}
	})
}
