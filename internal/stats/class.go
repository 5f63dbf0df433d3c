package stats

import (
	"strings"

	"tidings/event"
)

// Class is what counters keep apart within a name: who opened or clicked, how a message bounced, what does not count.
// It is stored: values never change.
type Class uint8

// The classes. Plain is for every event that is in no other.
const (
	Plain Class = iota
	ByHuman
	ByMachine
	ByProxy
	ByUnknown
	OfCandidates  // attribution candidates: counted apart from all others, never unique
	Aside         // out of the rates: an echo of the provider's own list, or mail to a provider's simulator
	HardBounce    // the address does not take mail, for good
	SoftBounce    // not now, or not this message
	BlockBounce   // refused by policy
	OtherBounce   // automatic replies, and what nobody could tell
	MildComplaint // not-spam and auth-failure: nobody complained of the message
)

// Known reports whether a stored class is one of those above.
func (c Class) Known() bool { return c <= MildComplaint }

// ClassOf returns the class of an event. It is a function of the event alone, so that order does not matter.
func ClassOf(e *event.Event) Class {
	switch {
	case e.Attribution == event.Candidates:
		return OfCandidates
	case isAside(e):
		return Aside
	}
	switch e.Name {
	case event.EmailOpen, event.EmailClick:
		return actorClass(e.VerdictOf())
	case event.EmailReply, event.EmailReceived:
		if e.VerdictOf() == event.Machine {
			return ByMachine
		}
	case event.EmailBounce:
		return bounceClass(e.Bounce)
	case event.EmailComplaint:
		if c := e.Complaint; c != nil && (c.FeedbackType == "not-spam" || c.FeedbackType == "auth-failure") {
			return MildComplaint
		}
	}
	return Plain
}

// simulators are the domains that providers take mail for to try things out (Amazon SES: the mailbox simulator).
var simulators = []string{"@simulator.amazonses.com"}

// isAside reports whether an event says nothing of how mail is received.
func isAside(e *event.Event) bool {
	for _, domain := range simulators {
		if strings.HasSuffix(e.Recipient, domain) {
			return true
		}
	}
	return e.Bounce != nil && e.Bounce.Class == event.Suppressed || e.Complaint != nil && e.Complaint.Echo
}

func actorClass(v event.Verdict) Class {
	switch v {
	case event.Human:
		return ByHuman
	case event.Machine:
		return ByMachine
	case event.Proxy:
		return ByProxy
	}
	return ByUnknown
}

func bounceClass(b *event.Bounce) Class {
	if b == nil {
		return OtherBounce
	}
	switch b.Class {
	case event.Hard:
		return HardBounce
	case event.Soft:
		return SoftBounce
	case event.Block:
		return BlockBounce
	}
	return OtherBounce
}

var verdicts = [...]event.Verdict{
	ByHuman: event.Human, ByMachine: event.Machine, ByProxy: event.Proxy, ByUnknown: event.Unsure,
}

// Verdict is the inverse of ClassOf for opens and clicks; other classes have none.
func (c Class) Verdict() event.Verdict {
	if int(c) >= len(verdicts) {
		return ""
	}
	return verdicts[c]
}

var classWords = [...]string{
	"", "human", "machine", "proxy", "unknown", "candidates", "aside", "hard", "soft", "block", "other", "mild",
}

// String is the class in the word of the public JSON; "" for Plain.
func (c Class) String() string {
	if !c.Known() {
		return ""
	}
	return classWords[c]
}
