package mailgun_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tidings/provider"
	"tidings/provider/mailgun"
	"tidings/provider/providertest"
)

// secret is the signing key of all tests.
const secret = "key-3ax6xnjp29jd6fds4gc373sgvjxteol0"

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func source() provider.Source {
	return provider.Source{ID: "src_1", Project: "prj_1", Secrets: []string{secret}, TokenProved: true}
}

func sign(key, timestamp, token string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(timestamp + token))
	return hex.EncodeToString(mac.Sum(nil))
}

// request makes what Mailgun posts of an event: around JSON, or among the fields of a form.
func request(h http.Header, payload []byte, at time.Time) provider.Request {
	return signed(h, payload, at, secret)
}

func signed(h http.Header, payload []byte, at time.Time, key string) provider.Request {
	sum := sha256.Sum256(payload)
	timestamp, token := fmt.Sprint(at.Unix()), hex.EncodeToString(sum[:])[:50]
	r := provider.Request{Method: http.MethodPost, Header: h.Clone()}
	fields := [][2]string{{"timestamp", timestamp}, {"token", token}, {"signature", sign(key, timestamp, token)}}
	switch kind := h.Get("Content-Type"); {
	case strings.HasPrefix(kind, "multipart/"):
		_, boundary, _ := strings.Cut(strings.Trim(kind, `"`), `boundary="`)
		for _, f := range fields {
			r.Body = fmt.Appendf(r.Body, "--%s\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", boundary, f[0], f[1])
		}
		r.Body = append(r.Body, payload...)
	case kind == "application/x-www-form-urlencoded":
		r.Body = bytes.Clone(payload)
		for _, f := range fields {
			r.Body = fmt.Appendf(r.Body, "&%s=%s", f[0], url.QueryEscape(f[1]))
		}
	default:
		r.Body = fmt.Appendf(nil, `{"signature":{"timestamp":%q,"token":%q,"signature":%q},"event-data":%s}`,
			timestamp, token, fields[2][1], payload)
	}
	return r
}

func suite() providertest.Suite {
	unsigned := request(http.Header{}, []byte(`{"event":"opened"}`), noon)
	unsigned.Body = []byte(`{"event-data":{"event":"opened","recipient":"a@b.test"}}`)
	form := provider.Request{
		Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		Body: []byte("event=opened&recipient=a@b.test&timestamp=1777896000&token=aa&signature=bb"),
	}
	return providertest.Suite{
		Adapter:     mailgun.Adapter,
		Source:      source(),
		Now:         noon,
		Request:     request,
		Folder:      "testdata",
		Sample:      "failed_no_such_user",
		UnknownWord: []byte(`{"event":"snoozed","id":"x","timestamp":1777889520.5,"recipient":"a@b.test"}`),
		Dated:       true,
		Strangers: map[string]provider.Request{
			"an event without signature": unsigned,
			"a form with a made-up one":  form,
			"one of another key":         signed(http.Header{}, []byte(`{"event":"opened"}`), noon, "another"),
			"another method":             {Method: http.MethodGet, Header: http.Header{}, Body: request(http.Header{}, []byte("{}"), noon).Body},
		},
		NeverKept: []string{"eyJwI-secret-key", `"signature"`, "signature="},
		Credentials: &providertest.Credentials{
			Accept: func(src *provider.Source, secrets []string) { src.Secrets = secrets },
			Show: func(req *provider.Request, key string) {
				var body struct {
					Data json.RawMessage `json:"event-data"`
				}
				if err := json.Unmarshal(req.Body, &body); err != nil {
					panic(err)
				}
				req.Body = signed(http.Header{}, body.Data, noon, key).Body
			},
		},
	}
}

func TestTheSharedQuestions(t *testing.T) {
	t.Parallel()
	providertest.Run(t, suite())
}
