package compose_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"tidings/internal/compose"
	"tidings/internal/send"
)

func inPEM(t testing.TB, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func rsaKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signer(t testing.TB, domain, selector string, key any) *compose.Signer {
	t.Helper()
	s, err := compose.NewSigner(send.DKIMKey{Domain: domain, Selector: selector, PrivateKey: inPEM(t, key)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// verified are the domains whose signatures hold, by the verifier of go-msgauth and the records that we tell to publish.
func verified(t *testing.T, email []byte, keys ...*compose.Signer) (good []string) {
	t.Helper()
	records := map[string]string{}
	for _, k := range keys {
		name, text := k.Record()
		records[name] = text
	}
	list, err := dkim.VerifyWithOptions(bytes.NewReader(email), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		return []string{records[name]}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range list {
		if v.Err == nil {
			good = append(good, v.Domain)
		}
	}
	return good
}

func TestSignaturesHoldAndBreakWhenAnythingThatTheyCoverChanges(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := []*compose.Signer{
		signer(t, "send.test", "r1", rsaKey(t)), signer(t, "Send.test", "e1", ed), signer(t, "other.test", "o1", rsaKey(t)),
	}
	l := composed(t, full())
	signed, err := compose.Sign(l.Bytes, "app@mail.send.test", keys)
	if err != nil {
		t.Fatal(err)
	}
	if got := verified(t, signed, keys...); len(got) != 2 || got[0] != "send.test" || got[1] != "send.test" {
		t.Fatalf("signed by %q", got)
	}
	change := func(old, other string) {
		t.Helper()
		changed := bytes.Replace(signed, []byte(old), []byte(other), 1)
		if bytes.Equal(changed, signed) {
			t.Fatalf("%q is not there", old)
		}
		if got := verified(t, changed, keys...); len(got) != 0 {
			t.Errorf("%q for %q: signatures of %q still hold", other, old, got)
		}
	}
	change("app@send.test", "bad@send.test")
	change("ann@acme.test", "bob@acme.test")
	change("tidings.test/u/", "evil.test/u/")
	change("One-Click", "Two-Click")
	change("10:12:00", "10:12:01")
	change("Gr=C3=BC=C3=9Fe", "Gr=C3=BC=C3=9Ff")
	for _, name := range []string{
		"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Reply-To", "List-Unsubscribe",
		"List-Unsubscribe-Post",
	} {
		change("\r\nDate: ", "\r\n"+name+": added\r\nDate: ")
	}
	// Where no key is of the author's domain, all sign.
	signed, err = compose.Sign(l.Bytes, "app@elsewhere.test", keys)
	if err != nil || len(verified(t, signed, keys...)) != 3 {
		t.Errorf("elsewhere: %v", err)
	}
}

// TestASignatureHoldsForOpenSSL reads the signature with regular expressions, brings the headers into canonical form by
// itself (RFC 6376, section 3.4.2) and lets openssl verify: nothing of it is by who signed.
func TestASignatureHoldsForOpenSSL(t *testing.T) {
	t.Parallel()
	key := rsaKey(t)
	k := signer(t, "send.test", "r1", key)
	signed, err := compose.Sign(composed(t, full()).Bytes, "app@send.test", []*compose.Signer{k})
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(string(signed), "\r\n\r\n")
	var list []string
	for line := range strings.SplitSeq(head, "\r\n") {
		if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
			list[len(list)-1] += line
			continue
		}
		list = append(list, line)
	}
	relaxed := func(field string) string {
		name, value, _ := strings.Cut(field, ":")
		return strings.ToLower(strings.TrimSpace(name)) + ":" + strings.TrimSpace(regexp.MustCompile(`[ \t]+`).ReplaceAllString(value, " "))
	}
	signature := list[0]
	tag := func(name string) string {
		found := regexp.MustCompile(`(?:[:;]\s*)` + name + `=([^;]*)`).FindStringSubmatch(signature)
		return strings.Join(strings.Fields(found[1]), "")
	}
	var said strings.Builder
	left := list[1:]
	for name := range strings.SplitSeq(tag("h"), ":") {
		for i := len(left) - 1; i >= 0; i-- {
			if strings.HasPrefix(strings.ToLower(left[i]), strings.ToLower(name)+":") {
				said.WriteString(relaxed(left[i]) + "\r\n")
				left = append(append([]string{}, left[:i]...), left[i+1:]...)
				break
			}
		}
	}
	said.WriteString(relaxed(regexp.MustCompile(`([;\s]b=)[^;]*`).ReplaceAllString(signature, "$1")))
	lines := strings.Split(body, "\r\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(regexp.MustCompile(`[ \t]+`).ReplaceAllString(line, " "), " ")
	}
	sum := sha256.Sum256([]byte(strings.TrimRight(strings.Join(lines, "\r\n"), "\r\n") + "\r\n"))
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != tag("bh") {
		t.Errorf("the body's hash is %s, the signature says %s", got, tag("bh"))
	}
	dir := t.TempDir()
	_, record := k.Record()
	_, public, _ := strings.Cut(record, "p=")
	raw, err := base64.StdEncoding.DecodeString(tag("b"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"key.pem": []byte("-----BEGIN PUBLIC KEY-----\n" + public + "\n-----END PUBLIC KEY-----\n"), "sig": raw, "said": []byte(said.String()),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "sig", "said")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "Verified OK") {
		t.Errorf("openssl: %v %s\nof %q", err, out, said.String())
	}
}

func TestKeysThatCannotSignAreRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	old := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(small)}))
	for text, want := range map[string]string{
		"":                                  "PEM",
		"canary":                            "PEM",
		inPEM(t, crypto.PrivateKey(curve)):  "RSA or Ed25519",
		strings.ReplaceAll(old, "MII", "A"): "",
		old:                                 "ok",
	} {
		_, err := compose.NewSigner(send.DKIMKey{Domain: "a.test", Selector: "s", PrivateKey: text})
		if (err == nil) != (want == "ok") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary")) {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}
