package control

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tidings/internal/fault"
)

// problems gathers everything that is wrong with an input, so that one answer tells all of it.
type problems []error

func (p *problems) add(field, format string, args ...any) {
	*p = append(*p, fault.BadField(field, format, args...))
}

func (p *problems) addError(err error) {
	if err != nil {
		*p = append(*p, err)
	}
}

func (p problems) err() error { return errors.Join(p...) }

// text checks a text of one line: UTF-8, no control characters, within its length in characters.
func (p *problems) text(field, s string, least, most int) {
	n := utf8.RuneCountInString(s)
	switch {
	case !utf8.ValidString(s):
		p.add(field, "is not valid UTF-8")
	case strings.ContainsFunc(s, unicode.IsControl):
		p.add(field, "holds control characters")
	case n < least && n == 0:
		p.add(field, "is required")
	case n < least || n > most:
		p.add(field, "must have %d to %d characters, not %d", least, most, n)
	}
}

// oneOf checks a word against those that are known. An empty word passes.
func (p *problems) oneOf(field, word string, known []string) {
	if word != "" && !slices.Contains(known, word) {
		p.add(field, "%.100q is not known: want one of %s", word, strings.Join(known, ", "))
	}
}

const (
	maxLimit = 1000
	// maxFilter is the longest value of a filter, in characters: no text that is stored under an index is longer.
	maxFilter = 1000
)

// limit checks the length of a page; 0 means the default.
func (p *problems) limit(n int) {
	if n < 0 || n > maxLimit {
		p.add("limit", "must be between 1 and %d", maxLimit)
	}
}
