package message

import (
	"encoding/hex"
	"strings"
)

// sesLayout is how Amazon SES writes its message ids: lowercase hexadecimal digits in groups. They are most of what a
// store of messages holds, and take half the room as bytes.
var sesLayout = [...]int{16, 8, 4, 4, 4, 12, 6}

const (
	sesLength = 60 // of an id in this layout
	// packed is the first byte of a key that is bytes instead of text. No id begins with it: they are clean text.
	packed = 0
)

// Key is the stored form of a message id. It keeps the order of ids of one layout, so that ids that begin with a time
// stay sorted by it. ID is its inverse.
func Key(id string) []byte {
	if len(id) != sesLength || strings.ToLower(id) != id {
		return []byte(id)
	}
	key, digits := make([]byte, 1, 1+sesLength/2), make([]byte, 0, sesLength)
	key[0] = packed
	rest := id
	for i, n := range sesLayout {
		if i > 0 {
			if rest[0] != '-' {
				return []byte(id)
			}
			rest = rest[1:]
		}
		digits = append(digits, rest[:n]...)
		rest = rest[n:]
	}
	key, err := hex.AppendDecode(key, digits)
	if err != nil {
		return []byte(id)
	}
	return key
}

// ID is the message id of a key.
func ID(key []byte) string {
	if len(key) == 0 || key[0] != packed {
		return string(key)
	}
	digits := hex.EncodeToString(key[1:])
	var b strings.Builder
	for i, n := range sesLayout {
		if i > 0 {
			b.WriteByte('-')
		}
		n = min(n, len(digits))
		b.WriteString(digits[:n])
		digits = digits[n:]
	}
	return b.String()
}
