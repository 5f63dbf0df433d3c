package control

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"tidings/internal/source"
)

// keyRules are for providers that sign with a shared key: there is one, copied without blanks.
func (p *problems) keyRules(s *source.Source, where string) {
	for i, key := range s.Settings.Secrets {
		if strings.ContainsFunc(key, unicode.IsSpace) {
			p.add(fmt.Sprintf("settings.secrets[%d]", i), "must have no blanks: copy it again from %s", where)
		}
	}
	if len(s.Settings.Secrets) == 0 {
		p.add("settings.secrets", "must have the key that is shown in %s", where)
	}
}

const whereMailgun = "Mailgun under Sending, Webhooks, as HTTP webhook signing key"

// mailgunAPIKey is the form of Mailgun's API keys, which lie beside the signing key in its dashboard.
var mailgunAPIKey = regexp.MustCompile(`^[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}$`)

func mailgunRules(p *problems, s *source.Source) {
	p.keyRules(s, whereMailgun)
	for i, key := range s.Settings.Secrets {
		if mailgunAPIKey.MatchString(key) {
			p.add(fmt.Sprintf("settings.secrets[%d]", i), "is an API key, which signs nothing: want the key that is shown in %s",
				whereMailgun)
		}
	}
	if s.Path != "" {
		p.add("path", "can't be used with Mailgun: its signature does not cover the event, so the URL has to hold the token")
	}
}

// maxURL bounds a URL that a provider was given.
const maxURL = 2000

func (p *problems) signedURLs(list []string) {
	for i, text := range list {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(text) > maxURL {
			p.add(fmt.Sprintf("settings.signedUrls[%d]", i), "must be the whole URL as the provider has it, https://…, with user, "+
				"password and query where it has them, at most %d characters", maxURL)
		}
	}
	if len(list) > maxSecrets {
		p.add("settings.signedUrls", "must have at most %d entries", maxSecrets)
	}
}

// mandrillRules allow a source without a key: Mandrill makes the key of a webhook when it is given the source's URL.
func mandrillRules(p *problems, s *source.Source) {
	if len(s.Settings.Secrets) > 0 {
		p.keyRules(s, "Mandrill under Settings, Webhooks, in the column Key")
	}
	if len(s.Settings.BasicAuth) > 0 && len(s.Settings.SignedURLs) == 0 {
		p.add("settings.signedUrls", "must have the URL with user and password, as Mandrill has it, where basicAuth is set: "+
			"Mandrill signs it")
	}
}

func mailersendRules(p *problems, s *source.Source) {
	p.keyRules(s, "MailerSend under Email, Domains, Manage, Webhooks, as Signing secret of the webhook")
}

// mailjetRules: Mailjet signs nothing.
func mailjetRules(p *problems, s *source.Source) {
	if len(s.Settings.Secrets) > 0 {
		p.add("settings.secrets", "can't be used with Mailjet, which signs nothing: set basicAuth and put user and password "+
			"into the URL")
	}
	if s.Path != "" && len(s.Settings.BasicAuth) == 0 {
		p.add("path", "needs basicAuth: Mailjet signs nothing, so without the token in the URL nothing else proves a request")
	}
}
