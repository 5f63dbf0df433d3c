package auth_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"tidings/internal/auth"
)

func sealer(t *testing.T, key string) *auth.Sealer {
	t.Helper()
	s, err := auth.NewSealer(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatIsSealedOpensWithItsKeyForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	key, secret := auth.NewSealKey(), []byte("whsec_abc")
	s := sealer(t, key+"\n")
	sealed := s.Seal(secret, "one")
	if bytes.Contains(sealed, secret) || bytes.Equal(sealed, s.Seal(secret, "one")) {
		t.Error("it is not hidden")
	}
	if got, err := s.Open(sealed, "one"); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("%q %v", got, err)
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another owner": func() ([]byte, error) { return s.Open(sealed, "two") },
		"another key":   func() ([]byte, error) { return sealer(t, auth.NewSealKey()).Open(sealed, "one") },
		"changed":       func() ([]byte, error) { return s.Open(changed, "one") },
		"cut":           func() ([]byte, error) { return s.Open(sealed[:5], "one") },
		"nothing":       func() ([]byte, error) { return s.Open(nil, "one") },
	} {
		if got, err := open(); !errors.Is(err, auth.ErrSealed) || got != nil {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

func TestAKeyThatCannotSealIsRefusedWithoutBeingRepeated(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "secret-secret", "AAAA", strings.Repeat("A", 45)} {
		if _, err := auth.NewSealer(key); err == nil || key != "" && strings.Contains(err.Error(), key) {
			t.Errorf("%q: %v", key, err)
		}
	}
}
