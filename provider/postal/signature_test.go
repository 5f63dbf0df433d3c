package postal_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tidings/provider"
	"tidings/provider/postal"
)

func TestAKeyIsReadInEveryFormThatPeopleHave(t *testing.T) {
	t.Parallel()
	plain := base64Key(key())
	half := len(plain) / 2
	forms := map[string]string{
		"the Base64 of the record":      plain,
		"with line ends":                plain[:half] + "\n" + plain[half:] + "\n",
		"the record":                    "v=DKIM1; t=s; h=sha256; p=" + plain + ";",
		"the key of the record alone":   "p=" + plain,
		"a record in quoted parts":      `"v=DKIM1; t=s; h=sha256; p=` + plain[:half] + `" "` + plain[half:] + `;"`,
		"a record with spaces":          "v = DKIM1; p = " + plain,
		"PEM":                           pemKey(key(), false),
		"PEM of RSA's own form":         pemKey(key(), true),
		"PEM with blanks around it":     "\n  " + strings.TrimSpace(pemKey(key(), false)) + "\n\n",
		"PEM with the line ends of DOS": strings.ReplaceAll(pemKey(key(), false), "\n", "\r\n"),
	}
	for what, text := range forms {
		k, err := postal.ParseKey(text)
		if err != nil || !k.Equal(&key().PublicKey) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestWhatIsNoKeyOfPostalIsToldSo(t *testing.T) {
	t.Parallel()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&curve.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key())})
	for what, c := range map[string]struct{ text, want string }{
		"nothing":       {"", "no public key"},
		"a word":        {"secret", "neither Base64 nor PEM"},
		"a private key": {string(private), "private key"},
		"a curve's key": {base64.StdEncoding.EncodeToString(der), "Postal signs with RSA"},
		"a short key":   {base64.StdEncoding.EncodeToString([]byte("short")), "no public key"},
		"a revoked key": {"v=DKIM1; p=", "no public key"},
		"cut PEM":       {"-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n", "no public key"},
	} {
		if _, err := postal.ParseKey(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestTheBetterSignatureDecides(t *testing.T) {
	t.Parallel()
	open := func(change func(*provider.Request), require bool) string {
		req := provider.Request{Header: http.Header{}, Body: []byte("{}")}
		change(&req)
		src := source()
		src.RequireVersion2 = require
		_, err := postal.Adapter.Open(req, src, noon)
		if err == nil {
			return ""
		}
		code, _, _ := strings.Cut(err.Error(), ":")
		return code
	}
	cases := map[string]struct {
		change  func(*provider.Request)
		require bool
		code    string
	}{
		"SHA-256 alone":             {func(r *provider.Request) { sign256(r, key()) }, true, ""},
		"SHA-1 alone":               {func(r *provider.Request) { sign1(r, key()) }, false, ""},
		"a key of 1,024 bits":       {func(r *provider.Request) { sign1(r, other()) }, false, ""},
		"SHA-1 where it is refused": {func(r *provider.Request) { sign1(r, key()) }, true, "version_1"},
		"a bad SHA-256 and a good SHA-1": {func(r *provider.Request) {
			sign1(r, key())
			r.Header.Set("X-Postal-Signature-256", r.Header.Get("X-Postal-Signature"))
		}, false, "bad_signature"},
		"not Base64": {func(r *provider.Request) { r.Header.Set("X-Postal-Signature", "!") }, false, "bad_signature"},
		"none":       {func(*provider.Request) {}, false, "no_signature"},
	}
	for what, c := range cases {
		if got := open(c.change, c.require); got != c.code {
			t.Errorf("%s: %q, want %q", what, got, c.code)
		}
	}
}

func TestWithoutAKeyNothingIsTaken(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][]string{nil, {""}, {"secret"}} {
		_, err := postal.Adapter.Open(request(http.Header{}, []byte("{}"), noon), provider.Source{Secrets: secrets}, noon)
		if err == nil || !strings.HasPrefix(err.Error(), "no_key") {
			t.Errorf("%q: %v", secrets, err)
		}
	}
}

// TestOpenSSLSignsTheSame makes key and signatures with a second implementation, as the page shows it.
func TestOpenSSLSignsTheSame(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const body = `{"event":"MessageSent","payload":{"message":{"message_id":"m1","to":"a@b.test"}},"uuid":"u1"}`
	if err := os.WriteFile(filepath.Join(dir, "body"), []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(script string) string {
		cmd := exec.Command("sh", "-c", script)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(script, err)
		}
		return strings.TrimSpace(string(out))
	}
	run("openssl genrsa -out key.pem 2048 2>/dev/null")
	secret := run("openssl rsa -in key.pem -pubout 2>/dev/null")
	for header, command := range map[string]string{
		"X-Postal-Signature-256": "openssl dgst -sha256 -sign key.pem body | openssl base64 -A",
		"X-Postal-Signature":     "openssl dgst -sha1 -sign key.pem body | openssl base64 -A",
	} {
		h := http.Header{}
		h.Set(header, run(command))
		r, err := postal.Adapter.Open(provider.Request{Header: h, Body: []byte(body)}, provider.Source{Secrets: []string{secret}}, noon)
		if err != nil || len(r.Drafts) != 1 {
			t.Errorf("%s: %v", header, err)
		}
	}
}
