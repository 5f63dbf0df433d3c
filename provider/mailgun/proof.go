package mailgun

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"tidings/provider"
)

const (
	// maxAge is the oldest signed time that is accepted: Mailgun tries for eight hours, and does not say whether it signs
	// anew.
	maxAge = 9 * time.Hour
	// maxFuture is how far a signed time may lie ahead of our clock.
	maxFuture = 5 * time.Minute
	// stamp is how many digits a timestamp has. Text and token are signed without anything between, so only a fixed
	// length tells where one ends: it has ten digits until the year 2286.
	stamp = 10
	// maxToken bounds a token; Mailgun's have 50 characters.
	maxToken = 200
)

// proof is what Mailgun signs, with its signatures.
type proof struct {
	Timestamp provider.Text `json:"timestamp"`
	Token     provider.Text `json:"token"`
	Signature provider.Text `json:"signature"`
	// Parent is the primary account's signature of an event of a subaccount, over the same timestamp and token.
	Parent provider.Text `json:"parent-signature"`
}

// prove checks that one of the signatures is good and not too old, and returns its time.
func prove(p proof, src provider.Source, now time.Time) (time.Time, *provider.Refusal) {
	if !anySet(src.Secrets) {
		return time.Time{}, provider.Refuse(provider.Forbidden, "no_key",
			"this source has no webhook signing key, so it accepts nothing: add it to the source's secrets")
	}
	if p.Timestamp == "" || p.Token == "" || p.Signature == "" && p.Parent == "" {
		return time.Time{}, provider.Refuse(provider.Unacceptable, "no_signature",
			"the request has no timestamp, token and signature: it is not a webhook of Mailgun")
	}
	at := provider.UnixTime(string(p.Timestamp))
	if len(p.Timestamp) != stamp || at.IsZero() || len(p.Token) > maxToken {
		return time.Time{}, provider.Refuse(provider.Unacceptable, "bad_timestamp",
			"the timestamp is %.40q, want seconds since 1970 in %d digits", p.Timestamp, stamp)
	}
	if !matches(p, p.Signature, src.Secrets) && !matches(p, p.Parent, src.Secrets) {
		return time.Time{}, provider.Refuse(provider.Forbidden, "bad_signature",
			"the signature was not made with the source's webhook signing key: copy the one from Mailgun's dashboard, "+
				"Sending, Webhooks; it is not an API key")
	}
	limit := maxAge
	if src.MaxAge > 0 && src.MaxAge < limit {
		limit = src.MaxAge
	}
	return at, provider.CheckAge(at, now, limit, maxFuture)
}

func matches(p proof, signature provider.Text, secrets []string) bool {
	sum, err := hex.DecodeString(string(signature))
	return err == nil && provider.MatchMAC(sha256.New, sum, secrets, []byte(p.Timestamp), []byte(p.Token))
}

func anySet(secrets []string) bool {
	for _, s := range secrets {
		if s != "" {
			return true
		}
	}
	return false
}
