package compose

import (
	"encoding/base64"
	"net/mail"
	"strings"
	"unicode/utf8"

	"tidings/internal/send"
)

// box is an address as it is written.
type box struct {
	name string
	wire string // local part, quoted where it must be, and the domain in ASCII
	utf8 bool   // the local part is not ASCII
}

func mailbox(x send.Mailbox) box {
	address := x.Address
	if parsed, err := mail.ParseAddress("<" + address + ">"); err == nil {
		address = parsed.Address
	}
	local, domain := cut(address)
	if ascii, err := asciiDomain(domain); err == nil {
		domain = ascii
	}
	wire := (&mail.Address{Address: local + "@" + domain}).String()
	return box{name: x.Name, wire: strings.Trim(wire, "<>"), utf8: !printable(local)}
}

// field is the address with its name, as a header has it.
func (b box) field() string {
	if b.name == "" {
		return b.wire
	}
	name := b.name
	switch {
	case needsWords(name) || longWord(name):
		name = encodedWords(name)
	case strings.ContainsFunc(name, func(r rune) bool { return r != ' ' && !atomic(r) }):
		name = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return name + " <" + b.wire + ">"
}

// atomic reports whether a letter needs no quotes (RFC 5322, section 3.2.3).
func atomic(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// needsWords reports whether a text would not come out as it is if it were written plainly.
func needsWords(s string) bool {
	return !printable(s) || strings.Contains(s, "=?") || strings.Contains(s, "  ") || strings.TrimSpace(s) != s
}

// longWord reports whether a text has a word that lines can't be folded around.
func longWord(s string) bool {
	for word := range strings.SplitSeq(s, " ") {
		if len(word) > maxWord/2 {
			return true
		}
	}
	return false
}

// text is an unstructured text, such as a subject.
func text(s string) string {
	if needsWords(s) || longWord(s) {
		return encodedWords(s)
	}
	return s
}

// value is that of a header that somebody asks for. A run of blanks becomes one; what is not ASCII is encoded.
func value(s string) string {
	if !printable(s) {
		return encodedWords(s)
	}
	return strings.Join(strings.Fields(s), " ")
}

// wordBytes are as many bytes as make an encoded word of at most 75 letters (RFC 2047, section 2).
const wordBytes = 45

// encodedWords writes a text in encoded words, none of which ends within a letter.
func encodedWords(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		n := min(wordBytes, len(s))
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("=?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte(s[:n])) + "?=")
		s = s[n:]
	}
	return b.String()
}
