package liquid

import "strings"

type tokenKind uint8

const (
	textToken tokenKind = iota
	outputToken
	tagToken
	openToken // {{ or {% without its end
)

// token is a piece of a template: text, {{ … }} or {% … %}.
type token struct {
	kind tokenKind
	at   int    // offset of its first byte
	text string // a text as it is written, or what stands between the marks
	in   int    // offset of text
	name string // of a tag; empty: there is none
	args int    // offset of what follows the name
}

// scan cuts a template into its pieces. Blanks beside a mark with a hyphen are gone.
func scan(src string) (list []token) {
	trim := false // the mark before had a hyphen
	for at := 0; at < len(src); {
		next := nextMark(src, at)
		if next > at {
			text, from := src[at:next], at
			if trim {
				short := strings.TrimLeft(text, " \t\r\n")
				from += len(text) - len(short)
				text = short
			}
			if next+2 < len(src) && src[next+2] == '-' {
				text = strings.TrimRight(text, " \t\r\n")
			}
			list = append(list, token{kind: textToken, at: from, in: from, text: text})
		}
		if next == len(src) {
			break
		}
		tok, end := mark(src, next)
		trim = tok.kind != openToken && src[end-3] == '-' && end-3 > tok.at+1
		list = append(list, tok)
		if tok.kind == tagToken && tok.name == "raw" {
			var raw token
			if raw, end = verbatim(src, end); raw.kind == textToken {
				list = append(list, raw)
			}
		}
		at = end
	}
	return list
}

func nextMark(src string, at int) int {
	for i := at; ; {
		n := strings.IndexByte(src[i:], '{')
		if n < 0 || i+n+1 >= len(src) {
			return len(src)
		}
		i += n
		if src[i+1] == '{' || src[i+1] == '%' {
			return i
		}
		i++
	}
}

// mark reads what begins with {{ or {%.
func mark(src string, at int) (token, int) {
	kind, closing := outputToken, "}}"
	if src[at+1] == '%' {
		kind, closing = tagToken, "%}"
	}
	n := closes(src[at+2:], closing)
	if n < 0 {
		return token{kind: openToken, at: at, in: at, text: src[at : at+2]}, at + 2
	}
	from, to := at+2, at+2+n
	end := to + 2
	if from < to && src[from] == '-' {
		from++
	}
	if from < to && src[to-1] == '-' {
		to--
	}
	tok := token{kind: kind, at: at, in: from, text: src[from:to]}
	if kind == tagToken {
		tok.name, tok.args = tagName(src, from, to)
	}
	return tok, end
}

// closes finds the end of a mark: outside of quotes, and where quotes do not end, at its first sight.
func closes(s, closing string) int {
	first := strings.Index(s, closing)
	if first < 0 {
		return -1
	}
	for i, quote := 0, byte(0); i+1 < len(s); i++ {
		switch {
		case quote != 0:
			if s[i] == quote {
				quote = 0
			}
		case s[i] == '"' || s[i] == '\'':
			quote = s[i]
		case s[i] == closing[0] && s[i+1] == closing[1]:
			return i
		case i > first+4096: // a quote that never ends has swallowed the end
			return first
		}
	}
	return first
}

func tagName(src string, from, to int) (string, int) {
	for from < to && isBlank(src[from]) {
		from++
	}
	end := from
	if end < to && src[end] == '#' {
		return "#", end + 1
	}
	for end < to && isWord(src[end]) {
		end++
	}
	return src[from:end], end
}

// verbatim reads what stands between raw and endraw, which it leaves to be read.
func verbatim(src string, at int) (token, int) {
	for i := at; ; {
		n := strings.Index(src[i:], "{%")
		if n < 0 {
			return token{kind: openToken}, at
		}
		i += n
		if tok, _ := mark(src, i); tok.kind == tagToken && tok.name == "endraw" {
			return token{kind: textToken, at: at, in: at, text: src[at:i]}, i
		}
		i += 2
	}
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

func isWord(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}

// Span is a part of a text: from the byte From up to To.
type Span struct{ From, To int }

// Marks are where {{ … }} and {% … %} stand in a text, in its order, also where what they hold is wrong.
func Marks(src string) (list []Span) {
	for at := 0; ; {
		next := nextMark(src, at)
		if next == len(src) {
			return list
		}
		tok, end := mark(src, next)
		list = append(list, Span{next, end})
		at = end
		if tok.kind == tagToken && tok.name == "raw" {
			if raw, end := verbatim(src, at); raw.kind == textToken {
				at = end
			}
		}
	}
}
