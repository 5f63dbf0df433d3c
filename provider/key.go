package provider

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// ParsePublicKey reads a public key as dashboards show it: the Base64 of a SubjectPublicKeyInfo, or the same in PEM.
// Blanks and line ends in it are passed over.
func ParsePublicKey(text string) (any, error) {
	text = strings.TrimSpace(text)
	if block, _ := pem.Decode([]byte(text)); block != nil {
		if strings.Contains(block.Type, "PRIVATE") {
			return nil, errors.New("this is a private key: give the public one")
		}
		return parsePublicDER(block.Bytes)
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, fmt.Errorf("this is no public key, neither Base64 nor PEM: %w", err)
	}
	return parsePublicDER(der)
}

func parsePublicDER(der []byte) (any, error) {
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("this is no public key: %w", err)
	}
	return key, nil
}

// ParseP256Key reads an ECDSA public key on the curve P-256, see ParsePublicKey. Keys of other kinds are named in the
// error.
func ParseP256Key(text string) (*ecdsa.PublicKey, error) {
	key, err := ParsePublicKey(text)
	if err != nil {
		return nil, err
	}
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			return k, nil
		}
		return nil, fmt.Errorf("this is an ECDSA key on %s, want one on P-256", k.Curve.Params().Name)
	case *rsa.PublicKey:
		return nil, errors.New("this is an RSA key, want an ECDSA key on P-256")
	}
	return nil, fmt.Errorf("this is a %T, want an ECDSA key on P-256", key)
}
