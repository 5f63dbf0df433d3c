package control

import (
	"fmt"

	"tidings/internal/source"
	"tidings/provider"
)

// eachSecret checks every secret by itself. Without any it says where the provider shows the first.
func (p *problems) eachSecret(s *source.Source, missing string, check func(string) error) {
	if len(s.Settings.Secrets) == 0 {
		p.add("settings.secrets", "%s", missing)
	}
	for i, secret := range s.Settings.Secrets {
		if err := check(secret); err != nil {
			p.add(fmt.Sprintf("settings.secrets[%d]", i), "%v", err)
		}
	}
}

func resendRules(p *problems, s *source.Source) {
	p.eachSecret(s, "must have the signing secret of the webhook: at resend.com open Webhooks, then the webhook, and copy "+
		"its signing secret, which begins with whsec_", func(secret string) error {
		_, err := provider.ParseWebhookSecret(secret)
		if err != nil {
			return fmt.Errorf("%w: copy it from the webhook's page at resend.com", err)
		}
		return nil
	})
}

// brevoRules: Brevo signs nothing, so a URL without the token needs something else.
func brevoRules(p *problems, s *source.Source) {
	if s.Path != "" && len(s.Settings.BasicAuth) == 0 && len(s.Settings.Secrets) == 0 {
		p.add("path", "can't be used alone: Brevo signs nothing, so it takes the token, basicAuth or a secret, which is the "+
			"bearer token of the webhook (in Brevo: Transactional, Settings, Webhook, Authentication)")
	}
}

func postalRules(p *problems, s *source.Source) {
	const where = "run \"postal default-dkim-record\" on the Postal server and give it the record, the Base64 after p=, " +
		"or the key in PEM"
	p.eachSecret(s, "must have the installation's public key: "+where, func(secret string) error {
		_, err := provider.ParseRSAKey(secret)
		if err != nil {
			return fmt.Errorf("%w: %s", err, where)
		}
		return nil
	})
}

func mailtrapRules(p *problems, s *source.Source) {
	const where = "in Mailtrap open Settings, Webhooks, then the webhook, and copy its signing secret"
	for i, secret := range s.Settings.Secrets {
		if len(secret) < minSigning {
			p.add(fmt.Sprintf("settings.secrets[%d]", i), "is too short to be a signing secret: %s", where)
		}
	}
	if s.Path != "" && len(s.Settings.BasicAuth) == 0 && len(s.Settings.Secrets) == 0 {
		p.add("path", "can't be used without a secret or basicAuth, because nothing else proves a request: %s", where)
	}
}

// minSigning is the least length of a secret that a provider makes of letters and digits.
const minSigning = 16
