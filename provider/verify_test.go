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
