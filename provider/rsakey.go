package provider

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
)

// minRSABits is what Postal made its keys of for years.
const minRSABits = 1024

// ParseRSAKey reads an RSA public key of 1,024 bits or more, see ParsePublicKey; also in RSA's own PEM, and as the DKIM
// record that publishes it.
func ParseRSAKey(text string) (*rsa.PublicKey, error) {
	text = strings.TrimSpace(text)
	if block, _ := pem.Decode([]byte(text)); block != nil && block.Type == "RSA PUBLIC KEY" {
		key, err := x509.ParsePKCS1PublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("this is no public key: %w", err)
		}
		return bigEnough(key)
	}
	if !strings.HasPrefix(text, "-----") {
		text = keyOfRecord(text)
	}
	key, err := ParsePublicKey(text)
	if err != nil {
		return nil, err
	}
	rsaKey, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("this is a %T, want an RSA key", key)
	}
	return bigEnough(rsaKey)
}

func bigEnough(key *rsa.PublicKey) (*rsa.PublicKey, error) {
	if key.N.BitLen() < minRSABits {
		return nil, fmt.Errorf("the RSA key has %d bits, want %d or more", key.N.BitLen(), minRSABits)
	}
	return key, nil
}

// keyOfRecord takes the key out of a DKIM record (RFC 6376, section 3.6.1), which may be in quoted parts, as zone files
// have it. A text that is no record is returned as it is.
func keyOfRecord(text string) string {
	for part := range strings.SplitSeq(strings.ReplaceAll(text, `"`, ""), ";") {
		if name, value, ok := strings.Cut(strings.TrimSpace(part), "="); ok && strings.TrimSpace(name) == "p" {
			return value
		}
	}
	return text
}
