package dsn

import (
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-message"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/event"
)

// get is a field's value in one line.
func get(h *message.Header, name string) string {
	if h.Len() == 0 {
		return ""
	}
	return strings.Join(strings.Fields(h.Get(name)), " ")
}

// bare takes a field's type and comments off: "dns; mx.acme.test" is "mx.acme.test".
func bare(value string) string {
	if _, rest, ok := strings.Cut(value, ";"); ok {
		return strings.TrimSpace(rest)
	}
	return value
}

// addressTypes are the types of addresses in reports that are those of mail (RFC 3464, RFC 6533); none is one, too.
var addressTypes = map[string]bool{"": true, "rfc822": true, "utf-8": true, "smtp": true}

// address is the address in a field of a report; empty where the field has none or one of another network.
func address(value string) string {
	kind, rest, ok := strings.Cut(value, ";")
	if !ok {
		kind, rest = "", value
	}
	rest = strings.TrimSpace(rest)
	if !addressTypes[strings.ToLower(strings.TrimSpace(kind))] || event.ParseAddress(rest).Domain == "" {
		return ""
	}
	return rest
}

// redacted reports whether an address was made unreadable by whoever reports: they may not say who complained.
func redacted(address string) bool {
	a := event.ParseAddress(address)
	local, _, _ := strings.Cut(a.Key, "@")
	return a.Domain == "" || strings.Contains(a.Key, "redacted") || strings.Contains(a.Key, "*") ||
		strings.Trim(local, "x.") == "" || strings.HasPrefix(local, "hidden")
}

// keyAddress is the form of an address in natural keys. It is deliberately simpler than event.ParseAddress and must
// never change: ids are made of it.
func keyAddress(s string) string {
	if open := strings.LastIndexByte(s, '<'); open >= 0 {
		if end := strings.IndexByte(s[open:], '>'); end > 0 {
			s = s[open+1 : open+end]
		}
	}
	return lowerASCII(strings.Trim(s, " \t\r\n"))
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// addresses are all addresses of a header's field.
func addresses(h *message.Header, name string) (list []string) {
	if h.Len() == 0 {
		return nil
	}
	for _, value := range h.Values(name) {
		parsed, err := mail.ParseAddressList(value)
		for _, a := range parsed {
			list = append(list, a.Address)
		}
		if err != nil {
			list = append(list, strings.Split(value, ",")...)
		}
	}
	return list
}

// zones are the names of time zones that mail had before it had numbers (RFC 5322, section 4.3).
var zones = map[string]string{
	"UT": "+0000", "UTC": "+0000", "GMT": "+0000", "Z": "+0000", "EST": "-0500", "EDT": "-0400", "CST": "-0600",
	"CDT": "-0500", "MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700",
}

// maxDate bounds the text of a time.
const maxDate = 100

// parseTime reads a time as mail has it; zero where it is none. A zone by a name that RFC 5322 does not know counts as
// UTC, as it says: nothing here may depend on the zone of this machine.
func parseTime(s string) time.Time {
	s, _, _ = strings.Cut(s, "(")
	words := strings.Fields(s)
	if len(words) < 4 || len(s) > maxDate {
		return time.Time{}
	}
	last := &words[len(words)-1]
	switch zone, known := zones[strings.ToUpper(*last)]; {
	case known:
		*last = zone
	case strings.Contains(*last, ":"):
		words = append(words, "+0000") // no zone at all
	case !strings.HasPrefix(*last, "+") && !strings.HasPrefix(*last, "-"):
		*last = "+0000"
	}
	t, err := mail.ParseDate(strings.Join(words, " "))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// firstTime is the first of times that is one.
func firstTime(list ...time.Time) time.Time {
	for _, t := range list {
		if event.ValidTime(t) {
			return t
		}
	}
	return time.Time{}
}

// object writes names and values, in pairs, as a JSON object without the empty values; nil where all are.
func object(pairs ...string) []byte {
	var out []byte
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		out = append(out, ","...)
		out, _ = jsontext.AppendQuote(out, pairs[i])
		out = append(out, ':')
		out, _ = jsontext.AppendQuote(out, event.CleanText(pairs[i+1], maxData))
	}
	if out == nil {
		return nil
	}
	out[0] = '{'
	return append(out, '}')
}

// maxData bounds one value in an event's data, in bytes.
const maxData = 1024
