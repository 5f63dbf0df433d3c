// Package auth provides API keys, tokens, passwords and sessions: how they are made, hashed and recognised. Only hashes are
// ever stored.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"

	"tidings/internal/store"
)

// Prefixes of API keys: what a person, and a scanner of leaked secrets, knows them by.
const (
	SecretPrefix = "sk_"
	PublicPrefix = "pk_"
)

const (
	keyBytes   = 32 // 256 bits
	tokenBytes = 24 // 192 bits
	idBytes    = 10 // 80 bits: 16 letters of base 32, none to spare
	shown      = 6  // letters of a key that stay visible after its prefix
)

// crockford is Douglas Crockford's base 32 in lower case: no i, l, o or u. https://www.crockford.com/base32.html
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// New makes an API key. plain is shown once and never stored; hash and prefix are what is kept. Every kind but
// store.PublicKey is secret.
func New(kind store.KeyKind) (plain string, hash [32]byte, prefix string) {
	head := SecretPrefix
	if kind == store.PublicKey {
		head = PublicPrefix
	}
	plain = head + base64.RawURLEncoding.EncodeToString(random(keyBytes))
	return plain, Hash(plain), plain[:len(head)+shown]
}

// Token makes the token of a source's URL, of a session or of an invitation: 192 random bits in URL-safe letters.
func Token() string { return base64.RawURLEncoding.EncodeToString(random(tokenBytes)) }

// Hash is the SHA-256 of a key or token. The secrets are random and long, so a plain hash can't be searched.
func Hash(plain string) [32]byte { return sha256.Sum256([]byte(plain)) }

// NewID makes an id: the prefix ("src_", "key_"), then 80 random bits in 16 letters and digits.
func NewID(prefix string) string { return prefix + crockford.EncodeToString(random(idBytes)) }

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails, see crypto/rand
	return b
}
