package control_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/control"
	"tidings/internal/source"
)

// Keys of sources, made for tests alone: openssl genrsa 1024 | openssl rsa -pubout, and openssl ecparam -genkey.
const (
	postalKey = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDChxy2vqBQFjXQIOrUT25jJ62DS87ZPJtPWgrDqPHA9+qgOllftw74+5DX1tBkuIf3rys8RL" +
		"DmsxHrnk9NzOHcc2YFv0oUDAyBfL1onvy0GSmWGKrSqx4wuiG1iQpFXlj2vPE78tJzp2F/kipeZRz6vZ3K2kwJdxOct24pn8hiIwIDAQAB"
	curveKey = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmOTwRzxEO2kO7sBDTyv8pOQtyaIj0YdpJh97yzLyug6sROVZ/Hg1rLIpC67rVDrnq6KZYGJa6" +
		"VArqPUmSvz5Dg=="
	svixSecret     = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	mailtrapSecret = "0123456789abcdef0123456789abcdef"
)

func TestASourceIsToldWhereItsProviderShowsItsSecret(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	pem := "-----BEGIN PUBLIC KEY-----\r\n" + postalKey + "\r\n-----END PUBLIC KEY-----\r\n"
	secrets := func(list ...string) source.Settings { return source.Settings{Secrets: list} }
	for _, x := range []struct {
		name, provider, path string
		set                  source.Settings
		want                 []string
		says                 string // in the message
	}{
		{"Resend's secret", "resend", "main", secrets(svixSecret), []string{}, ""},
		{"Resend's secrets while they change", "resend", "", secrets(svixSecret, svixSecret), []string{}, ""},
		{"Resend without a secret", "resend", "", source.Settings{}, []string{"settings.secrets"}, "resend.com"},
		{"Resend's API key", "resend", "", secrets(svixSecret, "re_123"), []string{"settings.secrets[1]"}, "whsec_"},
		{"Postal's record", "postal", "main", secrets("v=DKIM1; t=s; h=sha256; p=" + postalKey + ";"), []string{}, ""},
		{"Postal's key in PEM", "postal", "", secrets(pem), []string{}, ""},
		{"Postal without a key", "postal", "", source.Settings{}, []string{"settings.secrets"}, "postal default-dkim-record"},
		{"a curve's key for Postal", "postal", "", secrets(curveKey), []string{"settings.secrets[0]"}, "want an RSA key"},
		{"a word for Postal", "postal", "", secrets("hush"), []string{"settings.secrets[0]"}, "postal default-dkim-record"},
		{"Mailtrap's secret", "mailtrap", "main", secrets(mailtrapSecret), []string{}, ""},
		{"Mailtrap by its URL alone", "mailtrap", "", source.Settings{}, []string{}, ""},
		{"Mailtrap on a path by nothing", "mailtrap", "main", source.Settings{}, []string{"path"}, "signing secret"},
		{"a short secret of Mailtrap", "mailtrap", "", secrets("hush"), []string{"settings.secrets[0]"}, "Settings, Webhooks"},
		{"Brevo by its URL alone", "brevo", "", source.Settings{}, []string{}, ""},
		{"Brevo on a path by nothing", "brevo", "main", source.Settings{}, []string{"path"}, "bearer token"},
		{"Brevo on a path by a token", "brevo", "main", secrets("t"), []string{}, ""},
		{"Brevo on a path by a password", "brevo", "other", source.Settings{BasicAuth: []string{"u:p"}}, []string{}, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			_, err := c.CreateSource(t.Context(), operator, control.NewSource{
				Name: "a", Provider: x.provider, Path: x.path, Settings: x.set,
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
