package control

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"tidings/event"
	"tidings/internal/contact"
	"tidings/internal/export"
	"tidings/internal/store"
)

// BadLine is a line of a list that was not taken.
type BadLine struct {
	Line    int    // from 1, as an editor counts
	Field   string // address, reason, since, until; empty: the line as a whole
	Code    string // what is wrong, for programs
	Message string // what is wrong, for people
}

// The codes of bad lines.
const (
	badLine    = "bad_line"
	badAddress = "bad_address"
	badReason  = "bad_reason"
	badPattern = "bad_pattern"
)

// cells are what a line says, in the order of columns.
type cells [providerColumn][]byte

// pick takes the cells out of a record. It reports a record that does not fit to the header.
func (l *layout) pick(fields [][]byte) (x cells, bad *BadLine) {
	for i, f := range fields {
		if i < len(l.columns) {
			if col := l.columns[i]; col != noColumn && col != providerColumn {
				if col != noteColumn { // a note keeps its blanks
					f = bytes.TrimSpace(f)
				}
				x[col] = export.Unguarded(f)
			}
		} else if len(bytes.TrimSpace(f)) > 0 {
			return x, &BadLine{Code: badLine, Message: fmt.Sprintf("has %d fields, more than the list has columns (%d)",
				len(fields), len(l.columns))}
		}
	}
	return x, nil
}

// lineReader makes suppressions out of cells.
type lineReader struct {
	now    time.Time
	reason contact.Reason // of lines that say none
}

// isPattern reports whether a line means all addresses of a domain.
func isPattern(address []byte) bool { return bytes.HasPrefix(address, []byte("*@")) }

const patternHasNoEnd = "a pattern has no end: lift it when its time comes"

func (r *lineReader) pattern(x cells) (store.NewPattern, *BadLine) {
	p, err := contact.ParsePattern(string(x[addressColumn]))
	reason := strings.ToLower(string(x[reasonColumn]))
	switch {
	case err != nil:
		return store.NewPattern{}, &BadLine{Field: "address", Code: badPattern, Message: err.Error()}
	case reason != "" && reason != string(contact.Manual):
		return store.NewPattern{}, &BadLine{Field: "reason", Code: badReason, Message: "a pattern's reason is manual"}
	case len(x[untilColumn]) > 0:
		return store.NewPattern{}, &BadLine{Field: "until", Code: badPattern, Message: patternHasNoEnd}
	}
	return store.NewPattern{Pattern: p, Note: cleanNote(x[noteColumn])}, nil
}

func (r *lineReader) suppression(x cells) (n store.NewSuppression, bad *BadLine) {
	var problem string
	if n.Address, problem = readAddress(x[addressColumn]); problem != "" {
		return n, &BadLine{Field: "address", Code: badAddress, Message: problem}
	}
	n.Reason = r.reason
	if word := x[reasonColumn]; len(word) > 0 {
		var known bool
		if n.Reason, known = reasonNames[strings.ToLower(string(word))]; !known {
			return n, &BadLine{
				Field: "reason", Code: badReason,
				Message: quoted(word) + " is not known: want one of " + strings.Join(Reasons(), ", "),
			}
		}
	}
	if n.Since, problem = listTime(x[sinceColumn]); problem != "" {
		return n, &BadLine{Field: "since", Code: codeBadTime, Message: problem}
	}
	if n.Since.IsZero() {
		n.Since = r.now
	}
	if n.Until, problem = listTime(x[untilColumn]); problem != "" {
		return n, &BadLine{Field: "until", Code: codeBadTime, Message: problem}
	}
	n.Note = cleanNote(x[noteColumn])
	if field, problem := r.span(n); problem != "" {
		return n, &BadLine{Field: field, Code: codeBadTime, Message: problem}
	}
	return n, nil
}

// maxSkew is how far a clock elsewhere may be ahead of ours.
const maxSkew = 24 * time.Hour

// span checks that a suppression began and has not ended.
func (r *lineReader) span(n store.NewSuppression) (field, problem string) {
	switch {
	case n.Since.After(r.now.Add(maxSkew)):
		return "since", "is in the future"
	case !n.Until.IsZero() && !n.Until.After(r.now):
		return "until", "is past: such a suppression would hold for nobody"
	case !n.Until.IsZero() && !n.Until.After(n.Since):
		return "until", "must be later than since"
	}
	return "", ""
}

// maxListAddress is the longest address that is kept whole, in bytes.
const maxListAddress = 512

// readAddress checks that a text is an address somebody could have, and returns how the contact is known.
func readAddress(b []byte) (key, problem string) {
	switch {
	case len(b) == 0:
		return "", "is required"
	case len(b) > maxListAddress:
		return "", "is longer than 512 bytes"
	case !utf8.Valid(b):
		return "", "is not valid UTF-8"
	case bytes.ContainsFunc(b, unicode.IsControl):
		return "", "holds control characters"
	}
	a := event.ParseAddress(string(b))
	local, domain, ok := cutAtLast(a.Key)
	quotes := strings.HasPrefix(local, `"`) && strings.HasSuffix(local, `"`) && len(local) > 1
	switch {
	case !ok || local == "" || domain == "":
		return "", quoted(b) + " is not an address: want local@domain"
	case strings.ContainsAny(domain, " \"(),:;<>@\\"), !quotes && strings.ContainsAny(local, " \"(),:;<>@\\"):
		return "", quoted(b) + " is not an address: it holds characters that an address can't"
	case strings.HasPrefix(local, "*"):
		return "", quoted(b) + " is not an address: a pattern is *@ and a domain, or *@*. and a domain"
	}
	return a.Key, ""
}

func cutAtLast(s string) (local, domain string, ok bool) {
	i := strings.LastIndexByte(s, '@')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// quoted is a text as it can be shown, cut to what a person reads.
func quoted(b []byte) string {
	s := []rune(strings.ToValidUTF8(string(b), "\ufffd"))
	return strconv.Quote(string(s[:min(len(s), 60)]))
}

// timeForms are the times of lists: ours first, then those of providers' exports. Times without a zone are of UTC.
var timeForms = []string{
	time.RFC3339, time.DateOnly, time.DateTime, "2006-01-02T15:04:05", time.RFC1123, time.RFC1123Z, "2006-01-02 15:04:05 MST",
}

// listTime reads a time of a list. Empty is the zero time. Seconds and milliseconds since 1970 are times too.
func listTime(b []byte) (time.Time, string) {
	if len(b) == 0 {
		return time.Time{}, ""
	}
	s := string(b)
	for _, form := range timeForms {
		if t, err := time.Parse(form, s); err == nil && event.ValidTime(t) {
			return t.UTC(), ""
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) >= 9 && len(s) <= 13 && n > 0 {
		if len(s) > 11 {
			return time.UnixMilli(n).UTC(), ""
		}
		return time.Unix(n, 0).UTC(), ""
	}
	return time.Time{}, quoted(b) + " is neither a time such as 2026-05-04T10:12:00Z nor a date such as 2026-05-04"
}

// cleanNote makes a text fit to be a note. It is never a reason to leave a suppression out: what is no UTF-8 is read as
// Windows-1252, control characters become blanks, and what is too long is cut.
func cleanNote(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if !utf8.Valid(b) {
		b, _ = charmap.Windows1252.NewDecoder().Bytes(b)
	}
	s := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, string(b))
	if r := []rune(s); len(r) > maxNote {
		s = string(r[:maxNote])
	}
	return s
}
