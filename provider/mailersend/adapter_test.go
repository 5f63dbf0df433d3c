package mailersend_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/mailersend"
	"tidings/provider/providertest"
)

const secret = "uKxXTzA4CTrAEzSzgIg8mL5XbGDYtN7p"

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func source() provider.Source {
	return provider.Source{ID: "src_1", Project: "prj_1", Secrets: []string{secret}}
}

func sign(key string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func signed(payload []byte, key string) provider.Request {
	return provider.Request{
		Method: http.MethodPost, Body: payload,
		Header: http.Header{"Content-Type": {"application/json"}, "Signature": {sign(key, payload)}},
	}
}

func request(_ http.Header, payload []byte, _ time.Time) provider.Request {
	return signed(payload, secret)
}

func suite() providertest.Suite {
	unsigned := signed([]byte(delivered), secret)
	unsigned.Header = http.Header{}
	return providertest.Suite{
		Adapter: mailersend.Adapter,
		Source:  source(),
		Now:     noon,
		Request: request,
		Folder:  "testdata",
		Sample:  "hard_bounced_smtp",
		UnknownWord: []byte(`{"type":"activity.snoozed","data":{"id":"1","created_at":"2026-05-04T10:12:00Z",` +
			`"email":{"message":{"id":"m"},"recipient":{"email":"a@b.test"}}}}`),
		Signed: true,
		Strangers: map[string]provider.Request{
			"an event without signature":     unsigned,
			"an event signed by another key": signed([]byte(delivered), "another"),
			"another method":                 {Method: http.MethodGet, Header: http.Header{}, Body: []byte(delivered)},
		},
		Credentials: &providertest.Credentials{
			Accept: func(src *provider.Source, secrets []string) { src.Secrets = secrets },
			Show:   func(req *provider.Request, key string) { req.Header.Set("Signature", sign(key, req.Body)) },
		},
	}
}

func TestTheSharedQuestions(t *testing.T) {
	t.Parallel()
	providertest.Run(t, suite())
}

func FuzzOpen(f *testing.F) { providertest.Fuzz(f, suite()) }

func BenchmarkOpen(b *testing.B) { providertest.Bench(b, suite(), []byte(delivered), 1) }

func TestThePageSaysWhatBecomesOfEachWord(t *testing.T) {
	t.Parallel()
	providertest.Words(t, suite(), "../../docs/providers/mailersend.md", func(word string) []byte {
		return fmt.Appendf(nil, `{"type":%q,"data":{"id":"1","created_at":"2026-05-04T10:12:00Z",`+
			`"email":{"message":{"id":"m"},"recipient":{"email":"a@b.test"}}}}`, word)
	})
}

// The signature was made by OpenSSL: printf '%s' "$BODY" | openssl dgst -sha256 -hmac uKxXTzA4CTrAEzSzgIg8mL5XbGDYtN7p
const (
	delivered = `{"type":"activity.delivered","data":{"id":"1","created_at":"2026-05-04T10:12:00.506000Z","email":{"message":{"id":"m"},"recipient":{"email":"a@b.test"}},"url":"https:\/\/b.test\/"}}`
	byOpenSSL = "941d66ef35bd4447845725eab98e31f52be356a1d9adf721c000bf6e7f88de87"
)

func TestSignaturesMadeByOpenSSLAreGoodAndOthersAreNot(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, body, signature, code string }{
		{"as documented", delivered, byOpenSSL, ""},
		{"in capitals", delivered, strings.ToUpper(byOpenSSL), ""},
		{"written anew without the slashes", strings.ReplaceAll(delivered, "\\/", "/"), byOpenSSL, "bad_signature"},
		{"cut short", delivered, byOpenSSL[:62], "bad_signature"},
		{"not hexadecimal", delivered, "sha256=" + byOpenSSL, "bad_signature"},
		{"nothing", delivered, "", "no_signature"},
	}
	for _, c := range cases {
		req := signed([]byte(c.body), secret)
		req.Header.Set("Signature", c.signature)
		got := ""
		_, err := mailersend.Adapter.Open(req, source(), noon)
		if refusal, ok := errors.AsType[*provider.Refusal](err); ok {
			got = refusal.Code
		}
		if got != c.code {
			t.Errorf("%s: %q (%v), want %q", c.name, got, err, c.code)
		}
	}
}

func TestAnOpenThatIsToldTwiceIsOne(t *testing.T) {
	t.Parallel()
	s := suite()
	for _, pair := range [][2]string{{"opened", "opened_unique"}, {"clicked", "clicked_unique"}} {
		var ids []event.ID
		for _, name := range pair {
			header, payload := s.Fixture(t, name)
			ids = append(ids, s.Finish(t, s.MustOpen(t, request(header, payload, noon)).Drafts)[0].ID)
		}
		if ids[0] != ids[1] {
			t.Errorf("%s and %s are two facts", pair[0], pair[1])
		}
	}
}
