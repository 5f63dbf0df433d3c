package provider_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"tidings/provider"
)

func newRSAKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// base64Key is a key as a DKIM record has it.
func base64Key(t *testing.T, k *rsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// pemKey is a key in PEM, of the newer form or of RSA's own.
func pemKey(t *testing.T, k *rsa.PrivateKey, own bool) string {
	t.Helper()
	if own {
		return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&k.PublicKey)}))
	}
	der, err := base64.StdEncoding.DecodeString(base64Key(t, k))
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func TestAKeyIsReadInEveryFormThatPeopleHave(t *testing.T) {
	t.Parallel()
	k := newRSAKey(t, 2048)
	plain := base64Key(t, k)
	half := len(plain) / 2
	forms := map[string]string{
		"the Base64 of the record":      plain,
		"with line ends":                plain[:half] + "\n" + plain[half:] + "\n",
		"the record":                    "v=DKIM1; t=s; h=sha256; p=" + plain + ";",
		"the key of the record alone":   "p=" + plain,
		"a record in quoted parts":      `"v=DKIM1; t=s; h=sha256; p=` + plain[:half] + `" "` + plain[half:] + `;"`,
		"a record with spaces":          "v = DKIM1; p = " + plain,
		"PEM":                           pemKey(t, k, false),
		"PEM of RSA's own form":         pemKey(t, k, true),
		"PEM with blanks around it":     "\n  " + strings.TrimSpace(pemKey(t, k, false)) + "\n\n",
		"PEM with the line ends of DOS": strings.ReplaceAll(pemKey(t, k, false), "\n", "\r\n"),
	}
	for what, text := range forms {
		got, err := provider.ParseRSAKey(text)
		if err != nil || !got.Equal(&k.PublicKey) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestWhatIsNoRSAKeyIsToldSo(t *testing.T) {
	t.Parallel()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&curve.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(newRSAKey(t, 1024))})
	for what, c := range map[string]struct{ text, want string }{
		"nothing":       {"", "no public key"},
		"a word":        {"secret", "neither Base64 nor PEM"},
		"a private key": {string(private), "private key"},
		"a curve's key": {base64.StdEncoding.EncodeToString(der), "want an RSA key"},
		"a short key":   {base64.StdEncoding.EncodeToString([]byte("short")), "no public key"},
		"a revoked key": {"v=DKIM1; p=", "no public key"},
		"cut PEM":       {"-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n", "no public key"},
	} {
		if _, err := provider.ParseRSAKey(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
