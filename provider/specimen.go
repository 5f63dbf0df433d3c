package provider

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tidings/event"
)

const (
	// sampleRecipient never was anybody's: RFC 2606 keeps the domain.
	sampleRecipient = "self-test@example.invalid"
	sampleLifetime  = 10 * time.Minute
)

// Moment is what is new in every sample.
type Moment struct {
	ID string // random letters and digits
	At time.Time
}

// Specimen is how an adapter makes its samples, where one text with one proof will do: its method Sample is an
// Adapter.Sample.
type Specimen struct {
	Name event.Name // of the one event in Body
	// Body is what the provider posts, in JSON, with {id}, {to}, {unix} (seconds) and {time} (RFC 3339) to be filled in.
	Body string
	// Prove proves the sample as the provider does, and may change all of it; a source's user and password are there
	// already. Sample.Note says as whom, where that is another. nil: the provider signs nothing.
	Prove func(*Sample, Source, Moment) error
}

// Sample makes a new one for a source, see Adapter.Sample.
func (m Specimen) Sample(src Source, now time.Time) (Sample, error) {
	at := Moment{ID: rand.Text(), At: now}
	body := strings.NewReplacer("{id}", at.ID, "{to}", sampleRecipient, "{unix}", strconv.FormatInt(now.Unix(), 10),
		"{time}", now.UTC().Format(time.RFC3339)).Replace(m.Body)
	s := Sample{
		Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body),
		Name: m.Name, Recipient: sampleRecipient, Note: "whoever knows the URL with the token",
	}
	if len(src.BasicAuth) > 0 {
		user, password, _ := strings.Cut(src.BasicAuth[0], ":")
		(&http.Request{Header: s.Header}).SetBasicAuth(user, password)
		s.Note = "user " + user
	}
	if m.Prove != nil {
		if err := m.Prove(&s, src, at); err != nil {
			return Sample{}, fmt.Errorf("sign the sample: %w", err)
		}
	}
	return s, nil
}

// ProveByToken shows a source's current secret as a bearer token, unless it has a user and password; see CheckUnsigned.
func ProveByToken(s *Sample, src Source, _ Moment) error {
	if len(src.Secrets) > 0 && len(src.BasicAuth) == 0 {
		s.Header.Set("Authorization", "Bearer "+src.Secrets[0])
		s.Note = "the token of the source"
	}
	return nil
}

// SecretNote is the Note of a sample that is signed with the current secret of its source.
const SecretNote = "the secret of the source"

// ProveByMAC signs the body with a source's current secret, in hexadecimal, in a header. Without a secret nothing is signed.
func ProveByMAC(header string, algorithm func() hash.Hash) func(*Sample, Source, Moment) error {
	return func(s *Sample, src Source, _ Moment) error {
		if len(src.Secrets) > 0 {
			s.Header.Set(header, hex.EncodeToString(MAC(algorithm, src.Secrets[0], s.Body)))
			s.Note = SecretNote
		}
		return nil
	}
}

// MAC is the HMAC of the parts, joined, under a secret, see MatchMAC.
func MAC(algorithm func() hash.Hash, secret string, parts ...[]byte) []byte {
	mac := hmac.New(algorithm, []byte(secret))
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

// ProveByStandardWebhook signs by Standard Webhooks with a source's current secret. Of a public key nobody here has the
// other half: then the sample gets a key of its own.
func ProveByStandardWebhook(prefix string) func(*Sample, Source, Moment) error {
	return func(s *Sample, src Source, at Moment) error {
		if len(src.Secrets) == 0 {
			return nil
		}
		secret, err := ParseWebhookSecret(src.Secrets[0])
		if err != nil {
			return err
		}
		timestamp := strconv.FormatInt(at.At.Unix(), 10)
		content := append([]byte(at.ID+"."+timestamp+"."), s.Body...)
		var signature string
		if secret.shared != nil {
			s.Note = SecretNote
			signature = "v1," + base64.StdEncoding.EncodeToString(secret.sign(content))
		} else {
			_, key, err := ed25519.GenerateKey(rand.Reader)
			if err != nil {
				return fmt.Errorf("make a key: %w", err)
			}
			if err := s.Certify(key, at.At); err != nil {
				return err
			}
			signature = "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(key, content))
		}
		s.Header.Set(prefix+"-id", at.ID)
		s.Header.Set(prefix+"-timestamp", timestamp)
		s.Header.Set(prefix+"-signature", signature)
		return nil
	}
}

// Certify gives a sample the certificate of the key that signs it, which is forgotten after: where a source has the public
// half of a provider's key alone.
func (s *Sample) Certify(key crypto.Signer, at time.Time) error {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: at.Add(-sampleLifetime), NotAfter: at.Add(sampleLifetime),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	s.Certificate, err = x509.ParseCertificate(der)
	if err != nil {
		return fmt.Errorf("read the certificate: %w", err)
	}
	s.Note = "a key of its own, because the provider's is the provider's"
	return nil
}

// PublicKeys are the public keys of those who may sign for the source, in Base64 or PEM: its Secrets, or where it has a
// SigningCertificate the key of that alone.
func (s Source) PublicKeys() []string {
	if s.SigningCertificate == nil {
		return s.Secrets
	}
	return []string{base64.StdEncoding.EncodeToString(s.SigningCertificate.RawSubjectPublicKeyInfo)}
}

// WebhookSecrets are the secrets that CheckStandardWebhook takes: the source's Secrets, or where it has a
// SigningCertificate the key of that alone, which signs with Ed25519.
func (s Source) WebhookSecrets() []string {
	if s.SigningCertificate == nil {
		return s.Secrets
	}
	key, ok := s.SigningCertificate.PublicKey.(ed25519.PublicKey)
	if !ok {
		return []string{""} // which matches nothing
	}
	return []string{prefixPublic + base64.StdEncoding.EncodeToString(key)}
}
