package resend_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tidings/provider"
	"tidings/provider/providertest"
	"tidings/provider/resend"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

const (
	messageID = "msg_2W2D3qXLS5fOaPja1GDg7rF2CwB"
	oldSecret = "whsec_b2xkIHNlY3JldCBvZiB0aGUgdGVzdHM="
	newSecret = "whsec_bmV3IHNlY3JldCBvZiB0aGUgdGVzdHM="
)

func source() provider.Source {
	return provider.Source{ID: "src_1", Project: "prj_1", Secrets: []string{newSecret, oldSecret}, MaxAge: 24 * time.Hour}
}

// sign sets the headers of Svix. That this is how Svix signs is shown in package provider, with its own vector and
// with OpenSSL.
func sign(req *provider.Request, secret string, at time.Time) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		panic(err)
	}
	stamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", messageID, stamp, req.Body)
	req.Header.Set("svix-id", messageID)
	req.Header.Set("svix-timestamp", stamp)
	req.Header.Set("svix-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

func request(h http.Header, payload []byte, at time.Time) provider.Request {
	r := provider.Request{Method: http.MethodPost, Header: h.Clone(), Body: payload}
	sign(&r, oldSecret, at)
	return r
}

// secretOf makes a secret of a text; of none it makes none.
func secretOf(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return "whsec_" + base64.StdEncoding.EncodeToString(sum[:])
}

func suite() providertest.Suite {
	unsigned := request(http.Header{}, []byte("{}"), noon)
	unsigned.Header = http.Header{}
	foreign := request(http.Header{}, []byte("{}"), noon)
	sign(&foreign, secretOf("foreign"), noon)
	get := request(http.Header{}, []byte("{}"), noon)
	get.Method = http.MethodGet
	return providertest.Suite{
		Adapter: resend.Adapter, Source: source(), Now: noon,
		Request: request, Folder: "testdata", Sample: "clicked",
		UnknownWord: []byte(`{"type":"email.snoozed","data":{"email_id":"m1","to":["a@b.test","c@d.test"]}}`),
		Signed:      true,
		Dated:       true,
		Strangers: map[string]provider.Request{
			"an unsigned request": unsigned, "a stranger's signature": foreign, "another method": get,
		},
		Credentials: &providertest.Credentials{
			Accept: func(src *provider.Source, secrets []string) {
				for _, s := range secrets {
					src.Secrets = append(src.Secrets, secretOf(s))
				}
			},
			Show: func(req *provider.Request, secret string) { sign(req, secretOf(secret), noon) },
		},
	}
}

func TestTheSharedQuestions(t *testing.T) {
	t.Parallel()
	providertest.Run(t, suite())
}

func TestTheStandardHeadersAreTakenToo(t *testing.T) {
	t.Parallel()
	req := suite().Request(http.Header{}, []byte(`{"type":"email.sent","data":{"email_id":"m1","to":["a@b.test"]}}`), noon)
	h := http.Header{}
	for name := range req.Header {
		h.Set("Webhook-"+strings.TrimPrefix(name, "Svix-"), req.Header.Get(name))
	}
	req.Header = h
	if r, err := resend.Adapter.Open(req, source(), noon); err != nil || len(r.Drafts) != 1 || r.Transport.ID != messageID {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestWithoutAnAgeFiveMinutesAreTaken(t *testing.T) {
	t.Parallel()
	src := source()
	src.MaxAge = 0
	for age, ok := range map[time.Duration]bool{5 * time.Minute: true, 5*time.Minute + time.Second: false, -6 * time.Minute: false} {
		_, err := resend.Adapter.Open(request(http.Header{}, []byte("{}"), noon.Add(-age)), src, noon)
		if (err == nil) != ok {
			t.Errorf("aged %s: %v", age, err)
		}
	}
}

func TestThePageTellsEveryWord(t *testing.T) {
	t.Parallel()
	providertest.Names(t, "../../docs/providers/resend.md", "Resend", resend.Words())
}

func FuzzOpen(f *testing.F) { providertest.Fuzz(f, suite()) }

func BenchmarkOpen(b *testing.B) { providertest.BenchSample(b, suite()) }
