package contact

import (
	"time"

	"tidings/event"
)

// Reason is why a contact is not to be mailed.
type Reason string

// The reasons.
const (
	HardBounce      Reason = "hard_bounce"
	SoftBounceLimit Reason = "soft_bounce"
	ComplaintReason Reason = "complaint" // sticky: lifted only by a person
	ProviderList    Reason = "provider"  // an echo of the provider's own list
	Manual          Reason = "manual"    // put there by a person or an import
)

// Suppression is a standing reason not to mail a contact. There is one for each contact and reason.
type Suppression struct {
	Reason   Reason
	Since    time.Time // occurredAt of the earliest fact
	Until    time.Time // zero: for good
	LiftedAt time.Time // zero: not lifted
	Event    event.ID  // the fact that Since comes from; zero for acts of people
	Note     string    // what was said when somebody put it there
	By       Author    // who put it there; zero: an event did, or it is not known
	LiftedBy Author    // zero: not lifted, or not known
	LiftNote string    // why it was lifted
}

// Author is who did something: a person, or a program by its key.
type Author struct {
	ID   string // a person's or key's id, or "cli"
	Name string // of a person
}

// Active reports whether the suppression holds at now.
func (s Suppression) Active(now time.Time) bool {
	return s.LiftedAt.IsZero() && (s.Until.IsZero() || now.Before(s.Until))
}

// Suppresses tells which reason an event gives by itself. Soft bounces give none alone, see SoftWindow.
//
//	hard bounce                                         hard_bounce
//	bounce of class suppressed, complaint echo          provider
//	complaint not-spam, auth-failure                    none: the first retracts, the second is not a person's act
//	complaint abuse, fraud, virus, other, none, unknown complaint
//	bounce undetermined, auto_reply, block              none
//
// Events about candidates suppress only by complaint, where safety wins.
func Suppresses(e *event.Event) (Reason, bool) {
	switch {
	case e.Name == event.EmailComplaint:
		return suppressesByComplaint(e.Complaint)
	case e.Name == event.EmailBounce && e.Bounce != nil && e.Attribution != event.Candidates:
		r, ok := bounceReasons[e.Bounce.Class]
		return r, ok
	}
	return "", false
}

var bounceReasons = map[event.BounceClass]Reason{
	event.Hard:       HardBounce,
	event.Suppressed: ProviderList,
}

func suppressesByComplaint(c *event.Complaint) (Reason, bool) {
	switch {
	case c == nil:
		return ComplaintReason, true
	case c.FeedbackType == "not-spam", c.FeedbackType == "auth-failure":
		return "", false
	case c.Echo:
		return ProviderList, true
	}
	return ComplaintReason, true
}

// SoftBounce reports whether an event is a soft bounce that speaks of the address (mailbox full, unreachable, retries
// exhausted) rather than of the message.
func SoftBounce(e *event.Event) bool {
	return e.Name == event.EmailBounce && e.Bounce != nil && e.Bounce.Class == event.Soft &&
		e.Attribution != event.Candidates && event.AddressReason(e.Bounce.Reason)
}

// SoftPolicy is when soft bounces suppress: at the Count-th distinct message within Window with no delivery between,
// for Hold at the longest. Count 0 turns the rule off.
type SoftPolicy struct {
	Count  int
	Window time.Duration
	Hold   time.Duration
}

// DefaultSoftPolicy is five messages in seven days, for thirty days.
var DefaultSoftPolicy = SoftPolicy{Count: 5, Window: 7 * 24 * time.Hour, Hold: 30 * 24 * time.Hour}

// SoftFact is one fact that SoftWindow looks at: a soft bounce of the address, or a delivery. Candidates are left out.
type SoftFact struct {
	At       int64 // occurredAt, Unix milliseconds
	Message  int64 // the message, any integer that tells messages apart
	Event    event.ID
	Delivery bool
}

// SoftWindow computes the soft-bounce suppression over the stored facts of a contact, in any order. It returns the
// last one that was reached: Since is the time of the fact that reached it, Until the newer delivery that ended it or
// the end of Hold. It reports false where the limit was never reached.
func SoftWindow(facts []SoftFact, p SoftPolicy) (Suppression, bool) {
	return softWindow(facts, p)
}
