package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// sealKeySize is that of AES-256.
const sealKeySize = 32

// Sealer keeps secrets that have to be used again, unlike passwords, which are only compared: by AES-256-GCM under a key
// that is not in the database, so that whoever has the database alone can't read them. It is safe for concurrent use.
type Sealer struct{ aead cipher.AEAD }

// errSealKey says what a key looks like, and not what was given.
var errSealKey = errors.New("the key that seals secrets must be 32 bytes in Base64, as from: openssl rand -base64 32")

// NewSealKey makes a key, as the text that NewSealer reads.
func NewSealKey() string {
	b := make([]byte, sealKeySize)
	_, _ = rand.Read(b) // it never fails
	return base64.StdEncoding.EncodeToString(b)
}

// NewSealer makes a sealer with a key in Base64. White space around it does not count.
func NewSealer(key string) (*Sealer, error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(key))
	if err != nil || len(b) != sealKeySize {
		return nil, errSealKey
	}
	block, err := aes.NewCipher(b)
	if err != nil {
		return nil, fmt.Errorf("make a cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make a cipher: %w", err)
	}
	return &Sealer{aead}, nil
}

// Seal hides a secret. of names whose it is: what was sealed for one opens for no other.
func (s *Sealer) Seal(secret []byte, of string) []byte {
	return s.aead.Seal(nil, nil, secret, []byte(of))
}

// ErrSealed says that something was sealed with another key, for another owner, or was changed.
var ErrSealed = errors.New("it was sealed with another key, or changed: the server needs the key that it was sealed with")

// Open gives back what Seal hid.
func (s *Sealer) Open(sealed []byte, of string) ([]byte, error) {
	secret, err := s.aead.Open(nil, nil, sealed, []byte(of))
	if err != nil {
		return nil, ErrSealed
	}
	return secret, nil
}
