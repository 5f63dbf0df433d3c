package send

import "strings"

// ReturnPath is the address to which reports of one send come back: the send's id stands in it after a plus, so that a
// report leads to its send whatever it says. Empty: base is.
func ReturnPath(base, id string) string {
	at := strings.LastIndexByte(base, '@')
	if at < 0 {
		return ""
	}
	return base[:at] + "+" + id + base[at:]
}
