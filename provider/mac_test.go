package provider_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"tidings/provider"
)

// The sum was made by OpenSSL: printf 'onetwo' | openssl dgst -sha256 -hmac key
func TestAMACMatchesUnderAnyAcceptedSecretAndNeverAnEmptyOne(t *testing.T) {
	t.Parallel()
	sum, err := hex.DecodeString("ecb19a59c36e8c54885f887512486dbb3d374bda49d48a7710e74caeffd42248")
	if err != nil {
		t.Fatal(err)
	}
	empty, err := hex.DecodeString("6a3897f6dc0c2db97d16b561d6412784034cf8ad42142ff7898cf3ea26b15f82")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		sum      []byte
		accepted []string
		want     bool
	}{
		{sum, []string{"key"}, true},
		{sum, []string{"other", "key"}, true},
		{sum, []string{"key", "key"}, true},
		{sum, []string{"other"}, false},
		{sum, nil, false},
		{sum[:16], []string{"key"}, false},
		{nil, []string{"key"}, false},
		{empty, []string{""}, false},
		{empty, []string{"", "key"}, false},
	} {
		if got := provider.MatchMAC(sha256.New, c.sum, c.accepted, []byte("one"), []byte("two")); got != c.want {
			t.Errorf("%x under %q: %v", c.sum, c.accepted, got)
		}
	}
}
