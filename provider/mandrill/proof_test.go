package mandrill_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"tidings/provider"
	"tidings/provider/mandrill"
)

// The signatures were made by OpenSSL, with the URL and the events of the test:
//
//	printf '%smandrill_events%s' "$URL" "$EVENTS" | openssl dgst -sha1 -hmac C-85Fyw_EYGCPPpVFaKKqg -binary | base64
//	printf '%smandrill_events%s' "$URL" '[]' | openssl dgst -sha1 -hmac test-webhook -binary | base64
const (
	events      = `[{"event":"spam","_id":"1","ts":1777889520,"msg":{"email":"a+b@b.test","subject":"é %&=+"}}]`
	byOpenSSL   = "EdQKCm8QEvlPy2hHxjGYDLIRaPI="
	testOpenSSL = "EP8Uq25wiSp5bKG0DPWto1gKQMU="
)

func post(body, signature string) provider.Request {
	return provider.Request{
		Method: http.MethodPost, Body: []byte(body),
		Header: http.Header{
			"Content-Type":         {"application/x-www-form-urlencoded; charset=utf-8"},
			"X-Mandrill-Signature": {signature},
		},
	}
}

const encoded = "mandrill_events=%5B%7B%22event%22%3A%22spam%22%2C%22_id%22%3A%221%22%2C%22ts%22%3A1777889520%2C%22msg%22%3A%7B" +
	"%22email%22%3A%22a%2Bb%40b.test%22%2C%22subject%22%3A%22%C3%A9+%25%26%3D%2B%22%7D%7D%5D"

func TestSignaturesMadeByOpenSSLAreGoodAndOthersAreNot(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, body, signature, code string }{
		{"as documented", encoded, byOpenSSL, ""},
		{"percent-encoded otherwise", strings.ReplaceAll(encoded, "+", "%20"), byOpenSSL, ""},
		{"a batch of nothing before there is a key", "mandrill_events=%5B%5D", testOpenSSL, ""},
		{"another address", strings.Replace(encoded, "b.test", "c.test", 1), byOpenSSL, "bad_signature"},
		{"a field beside it", "a=b&" + encoded, byOpenSSL, "unexpected_shape"},
		{"the field twice", encoded + "&mandrill_events=%5B%5D", byOpenSSL, "unexpected_shape"},
		{"cut in two fields", "mandrill_events=%5B%7B%22event%22%3A&%22spam%22=", byOpenSSL, "unexpected_shape"},
		{"no field", "", byOpenSSL, "unexpected_shape"},
		{"an empty field", "mandrill_events=", byOpenSSL, "unexpected_shape"},
		{"a broken form", "mandrill_events=%zz", byOpenSSL, "unexpected_shape"},
		{"not Base64", encoded, "!", "bad_signature"},
		{"nothing", encoded, "", "no_signature"},
	}
	for _, c := range cases {
		got := ""
		_, err := mandrill.Adapter.Open(post(c.body, c.signature), source(), noon)
		if refusal, ok := errors.AsType[*provider.Refusal](err); ok {
			got = refusal.Code
		}
		if got != c.code || got == "" && err != nil {
			t.Errorf("%s: %q (%v), want %q", c.name, got, err, c.code)
		}
	}
}

func TestTheRefusalShowsTheURLThatWasExpectedAndNoSecret(t *testing.T) {
	t.Parallel()
	src := source()
	src.URLs = append(src.URLs, "http://127.0.0.1:8080/in/mandrill/short", "://")
	_, err := mandrill.Adapter.Open(signed([]byte(events), key, "http://inside.test/"), src, noon)
	refusal, ok := errors.AsType[*provider.Refusal](err)
	if !ok || refusal.Code != "bad_signature" {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{
		"https://mandrill:…@mail.acme.test/in/mandrill/0123…?a=…", "http://127.0.0.1:8080/in/mandrill/short", "(not a URL)", "signedUrls",
	} {
		if !strings.Contains(refusal.Message, want) {
			t.Errorf("the refusal does not show %s: %s", want, refusal.Message)
		}
	}
	for _, secret := range []string{"0123456789abcdef", "pass", "b%20c", key} {
		if strings.Contains(refusal.Message, secret) {
			t.Errorf("the refusal tells %s: %s", secret, refusal.Message)
		}
	}
}

func TestAnyOfTheURLsOfASourceIsExpected(t *testing.T) {
	t.Parallel()
	src := source()
	src.URLs = []string{"https://new.test/in/mandrill/x", address}
	if _, err := mandrill.Adapter.Open(signed([]byte(events), key, address), src, noon); err != nil {
		t.Error(err)
	}
	src.URLs = nil
	_, err := mandrill.Adapter.Open(signed([]byte(events), key, ""), src, noon)
	if refusal, ok := errors.AsType[*provider.Refusal](err); !ok || refusal.Code != "bad_signature" {
		t.Errorf("without any URL: %v", err)
	}
}

func TestAProbeIsAnsweredBeforeThereIsAKey(t *testing.T) {
	t.Parallel()
	src := source()
	src.Secrets = nil
	for name, req := range map[string]provider.Request{
		"HEAD":               {Method: http.MethodHead, Header: http.Header{}},
		"a batch of nothing": signed([]byte("[]"), "test-webhook", address),
	} {
		result, err := mandrill.Adapter.Open(req, src, noon)
		if err != nil || result.Kind != "probe" || len(result.Drafts)+len(result.Problems) > 0 {
			t.Errorf("%s: %+v, %v", name, result, err)
		}
	}
	_, err := mandrill.Adapter.Open(signed([]byte(events), "", address), src, noon)
	if refusal, ok := errors.AsType[*provider.Refusal](err); !ok || refusal.Code != "no_key" {
		t.Errorf("events without a key: %v", err)
	}
}
