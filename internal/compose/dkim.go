package compose

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-msgauth/dkim"

	"tidings/internal/send"
)

// Signer signs mail by DKIM. It is safe for concurrent use.
type Signer struct {
	domain, selector string
	key              crypto.Signer
}

const leastRSA = 1024 // bits: RFC 8301, section 3.2

// NewSigner reads a key. Its errors are for people.
func NewSigner(k send.DKIMKey) (*Signer, error) {
	block, _ := pem.Decode([]byte(k.PrivateKey))
	if block == nil {
		return nil, errors.New("is not a private key in PEM (-----BEGIN PRIVATE KEY-----)")
	}
	s := &Signer{domain: strings.ToLower(k.Domain), selector: k.Selector}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		s.key = key
	} else {
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, errors.New("is not a private key of RSA or Ed25519 without a password")
		}
		s.key, _ = key.(crypto.Signer)
	}
	switch key := s.key.(type) {
	case *rsa.PrivateKey:
		if key.N.BitLen() < leastRSA {
			return nil, fmt.Errorf("has %d bits: %d at least, and 2048 are usual", key.N.BitLen(), leastRSA)
		}
	case ed25519.PrivateKey:
	default:
		return nil, errors.New("is of a kind that DKIM does not know: want RSA or Ed25519")
	}
	return s, nil
}

// Record is what the TXT record SELECTOR._domainkey.DOMAIN has to say, so that others believe the signatures, and where.
func (s *Signer) Record() (name, text string) {
	kind, public := "ed25519", []byte(nil)
	switch key := s.key.Public().(type) {
	case *rsa.PublicKey:
		kind = "rsa"
		public, _ = x509.MarshalPKIXPublicKey(key) // of a key that was read it can't fail
	case ed25519.PublicKey:
		public = key
	}
	return s.selector + "._domainkey." + s.domain, "v=DKIM1; k=" + kind + "; p=" + base64.StdEncoding.EncodeToString(public)
}

// covered are the fields that are signed whether the mail has them or not, each once more than it may be there: nobody can
// add another one. RFC 8058 asks for those of List-Unsubscribe.
var covered = []string{
	"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Reply-To", "List-Unsubscribe",
	"List-Unsubscribe-Post",
}

// alsoCovered are signed where the mail has them.
var alsoCovered = []string{"Content-Transfer-Encoding", "Feedback-ID", "List-ID", "In-Reply-To", "References"}

// Sign puts a signature in front of an email for each key of its author's domain, or a domain above it; where there is
// none, of all keys.
func Sign(email []byte, from string, keys []*Signer) ([]byte, error) {
	_, domain := cut(from)
	var list []*Signer
	for _, k := range keys {
		if domain == k.domain || strings.HasSuffix(domain, "."+k.domain) {
			list = append(list, k)
		}
	}
	if len(list) == 0 {
		list = keys
	}
	head := []byte("\r\n")
	if end := bytes.Index(email, []byte("\r\n\r\n")); end >= 0 {
		head = append(head, bytes.ToLower(email[:end])...)
	}
	names := signedNames(head)
	signed := email
	for _, k := range list {
		var b bytes.Buffer
		b.Grow(len(signed) + 1024)
		err := dkim.Sign(&b, bytes.NewReader(signed), &dkim.SignOptions{
			Domain: k.domain, Selector: k.selector, Signer: k.key, HeaderKeys: names,
			HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		})
		if err != nil {
			return nil, fmt.Errorf("sign by DKIM: %w", err)
		}
		signed = b.Bytes()
	}
	return signed, nil
}

func signedNames(head []byte) (names []string) {
	has := func(name string) bool { return bytes.Contains(head, []byte("\r\n"+strings.ToLower(name)+":")) }
	for _, name := range covered {
		if names = append(names, name); has(name) {
			names = append(names, name)
		}
	}
	for _, name := range alsoCovered {
		if has(name) {
			names = append(names, name)
		}
	}
	return names
}
