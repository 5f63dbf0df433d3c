package erase

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"tidings/event"
)

// Target is one address of a person who is erased.
type Target struct {
	Address   string   // event.Address.Key
	Pseudonym string   // what stands in its place
	Forms     []string // other spellings that were seen
}

// Person finds the addresses of one person in texts. It is safe for concurrent use.
type Person struct {
	spellings []spelling // longest first
}

// spelling is a text to look for, in small letters.
type spelling struct {
	text      []byte
	pseudonym string
}

// NewPerson makes a Person of addresses.
func NewPerson(targets ...Target) *Person {
	p := &Person{}
	for _, t := range targets {
		for _, form := range append([]string{t.Address, unicodeForm(t.Address)}, t.Forms...) {
			p.add(event.ParseAddress(form).Received, t.Pseudonym)
		}
	}
	slices.SortFunc(p.spellings, func(a, b spelling) int { return len(b.text) - len(a.text) })
	return p
}

func (p *Person) add(form, pseudonym string) {
	text := []byte(strings.ToLower(form))
	if len(text) == 0 || slices.ContainsFunc(p.spellings, func(s spelling) bool { return bytes.Equal(s.text, text) }) {
		return
	}
	p.spellings = append(p.spellings, spelling{text, pseudonym})
}

// unicodeForm is an address with its domain as people write it.
func unicodeForm(address string) string {
	at := domainAt(address)
	if at == len(address) {
		return address
	}
	domain, err := idna.Lookup.ToUnicode(address[at+1:])
	if err != nil {
		return address
	}
	return address[:at+1] + domain
}

// Mentions reports whether a text has one of the addresses, in whichever case, also where it is written in JSON's escapes, in
// those of URLs or HTML, in quoted-printable or within base64.
func (p *Person) Mentions(text []byte) bool { return eachReading(text, maxPeels, p.has) }

// maxPeels is how often one encoding may be wrapped in another.
const maxPeels = 3

// eachReading calls use with a text, and with what it may stand for, until use returns true, and reports whether it did. Base64
// is looked into where it holds an @.
func eachReading(text []byte, depth int, use func([]byte) bool) bool {
	if use(text) {
		return true
	}
	for range maxPeels {
		inner := peelEscapes(text)
		if inner == nil {
			break
		}
		if text = inner; use(text) {
			return true
		}
	}
	if inner := peelQuotedPrintable(text); inner != nil && (use(inner) || useFolds(inner, use)) {
		return true
	}
	if useFolds(text, use) {
		return true
	}
	if depth == 0 {
		return false
	}
	for _, inner := range base64Parts(text) {
		if eachReading(inner, depth-1, use) {
			return true
		}
	}
	return false
}

func useFolds(text []byte, use func([]byte) bool) bool {
	inner := peelFolds(text)
	return inner != nil && use(inner)
}

// has looks for the spellings as they are, but for the case.
func (p *Person) has(text []byte) bool {
	if bytes.IndexByte(text, '@') < 0 { // every spelling has one
		return false
	}
	at, _ := p.find(bytes.ToLower(text), 0)
	return at >= 0
}

// find finds the first spelling in a text in small letters, from a place on, that is an address of its own: joann@acme.test
// is not ann@acme.test.
func (p *Person) find(lower []byte, from int) (at int, found spelling) {
	at = -1
	for _, s := range p.spellings {
		for begin := from; ; {
			i := bytes.Index(lower[begin:], s.text)
			if i < 0 {
				break
			}
			i += begin
			if alone(lower, i, i+len(s.text)) {
				if at < 0 || i < at {
					at, found = i, s
				}
				break
			}
			begin = i + 1
		}
	}
	return at, found
}

// alone reports whether what stands before and after a place of a text can't be of the same address.
func alone(text []byte, begin, end int) bool {
	if begin > 0 && atom(text[begin-1]) && !escapeEnds(text, begin) {
		return false
	}
	if end == len(text) {
		return true
	}
	c := text[end]
	if c == '.' || c == '-' { // a dot may end a sentence
		return end+1 == len(text) || !word(text[end+1])
	}
	return !word(c)
}

// escapeEnds reports whether an escape ends before a place: "\nann@acme.test" in JSON, "%3Cann" in a URL, "=3Cann" in mail.
func escapeEnds(text []byte, at int) bool {
	return at >= 2 && text[at-2] == '\\' || at >= 3 && (text[at-3] == '%' || text[at-3] == '=')
}

func word(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 0x80 }

// atom tells what may stand in an address before a place. What also parts an address from other words (= / ' ! # and the
// like) does not count: it is better to find one too many.
func atom(c byte) bool { return word(c) || c == '.' || c == '-' || c == '_' || c == '+' }

// Scrub replaces the addresses in a text by their pseudonyms, with the name before one in angle brackets. Where an address is
// so written that it can't be replaced, all of the text is.
func (p *Person) Scrub(text string) string {
	if !p.Mentions([]byte(text)) {
		return text
	}
	out := p.replace(text)
	if p.Mentions([]byte(out)) {
		out = p.replace(string(peeled([]byte(text))))
	}
	if p.Mentions([]byte(out)) {
		return Erased
	}
	return out
}

// Erased stands for a text of which nothing is left.
const Erased = "erased"

func (p *Person) replace(text string) string {
	lower := []byte(strings.ToLower(text))
	if len(lower) != len(text) { // letters whose small form is longer: places would not fit
		return text
	}
	var out strings.Builder
	for from := 0; ; {
		at, s := p.find(lower, from)
		if at < 0 {
			out.WriteString(text[from:])
			return out.String()
		}
		out.WriteString(withoutName(text[from:at]))
		out.WriteString(s.pseudonym)
		from = at + len(s.text)
	}
}

// withoutName takes the display name off the end of a text after which an address in angle brackets begins.
func withoutName(before string) string {
	rest, bracket := strings.CutSuffix(before, "<")
	if !bracket {
		return before
	}
	i := strings.LastIndexAny(rest, ",;:\n") + 1
	if rest = rest[:i]; rest != "" && !strings.HasSuffix(rest, "\n") {
		rest += " "
	}
	return rest + "<"
}

// peeled takes escapes off a text as often as there are any.
func peeled(text []byte) []byte {
	for range maxPeels {
		inner := peelEscapes(text)
		if inner == nil {
			break
		}
		text = inner
	}
	return text
}

// Addresses calls found with every word of a text that looks like an address, in its normal form, until found returns false.
func Addresses(text []byte, found func(address string) bool) {
	eachReading(text, maxPeels, func(text []byte) bool { return !addresses(text, found) })
}

func addresses(text []byte, found func(string) bool) bool {
	for from := 0; ; {
		i := bytes.IndexByte(text[from:], '@')
		if i < 0 {
			return true
		}
		i += from
		begin, end := i, i+1
		for begin > 0 && local(text[begin-1]) {
			begin--
		}
		for end < len(text) && (word(lowered(text[end])) || text[end] == '.' || text[end] == '-') {
			end++
		}
		from = i + 1
		if begin == i || end == i+1 {
			continue
		}
		a := event.ParseAddress(strings.TrimRight(string(text[begin:end]), ".-"))
		// What stands before may be of the text around it: "to=ann@acme.test".
		for key := a.Key; key != ""; {
			if !found(key) {
				return false
			}
			cut := strings.IndexAny(key[:domainAt(key)], "=/'!#*{}|`&?$~^%:")
			if cut < 0 {
				break
			}
			key = key[cut+1:]
		}
	}
}

func lowered(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// local tells what may stand in the local part of an address without quotes.
func local(c byte) bool {
	return atom(lowered(c)) || strings.IndexByte("=/'!#*{}|`&?$~^%:", c) >= 0
}
