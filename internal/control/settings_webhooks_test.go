package control_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/control"
	"tidings/internal/source"
)

// Keys and secrets of sources, made with OpenSSL for tests alone.
const (
	p256Key = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmOTwRzxEO2kO7sBDTyv8pOQtyaIj0YdpJh97yzLyug6sROVZ/Hg1rLIpC67rVDrnq6KZYGJa6VArqPUmSvz5Dg=="
	rsaKey  = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ=="
	shared  = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

func TestASourceIsToldWhatItsProviderNeeds(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	pem := "-----BEGIN PUBLIC KEY-----\n" + p256Key[:64] + "\n" + p256Key[64:] + "\n-----END PUBLIC KEY-----"
	for _, x := range []struct {
		name, provider, path string
		set                  source.Settings
		want                 []string
		says                 string // in the message
	}{
		{"SendGrid's key", "sendgrid", "", source.Settings{Secrets: []string{p256Key}}, []string{}, ""},
		{"SendGrid's keys while it changes", "sendgrid", "main", source.Settings{Secrets: []string{p256Key, pem}}, []string{}, ""},
		{"SendGrid with basic auth alone", "sendgrid", "", source.Settings{BasicAuth: []string{"u:p"}}, []string{}, ""},
		{"SendGrid with nothing", "sendgrid", "", source.Settings{}, []string{"settings.secrets"}, "Signature Verification"},
		{"an RSA key for SendGrid", "sendgrid", "", source.Settings{Secrets: []string{rsaKey}}, []string{"settings.secrets[0]"}, "this is an RSA key"},
		{"an API key for SendGrid", "sendgrid", "", source.Settings{Secrets: []string{p256Key, "SG.abc"}}, []string{"settings.secrets[1]"}, "Signature Verification"},
		{"a key that is too long", "sendgrid", "", source.Settings{Secrets: []string{strings.Repeat("A", 5000)}}, []string{"settings.secrets[0]", "settings.secrets[0]"}, ""},
		{"a secret of Standard Webhooks", "generic", "main", source.Settings{Secrets: []string{shared}}, []string{}, ""},
		{"no secret", "generic", "", source.Settings{BasicAuth: []string{"u:p"}}, []string{"settings.secrets"}, "openssl rand"},
		{"a secret of another form", "generic", "", source.Settings{Secrets: []string{shared, "hush", "whsk_AAAA"}}, []string{"settings.secrets[1]", "settings.secrets[2]"}, "whpk_"},
		{"Postmark by its URL alone", "postmark", "", source.Settings{}, []string{}, ""},
		{"Postmark on a path by nothing", "postmark", "main", source.Settings{}, []string{"path"}, "basicAuth"},
		{"Postmark on a path by a token", "postmark", "main", source.Settings{Secrets: []string{"t"}}, []string{}, ""},
		{"SparkPost on a path by nothing", "sparkpost", "main", source.Settings{}, []string{"path"}, "basicAuth"},
		{"SparkPost on a path by a password", "sparkpost", "main", source.Settings{BasicAuth: []string{"u:p"}}, []string{}, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			_, err := c.CreateSource(t.Context(), operator, control.NewSource{
				Name: "a", Provider: x.provider, Path: strings.TrimSpace(x.path), Settings: x.set,
			})
			if diff := cmp.Diff(x.want, fields(err)); diff != "" {
				t.Errorf("%v %s", err, diff)
			}
			if err != nil && !strings.Contains(err.Error(), x.says) {
				t.Errorf("%v does not say %q", err, x.says)
			}
		})
	}
}
