package ses

import (
	"net/http"
	"slices"
	"time"

	"tidings/event"
	"tidings/provider"
)

// maxFuture is how far a signed time may lie ahead of our clock.
const maxFuture = 5 * time.Minute

// checkHeaders refuses headers that contradict the body. They are not signed and nothing is read from them, but SNS
// never sends such a pair.
func checkHeaders(h http.Header, e *envelope) *provider.Refusal {
	pairs := []struct{ header, value string }{
		{headerType, e.Type}, {headerID, e.MessageID}, {headerTopic, e.TopicARN},
	}
	for _, p := range pairs {
		for _, got := range h.Values(p.header) {
			if got != p.value {
				return provider.Refuse(provider.Forbidden, "header_mismatch", "header %s is not what the body says", p.header)
			}
		}
	}
	return nil
}

// checkTopic refuses every topic that the source does not list. A good signature only says "some AWS topic": anyone
// may subscribe our URL to theirs.
func checkTopic(arn string, src provider.Source) *provider.Refusal {
	if len(src.Topics) == 0 {
		return provider.Refuse(provider.Forbidden, "no_topics",
			"this source lists no SNS topics, so it accepts none: add the ARN of your topic to its topics")
	}
	if !slices.Contains(src.Topics, arn) {
		return provider.Refuse(provider.Forbidden, "unknown_topic",
			"topic %.300q is not one of this source: add it to the source's topics if it is yours", arn)
	}
	return nil
}

func checkAge(at, now time.Time, limit time.Duration) *provider.Refusal {
	if at.Sub(now) > maxFuture {
		return provider.Refuse(provider.Forbidden, "future",
			"the message was signed for %s, which is ahead of our clock: check the clock of this machine",
			at.Format(time.RFC3339))
	}
	if limit > 0 && now.Sub(at) > limit {
		return provider.Refuse(provider.Forbidden, "stale",
			"the message was signed at %s, longer ago than the source's maxAge of %s", at.Format(time.RFC3339), limit)
	}
	return nil
}

// checkAccount refuses events of another account than the source's, in a topic that more accounts publish to.
func checkAccount(rec *record, drafts []event.Draft, src provider.Source) *provider.Refusal {
	if src.Account == "" || len(drafts) == 0 {
		return nil
	}
	account := rec.Mail.SendingAccountID
	if rec.custom() {
		account = rec.Account.first() // whose bus it was put on
	}
	if account == src.Account {
		return nil
	}
	return provider.Refuse(provider.Forbidden, "wrong_account",
		"the record names sending account %.40q, the source is bound to %q", account, src.Account)
}
