package sendgrid

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"tidings/provider"
)

const (
	headerSignature = "X-Twilio-Email-Event-Webhook-Signature"
	headerTimestamp = "X-Twilio-Email-Event-Webhook-Timestamp"
)

// maxFuture is how far a signed time may lie ahead of our clock.
const maxFuture = 5 * time.Minute

// prove checks the signature, which is over the text of the timestamp followed by the body, and returns the signed time.
// Without a verification key the source must have basic auth, which was checked before.
func prove(req provider.Request, src provider.Source, now time.Time) (time.Time, *provider.Refusal) {
	if len(src.Secrets) == 0 {
		if len(src.BasicAuth) > 0 {
			return time.Time{}, nil
		}
		return time.Time{}, provider.Refuse(provider.Forbidden, "no_key",
			"this source has no verification key, so it accepts nothing: give it the one of the Signed Event Webhook")
	}
	timestamp, signature := req.Header.Get(headerTimestamp), req.Header.Get(headerSignature)
	if timestamp == "" || signature == "" {
		return time.Time{}, provider.Refuse(provider.Forbidden, "no_signature",
			"the request is not signed: switch on the Signed Event Webhook in SendGrid's settings")
	}
	at := provider.UnixTime(timestamp)
	if at.IsZero() {
		return time.Time{}, provider.Refuse(provider.Forbidden, "bad_timestamp", "header %s is %.40q, want seconds since 1970",
			headerTimestamp, timestamp)
	}
	if !verify(timestamp, signature, req.Body, src.PublicKeys()) {
		return time.Time{}, provider.Refuse(provider.Forbidden, "bad_signature",
			"the body is not what SendGrid signed with the source's verification key: compare the key with the dashboard's, "+
				"and make sure that no proxy in front changes the body, which ends with a line end")
	}
	return at, provider.CheckAge(at, now, src.MaxAge, maxFuture)
}

func verify(timestamp, signature string, body []byte, keys []string) bool {
	sig, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	hash := sha256.New()
	hash.Write([]byte(timestamp))
	hash.Write(body)
	sum := hash.Sum(nil)
	for _, text := range keys {
		key, err := provider.ParseP256Key(text)
		if err == nil && ecdsa.VerifyASN1(key, sum, sig) {
			return true
		}
	}
	return false
}
