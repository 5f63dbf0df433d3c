package liquid

import (
	"strconv"
	"strings"
)

type wordKind uint8

const (
	endWord wordKind = iota
	nameWord
	textWord
	numberWord
	signWord
)

// word is a piece of an expression.
type word struct {
	kind  wordKind
	at    int // offset in the template
	s     string
	value any // of a text or number
}

var signs = []string{"??", "==", "!=", "<>", "<=", ">=", "..", "<", ">", "=", "|", ":", ",", ".", "[", "]", "(", ")"}

// words cuts an expression that stands at an offset into its pieces. A piece that is none is a problem.
func (p *parser) words(src string, at int) (list []word, ok bool) {
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case isBlank(c) || c == '\f' || c == '\v':
			i++
		case c == '"' || c == '\'':
			n := strings.IndexByte(src[i+1:], c)
			if n < 0 {
				p.problem(at+i, "This text is not ended: a %c is missing.", c)
				return nil, false
			}
			s := src[i+1 : i+1+n]
			list = append(list, word{textWord, at + i, s, s})
			i += n + 2
		case isDigit(c) || c == '-' && i+1 < len(src) && isDigit(src[i+1]):
			w := number(src[i:], at+i)
			list = append(list, w)
			i += len(w.s)
		case isWord(c):
			end := i + 1
			for end < len(src) && (isWord(src[end]) || src[end] == '-' && end+1 < len(src) && isWord(src[end+1])) {
				end++
			}
			if end < len(src) && src[end] == '?' && !strings.HasPrefix(src[end:], "??") {
				end++
			}
			list = append(list, word{nameWord, at + i, src[i:end], nil})
			i = end
		default:
			s := sign(src[i:])
			if s == "" {
				p.problem(at+i, "%q does not belong here.", firstRune(src[i:]))
				return nil, false
			}
			list = append(list, word{signWord, at + i, s, nil})
			i += len(s)
		}
	}
	return append(list, word{endWord, at + len(src), "", nil}), true
}

func sign(s string) string {
	for _, x := range signs {
		if strings.HasPrefix(s, x) {
			return x
		}
	}
	return ""
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func number(s string, at int) word {
	end := 1
	for end < len(s) && isDigit(s[end]) {
		end++
	}
	if end+1 < len(s) && s[end] == '.' && isDigit(s[end+1]) {
		for end++; end < len(s) && isDigit(s[end]); end++ {
		}
	}
	text := s[:end]
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return word{numberWord, at, text, n}
	}
	f, _ := strconv.ParseFloat(text, 64)
	return word{numberWord, at, text, f}
}
