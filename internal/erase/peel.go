package erase

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"unicode/utf8"
)

// peelEscapes takes off the escapes of JSON, of URLs and of HTML's numbers; nil where there are none.
func peelEscapes(text []byte) (out []byte) {
	for from := 0; ; {
		i := bytes.IndexAny(text[from:], "\\%&")
		if i < 0 {
			if out != nil {
				out = append(out, text[from:]...)
			}
			return out
		}
		i += from
		r, n := escape(text[i:])
		if n == 0 {
			n = 1
			if out != nil {
				out = append(out, text[from:i+1]...)
			}
		} else {
			if out == nil {
				out = append(make([]byte, 0, len(text)), text[:from]...)
			}
			out = utf8.AppendRune(append(out, text[from:i]...), r)
		}
		from = i + n
	}
}

// escape reads the escape that a text begins with: what it stands for, and how long it is; 0: it begins with none.
func escape(text []byte) (r rune, n int) {
	switch {
	case len(text) < 2:
		return 0, 0
	case text[0] == '%' && len(text) >= 3:
		return number(text[1:3], 16, 3)
	case text[0] == '\\' && text[1] == 'u' && len(text) >= 6:
		return number(text[2:6], 16, 6)
	case text[0] == '\\':
		if r, known := controls[text[1]]; known {
			return r, 2
		}
		if bytes.IndexByte([]byte(`"\/`), text[1]) >= 0 {
			return rune(text[1]), 2
		}
	case text[0] == '&' && text[1] == '#':
		end := bytes.IndexByte(text[:min(len(text), maxEntity)], ';')
		if end < 3 {
			return 0, 0
		}
		digits, base := text[2:end], 10
		if digits[0] == 'x' || digits[0] == 'X' {
			digits, base = digits[1:], 16
		}
		return number(digits, base, end+1)
	}
	return 0, 0
}

// maxEntity is how long a number of HTML may be: &#x0000040;
const maxEntity = 12

// controls are the letters that JSON writes control characters with.
var controls = map[byte]rune{'n': '\n', 'r': '\r', 't': '\t', 'b': ' ', 'f': ' '}

func number(digits []byte, base, n int) (rune, int) {
	v, err := strconv.ParseUint(string(digits), base, 32)
	if err != nil || v > utf8.MaxRune {
		return 0, 0
	}
	return rune(v), n
}

// peelQuotedPrintable takes off what RFC 2045 writes of a text (section 6.7); nil where there is none of it.
func peelQuotedPrintable(text []byte) []byte {
	if bytes.IndexByte(text, '=') < 0 {
		return nil
	}
	out := make([]byte, 0, len(text))
	changed := false
	for i := 0; i < len(text); {
		c, written, n := quoted(text[i:])
		if n == 0 {
			out = append(out, text[i])
			i++
			continue
		}
		if written {
			out = append(out, c)
		}
		changed = true
		i += n
	}
	if !changed {
		return nil
	}
	return out
}

// quoted reads an octet, or a soft end of a line, which stands for nothing.
func quoted(text []byte) (c byte, written bool, n int) {
	switch {
	case text[0] != '=':
		return 0, false, 0
	case bytes.HasPrefix(text, []byte("=\r\n")):
		return 0, false, 3
	case bytes.HasPrefix(text, []byte("=\n")):
		return 0, false, 2
	case len(text) < 3:
		return 0, false, 0
	}
	v, err := strconv.ParseUint(string(text[1:3]), 16, 8)
	if err != nil {
		return 0, false, 0
	}
	return byte(v), true, 3
}

// peelFolds joins the lines of folded header fields (RFC 5322, section 2.2.3); nil where there are none.
func peelFolds(text []byte) []byte {
	out := bytes.ReplaceAll(text, []byte("\r\n "), nil)
	out = bytes.ReplaceAll(bytes.ReplaceAll(out, []byte("\n "), nil), []byte("\n\t"), nil)
	if len(out) == len(text) {
		return nil
	}
	return out
}

// minBase64 is how many letters of base64 are looked into: what is shorter holds no address.
const minBase64 = 12

// base64Parts decodes what looks like base64 in a text. Ends of lines may part it.
func base64Parts(text []byte) (parts [][]byte) {
	for from := 0; from < len(text); {
		end := from
		letters := 0
		for end < len(text) && (base64Letter(text[end]) || letters > 0 && (text[end] == '\n' || text[end] == '\r')) {
			if base64Letter(text[end]) {
				letters++
			}
			end++
		}
		if letters >= minBase64 && mayHoldAt(text[from:end]) {
			parts = appendBase64(parts, text[from:end])
		}
		from = max(end, from+1)
	}
	return parts
}

// mayHoldAt reports whether letters of base64 may stand for an @, wherever their groups begin: most words don't.
func mayHoldAt(run []byte) bool {
	last := byte(0xff)
	for _, c := range run {
		v := sextet(c)
		if v == 0xff {
			continue // the end of a line
		}
		if last == 16 && v < 16 || last&15 == 4 && v < 4 || last&3 == 1 && v == 0 {
			return true
		}
		last = v
	}
	return false
}

// sextet is what a letter of base64 stands for; 0xff: it is none.
func sextet(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c - 'A'
	case c >= 'a' && c <= 'z':
		return c - 'a' + 26
	case c >= '0' && c <= '9':
		return c - '0' + 52
	case c == '+', c == '-':
		return 62
	case c == '/', c == '_':
		return 63
	}
	return 0xff
}

// appendBase64 decodes letters from each of the four places where a group may begin: words may stand before it.
func appendBase64(parts [][]byte, run []byte) [][]byte {
	run = bytes.ReplaceAll(bytes.ReplaceAll(run, []byte("\n"), nil), []byte("\r"), nil)
	run = bytes.ReplaceAll(bytes.ReplaceAll(run, []byte("-"), []byte("+")), []byte("_"), []byte("/"))
	for skip := range 4 {
		rest := run[min(skip, len(run)):]
		rest = rest[:len(rest)/4*4]
		out := make([]byte, base64.RawStdEncoding.DecodedLen(len(rest)))
		n, err := base64.RawStdEncoding.Decode(out, rest)
		if err == nil && bytes.IndexByte(out[:n], '@') >= 0 {
			parts = append(parts, out[:n])
		}
		// The letters at the end that are no whole group.
		if tail := run[min(skip, len(run)):][len(rest):]; err == nil && len(tail) > 1 {
			last := make([]byte, 3)
			if m, err := base64.RawStdEncoding.Decode(last, tail); err == nil && bytes.IndexByte(out[:n], '@') >= 0 {
				parts[len(parts)-1] = append(parts[len(parts)-1], last[:m]...)
			}
		}
	}
	return parts
}

func base64Letter(c byte) bool { return sextet(c) != 0xff }
