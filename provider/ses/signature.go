package ses

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" // SignatureVersion 1, the default of every topic; a source can refuse it
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"time"

	"tidings/provider"
)

// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html. AWS's JavaScript validator leaves
// Token and SubscribeURL out for UnsubscribeConfirmation; the documentation does not, and SNS does as documented.
var (
	signedInNotification = []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	signedInConfirmation = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
)

// stringToSign is name, newline, value, newline for each signed field that is present, in this order.
func (e *envelope) stringToSign() []byte {
	keys := signedInNotification
	if e.Type != typeNotification {
		keys = signedInConfirmation
	}
	text := make([]byte, 0, len(e.message)+len(e.Subject)+len(e.SubscribeURL)+len(e.Token)+512)
	for _, key := range keys {
		if key == "Subject" && !e.hasSubject {
			continue
		}
		text = append(text, key...)
		text = append(text, '\n')
		if key == "Message" {
			text = append(text, e.message...)
		} else {
			text = append(text, *e.field(key)...)
		}
		text = append(text, '\n')
	}
	return text
}

// signature is a signature with what it is over.
type signature struct {
	hash   crypto.Hash
	digest []byte
	value  []byte
}

func readSignature(e *envelope, requireVersion2 bool) (signature, *provider.Refusal) {
	value, err := base64.StdEncoding.Strict().DecodeString(e.Signature)
	if err != nil || len(value) == 0 {
		return signature{}, provider.Refuse(provider.Forbidden, "bad_signature", "the signature is missing or not Base64")
	}
	switch e.SignatureVersion {
	case "1":
		if requireVersion2 {
			return signature{}, provider.Refuse(provider.Forbidden, "version_1",
				"this source takes signature version 2 only: set the topic's SignatureVersion attribute to 2")
		}
		sum := sha1.Sum(e.stringToSign())
		return signature{crypto.SHA1, sum[:], value}, nil
	case "2":
		sum := sha256.Sum256(e.stringToSign())
		return signature{crypto.SHA256, sum[:], value}, nil
	}
	return signature{}, provider.Refuse(provider.Forbidden, "bad_signature_version",
		"SNS signature versions are 1 and 2, this is %.20q", e.SignatureVersion)
}

func (s signature) verify(cert *x509.Certificate) *provider.Refusal {
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok || rsa.VerifyPKCS1v15(key, s.hash, s.digest, s.value) != nil {
		return provider.Refuse(provider.Forbidden, "bad_signature",
			"the signature does not match: the body is not what SNS signed")
	}
	return nil
}

const (
	signerName = "sns.amazonaws.com"
	minKeyBits = 2048
)

// checkCertificate checks what may sign. No chain is built: SNS serves the leaf alone, and the trust in it comes from
// the TLS connection to the host that certificateURL insists on, or from the owner who pinned it.
func checkCertificate(cert *x509.Certificate, pinned bool, now time.Time) *provider.Refusal {
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < minKeyBits {
		return provider.Refuse(provider.Forbidden, "bad_certificate",
			"the signing certificate's key is not RSA of %d bits or more", minKeyBits)
	}
	if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return provider.Refuse(provider.Forbidden, "certificate_expired",
			"the signing certificate is valid from %s to %s only",
			cert.NotBefore.Format(time.RFC3339), cert.NotAfter.Format(time.RFC3339))
	}
	if !pinned && cert.Subject.CommonName != signerName && !slices.Contains(cert.DNSNames, signerName) {
		return provider.Refuse(provider.Forbidden, "bad_certificate",
			"the signing certificate is for another name than %s", signerName)
	}
	return nil
}
