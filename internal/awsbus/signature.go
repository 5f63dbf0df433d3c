package awsbus

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The signature of AWS, version 4. What is signed is built here and not by the SDK's signer, because that one chooses itself
// which headers it signs, and SDKs differ in it; docs/decisions/0026-aws-bus.md says more.

const (
	headerDate     = "X-Amz-Date"
	headerTarget   = "X-Amz-Target"
	headerHash     = "X-Amz-Content-Sha256"
	headerToken    = "X-Amz-Security-Token"
	headerCall     = "Amz-Sdk-Invocation-Id"
	serviceEvents  = "events"
	maxSkew        = 5 * time.Minute
	skewInMinutes  = "5 min."
	unsignedPrefix = "UNSIGNED-"
	streamPrefix   = "STREAMING-"
)

// signed is a request that says it is signed, as far as it can be checked without the secret.
type signed struct {
	*authorization
	at   time.Time
	hash string // of the body as it came, in hexadecimal
}

// check looks at all of a signed request but the signature and the body. It returns when it was signed.
func (a *authorization) check(h http.Header, now time.Time) (time.Time, *refusal) {
	if a.service != serviceEvents {
		return time.Time{}, refuse(codeSignature, "Credential should be scoped to correct service: '%s'.", serviceEvents)
	}
	for _, name := range []string{"host", headerDate, headerTarget} {
		if !a.signs(strings.ToLower(name)) {
			return time.Time{}, refuse(codeSignature, "the header %s must be there and be signed", name)
		}
	}
	at, err := time.Parse(isoTime, h.Get(headerDate))
	if err != nil {
		return at, refuse(codeIncomplete, "the header %s must be of the form YYYYMMDD'T'HHMMSS'Z'", headerDate)
	}
	if at.Format(isoDay) != a.day {
		return at, refuse(codeSignature, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "+
			"HTTP: '%s' != '%s'", a.day, at.Format(isoDay))
	}
	now = now.UTC()
	if early := now.Add(-maxSkew); at.Before(early) {
		return at, refuse(codeSignature, "Signature expired: %s is now earlier than %s (%s - %s)",
			at.Format(isoTime), early.Format(isoTime), now.Format(isoTime), skewInMinutes)
	}
	if late := now.Add(maxSkew); at.After(late) {
		return at, refuse(codeSignature, "Signature not yet current: %s is still later than %s (%s + %s)",
			at.Format(isoTime), late.Format(isoTime), now.Format(isoTime), skewInMinutes)
	}
	if h.Get(headerToken) != "" {
		return at, refuse(codeUnknownClient,
			"the request has a session token, which no pair of this server has: use the pair alone")
	}
	sum := h.Get(headerHash)
	if strings.HasPrefix(sum, unsignedPrefix) || strings.HasPrefix(sum, streamPrefix) {
		return at, refuse(codeSignature, "the body must be signed: %s is %.40q", headerHash, sum)
	}
	return at, nil
}

// place is where a request went, as its sender saw it: a proxy may have changed both.
type place struct{ host, path string }

// verify checks the signature with a secret. Of several places one must fit.
func (s *signed) verify(r *http.Request, secret string, places []place) *refusal {
	if sum := r.Header.Get(headerHash); sum != "" && sum != s.hash {
		return refuse(codeSignature, "the body is not the one that was signed: its SHA-256 is not that of %s", headerHash)
	}
	key := signingKey(secret, s.authorization)
	for _, p := range places {
		want := sign(key, []byte(s.text(s.canonical(r, p))))
		if hmac.Equal([]byte(hex.EncodeToString(want)), []byte(s.signature)) {
			return nil
		}
	}
	return refuse(codeSignature, "The request signature we calculated does not match the signature you provided. "+
		"Check your AWS Secret Access Key and signing method. Behind a proxy, the server must see the Host and the path that "+
		"were signed, or know them by --public-url.")
}

// text is what is signed.
func (s *signed) text(canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	return algorithm + "\n" + s.at.Format(isoTime) + "\n" + s.scope() + "\n" + hex.EncodeToString(sum[:])
}

// canonical is the request in the form that is signed.
func (s *signed) canonical(r *http.Request, at place) string {
	var b strings.Builder
	line := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(p)
		}
		b.WriteByte('\n')
	}
	line(r.Method)
	line(escape(at.path, "/"))
	line(canonicalQuery(r.URL.RawQuery))
	for _, name := range s.headers {
		line(name, ":", headerValue(r, name, at.host))
	}
	line()
	line(strings.Join(s.headers, ";"))
	b.WriteString(s.hash)
	return b.String()
}

// headerValue is the value of a header in the form that is signed. Of three the server knows by itself.
func headerValue(r *http.Request, name, host string) string {
	switch name {
	case "host":
		return host
	case "content-length":
		return strconv.FormatInt(max(r.ContentLength, 0), 10)
	case "transfer-encoding":
		return strings.Join(r.TransferEncoding, ",")
	}
	values := slices.Clone(r.Header.Values(name))
	for i, v := range values {
		values[i] = strings.Join(strings.FieldsFunc(v, func(c rune) bool { return c == ' ' }), " ")
	}
	return strings.Join(values, ",")
}

// canonicalQuery sorts the parameters of a query by name, then by value, as they are encoded.
func canonicalQuery(raw string) string {
	if raw == "" {
		return ""
	}
	var pairs [][2]string
	for part := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, [2]string{reescape(name), reescape(value)})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	var out []string
	for _, p := range pairs {
		out = append(out, p[0]+"="+p[1])
	}
	return strings.Join(out, "&")
}

// reescape encodes a part of a query as AWS does, whatever was encoded before.
func reescape(part string) string {
	var plain []byte
	for i := 0; i < len(part); i++ {
		if part[i] == '%' && i+2 < len(part) {
			if c, err := hex.DecodeString(part[i+1 : i+3]); err == nil {
				plain = append(plain, c[0])
				i += 2
				continue
			}
		}
		plain = append(plain, part[i])
	}
	return escape(string(plain), "")
}

// escape encodes every byte that is not unreserved (RFC 3986, section 2.3) nor spared.
func escape(s, spared string) string {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte(unreserved, c) >= 0 || strings.IndexByte(spared, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteString(strings.ToUpper(hex.EncodeToString([]byte{c})))
	}
	return b.String()
}

// signingKey derives the key of a day, a region and a service from a secret access key.
func signingKey(secret string, a *authorization) []byte {
	key := []byte("AWS4" + secret)
	for _, part := range []string{a.day, a.region, a.service, terminator} {
		key = sign(key, []byte(part))
	}
	return key
}

func sign(key, text []byte) []byte {
	m := hmac.New(sha256.New, key)
	_, _ = m.Write(text) // writing to a hash never fails
	return m.Sum(nil)
}
