package provider_test

import (
	"net/http"
	"testing"

	"tidings/provider"
)

func TestASecretMatchesAnyAcceptedOneAndNeverAnEmptyOne(t *testing.T) {
	t.Parallel()
	cases := []struct {
		got      string
		accepted []string
		want     bool
	}{
		{"a", []string{"a"}, true},
		{"a", []string{"b", "a"}, true},
		{"a", []string{"a", "a"}, true},
		{"a", []string{"", "a"}, true},
		{"a", []string{"b"}, false},
		{"a", []string{"aa"}, false},
		{"aa", []string{"a"}, false},
		{"a", nil, false},
		{"", nil, false},
		{"", []string{""}, false},
		{"", []string{"a"}, false},
	}
	for _, c := range cases {
		if got := provider.AnySecret(c.got, c.accepted); got != c.want {
			t.Errorf("AnySecret(%q, %q) = %v", c.got, c.accepted, got)
		}
	}
}

func TestMissingCredentialsAreAskedForAndWrongOnesForbidden(t *testing.T) {
	t.Parallel()
	accepted := []string{"u:p", "old:p:q"}
	cases := []struct {
		header   http.Header
		accepted []string
		want     provider.Cause
	}{
		{nil, nil, ""},
		{nil, accepted, provider.Unauthenticated},
		{http.Header{"Authorization": {"Basic dTpw"}}, accepted, ""},         // u:p
		{http.Header{"Authorization": {"Basic b2xkOnA6cQ=="}}, accepted, ""}, // old:p:q
		{http.Header{"Authorization": {"Basic dTp4"}}, accepted, provider.Forbidden},
		{http.Header{"Authorization": {"Basic Og=="}}, []string{""}, provider.Forbidden}, // ":"
		{http.Header{"Authorization": {"Bearer dTpw"}}, accepted, provider.Forbidden},
		{http.Header{"Authorization": {""}}, accepted, provider.Forbidden},
	}
	for _, c := range cases {
		var got provider.Cause
		if r := provider.CheckBasicAuth(c.header, c.accepted); r != nil {
			got = r.Cause
		}
		if got != c.want {
			t.Errorf("%v: %q, want %q", c.header, got, c.want)
		}
	}
}

func TestExactlyOneCertificateIsRead(t *testing.T) {
	t.Parallel()
	good := string(signer().PEM())
	key := "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
	for _, text := range []string{good, good + "\n\n", "# comment\n" + good} {
		if _, err := provider.ParseCertificate([]byte(text)); err != nil {
			t.Errorf("%.30q: %v", text, err)
		}
	}
	for _, text := range []string{"", "x", key, key + good, good + good, good + "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
		if _, err := provider.ParseCertificate([]byte(text)); err == nil {
			t.Errorf("%.30q is read", text)
		}
	}
}

func TestAnUnsignedRequestIsProvedByWhatTheSourceUses(t *testing.T) {
	t.Parallel()
	basic := provider.Source{BasicAuth: []string{"u:p"}}
	token := provider.Source{Secrets: []string{"new", "old"}}
	both := provider.Source{BasicAuth: basic.BasicAuth, Secrets: token.Secrets, TokenProved: true}
	header := func(name, value string) http.Header { return http.Header{name: {value}} }
	cases := []struct {
		name string
		src  provider.Source
		h    http.Header
		code string
	}{
		{"nothing is set, the URL had the token", provider.Source{TokenProved: true}, nil, ""},
		{"nothing is set and no token", provider.Source{}, nil, "not_proved"},
		{"basic auth", basic, header("Authorization", "Basic dTpw"), ""},
		{"no basic auth", basic, nil, "no_credentials"},
		{"wrong basic auth", basic, header("Authorization", "Basic dTp4"), "wrong_credentials"},
		{"a bearer token", token, header("Authorization", "bearer  new"), ""},
		{"the previous one in a header", token, header("X-Token", "old"), ""},
		{"a wrong one", token, header("X-Token", "older"), "wrong_token"},
		{"in another header", token, header("X-Other", "new"), "wrong_token"},
		{"an empty one", provider.Source{Secrets: []string{""}}, header("X-Token", ""), "wrong_token"},
		{"either of both: basic auth", both, header("Authorization", "Basic dTpw"), ""},
		{"either of both: a token", both, header("X-Token", "new"), ""},
		{"neither of both", both, nil, "no_credentials"},
	}
	for _, c := range cases {
		got := ""
		if r := provider.CheckUnsigned(c.h, c.src, "X-Token"); r != nil {
			got = r.Code
		}
		if got != c.code {
			t.Errorf("%s: %q, want %q", c.name, got, c.code)
		}
	}
}
