package mcp

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestTextFromOutsideIsCleaned(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"plain text stays", "Grüße, 你好 🎉", "Grüße, 你好 🎉"},
		{"line breaks are spaces", "a\r\nb\tc", "a  b c"},
		{"zero width and direction go", "a\u200bb\u202ec\u2066d\ufeffe", "abcde"},
		{"tags that nobody sees go", "a\U000e0049\U000e0067b", "ab"},
		{"variation selectors go", "a\ufe0f\U000e0100b", "ab"},
		{"blank letters go", "a\u3164\u2800\uffa0b", "ab"},
		{"private and broken letters go", "a\ue000\xffb", "ab"},
		{"escapes of terminals lose their head", "\x1b[31mred", " [31mred"},
		{"images and links are none", "![x](http://e.test) [y](z) [r]: u", "! [x] (http://e.test) [y] (z) [r] : u"},
		{"elements are none", "<img src=x>", "‹img src=x›"},
		{"addresses are masked", "to ghost@acme.test, ü@acme.test", "to g***@acme.test, ü***@acme.test"},
		{"also in URLs", "https://a.test/?e=ghost%40acme.test", "https://a.test/?e=g***%40acme.test"},
		{"also behind letters that hide", "gh\u200bost@acme.test", "g***@acme.test"},
		{"long text is cut", strings.Repeat("é", 600), strings.Repeat("é", 500) + "…"},
	} {
		if got := (view{}).clean(c.in); got != c.want && !strings.HasSuffix(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := (view{addresses: true}).clean("ghost@acme.test"); got != "ghost@acme.test" {
		t.Errorf("whole addresses may be seen, but it is %q", got)
	}
}

func TestAddressesKeepTheirFirstLetterAndTheirDomain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"ghost@acme.test": "g***@acme.test", "": "", "no-at": "n***", `"a@b"@acme.test`: `"***@acme.test`, "é@x.test": "é***@x.test",
	} {
		if got := (view{}).address(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

func TestLinksAreShownWithoutWhatMayBeASecret(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://u:p@app.test/a?t=1#f": "https://app.test/a?…", "https://app.test/a": "https://app.test/a", "::": "::",
	} {
		if got := (view{}).link(in); got == nil || got.Text != want {
			t.Errorf("%q is shown as %v, want %q", in, got, want)
		}
	}
}

func FuzzCleanTextIsVisibleShortAndStable(f *testing.F) {
	f.Add("ghost@acme.test ![x](y) \u202e\x00")
	f.Fuzz(func(t *testing.T, s string) {
		got := (view{}).clean(s)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > 3*maxUntrusted {
			t.Fatalf("%q has %d characters", got, utf8.RuneCountInString(got))
		}
		for _, r := range got {
			if !unicode.IsGraphic(r) || blank[r] {
				t.Fatalf("%q holds %U", got, r)
			}
		}
		for _, bad := range []string{"](", "![", "<", ">"} {
			if strings.Contains(got, bad) {
				t.Fatalf("%q of %q holds %q", got, s, bad)
			}
		}
	})
}
