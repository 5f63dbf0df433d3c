package provider

import (
	"crypto/hmac"
	"hash"
)

// MatchMAC reports whether sum is the HMAC of the parts, joined, under one of the accepted secrets. It takes the same
// time wherever sum differs and however many secrets match. An empty secret never matches, so a source that lost its
// secret accepts nobody.
func MatchMAC(algorithm func() hash.Hash, sum []byte, accepted []string, parts ...[]byte) bool {
	match := false
	for _, secret := range accepted {
		same := hmac.Equal(MAC(algorithm, secret, parts...), sum)
		match = match || same && secret != ""
	}
	return match
}
