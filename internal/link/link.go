// Package link provides the links of an email that lead back to us: how they are sealed so that nobody else can make or change
// one, and how a message's HTML gets them. It is pure.
package link

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"maps"
	"slices"
)

// Kind is what a link is for. It is part of tokens: numbers never change.
type Kind byte

// The kinds.
const (
	Unsubscribe Kind = 1
	Preferences Kind = 2
	Open        Kind = 3
	Click       Kind = 4
)

// Ref names whom a link was made for, and in which email, by the store's integers.
type Ref struct {
	Project, Contact int64
	Send             int64 // 0: of no send
}

// Link is what a token says.
type Link struct {
	Kind Kind
	Ref
	Target string              // of a Click: where it leads
	Tags   map[string][]string // of a Click: the tags of the link
}

const (
	macBytes  = 16 // 128 bits of HMAC-SHA256
	maxTarget = 2000
	maxTags   = 20
	maxTag    = 256
	// maxToken is the longest token that is looked at: one of a link with all it may have is shorter.
	maxToken = 24 << 10
)

// Sealer makes tokens and reads them. It is safe for concurrent use. Make it with NewSealer.
type Sealer struct {
	mac   []byte
	block cipher.Block
}

// The labels that the two keys are derived under, so that the secret may serve others too.
const (
	macLabel   = "tidings link mac 1"
	coverLabel = "tidings link cover 1"
)

// NewSealer makes one of a secret. The same secret reads the tokens for ever.
func NewSealer(secret []byte) *Sealer {
	block, err := aes.NewCipher(sum(secret, []byte(coverLabel)))
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	return &Sealer{mac: sum(secret, []byte(macLabel)), block: block}
}

func sum(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)
}

// Seal makes the token of a link, of letters, digits, - and _. The same link has the same token. It is 16 bytes of
// HMAC-SHA256 over what the link says, then what it says under AES-256 in counter mode that begins at these 16 bytes: nobody
// learns from a token how many contacts or sends there are.
func (s *Sealer) Seal(l Link) string {
	plain := l.encode()
	token := make([]byte, macBytes, macBytes+len(plain))
	copy(token, sum(s.mac, plain))
	token = append(token, plain...)
	s.cover(token)
	return base64.RawURLEncoding.EncodeToString(token)
}

// cover covers or uncovers what follows the first 16 bytes.
func (s *Sealer) cover(token []byte) {
	cipher.NewCTR(s.block, token[:macBytes]).XORKeyStream(token[macBytes:], token[macBytes:])
}

var encoding = base64.RawURLEncoding.Strict()

// Open reads a token; ok is false for one that Seal did not make with this secret.
func (s *Sealer) Open(token string) (l Link, ok bool) {
	if len(token) > maxToken || !isWord(token) {
		return Link{}, false
	}
	b, err := encoding.DecodeString(token)
	if err != nil || len(b) <= macBytes {
		return Link{}, false
	}
	s.cover(b)
	if !hmac.Equal(sum(s.mac, b[macBytes:])[:macBytes], b[:macBytes]) {
		return Link{}, false
	}
	return decode(b[macBytes:])
}

// isWord keeps out what a decoder would pass over.
func isWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' && c != '_' {
			return false
		}
	}
	return s != ""
}

// encode writes what a link says: its kind, three integers, and of a click its target and tags, each text after its length.
func (l *Link) encode() []byte {
	b := make([]byte, 0, 32+len(l.Target))
	b = append(b, byte(l.Kind))
	for _, n := range [...]int64{l.Project, l.Contact, l.Send} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	if l.Kind != Click {
		return b
	}
	b = appendText(b, l.Target)
	for _, key := range slices.Sorted(maps.Keys(l.Tags)) {
		for _, value := range l.Tags[key] {
			b = appendText(appendText(b, key), value)
		}
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// decode reads what encode wrote. What it reads is proved, so that a mistake is one of another version of ours.
func decode(b []byte) (l Link, ok bool) {
	r := reader{rest: b[1:]}
	l.Kind = Kind(b[0])
	l.Project, l.Contact, l.Send = r.number(), r.number(), r.number()
	if l.Kind == Click {
		l.Target = r.text()
		for len(r.rest) > 0 && !r.bad {
			key, value := r.text(), r.text()
			if l.Tags == nil {
				l.Tags = make(map[string][]string)
			}
			l.Tags[key] = append(l.Tags[key], value)
		}
	}
	ok = !r.bad && len(r.rest) == 0 && l.Kind >= Unsubscribe && l.Kind <= Click
	return l, ok
}

// reader takes values off bytes. bad is set where they end too early.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) number() int64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || int64(n) < 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return int64(n)
}

func (r *reader) text() string {
	n := r.number()
	if n > int64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return ""
	}
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}
