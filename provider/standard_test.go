package provider_test

import (
	"net/http"
	"testing"
	"time"

	"tidings/provider"
)

// webhook makes a request with the three headers.
func webhook(prefix, id, timestamp, signature, body string) provider.Request {
	h := http.Header{}
	h.Set(prefix+"-id", id)
	h.Set(prefix+"-timestamp", timestamp)
	h.Set(prefix+"-signature", signature)
	return provider.Request{Header: h, Body: []byte(body)}
}

func TestSignaturesOfStandardWebhooksVerify(t *testing.T) {
	t.Parallel()
	const (
		svixSecret = "whsec_plJ3nmyCDGBKInavdOK15jsl"
		ourSecret  = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
		// openssl genpkey -algorithm ed25519 -out e.pem; openssl pkey -in e.pem -pubout -outform DER | tail -c 32 | base64 -w0
		publicKey = "whpk_wr5+ncVvs37J38elW58J1YdxmYP+VsuJBmWd+tyYBII="
		body      = `{"name":"email.open","recipient":"a@b.test"}`
	)
	// https://docs.svix.com/receiving/verifying-payloads/how-manual
	svix := webhook("svix", "msg_loFOjxBNrRLzqYUf", "1731705121", "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
		`{"event_type":"ping","data":{"success":true}}`)
	// printf 'msg_1.1777888800.%s' "$BODY" > c
	// openssl dgst -sha256 -mac HMAC -macopt hexkey:$(printf %s C2FVsBQIhrscChlQIMV+b5sSYspob7oD | base64 -d | od -An -tx1 -v | tr -d ' \n') \
	//   -binary < c | base64 -w0
	const shared = "v1,DTX8nT3hG9+fHRgDSfpjbveGI8X325nOWHlLdMgh0ek="
	// openssl pkeyutl -sign -rawin -inkey e.pem -in c | base64 -w0
	const paired = "v1a,2vbnq+jj6caJ9g87/7GhZ61k6M077rP2DBuebnFxRS4N3h5nPu1De0KfPJ9nqeqHX8wmi9Kh+FkTRR4WDxrrDQ=="
	ours := func(signature string) provider.Request {
		return webhook("webhook", "msg_1", "1777888800", signature, body)
	}
	cases := []struct {
		name    string
		req     provider.Request
		prefix  string
		secrets []string
		code    string
	}{
		{"Svix's own example", svix, "svix", []string{svixSecret}, ""},
		{"a shared secret", ours(shared), "webhook", []string{ourSecret}, ""},
		{"a pair of keys", ours(paired), "webhook", []string{publicKey}, ""},
		{"the previous secret", ours(shared), "webhook", []string{svixSecret, ourSecret}, ""},
		{"two signatures, the second ours", ours("v1,AAAA v9,x " + shared), "webhook", []string{ourSecret}, ""},
		{"from one kind of key to the other", ours(paired), "webhook", []string{ourSecret, publicKey}, ""},
		{"another secret", ours(shared), "webhook", []string{svixSecret}, "bad_signature"},
		{"a shared signature said to be of a pair", ours("v1a" + shared[2:]), "webhook", []string{ourSecret, publicKey}, "bad_signature"},
		{"no signature at all", ours("v1,"), "webhook", []string{ourSecret}, "bad_signature"},
		{"a secret that is none", ours(shared), "webhook", []string{"", "whsec_", "whpk_AAAA"}, "bad_signature"},
		{"another prefix", ours(shared), "svix", []string{ourSecret}, "no_signature"},
		{"no secret", ours(shared), "webhook", nil, "no_secret"},
		{"a moved dot", webhook("webhook", "msg_1.1777888800", "1777888800", shared, body), "webhook", []string{ourSecret}, "bad_header"},
	}
	for _, c := range cases {
		at := time.Unix(1777888800, 0)
		if c.prefix == "svix" && c.code == "" {
			at = time.Unix(1731705121, 0)
		}
		head, refusal := provider.CheckStandardWebhook(c.req, c.prefix, c.secrets, at, 5*time.Minute)
		got := ""
		if refusal != nil {
			got = refusal.Code
		}
		if got != c.code || (got == "") != (head.ID != "") || got == "" && !head.At.Equal(at) {
			t.Errorf("%s: %q and %+v, want %q", c.name, got, head, c.code)
		}
	}
	for _, shift := range []time.Duration{-6 * time.Minute, 6 * time.Minute} {
		at := time.Unix(1777888800, 0).Add(shift)
		if _, refusal := provider.CheckStandardWebhook(ours(shared), "webhook", []string{ourSecret}, at, 5*time.Minute); refusal == nil {
			t.Errorf("accepted %s off", shift)
		}
	}
}

func TestSecretsOfStandardWebhooksAreOfTheirForm(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD":            true,
		"whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=":        true,
		"whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA":         true,
		"whpk_wr5+ncVvs37J38elW58J1YdxmYP+VsuJBmWd+tyYBII=": true,
		"":                                      false,
		"C2FVsBQIhrscChlQIMV+b5sSYspob7oD":      false,
		"whsec_":                                false,
		"whsec_AAAA":                            false,
		"whsec_not base64":                      false,
		"whpk_C2FVsBQIhrscChlQIMV+b5sSYspob7oD": false,
		"whsk_C2FVsBQIhrscChlQIMV+b5sSYspob7oD": false,
		"whsec_whpk_C2FVsBQIhrscChlQIMV+b5sSYspob7oD": false,
	} {
		if _, err := provider.ParseWebhookSecret(text); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestPublicKeysAreReadAndOfTheirKind(t *testing.T) {
	t.Parallel()
	const (
		p256 = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmOTwRzxEO2kO7sBDTyv8pOQtyaIj0YdpJh97yzLyug6sROVZ/Hg1rLIpC67rVDrnq6KZYGJa6VArqPUmSvz5Dg=="
		p384 = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEqBgYd8xWOCqwOAIvLo/iamQpQByfs9MF+wzSIUb0gSSFlA3lwBYEe0LjEguK8UV4GNC1pphs1xeu+iY/ojpZe3SXv6xhEjBWKfLfwXBWdPZfNuGMbguUz8+KwfkIxDAN"
		rsa  = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ=="
	)
	for text, want := range map[string]string{
		p256:                            "",
		p256[:40] + " \r\n" + p256[40:]: "",
		"-----BEGIN PUBLIC KEY-----\n" + p256[:64] + "\n" + p256[64:] + "\n-----END PUBLIC KEY-----": "",
		"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n":                       "this is a private key: give the public one",
		p384:    "this is an ECDSA key on P-384, want one on P-256",
		rsa:     "this is an RSA key, want an ECDSA key on P-256",
		"AAAA":  "?",
		"hello": "?",
		"":      "?",
	} {
		_, err := provider.ParseP256Key(text)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want && (want != "?" || got == "") {
			t.Errorf("%.40s: %q, want %q", text, got, want)
		}
	}
}
