package provider

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"
)

// AnySecret reports whether got is one of the accepted secrets. It takes the same time wherever they differ and
// however many match: both sides are hashed to one length and every secret is compared. An empty got or an empty
// accepted secret never matches, so a source that lost its secret accepts nobody.
func AnySecret(got string, accepted []string) bool {
	sum := sha256.Sum256([]byte(got))
	match := 0
	for _, a := range accepted {
		want := sha256.Sum256([]byte(a))
		same := subtle.ConstantTimeCompare(sum[:], want[:])
		if a == "" {
			same = 0
		}
		match |= same
	}
	return match == 1 && got != ""
}

// CheckBasicAuth checks a request's basic authentication against accepted "user:password" pairs. Without credentials
// it refuses as Unauthenticated, because some providers (SNS) send theirs only after a 401; with wrong ones as
// Forbidden. It returns nil where one pair matches, and where accepted is empty: then none is asked for.
func CheckBasicAuth(h http.Header, accepted []string) *Refusal {
	if len(accepted) == 0 {
		return nil
	}
	if len(h.Values("Authorization")) == 0 {
		return Refuse(Unauthenticated, "no_credentials",
			"this source asks for basic authentication: put user and password into the URL that the provider calls")
	}
	user, password, ok := (&http.Request{Header: h}).BasicAuth()
	if !ok || !AnySecret(user+":"+password, accepted) {
		return Refuse(Forbidden, "wrong_credentials",
			"the user and password are not the ones of this source: change the URL that the provider calls, "+
				"or the source's basicAuth")
	}
	return nil
}

// CheckUnsigned proves a request of a provider that signs nothing, by what the source uses: one of its Secrets as a bearer
// token or as the whole value of one of headers, or one of its BasicAuth. Where the source has both, either will do. Where
// it has neither, the URL's token is the proof.
func CheckUnsigned(h http.Header, src Source, headers ...string) *Refusal {
	if len(src.Secrets) == 0 && len(src.BasicAuth) == 0 {
		if src.TokenProved {
			return nil
		}
		return Refuse(Forbidden, "not_proved",
			"requests are not signed, so the URL must hold the source's token, or the source must have basicAuth or secrets")
	}
	shown := []string{bearer(h.Get("Authorization"))}
	for _, name := range headers {
		shown = append(shown, h.Get(name))
	}
	for _, s := range shown {
		if AnySecret(s, src.Secrets) {
			return nil
		}
	}
	if len(src.BasicAuth) > 0 {
		return CheckBasicAuth(h, src.BasicAuth)
	}
	return Refuse(Forbidden, "wrong_token", "no header has one of the source's secrets: give the provider's webhook a header %s",
		strings.Join(append([]string{"Authorization: Bearer TOKEN"}, headers...), " or "))
}

// bearer is the token of an Authorization header; empty where it has none.
func bearer(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// CheckAge refuses a request whose proved time at is longer ago than limit, or further ahead of now than future. A limit
// of 0 means any age.
func CheckAge(at, now time.Time, limit, future time.Duration) *Refusal {
	if at.Sub(now) > future {
		return Refuse(Forbidden, "future",
			"the request was signed for %s, which is ahead of our clock: check the clock of this machine", at.Format(time.RFC3339))
	}
	if limit > 0 && now.Sub(at) > limit {
		return Refuse(Forbidden, "stale", "the request was signed at %s, longer ago than the source's maxAge of %s",
			at.Format(time.RFC3339), limit)
	}
	return nil
}
