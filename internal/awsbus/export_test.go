package awsbus

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"
)

// ReadAuthorization is readAuthorization as texts; ok is false where it is refused.
func ReadAuthorization(header string) (accessKey, scope string, headers []string, signature string, ok bool) {
	a, refused := readAuthorization(header)
	if refused != nil {
		return "", "", nil, "", false
	}
	return a.accessKey, a.scope(), a.headers, a.signature, true
}

// Signs reports whether a request is signed with a secret, and what is signed.
func Signs(r *http.Request, body []byte, secret string) (good bool, canonical, text string) {
	a, refused := readAuthorization(r.Header.Get("Authorization"))
	if refused != nil {
		return false, refused.Error(), ""
	}
	at, err := time.Parse(isoTime, r.Header.Get(headerDate))
	if err != nil {
		return false, err.Error(), ""
	}
	sum := sha256.Sum256(body)
	s := &signed{authorization: a, at: at, hash: hex.EncodeToString(sum[:])}
	here := place{r.Host, r.URL.EscapedPath()}
	canonical = s.canonical(r, here)
	return s.verify(r, secret, []place{here}) == nil, canonical, s.text(canonical)
}

// ReadPut decodes a body as the door does; it returns the code of the refusal, or none.
func ReadPut(body []byte, encoding string) (entries int, code string) {
	body, refused := unpack(bytes.Clone(body), encoding)
	if refused == nil {
		list, bad := readPut(body)
		if bad == nil {
			return len(list), ""
		}
		refused = bad
	}
	return 0, refused.code
}
