package provider

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The prefixes of secrets of Standard Webhooks.
const (
	prefixShared  = "whsec_"
	prefixPublic  = "whpk_"
	prefixPrivate = "whsk_"
)

// The bytes that a shared secret has. Fewer are guessed, more are no secret but something else.
const (
	minWebhookSecret = 16
	maxWebhookSecret = 75
)

// maxWebhookFuture is how far a signed time may lie ahead of our clock.
const maxWebhookFuture = 5 * time.Minute

// WebhookSecret is what one signature of Standard Webhooks is checked with: a shared secret (v1, HMAC-SHA256) or a public
// key (v1a, Ed25519). The zero value matches nothing. Make one with ParseWebhookSecret.
type WebhookSecret struct {
	shared []byte
	public ed25519.PublicKey
}

// ParseWebhookSecret reads "whsec_" and the Base64 of a shared secret, or "whpk_" and the Base64 of a public key, padded
// or not.
func ParseWebhookSecret(text string) (WebhookSecret, error) {
	if strings.HasPrefix(text, prefixPrivate) {
		return WebhookSecret{}, errors.New("is a private key (whsk_): give the public one, whpk_")
	}
	encoded, shared := strings.CutPrefix(text, prefixShared)
	encoded, public := strings.CutPrefix(encoded, prefixPublic)
	if shared == public {
		return WebhookSecret{}, errors.New("must begin with whsec_ (a shared secret) or whpk_ (a public key)")
	}
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "="))
	switch {
	case err != nil:
		return WebhookSecret{}, fmt.Errorf("is not Base64 after its prefix: %w", err)
	case public && len(key) != ed25519.PublicKeySize:
		return WebhookSecret{}, fmt.Errorf("has %d bytes, an Ed25519 public key has %d", len(key), ed25519.PublicKeySize)
	case public:
		return WebhookSecret{public: key}, nil
	case len(key) < minWebhookSecret || len(key) > maxWebhookSecret:
		return WebhookSecret{}, fmt.Errorf("has %d bytes, want 24 to 64", len(key))
	}
	return WebhookSecret{shared: key}, nil
}

// verify checks one signature, such as v1,Base64, over a content.
func (s WebhookSecret) verify(content []byte, version string, signature []byte) bool {
	switch {
	case version == "v1" && s.shared != nil:
		return hmac.Equal(s.sign(content), signature)
	case version == "v1a" && s.public != nil:
		return ed25519.Verify(s.public, content, signature)
	}
	return false
}

// sign is the signature v1 of a content.
func (s WebhookSecret) sign(content []byte) []byte {
	mac := hmac.New(sha256.New, s.shared)
	mac.Write(content)
	return mac.Sum(nil)
}

// StandardWebhook is the proved head of a request signed by Standard Webhooks 1.0.0, see CheckStandardWebhook.
type StandardWebhook struct {
	ID string    // webhook-id: the same whenever one message is sent again
	At time.Time // webhook-timestamp: when this attempt was made
}

// CheckStandardWebhook proves a request by the headers prefix-id, prefix-timestamp and prefix-signature
// (https://www.standardwebhooks.com; prefix is "webhook", or a sender's own such as "svix"): one of the signatures must
// be made with one of the secrets. The signed time must not be older than maxAge, 0 for any age.
func CheckStandardWebhook(
	req Request, prefix string, secrets []string, now time.Time, maxAge time.Duration,
) (StandardWebhook, *Refusal) {
	if len(secrets) == 0 {
		return StandardWebhook{}, Refuse(Forbidden, "no_secret",
			"this source has no secret, so it accepts nothing: give it the one that the sender signs with")
	}
	id, timestamp := req.Header.Get(prefix+"-id"), req.Header.Get(prefix+"-timestamp")
	signatures := req.Header.Values(prefix + "-signature")
	if id == "" || timestamp == "" || len(signatures) == 0 {
		return StandardWebhook{}, Refuse(Forbidden, "no_signature",
			"the request lacks one of the headers %[1]s-id, %[1]s-timestamp and %[1]s-signature", prefix)
	}
	at := UnixTime(timestamp)
	if at.IsZero() || strings.Contains(id, ".") || strings.Contains(timestamp, ".") {
		return StandardWebhook{}, Refuse(Forbidden, "bad_header",
			"header %[1]s-timestamp must be whole seconds since 1970, and %[1]s-id must have no dot", prefix)
	}
	content := append([]byte(id+"."+timestamp+"."), req.Body...)
	if !anySignature(content, strings.Join(signatures, " "), secrets) {
		return StandardWebhook{}, Refuse(Forbidden, "bad_signature",
			"no signature is of the source's secrets over %[1]s-id, %[1]s-timestamp and the body: compare the secret, "+
				"and make sure that the body is signed byte for byte as it is sent", prefix)
	}
	if r := CheckAge(at, now, maxAge, maxWebhookFuture); r != nil {
		return StandardWebhook{}, r
	}
	return StandardWebhook{ID: id, At: at}, nil
}

// maxSignatures bounds the work for a request that nobody proved: two keys that overlap are two signatures.
const maxSignatures = 8

func anySignature(content []byte, signatures string, secrets []string) bool {
	parts := strings.Fields(signatures)
	for _, text := range secrets {
		secret, err := ParseWebhookSecret(text)
		if err != nil {
			continue
		}
		for _, part := range parts[:min(len(parts), maxSignatures)] {
			version, encoded, _ := strings.Cut(part, ",")
			signature, err := base64.StdEncoding.DecodeString(encoded)
			if err == nil && secret.verify(content, version, signature) {
				return true
			}
		}
	}
	return false
}
