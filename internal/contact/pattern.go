package contact

import (
	"errors"
	"strings"

	"tidings/event"
)

// Pattern is a set of addresses that must not be mailed, in its one normalised spelling: "*@bad.test" is every address
// of that domain, "*@*.bad.test" every address of its subdomains, however deep, and not of the domain itself.
type Pattern string

const (
	anyLocal = "*@"
	anyBelow = "*@*."
)

// maxDomain is the longest name in the DNS, in bytes (RFC 1035, section 2.3.4).
const maxDomain = 253

var (
	errPatternForm   = errors.New("a pattern is *@ and a domain, or *@*. and a domain: *@bad.test, *@*.bad.test")
	errPatternDomain = errors.New("the domain of a pattern needs two labels or more of letters, digits, hyphens and underscores")
)

// ParsePattern reads a pattern. The domain is brought to lower case and punycode, as that of an address is. A whole
// top-level domain is refused: nobody means it.
func ParsePattern(s string) (Pattern, error) {
	s = strings.TrimSpace(s)
	prefix := anyLocal
	if strings.HasPrefix(s, anyBelow) {
		prefix = anyBelow
	}
	domain, ok := strings.CutPrefix(s, prefix)
	if !ok || strings.ContainsAny(domain, "*@<>;") {
		return "", errPatternForm
	}
	domain = event.ParseAddress("a@" + domain).Domain
	if !isDomain(domain) || event.ParseAddress("a@"+domain).Domain != domain {
		return "", errPatternDomain
	}
	return Pattern(prefix + domain), nil
}

func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > maxDomain || len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// Match reports whether an address, in any spelling, is one of the pattern's.
func (p Pattern) Match(address string) bool {
	domain := event.ParseAddress(address).Domain
	if below, ok := strings.CutPrefix(string(p), anyBelow); ok {
		return strings.HasSuffix(domain, "."+below) && len(domain) > len(below)+1
	}
	exact, ok := strings.CutPrefix(string(p), anyLocal)
	return ok && domain != "" && domain == exact
}

// PatternsOf lists every pattern that matches an address, the narrowest first, so that they can be looked up instead of
// tried. It is empty where the address has no domain that a pattern can name.
func PatternsOf(address string) []Pattern {
	domain := event.ParseAddress(address).Domain
	if !isDomain(domain) {
		return nil
	}
	list := []Pattern{Pattern(anyLocal + domain)}
	for _, below, more := strings.Cut(domain, "."); more; _, below, more = strings.Cut(below, ".") {
		if strings.Contains(below, ".") {
			list = append(list, Pattern(anyBelow+below))
		}
	}
	return list
}
