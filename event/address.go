package event

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Address is an email address as it is known and as it came. The zero value is no address.
type Address struct {
	Received string // as received: the address alone, trimmed and clean, in its own case
	Key      string // how a contact is known: see ParseAddress
	Domain   string // the domain of Key; empty where there is no @
}

// maxAddress bounds an address in bytes; RFC 5321 allows 320 (section 4.5.3.1).
const maxAddress = 512

// maxAddressField bounds the text that an address is looked for in: a header field with a display name.
const maxAddressField = 4 * maxAddress

// ParseAddress normalises an address. It takes it out of "Name <a@b>", "rfc822;a@b" and "smtp;a@b", brings it to
// Unicode NFC, writes the domain in lower case and punycode and the local part in lower case. Dots and plus tags stay:
// only the recipient's server knows what they mean. The last @ parts local part and domain. It never fails: a text
// without @ is its own key, and a domain that IDNA refuses is only written in lower case. Parsing Received or Key again
// changes nothing.
func ParseAddress(s string) Address {
	if simple(s) {
		return Address{Received: s, Key: s, Domain: s[strings.IndexByte(s, '@')+1:]}
	}
	received := bare(s)
	key, domain := addressKey(received)
	// A cut or a mapping of IDNA may leave something to take off again. Once is nearly always enough.
	for range maxAddressRounds {
		again, d := addressKey(bare(key))
		if again == key {
			break
		}
		key, domain = again, d
	}
	return Address{Received: received, Key: key, Domain: domain}
}

// maxAddressRounds ends the search for a key that stays itself.
const maxAddressRounds = 16

// simple reports whether s is an address that is its own key: lower-case ASCII, nothing to take off.
func simple(s string) bool {
	if len(s) > maxAddress {
		return false
	}
	ats := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', digit(c), c == '.', c == '-', c == '_', c == '+':
		case c == '@':
			ats++
		default:
			return false
		}
	}
	return ats == 1 && s[len(s)-1] != '.' && !strings.Contains(s, "xn--")
}

// bare takes the address out of what mail puts around it: a display name with angle brackets, the type of an address
// in a delivery report (RFC 3464, section 2.1.2), blanks. It does so until nothing is left to take off, and only then cuts.
func bare(s string) string {
	s = strings.TrimSpace(CleanText(s, maxAddressField))
	for {
		inner := strings.TrimSpace(untyped(unbracketed(s)))
		if inner == s {
			inner = strings.TrimSpace(CleanText(s, maxAddress))
		}
		if inner == s {
			return s
		}
		s = inner
	}
}

// unbracketed returns what is between the last "<" and the ">" after it. Brackets in a quoted local part are not
// looked at.
func unbracketed(s string) string {
	if strings.HasPrefix(s, `"`) {
		if end := strings.LastIndexByte(s, '"'); end > 0 && strings.HasPrefix(s[end+1:], "@") {
			return s
		}
	}
	open := strings.LastIndexByte(s, '<')
	if open < 0 {
		return s
	}
	end := strings.IndexByte(s[open:], '>')
	if end < 0 {
		return s
	}
	return s[open+1 : open+end]
}

func untyped(s string) string {
	kind, rest, ok := strings.Cut(s, ";")
	if !ok || !addressTypes[strings.ToLower(strings.TrimSpace(kind))] {
		return s
	}
	return rest
}

// addressTypes are the types of addresses in delivery reports (RFC 3464, RFC 6533).
var addressTypes = map[string]bool{"rfc822": true, "smtp": true, "utf-8": true}

// addressKey returns the key of an address with nothing around it, and its domain. The key is cut, and an address that
// is all local part loses its domain by that.
func addressKey(received string) (key, domain string) {
	local, domain, ok := cutLast(received)
	if !ok {
		return CleanText(fold(received), maxAddress), ""
	}
	key = CleanText(strings.TrimSpace(fold(local))+"@"+asciiDomain(domain), maxAddress)
	_, domain, _ = cutLast(key)
	return key, domain
}

// cutLast parts s at its last @.
func cutLast(s string) (local, domain string, ok bool) {
	i := strings.LastIndexByte(s, '@')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// fold brings a text to NFC and lower case. Lower case may undo NFC, so NFC comes last too.
func fold(s string) string { return norm.NFC.String(strings.ToLower(norm.NFC.String(s))) }

// asciiDomain writes a domain in lower case and punycode, without the dot of the root. A domain that IDNA refuses, such
// as one with an underscore, is only folded: it is still somebody's address.
func asciiDomain(domain string) string {
	domain = strings.TrimRight(strings.TrimSpace(fold(domain)), ".")
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return domain
	}
	return strings.TrimRight(strings.ToLower(ascii), ".")
}
