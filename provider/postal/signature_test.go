package postal_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tidings/provider"
	"tidings/provider/postal"
)

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
