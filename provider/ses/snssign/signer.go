// Package snssign signs Amazon SNS messages with a key of its own, for tests, self-tests and load: it is the other side
// of package ses, and shares no code with it, so that a mistake in one is not repeated in the other.
package snssign

import (
	"cmp"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // SignatureVersion 1
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"
)

// Config says what certificate a Signer gets. The zero value of a field is the useful one.
type Config struct {
	CommonName string    // "" means sns.amazonaws.com
	NotBefore  time.Time // zero means the start of 2020
	NotAfter   time.Time // zero means the end of 2099
	Bits       int       // of the RSA key; 0 means 2048
	Version    int       // SignatureVersion: 1 (SHA-1) or 2 (SHA-256); 0 means 2
}

// Signer signs SNS messages. It is safe for concurrent use. One signature of 2048 bits takes about a millisecond, so
// load at high rates is signed beforehand.
type Signer struct {
	key     *rsa.PrivateKey
	cert    *x509.Certificate
	version string
}

// NewSigner makes a key and a self-signed certificate for it.
func NewSigner(c Config) (*Signer, error) {
	c = c.withDefaults()
	key, err := rsa.GenerateKey(rand.Reader, c.Bits)
	if err != nil {
		return nil, fmt.Errorf("make signing key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: c.CommonName},
		NotBefore:    c.NotBefore,
		NotAfter:     c.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make signing certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read signing certificate: %w", err)
	}
	return &Signer{key: key, cert: cert, version: fmt.Sprint(c.Version)}, nil
}

func (c Config) withDefaults() Config {
	if c.CommonName == "" {
		c.CommonName = "sns.amazonaws.com"
	}
	if c.NotBefore.IsZero() {
		c.NotBefore = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if c.NotAfter.IsZero() {
		c.NotAfter = time.Date(2099, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	if c.Bits == 0 {
		c.Bits = 2048
	}
	if c.Version == 0 {
		c.Version = 2
	}
	return c
}

// Certificate is the certificate to trust: a source pins it, or it is granted under CertificateURL.
func (s *Signer) Certificate() *x509.Certificate { return s.cert }

// PEM is the certificate as SNS serves it.
func (s *Signer) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.cert.Raw})
}

// CertificateURL is where SNS would keep the certificate for a topic of the aws partition; messages name it.
func (s *Signer) CertificateURL(topic string) string {
	sum := sha256.Sum256(s.cert.Raw)
	return fmt.Sprintf("https://sns.%s.amazonaws.com/SimpleNotificationService-%x.pem", region(topic), sum[:16])
}

func region(topic string) string {
	if p := strings.Split(topic, ":"); len(p) > 3 {
		return p[3]
	}
	return ""
}

// Notification is a signed message as SNS posts it. messageID should be a UUID and topic the ARN of a topic.
func (s *Signer) Notification(topic, messageID, message string, at time.Time) []byte {
	return s.Sign(map[string]string{
		"Type": "Notification", "MessageId": messageID, "TopicArn": topic,
		"Subject": "Amazon SES Email Event Notification", "Message": message, "Timestamp": Timestamp(at),
		"UnsubscribeURL": s.actionURL(topic, "Unsubscribe&SubscriptionArn="+topic+":11111111-2222-4333-8444-555555555555"),
	})
}

// SubscriptionConfirmation is the signed message that asks a new subscriber to confirm. token is hexadecimal.
func (s *Signer) SubscriptionConfirmation(topic, messageID, token string, at time.Time) []byte {
	return s.confirmation("SubscriptionConfirmation", topic, messageID, token, at)
}

// UnsubscribeConfirmation is the signed message that tells a subscriber of its removal. token is hexadecimal.
func (s *Signer) UnsubscribeConfirmation(topic, messageID, token string, at time.Time) []byte {
	return s.confirmation("UnsubscribeConfirmation", topic, messageID, token, at)
}

func (s *Signer) confirmation(kind, topic, messageID, token string, at time.Time) []byte {
	return s.Sign(map[string]string{
		"Type": kind, "MessageId": messageID, "TopicArn": topic, "Token": token, "Timestamp": Timestamp(at),
		"Message":      "You have chosen to change the subscription to the topic " + topic + ".",
		"SubscribeURL": s.actionURL(topic, "ConfirmSubscription&TopicArn="+topic+"&Token="+token),
	})
}

func (s *Signer) actionURL(topic, action string) string {
	return "https://sns." + region(topic) + ".amazonaws.com/?Action=" + action
}

// Timestamp writes a time as SNS does.
func Timestamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// Sign completes an envelope of any fields with SignatureVersion, SigningCertURL (each unless it is there) and
// Signature, and writes it as SNS does. It checks nothing, so that tests can sign what SNS never would.
func (s *Signer) Sign(fields map[string]string) []byte {
	all := maps.Clone(fields)
	defaults := map[string]string{
		"SignatureVersion": s.version,
		"SigningCertURL":   s.CertificateURL(fields["TopicArn"]),
	}
	for key, value := range defaults {
		if _, ok := all[key]; !ok {
			all[key] = value
		}
	}
	all["Signature"] = s.SignText(StringToSign(all), all["SignatureVersion"])
	return Envelope(all)
}

// StringToSign is the text that the AWS documentation describes: the names and values of the signed fields that are
// there, in the byte order of the names, each with a newline after it.
func StringToSign(fields map[string]string) string {
	signed := []string{"Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	var text strings.Builder
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if slices.Contains(signed, key) {
			text.WriteString(key + "\n" + fields[key] + "\n")
		}
	}
	return text.String()
}

// SignText signs a text for a SignatureVersion, "1" or else "2", in Base64. It panics if the system has no entropy.
func (s *Signer) SignText(text, version string) string {
	hash := crypto.SHA256
	sum256 := sha256.Sum256([]byte(text))
	sum := sum256[:]
	if version == "1" {
		sum1 := sha1.Sum([]byte(text))
		hash, sum = crypto.SHA1, sum1[:]
	}
	sig, err := rsa.SignPKCS1v15(rand.Reader, s.key, hash, sum)
	if err != nil {
		panic(fmt.Errorf("sign: %w", err))
	}
	return base64.StdEncoding.EncodeToString(sig)
}

// envelopeOrder is the order in which SNS writes the fields; others come after them.
var envelopeOrder = []string{
	"Type", "MessageId", "Token", "TopicArn", "Subject", "Message", "SubscribeURL", "Timestamp", "SignatureVersion",
	"Signature", "SigningCertURL", "UnsubscribeURL",
}

// Envelope writes fields as SNS does: JSON with a line for each.
func Envelope(fields map[string]string) []byte {
	keys := slices.SortedFunc(maps.Keys(fields), func(a, b string) int {
		return cmp.Or(place(a)-place(b), strings.Compare(a, b))
	})
	lines := make([]string, 0, len(keys))
	for _, key := range keys {
		name, _ := json.Marshal(key) // strings always marshal
		value, _ := json.Marshal(fields[key])
		lines = append(lines, fmt.Sprintf("  %s : %s", name, value))
	}
	return []byte("{\n" + strings.Join(lines, ",\n") + "\n}")
}

func place(key string) int {
	if i := slices.Index(envelopeOrder, key); i >= 0 {
		return i
	}
	return len(envelopeOrder)
}
