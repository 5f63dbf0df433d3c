// Package webhooksig proves the requests of providers that sign with Standard Webhooks, which is what Svix signs with
// too, and of providers that sign nothing and show a shared secret instead. Any adapter may use it, also one outside of
// Tidings. Its functions are pure.
package webhooksig

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tidings/provider"
)

// Scheme names the headers of a signature. The signature is the same in every scheme: HMAC-SHA256 over
// "id.timestamp.body", with the Base64 that follows "whsec_" as its key.
type Scheme struct {
	ID, Timestamp, Signature string
}

// The schemes in use.
var (
	// Svix is what Svix sends: svix-id, svix-timestamp, svix-signature.
	Svix = Scheme{"Svix-Id", "Svix-Timestamp", "Svix-Signature"}
	// Standard is Standard Webhooks, and Svix under the sender's own name: webhook-id and so on.
	Standard = Scheme{"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"}
)

const (
	// Tolerance is how old a signature may be where the source says nothing. Every attempt is signed anew, so a late
	// one is not refused for having waited.
	Tolerance = 5 * time.Minute
	// skew is how far the sender's clock may be ahead of ours.
	skew = 5 * time.Minute

	// SecretPrefix begins a secret.
	SecretPrefix = "whsec_"
	minKey       = 16  // bytes; Standard Webhooks asks for 24, Svix's own sample has 18
	maxKey       = 256 // bytes
	maxSigned    = 16  // signatures in one header; more are a burden and nothing else
	maxHeader    = 256 // bytes of an id
	version      = "v1"
	asymmetric   = "v1a"
)

// Proof is what a signature proves besides the body.
type Proof struct {
	ID string    // the message's, the same on every attempt
	At time.Time // when this attempt was signed, to the second
}

// Key reads a secret as dashboards show it: Base64 after "whsec_", which may be missing.
func Key(secret string) ([]byte, error) {
	text := strings.TrimPrefix(strings.TrimSpace(secret), SecretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		key, err = base64.RawStdEncoding.DecodeString(text)
	}
	switch {
	case err != nil:
		return nil, errors.New("a signing secret is whsec_ and Base64 after it")
	case len(key) < minKey || len(key) > maxKey:
		return nil, errors.New("a signing secret has between 16 and 256 bytes of Base64 after whsec_")
	}
	return key, nil
}

// Open proves a request by the first of the schemes whose id it has; without any, by the first, which is Svix if none is
// named. Secrets are tried all, whatever the order, and so are the signatures of the header, which has several while the
// sender changes its secret. maxAge is how long ago it may be signed; 0 means Tolerance. Ahead of now it may be five
// minutes.
func Open(
	req provider.Request, secrets []string, maxAge time.Duration, now time.Time, schemes ...Scheme,
) (Proof, *provider.Refusal) {
	for _, s := range schemes {
		if req.Header.Get(s.ID) != "" {
			return s.Open(req, secrets, maxAge, now)
		}
	}
	return append(schemes, Svix)[0].Open(req, secrets, maxAge, now)
}

// Open is the function Open with this scheme.
func (s Scheme) Open(
	req provider.Request, secrets []string, maxAge time.Duration, now time.Time,
) (Proof, *provider.Refusal) {
	id, stamp, list := req.Header.Get(s.ID), req.Header.Get(s.Timestamp), req.Header.Get(s.Signature)
	if id == "" || stamp == "" || list == "" {
		return Proof{}, provider.Refuse(provider.Unauthenticated, "no_signature",
			"the request lacks one of the headers %s, %s and %s", s.ID, s.Timestamp, s.Signature)
	}
	at, ok := parseStamp(stamp)
	if !ok || len(id) > maxHeader {
		return Proof{}, provider.Refuse(provider.Forbidden, "bad_headers",
			"the header %s is not a number of seconds, or %s is over %d bytes", s.Timestamp, s.ID, maxHeader)
	}
	if r := check(list, append([]byte(id+"."+stamp+"."), req.Body...), secrets); r != nil {
		return Proof{}, r
	}
	if maxAge == 0 {
		maxAge = Tolerance
	}
	if r := CheckAge(at, now, maxAge); r != nil {
		return Proof{}, r
	}
	return Proof{ID: id, At: at}, nil
}

// parseStamp reads whole seconds in digits alone, as they are signed.
func parseStamp(s string) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n > 1<<40 || strconv.FormatInt(n, 10) != s {
		return time.Time{}, false
	}
	return time.Unix(n, 0).UTC(), true
}

func check(list string, signed []byte, secrets []string) *provider.Refusal {
	signatures, seen := readSignatures(list)
	if len(signatures) == 0 {
		return provider.Refuse(provider.Forbidden, "bad_signature",
			"the header has no signature of version %s, but: %.60s", version, strings.Join(seen, ", "))
	}
	usable, match := 0, false
	for _, secret := range secrets {
		key, err := Key(secret)
		if err != nil {
			continue
		}
		usable++
		mac := hmac.New(sha256.New, key)
		mac.Write(signed)
		sum := mac.Sum(nil)
		for _, s := range signatures {
			match = hmac.Equal(s, sum) || match
		}
	}
	switch {
	case usable == 0:
		return provider.Refuse(provider.Forbidden, "no_secret",
			"the source has no signing secret: give it the one that begins with %s", SecretPrefix)
	case !match:
		return provider.Refuse(provider.Forbidden, "bad_signature",
			"the signature does not match: another signing secret than the source's, or the body was changed on its way")
	}
	return nil
}

// readSignatures returns the signatures of the header that we can check, and the versions of all.
func readSignatures(list string) (signatures [][]byte, versions []string) {
	for _, one := range strings.Fields(list) {
		name, text, _ := strings.Cut(one, ",")
		versions = append(versions, name)
		if len(versions) > maxSigned {
			break
		}
		if value, err := base64.StdEncoding.DecodeString(text); name == version && err == nil && len(value) == sha256.Size {
			signatures = append(signatures, value)
		}
		if name == asymmetric {
			versions[len(versions)-1] = asymmetric + " (a public key, which is not supported)"
		}
	}
	return signatures, versions
}

// CheckAge refuses what was signed longer than maxAge ago (0: however long ago) or more than five minutes ahead of now.
func CheckAge(at, now time.Time, maxAge time.Duration) *provider.Refusal {
	switch age := now.Sub(at); {
	case maxAge > 0 && age > maxAge:
		return provider.Refuse(provider.Forbidden, "stale",
			"signed %s ago, and the source takes %s: the clock of this machine is wrong, or it is a replay",
			age.Round(time.Second), maxAge)
	case age < -skew:
		return provider.Refuse(provider.Forbidden, "future",
			"signed %s ahead of this machine's clock: correct the clock", (-age).Round(time.Second))
	}
	return nil
}

// CheckShared proves a request of a provider that signs nothing. Where the source has pairs for basic auth or secrets,
// which are tokens of "Authorization: Bearer", the request must show one of them; else its URL must hold the source's
// token. Nothing of these at all is refused.
func CheckShared(h http.Header, src provider.Source) *provider.Refusal {
	if len(src.BasicAuth) == 0 && len(src.Secrets) == 0 {
		if src.TokenProved {
			return nil
		}
		return provider.Refuse(provider.Forbidden, "not_proved",
			"nothing proves this request: use the URL with the source's token, or give the source basicAuth or a secret")
	}
	if token, ok := bearer(h); ok && len(src.Secrets) > 0 {
		if provider.AnySecret(token, src.Secrets) {
			return nil
		}
		return provider.Refuse(provider.Forbidden, "wrong_credentials",
			"the bearer token is not the source's: correct the webhook's, or the source's secrets")
	}
	if len(src.BasicAuth) > 0 {
		return provider.CheckBasicAuth(h, src.BasicAuth)
	}
	return provider.Refuse(provider.Unauthenticated, "no_credentials",
		"this source asks for the header Authorization: Bearer with its secret")
}

func bearer(h http.Header) (string, bool) {
	kind, token, ok := strings.Cut(h.Get("Authorization"), " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(kind, "bearer")
}
