package postal_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"tidings/provider"
	"tidings/provider/postal"
	"tidings/provider/providertest"
)

var (
	noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	// Keys for all tests: making one takes up to a second.
	key   = sync.OnceValue(func() *rsa.PrivateKey { return newKey(2048) })
	other = sync.OnceValue(func() *rsa.PrivateKey { return newKey(1024) })
)

func newKey(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

// base64Key is a key as a DKIM record has it.
func base64Key(k *rsa.PrivateKey) string {
	der, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func source() provider.Source {
	return provider.Source{ID: "src_1", Project: "prj_1", Secrets: []string{base64Key(other()), base64Key(key())}}
}

func sign256(req *provider.Request, k *rsa.PrivateKey) {
	sum := sha256.Sum256(req.Body)
	sign(req, k, "X-Postal-Signature-256", crypto.SHA256, sum[:])
}

func sign1(req *provider.Request, k *rsa.PrivateKey) {
	sum := sha1.Sum(req.Body)
	sign(req, k, "X-Postal-Signature", crypto.SHA1, sum[:])
}

// sign sets a header of Postal. That this is how OpenSSL signs is shown in signature_test.go.
func sign(req *provider.Request, k *rsa.PrivateKey, header string, hash crypto.Hash, sum []byte) {
	value, err := rsa.SignPKCS1v15(nil, k, hash, sum)
	if err != nil {
		panic(err)
	}
	req.Header.Set(header, base64.StdEncoding.EncodeToString(value))
}

// request makes what Postal posts: the payload gets the time of the request, which fixtures leave out.
func request(h http.Header, payload []byte, at time.Time) provider.Request {
	r := provider.Request{Method: http.MethodPost, Header: h.Clone(), Body: payload}
	if rest, ok := bytes.CutPrefix(payload, []byte(`{"event":`)); ok {
		r.Body = append(fmt.Appendf(nil, `{"timestamp":%d.25,"event":`, at.Unix()), rest...)
	}
	sign1(&r, key())
	if h.Get("X-Postal-Signature") != "alone" {
		sign256(&r, key())
	}
	return r
}

func suite() providertest.Suite {
	unsigned := request(http.Header{}, []byte("{}"), noon)
	unsigned.Header = http.Header{}
	foreign := request(http.Header{}, []byte("{}"), noon)
	sign256(&foreign, newKey(1024))
	get := request(http.Header{}, []byte("{}"), noon)
	get.Method = http.MethodGet
	return providertest.Suite{
		Adapter: postal.Adapter, Source: source(), Now: noon,
		Request: request, Folder: "testdata", Sample: "clicked",
		UnknownWord: []byte(`{"event":"MessageSnoozed","payload":{"message":{"message_id":"m1@b.test","to":"a@b.test"}}}`),
		Signed:      true,
		Dated:       true,
		Strangers: map[string]provider.Request{
			"an unsigned request": unsigned, "another key with a good SHA-1 besides": foreign, "another method": get,
		},
	}
}

func TestTheSharedQuestions(t *testing.T) {
	t.Parallel()
	providertest.Run(t, suite())
}

func TestBasicAuthMayBeAskedForBesides(t *testing.T) {
	t.Parallel()
	src := source()
	src.BasicAuth = []string{"u:p"}
	req := request(http.Header{}, []byte("{}"), noon)
	if _, err := postal.Adapter.Open(req, src, noon); err == nil {
		t.Error("taken without")
	}
	req.Header.Set("Authorization", "Basic dTpw")
	if _, err := postal.Adapter.Open(req, src, noon); err != nil {
		t.Error(err)
	}
}

func TestOneFactToldByTwoWebhooksIsOneEvent(t *testing.T) {
	t.Parallel()
	s := suite()
	_, payload := s.Fixture(t, "sent")
	first := s.Finish(t, s.MustOpen(t, request(http.Header{}, payload, noon)).Drafts)
	again := bytes.Replace(payload, []byte(`"uuid":"0`), []byte(`"uuid":"1`), 1)
	second := s.Finish(t, s.MustOpen(t, request(http.Header{}, again, noon.Add(time.Second))).Drafts)
	if bytes.Equal(payload, again) || first[0].ID != second[0].ID {
		t.Errorf("%s and %s", first[0].ID, second[0].ID)
	}
}

func TestThePageTellsEveryWord(t *testing.T) {
	t.Parallel()
	providertest.Names(t, "../../docs/providers/postal.md", "Postal", postal.Words())
}

// FuzzOpen signs once with the smaller key: five times as many bodies in the same time.
func FuzzOpen(f *testing.F) {
	s := suite()
	s.Request = func(_ http.Header, payload []byte, _ time.Time) provider.Request {
		r := provider.Request{Method: http.MethodPost, Header: http.Header{}, Body: payload}
		sign256(&r, other())
		return r
	}
	providertest.Fuzz(f, s)
}

func BenchmarkOpen(b *testing.B) { providertest.BenchSample(b, suite()) }
