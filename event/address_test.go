package event_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/event"
)

func TestAnAddressIsTakenOutOfWhatMailPutsAroundIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		want     event.Address
	}{
		{"the common case", "ann@acme.test", event.Address{"ann@acme.test", "ann@acme.test", "acme.test"}},
		{"blanks around", " ann@acme.test\r\n", event.Address{"ann@acme.test", "ann@acme.test", "acme.test"}},
		{"upper case", "Ann@ACME.Test", event.Address{"Ann@ACME.Test", "ann@acme.test", "acme.test"}},
		{"a display name", "Ann <Ann@acme.test>", event.Address{"Ann@acme.test", "ann@acme.test", "acme.test"}},
		{"a comma in the name", `"Lee, Ann" <ann@acme.test>`, event.Address{"ann@acme.test", "ann@acme.test", "acme.test"}},
		{"an address as the name", `"bob@evil.test" <ann@acme.test>`, event.Address{"ann@acme.test", "ann@acme.test", "acme.test"}},
		{"only brackets", "<ann@acme.test>", event.Address{"ann@acme.test", "ann@acme.test", "acme.test"}},
		{"blanks in brackets", "< ann@acme.test >", event.Address{"ann@acme.test", "ann@acme.test", "acme.test"}},
		{"a bracket that never closes", "<ann@acme.test", event.Address{"<ann@acme.test", "<ann@acme.test", "acme.test"}},
		{"the type of a delivery report", "rfc822;ann@acme.test", event.Address{"ann@acme.test", "ann@acme.test", "acme.test"}},
		{"the type with a blank", "RFC822; Ann@acme.test", event.Address{"Ann@acme.test", "ann@acme.test", "acme.test"}},
		{"the type smtp", "smtp;ann@acme.test", event.Address{"ann@acme.test", "ann@acme.test", "acme.test"}},
		{"a type and brackets", "rfc822;<ann@acme.test>", event.Address{"ann@acme.test", "ann@acme.test", "acme.test"}},
		{"types upon types", strings.Repeat("rfc822;", 40) + "a@b.test", event.Address{"a@b.test", "a@b.test", "b.test"}},
		{"dots and plus tags stay", "a.n.n+x@gmail.test", event.Address{"a.n.n+x@gmail.test", "a.n.n+x@gmail.test", "gmail.test"}},
		{"a quoted local part", `"ann lee"@acme.test`, event.Address{`"ann lee"@acme.test`, `"ann lee"@acme.test`, "acme.test"}},
		{"brackets in a quoted local part", `"a<b>c"@acme.test`, event.Address{`"a<b>c"@acme.test`, `"a<b>c"@acme.test`, "acme.test"}},
		{"the last @ parts", "a@b@acme.test", event.Address{"a@b@acme.test", "a@b@acme.test", "acme.test"}},
		{"a domain in another script", "ann@Bücher.test", event.Address{"ann@Bücher.test", "ann@xn--bcher-kva.test", "xn--bcher-kva.test"}},
		{"punycode as it came", "ann@XN--bcher-kva.test", event.Address{"ann@XN--bcher-kva.test", "ann@xn--bcher-kva.test", "xn--bcher-kva.test"}},
		{"punycode that is none", "ann@xn--\u00fc.test", event.Address{"ann@xn--\u00fc.test", "ann@xn--\u00fc.test", "xn--\u00fc.test"}},
		{"letters and their accents apart", "jose\u0301@acme.test", event.Address{"jose\u0301@acme.test", "jos\u00e9@acme.test", "acme.test"}},
		{"a domain with an underscore", "ann@My_Host.test", event.Address{"ann@My_Host.test", "ann@my_host.test", "my_host.test"}},
		{"the dot of the root", "ann@acme.test.", event.Address{"ann@acme.test.", "ann@acme.test", "acme.test"}},
		{"a literal address", "ann@[192.0.2.1]", event.Address{"ann@[192.0.2.1]", "ann@[192.0.2.1]", "[192.0.2.1]"}},
		{"no @", "Undisclosed", event.Address{"Undisclosed", "undisclosed", ""}},
		{"no domain", "Ann@", event.Address{"Ann@", "ann@", ""}},
		{"nothing", "", event.Address{}},
		{"only blanks", " \t", event.Address{}},
		{"NUL and bad UTF-8", "a\x00\xffb@acme.test", event.Address{"a\ufffd\ufffdb@acme.test", "a\ufffd\ufffdb@acme.test", "acme.test"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, event.ParseAddress(c.in)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// anyAddress draws texts that are nearly addresses.
func anyAddress() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		piece := rapid.OneOf(
			rapid.SampledFrom([]string{
				"ann", "@", "<", ">", ";", `"`, " ", ".", "rfc822;", "SMTP;", "acme.test", "xn--", "\u00df", "\u0130", "\uff20", "\u3002", "\u00ad",
				"\u0301", "\u200d", "\x00", "\xff", "\u1e9e", "\u03a3", strings.Repeat("a", 300), strings.Repeat("\u023a", 300),
			}),
			rapid.String(),
		)
		return strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, "pieces"), "")
	})
}

func TestParsingAnAddressAgainChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { addressLaws(t, anyAddress().Draw(t, "address")) })
}

func addressLaws(t interface{ Errorf(string, ...any) }, s string) {
	a := event.ParseAddress(s)
	if again := event.ParseAddress(a.Key); again.Key != a.Key || again.Domain != a.Domain {
		t.Errorf("%q: key %q (%q) became %q (%q)", s, a.Key, a.Domain, again.Key, again.Domain)
	}
	if again := event.ParseAddress(a.Received); again != a {
		t.Errorf("%q: %+v became %+v", s, a, again)
	}
	for _, part := range []string{a.Key, a.Received} {
		if len(part) > 512 || !utf8.ValidString(part) || strings.Contains(part, "\x00") || strings.TrimSpace(part) != part {
			t.Errorf("%q: %q is not clean", s, part)
		}
	}
	if a.Domain != "" && !strings.HasSuffix(a.Key, "@"+a.Domain) {
		t.Errorf("%q: the domain %q does not end %q", s, a.Domain, a.Key)
	}
}

// Lower case, NFC and IDNA each map single characters; none may need a second time.
func TestEveryCharacterIsStableInBothPartsOfAnAddress(t *testing.T) {
	t.Parallel()
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if r == 0x3400 { // ideographs, which map to themselves
			r = 0xa000
		}
		if r == 0x20000 {
			break
		}
		addressLaws(t, "a"+string(r)+"b@acme.test")
		addressLaws(t, "a@b"+string(r)+"c.test")
	}
}

func TestACleanAddressCostsNoAllocation(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { event.ParseAddress("ann.lee+may@mail.acme.test") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
