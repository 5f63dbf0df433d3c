package postal

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" // what older versions sign with alone; a source can refuse it
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"tidings/provider"
)

const (
	header256 = "X-Postal-Signature-256"
	header1   = "X-Postal-Signature"
)

// signature is one of the two that a request may have.
type signature struct {
	hash   crypto.Hash
	digest []byte
	text   string
}

var errNone = errors.New("no signature")

// readSignature takes the better one that is there. A bad one is not made good by the other.
func readSignature(req provider.Request) (signature, error) {
	if text := req.Header.Get(header256); text != "" {
		sum := sha256.Sum256(req.Body)
		return signature{crypto.SHA256, sum[:], text}, nil
	}
	if text := req.Header.Get(header1); text != "" {
		sum := sha1.Sum(req.Body)
		return signature{crypto.SHA1, sum[:], text}, nil
	}
	return signature{}, errNone
}

func prove(req provider.Request, src provider.Source) *provider.Refusal {
	sig, err := readSignature(req)
	if err != nil {
		return provider.Refuse(provider.Unauthenticated, "no_signature",
			"the request has neither of the headers %s and %s", header256, header1)
	}
	if sig.hash == crypto.SHA1 && src.RequireVersion2 {
		return provider.Refuse(provider.Forbidden, "version_1",
			"this source takes SHA-256 signatures only: update Postal, or set requireVersion2 to false")
	}
	value, err := base64.StdEncoding.DecodeString(strings.TrimSpace(sig.text))
	if err != nil || len(value) == 0 {
		return provider.Refuse(provider.Forbidden, "bad_signature", "the signature is not Base64")
	}
	usable := 0
	for _, secret := range src.PublicKeys() {
		key, err := provider.ParseRSAKey(secret)
		if err != nil {
			continue
		}
		usable++
		if rsa.VerifyPKCS1v15(key, sig.hash, sig.digest, value) == nil {
			return nil
		}
	}
	if usable == 0 {
		return provider.Refuse(provider.Forbidden, "no_key",
			"the source has no public key: give it what \"postal default-dkim-record\" prints")
	}
	return provider.Refuse(provider.Forbidden, "bad_signature",
		"the signature does not match: another installation's key, or the body was changed on its way")
}
