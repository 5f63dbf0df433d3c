package dsn

import (
	"strings"

	"tidings/event"
)

// smtp is what the remote server answered, and what the report makes of it.
type smtp struct {
	code       int
	enhanced   string // RFC 3463; empty: not said
	diagnostic string
}

// catchAll ends an enhanced status that says no more than its first digit.
const catchAll = ".0.0"

// readSMTP takes the code from the diagnostic, and the enhanced status from the report, which says more than the remote
// server's where the reporter itself gave up (4.4.7), unless it is a catch-all (5.0.0): Exim writes that for everything.
func readSMTP(status, diagnostic string) smtp {
	code, enhanced := event.ParseSMTP(diagnostic)
	if _, own := event.ParseSMTP(status); own != "" && (enhanced == "" || !strings.HasSuffix(own, catchAll)) {
		enhanced = own
	}
	return smtp{code, enhanced, diagnostic}
}

func (s smtp) reason() string {
	if strings.HasSuffix(s.enhanced, catchAll) {
		return event.ReasonOfSMTP(s.code, "")
	}
	return event.ReasonOfSMTP(s.code, s.enhanced)
}

// classes are the classes of permanent failures by their reason. Without a reason nobody knows whether the address or
// the message was refused: such a failure is undetermined, never a guess.
var classes = map[string]event.BounceClass{
	event.ReasonNoSuchUser: event.Hard, event.ReasonDNS: event.Hard,
	event.ReasonMailboxFull: event.Soft, event.ReasonUnreachable: event.Soft, event.ReasonRetriesExhausted: event.Soft,
	event.ReasonMessageTooLarge: event.Soft, event.ReasonContentRejected: event.Soft,
	event.ReasonThrottled: event.Block, event.ReasonBlocked: event.Block, event.ReasonAuthentication: event.Block,
}

// class sorts a failure. A status of class 4 is a temporary failure that nobody tries again: never hard. Nor is a
// directory that does not answer (5.4.3), unlike a domain that is not there (5.1.2).
func (s smtp) class() event.BounceClass {
	found, known := classes[s.reason()]
	switch {
	case s.temporary() && found == event.Block:
		return event.Block
	case s.temporary(), found == event.Hard && strings.HasPrefix(s.enhanced, "5.4."):
		return event.Soft
	case s.permanent() && known:
		return found
	}
	return event.Undetermined
}

func (s smtp) temporary() bool {
	return strings.HasPrefix(s.enhanced, "4.") || s.enhanced == "" && s.code/100 == 4
}

func (s smtp) permanent() bool {
	return strings.HasPrefix(s.enhanced, "5.") || s.enhanced == "" && s.code/100 == 5
}
