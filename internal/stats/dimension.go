package stats

import (
	"net/url"
	"strings"

	"tidings/event"
)

// ReasonOf is what a bounce or complaint is counted by: "hard/no_such_user", "abuse". It is "" for other events.
func ReasonOf(e *event.Event) string {
	switch {
	case e.Name == event.EmailBounce && e.Bounce != nil:
		reason := e.Bounce.Reason
		if reason == "" {
			reason = unsaid
		}
		return string(e.Bounce.Class) + "/" + reason
	case e.Name == event.EmailComplaint && e.Complaint != nil:
		if e.Complaint.FeedbackType == "" {
			return unsaid
		}
		return e.Complaint.FeedbackType
	}
	return ""
}

// unsaid stands for what the provider did not say.
const unsaid = "unknown"

// maxLink is how much of a link is kept to count by, in bytes.
const maxLink = 300

// LinkOf is what a click is counted by: its URL without query and fragment, which carry what is one person's, and with
// ":id" for each part of its path that is a number or a token. It is "" for other events, and where there is no URL.
func LinkOf(e *event.Event) string {
	if e.Name != event.EmailClick || e.Click == nil || e.Click.URL == "" {
		return ""
	}
	u, err := url.Parse(e.Click.URL)
	if err != nil || u.Host == "" {
		text, _, _ := strings.Cut(e.Click.URL, "?")
		return cutText(text, maxLink)
	}
	parts := strings.Split(u.EscapedPath(), "/")
	for i, p := range parts {
		if isToken(p) {
			parts[i] = ":id"
		}
	}
	return cutText(strings.ToLower(u.Scheme+"://"+u.Host)+strings.Join(parts, "/"), maxLink)
}

// Lengths from which a part of a path names one thing of many.
const (
	longNumber = 5
	longHex    = 16
	longToken  = 20
)

// isToken tells a number or a random name from a word: "summer-sale-2026" stays, "4f870c1e8a374cce" does not.
func isToken(part string) bool {
	digits, lower, upper, others := 0, 0, 0, 0
	for i := range len(part) {
		switch c := part[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z':
			lower++
		case c >= 'A' && c <= 'Z':
			upper++
		default:
			others++
		}
	}
	switch {
	case digits == len(part):
		return digits >= longNumber
	case isHex(part):
		return len(part) >= longHex && digits > 0
	case len(part) < longToken || digits == 0:
		return false
	}
	mixed := lower > 2 && upper > 2
	return mixed && others <= 2 || others == 0 && digits*4 >= len(part)
}

func isHex(part string) bool {
	for i := range len(part) {
		if !strings.ContainsRune("0123456789abcdefABCDEF-", rune(part[i])) {
			return false
		}
	}
	return true
}

// cutText shortens a text without breaking a character.
func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
