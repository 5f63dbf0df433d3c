package control_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/control"
	"tidings/internal/source"
)

func TestASourceOfAProviderThatSignsWithAKeyIsToldWhatItLacks(t *testing.T) {
	t.Parallel()
	const key, ownURL = "0123456789abcdef0123456789abcdef", "https://u:p@mail.acme.test/in/mandrill/x?a=b"
	keyed, basic := source.Settings{Secrets: []string{key}}, source.Settings{BasicAuth: []string{"u:p"}}
	c := newControl(t)
	for _, x := range []struct {
		name, provider, path string
		set                  source.Settings
		want                 []string
		says                 string // in the message
	}{
		{"Mailgun's key", "mailgun", "", keyed, []string{}, ""},
		{"Mailgun without a key", "mailgun", "", basic, []string{"settings.secrets"}, "HTTP webhook signing key"},
		{"Mailgun on a path", "mailgun", "main", keyed, []string{"path"}, "does not cover the event"},
		{
			"an API key of Mailgun", "mailgun", "",
			source.Settings{Secrets: []string{key, key + "-01234567-89abcdef"}},
			[]string{"settings.secrets[1]"},
			"is an API key",
		},
		{"a key with a blank", "mailgun", "", source.Settings{Secrets: []string{key + " "}}, []string{"settings.secrets[0]"}, "no blanks"},
		{"Mandrill before it has a key", "mandrill", "", source.Settings{}, []string{}, ""},
		{"Mandrill on a path", "mandrill", "main", keyed, []string{}, ""},
		{"Mandrill with a blank in the key", "mandrill", "", source.Settings{Secrets: []string{"a b"}}, []string{"settings.secrets[0]"}, "column Key"},
		{"Mandrill with a password and no URL", "mandrill", "", basic, []string{"settings.signedUrls"}, "Mandrill signs it"},
		{
			"Mandrill with a password in its URL", "mandrill", "",
			source.Settings{BasicAuth: []string{"u:p"}, SignedURLs: []string{ownURL}},
			[]string{},
			"",
		},
		{
			"URLs that are none", "mandrill", "",
			source.Settings{SignedURLs: []string{ownURL, "mail.acme.test/in", "ftp://x.test/", "https://" + strings.Repeat("a", 2000)}},
			[]string{"settings.signedUrls[1]", "settings.signedUrls[2]", "settings.signedUrls[3]"},
			"https://…",
		},
		{
			"too many URLs", "mandrill", "",
			source.Settings{SignedURLs: []string{ownURL, ownURL, ownURL, ownURL, ownURL}},
			[]string{"settings.signedUrls"},
			"at most 4",
		},
		{"Mailjet by its URL alone", "mailjet", "", source.Settings{}, []string{}, ""},
		{"Mailjet on a path by a password", "mailjet", "main", basic, []string{}, ""},
		{"Mailjet on a path by nothing", "mailjet", "main", source.Settings{}, []string{"path"}, "basicAuth"},
		{"Mailjet with a secret", "mailjet", "", keyed, []string{"settings.secrets"}, "signs nothing"},
		{"MailerSend's secret", "mailersend", "main", keyed, []string{}, ""},
		{"MailerSend without a secret", "mailersend", "", source.Settings{}, []string{"settings.secrets"}, "Signing secret"},
	} {
		t.Run(x.name, func(t *testing.T) {
			_, err := c.CreateSource(t.Context(), operator, control.NewSource{Name: "a", Provider: x.provider, Path: x.path, Settings: x.set})
			if diff := cmp.Diff(x.want, fields(err)); diff != "" {
				t.Errorf("%v %s", err, diff)
			}
			if err != nil && !strings.Contains(err.Error(), x.says) {
				t.Errorf("%v does not say %q", err, x.says)
			}
		})
	}
}
