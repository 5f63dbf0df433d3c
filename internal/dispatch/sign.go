package dispatch

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

// The headers of Standard Webhooks 1.0.0 (https://www.standardwebhooks.com), and ours with the number of the try, from 1.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
	HeaderAttempt   = "webhook-attempt"
)

// Tolerance is how far a timestamp may be from the receiver's clock, as the reference libraries have it.
const Tolerance = 5 * time.Minute

const (
	secretPrefix  = "whsec_"
	secretSize    = 32 // 24 to 64 bytes, the specification says
	minSecret     = 24
	maxSecret     = 64
	signatureName = "v1"
)

// Secret is the key that an endpoint's requests are signed with.
type Secret []byte

// NewSecret makes one.
func NewSecret() Secret {
	b := make([]byte, secretSize)
	_, _ = rand.Read(b) // it never fails
	return b
}

// Key is a secret for as long as it holds.
type Key struct {
	Secret Secret    `json:"secret"`
	Until  time.Time `json:"until,omitzero"` // zero: for ever
}

// Valid are the secrets that hold at a time, in the order of the keys.
func Valid(keys []Key, now time.Time) []Secret {
	list := make([]Secret, 0, len(keys))
	for _, k := range keys {
		if k.Until.IsZero() || now.Before(k.Until) {
			list = append(list, k.Secret)
		}
	}
	return list
}

// errSecret says what a secret looks like, and not what was given.
var errSecret = errors.New("want whsec_ and then 24 to 64 bytes in Base64")

// ParseSecret reads what String wrote, or a secret that a receiver has already.
func ParseSecret(text string) (Secret, error) {
	encoded, is := strings.CutPrefix(text, secretPrefix)
	b, err := base64.StdEncoding.DecodeString(encoded)
	if !is || err != nil || len(b) < minSecret || len(b) > maxSecret {
		return nil, errSecret
	}
	return b, nil
}

// Reveal is the secret as receivers want it: whsec_…. It is shown once.
func (s Secret) Reveal() string { return secretPrefix + base64.StdEncoding.EncodeToString(s) }

// String hides the secret from logs.
func (s Secret) String() string { return secretPrefix + "…" }

// Sign makes the value of the signature's header: a signature by each secret, the newest first, so that receivers which have
// the old one and those which have the new one are content while it changes.
func Sign(id string, at time.Time, body []byte, secrets ...Secret) string {
	parts := make([]string, len(secrets))
	for i, s := range secrets {
		parts[i] = signatureName + "," + base64.StdEncoding.EncodeToString(s.sum(id, at, body))
	}
	return strings.Join(parts, " ")
}

func (s Secret) sum(id string, at time.Time, body []byte) []byte {
	h := hmac.New(sha256.New, s)
	h.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	h.Write(body)
	return h.Sum(nil)
}

// Verify reports whether one of the signatures is by the secret, and was made within Tolerance of now. It is what a receiver
// does.
func Verify(s Secret, id, timestamp, signatures string, body []byte, now time.Time) bool {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	at := time.Unix(seconds, 0)
	if err != nil || now.Sub(at).Abs() > Tolerance {
		return false
	}
	want := s.sum(id, at, body)
	for one := range strings.SplitSeq(signatures, " ") {
		name, encoded, _ := strings.Cut(one, ",")
		got, err := base64.StdEncoding.DecodeString(encoded)
		if name == signatureName && err == nil && subtle.ConstantTimeCompare(got, want) == 1 {
			return true
		}
	}
	return false
}
