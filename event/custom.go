package event

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxCustomName is the longest name of a custom event, in bytes.
const MaxCustomName = 256

// The reasons why a word can't be the name of a custom event.
var (
	// ErrReservedName: it is built in, or one of the words that stand for a built-in name in every filter.
	ErrReservedName = errors.New("the name is reserved for events of Tidings itself")
	// ErrBadName: it is empty, too long, or has characters that can't be seen.
	ErrBadName = errors.New("a name has 1 to 256 bytes, all of characters that can be seen")
)

// reservedPrefixes begin built-in names, in any case; more of them may come.
var reservedPrefixes = []string{"email.", "contact.", "segment."}

// CustomName makes the name of a custom event of a word from outside: without blanks around it and in Unicode NFC, else as
// it is, in its own case. It returns ErrReservedName or ErrBadName for what no event from outside can be called. Making a
// name of the result again changes nothing.
func CustomName(word string) (Name, error) {
	s := strings.TrimSpace(norm.NFC.String(word))
	if s == "" || len(s) > MaxCustomName || !utf8.ValidString(s) {
		return "", ErrBadName
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", ErrBadName
	}
	lower := strings.ToLower(s)
	for _, p := range reservedPrefixes {
		if strings.HasPrefix(lower, p) {
			return "", ErrReservedName
		}
	}
	if Canonical(s).Slot() != 0 {
		return "", ErrReservedName // no filter would find it under this name
	}
	return Name(s), nil
}
