package send

// Reason is why an email was not sent to somebody: the reason of email.skipped.
type Reason string

// The reasons. Erased, Gone: there is nobody any more whom it could be sent to.
const (
	Suppressed   Reason = "suppressed"
	Unsubscribed Reason = "unsubscribed"
	OffTopic     Reason = "unsubscribed_topic"
	Snoozed      Reason = "snoozed"
	Pending      Reason = "pending"
	Gone         Reason = "gone"
	Expired      Reason = "expired"
	Canceled     Reason = "canceled"
)

// Standing is what is known of a contact before it is mailed.
type Standing struct {
	Gone         bool // removed or erased
	Pending      bool // it waits for room among the active contacts
	Suppressed   bool // by a suppression or a pattern
	Unsubscribed bool
	OffTopic     bool // of the topic that the email belongs to; false where it belongs to none
	Snoozed      bool
}

// Check decides whether an email may be sent; empty: it may. A suppression always stops it. That somebody left, snoozes or waits
// does not stop a transactional email: a receipt or a new password, which the recipient asked for.
func Check(s Standing, transactional bool) Reason {
	for _, rule := range [...]struct {
		holds, always bool
		reason        Reason
	}{
		{s.Gone, true, Gone},
		{s.Suppressed, true, Suppressed},
		{s.Unsubscribed, false, Unsubscribed},
		{s.OffTopic, false, OffTopic},
		{s.Snoozed, false, Snoozed},
		{s.Pending, false, Pending},
	} {
		if rule.holds && (rule.always || !transactional) {
			return rule.reason
		}
	}
	return ""
}
