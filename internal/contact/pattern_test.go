package contact_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/contact"
)

func TestAPatternHasOneSpelling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		want     contact.Pattern
		says     string // of the error; empty: none
	}{
		{"a domain", "*@bad.test", "*@bad.test", ""},
		{"subdomains", "*@*.bad.test", "*@*.bad.test", ""},
		{"blanks and letter case", " *@BAD.Test ", "*@bad.test", ""},
		{"the dot of the root", "*@bad.test.", "*@bad.test", ""},
		{"a domain beyond ASCII", "*@Bücher.test", "*@xn--bcher-kva.test", ""},
		{"an underscore", "*@_x.bad.test", "*@_x.bad.test", ""},
		{"nothing", "", "", "a pattern is"},
		{"a domain without the star", "bad.test", "", "a pattern is"},
		{"an address", "ann@bad.test", "", "a pattern is"},
		{"a star in the local part", "ann*@bad.test", "", "a pattern is"},
		{"everybody", "*@*", "", "a pattern is"},
		{"a star within the domain", "*@bad.*.test", "", "a pattern is"},
		{"a star as part of a label", "*@x*.bad.test", "", "a pattern is"},
		{"two at signs", "*@a@bad.test", "", "a pattern is"},
		{"brackets", "*@<bad.test>", "", "a pattern is"},
		{"a top-level domain", "*@test", "", "two labels"},
		{"all below a top-level domain", "*@*.test", "", "two labels"},
		{"no domain", "*@", "", "two labels"},
		{"an empty label", "*@bad..test", "", "two labels"},
		{"a blank within", "*@bad .test", "", "two labels"},
		{"a label too long", "*@" + strings.Repeat("x", 64) + ".test", "", "two labels"},
		{"a domain too long", "*@" + strings.Repeat("x.", 130) + "test", "", "two labels"},
		{"a control character", "*@ba\x01d.te\x7fst", "", "two labels"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := contact.ParsePattern(c.in)
			if got != c.want || (err == nil) != (c.says == "") {
				t.Fatalf("%q, %v, want %q", got, err, c.want)
			}
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("it says %q, want %q", err, c.says)
			}
		})
	}
}

func TestAPatternMatchesItsAddressesAndNoOthers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern contact.Pattern
		address string
		want    bool
	}{
		{"*@bad.test", "ann@bad.test", true},
		{"*@bad.test", "Ann <ANN@BAD.TEST>", true},
		{"*@bad.test", "ann@mail.bad.test", false},
		{"*@bad.test", "ann@notbad.test", false},
		{"*@bad.test", "bad.test@good.test", false},
		{"*@bad.test", `"a@bad.test"@good.test`, false},
		{"*@bad.test", "ann", false},
		{"*@*.bad.test", "ann@mail.bad.test", true},
		{"*@*.bad.test", "ann@a.b.c.bad.test", true},
		{"*@*.bad.test", "ann@bad.test", false},
		{"*@*.bad.test", "ann@notbad.test", false},
		{"*@*.bad.test", "ann@.bad.test", false},
		{"*@xn--bcher-kva.test", "ann@bücher.test", true},
		{"", "ann@bad.test", false},
		{"*@", "ann", false},
	} {
		if got := c.pattern.Match(c.address); got != c.want {
			t.Errorf("%q matches %q: %v, want %v", c.pattern, c.address, got, c.want)
		}
	}
}

func TestThePatternsOfAnAddressGoFromItsDomainUpwards(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][]contact.Pattern{
		"ann@bad.test":       {"*@bad.test"},
		"Ann@Mail.Bad.test":  {"*@mail.bad.test", "*@*.bad.test"},
		"ann@a.b.bad.test":   {"*@a.b.bad.test", "*@*.b.bad.test", "*@*.bad.test"},
		"ann@localhost":      nil,
		"ann":                nil,
		"ann@[192.168.0.1]":  nil,
		"ann@über.bad.test":  {"*@xn--ber-goa.bad.test", "*@*.bad.test"},
		"ann@under_s.b.test": {"*@under_s.b.test", "*@*.b.test"},
	} {
		if diff := cmp.Diff(want, contact.PatternsOf(address)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", address, diff)
		}
	}
}

func FuzzPattern(f *testing.F) {
	f.Add("*@bad.test", "ann@bad.test")
	f.Add("*@*.bad.test", "ann@mail.bad.test")
	f.Add("*@Bücher.test", "ann@xn--bcher-kva.test")
	f.Add("*@*.", "a@b@c")
	f.Add("*@a..b", "\xff@.")
	f.Fuzz(func(t *testing.T, pattern, address string) {
		p, err := contact.ParsePattern(pattern)
		if err == nil {
			if again, err := contact.ParsePattern(string(p)); err != nil || again != p {
				t.Fatalf("%q is read again as %q, %v", p, again, err)
			}
			if got, want := slices.Contains(contact.PatternsOf(address), p), p.Match(address); got != want {
				t.Errorf("%q is among the patterns of %q: %v, it matches: %v", p, address, got, want)
			}
		}
		for _, q := range contact.PatternsOf(address) {
			if parsed, err := contact.ParsePattern(string(q)); err == nil && !parsed.Match(address) {
				t.Errorf("%q is a pattern of %q and does not match it", q, address)
			}
		}
	})
}
