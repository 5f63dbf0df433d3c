package mailgun_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tidings/provider"
	"tidings/provider/mailgun"
)

// The signatures were made by OpenSSL:
//
//	printf '%s%s' 1777896000 $token | openssl dgst -sha256 -hmac key-3ax6xnjp29jd6fds4gc373sgvjxteol0
//	printf '%s%s' 1777896000 $token | openssl dgst -sha256 -hmac key-of-the-primary-account
const (
	token     = "e0b5477167110d68991efc6b9f89f0a11066af27834600e123"
	byOpenSSL = "55e07ee3a32ae82943201654bb9feb5b57b205ff83178164f68401531fcedc86"
	byParent  = "9d0fc321233397acef1537b2745c7bf64ed898191432a15e588792159750c62d"
)

func post(signature, data string) provider.Request {
	return provider.Request{
		Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}},
		Body: []byte(`{"signature":` + signature + `,"event-data":` + data + `}`),
	}
}

const complained = `{"event":"complained","id":"x","timestamp":1777895999.5,"recipient":"a@b.test"}`

func TestSignaturesMadeByOpenSSLAreGoodAndOthersAreNot(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, signature, code string }{
		{"as documented", `{"timestamp":"1777896000","token":"` + token + `","signature":"` + byOpenSSL + `"}`, ""},
		{"with a number", `{"timestamp":1777896000,"token":"` + token + `","signature":"` + byOpenSSL + `"}`, ""},
		{"of a subaccount", `{"timestamp":"1777896000","token":"` + token + `","signature":"00","parent-signature":"` + byOpenSSL + `"}`, ""},
		{"of another account", `{"timestamp":"1777896000","token":"` + token + `","signature":"` + byParent + `"}`, "bad_signature"},
		{"cut short", `{"timestamp":"1777896000","token":"` + token + `","signature":"` + byOpenSSL[:62] + `"}`, "bad_signature"},
		{"no hexadecimal", `{"timestamp":"1777896000","token":"` + token + `","signature":"zz"}`, "bad_signature"},
		{"another time", `{"timestamp":"1777896001","token":"` + token + `","signature":"` + byOpenSSL + `"}`, "bad_signature"},
		{"a digit moved to the token", `{"timestamp":"177789600","token":"0` + token + `","signature":"` + byOpenSSL + `"}`, "bad_timestamp"},
		{"a digit moved to the time", `{"timestamp":"17778960000","token":"` + token[1:] + `","signature":"` + byOpenSSL + `"}`, "bad_timestamp"},
		{"a time with a fraction", `{"timestamp":"17778960.0","token":"` + token + `","signature":"` + byOpenSSL + `"}`, "bad_signature"},
		{"no token", `{"timestamp":"1777896000","signature":"` + byOpenSSL + `"}`, "no_signature"},
		{"no signature", `{"timestamp":"1777896000","token":"` + token + `"}`, "no_signature"},
		{"no object", `"` + byOpenSSL + `"`, "unexpected_shape"},
		{"null", `null`, "no_signature"},
	}
	for _, c := range cases {
		got := ""
		result, err := mailgun.Adapter.Open(post(c.signature, complained), source(), noon)
		if refusal, ok := errors.AsType[*provider.Refusal](err); ok {
			got = refusal.Code
		}
		if got != c.code || got == "" && (err != nil || len(result.Drafts) != 1) {
			t.Errorf("%s: %q (%v), want %q", c.name, got, err, c.code)
		}
	}
}

func TestARequestIsKnownByItsTokenAndTakesOneBodyOnly(t *testing.T) {
	t.Parallel()
	signature := `{"timestamp":"1777896000","token":"` + token + `","signature":"` + byOpenSSL + `"}`
	want := provider.Transport{ID: token, At: noon, OneBody: true}
	for _, data := range []string{complained, `{"event":"opened","id":"y","timestamp":1777895999.5,"recipient":"c@d.test"}`, `{}`} {
		result, err := mailgun.Adapter.Open(post(signature, data), source(), noon)
		if err != nil || result.Transport != want {
			t.Errorf("%s: transport %+v (%v), want %+v", data, result.Transport, err, want)
		}
	}
}

func TestNothingOlderThanMailgunTriesIsAccepted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		maxAge, age time.Duration
		ok          bool
	}{
		{0, 9*time.Hour - time.Second, true},
		{0, 9*time.Hour + time.Second, false},
		{30 * 24 * time.Hour, 9*time.Hour + time.Second, false},
		{time.Hour, time.Hour - time.Second, true},
		{time.Hour, time.Hour + time.Second, false},
		{0, -4 * time.Minute, true},
		{0, -6 * time.Minute, false},
	} {
		src := source()
		src.MaxAge = c.maxAge
		_, err := mailgun.Adapter.Open(request(http.Header{}, []byte(complained), noon.Add(-c.age)), src, noon)
		if (err == nil) != c.ok {
			t.Errorf("maxAge %s, aged %s: %v", c.maxAge, c.age, err)
		}
	}
}

func TestASourceWithoutAKeyAcceptsNothing(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][]string{nil, {""}, {"", ""}} {
		src := source()
		src.Secrets = secrets
		_, err := mailgun.Adapter.Open(signed(http.Header{}, []byte(complained), noon, ""), src, noon)
		if refusal, ok := errors.AsType[*provider.Refusal](err); !ok || refusal.Code != "no_key" {
			t.Errorf("secrets %q: %v", secrets, err)
		}
	}
}

func TestTheAnswersAreThoseThatMailgunUnderstands(t *testing.T) {
	t.Parallel()
	for cause, want := range map[provider.Cause]int{
		provider.Stored: 200, provider.OurFault: 503, provider.Overloaded: 503, provider.Forbidden: 401,
		provider.Unacceptable: 406, provider.TooLarge: 406, provider.Encoded: 406,
	} {
		if got := mailgun.Adapter.Status(cause); got != want {
			t.Errorf("%s: %d, want %d", cause, got, want)
		}
	}
}

// A message's own variables stand before Mailgun's fields: whoever may set them must not choose what is believed.
func TestVariablesOfAFormDoNotReplaceMailgunsFields(t *testing.T) {
	t.Parallel()
	form := fmt.Sprintf("event=delivered&recipient=x%%40evil.test&token=aa&timestamp=1&signature=bb&event=complained"+
		"&recipient=a%%40b.test&timestamp=1777896000&token=%s&signature=%s", token, byOpenSSL)
	req := provider.Request{
		Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}},
		Body: []byte(form),
	}
	result, err := mailgun.Adapter.Open(req, source(), noon)
	if err != nil || len(result.Drafts) != 1 || result.Drafts[0].Name != "email.complaint" || result.Drafts[0].Recipient != "a@b.test" {
		t.Errorf("%+v, %v", result.Drafts, err)
	}
	if strings.Contains(string(result.Keep), "signature") {
		t.Errorf("kept %s", result.Keep)
	}
}

func TestBrokenFormsAreRefused(t *testing.T) {
	t.Parallel()
	for kind, body := range map[string]string{
		"application/x-www-form-urlencoded": "a=%zz",
		"multipart/form-data":               "--x\r\n",
		"multipart/form-data; boundary=x":   "--x\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nabc",
	} {
		req := provider.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {kind}}, Body: []byte(body)}
		_, err := mailgun.Adapter.Open(req, source(), noon)
		if refusal, ok := errors.AsType[*provider.Refusal](err); !ok || refusal.Code != "not_a_form" {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
