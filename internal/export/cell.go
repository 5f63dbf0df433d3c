package export

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// AppendCell writes a cell of CSV in quotes. One that a spreadsheet would take for a formula gets an apostrophe, and so does
// one that would be taken for such a cell: Unguarded is the way back.
func AppendCell(b []byte, cell string) []byte { return appendQuoted(b, cell, guards(cell)) }

func appendQuoted(b []byte, cell string, guard bool) []byte {
	return append(appendCell(append(b, '"'), cell, guard), '"')
}

// appendCell writes what is between the quotes, with an apostrophe before it or without.
func appendCell(b []byte, cell string, guard bool) []byte {
	if guard {
		b = append(b, '\'')
	}
	for i := range len(cell) {
		if cell[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, cell[i])
	}
	return b
}

// formulas are the characters that begin a formula in one spreadsheet or another, with their full-width forms. A line feed is
// what readers make of a carriage return with one.
var formulas = []rune{'=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'}

// guards reports whether a cell begins like a formula after any number of apostrophes.
func guards[T string | []byte](cell T) bool {
	rest := bytes.TrimLeft([]byte(cell), "'")
	r, _ := utf8.DecodeRune(rest)
	return slices.Contains(formulas, r)
}

// Unguarded takes off the apostrophe of AppendCell, which spreadsheets write too.
func Unguarded(cell []byte) []byte {
	if len(cell) > 0 && cell[0] == '\'' && guards(cell) {
		return cell[1:]
	}
	return cell
}
