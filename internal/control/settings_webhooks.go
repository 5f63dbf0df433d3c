package control

import (
	"fmt"

	"tidings/internal/source"
	"tidings/provider"
)

func sendgridRules(p *problems, s *source.Source) {
	set := s.Settings
	for i, key := range set.Secrets {
		if _, err := provider.ParseP256Key(key); err != nil {
			p.add(fmt.Sprintf("settings.secrets[%d]", i), "is not SendGrid's verification key: %v. It is shown in SendGrid "+
				"under Settings, Mail Settings, Event Webhooks, Signature Verification", err)
		}
	}
	if len(set.Secrets) == 0 && len(set.BasicAuth) == 0 {
		p.add("settings.secrets", "must have the verification key that SendGrid shows under Settings, Mail Settings, "+
			"Event Webhooks, Signature Verification; or set basicAuth")
	}
}

// unsignedRules are for providers that sign nothing: without the token in its URL a source needs something else to know
// a request by.
func unsignedRules(p *problems, s *source.Source) {
	if s.Path != "" && len(s.Settings.BasicAuth) == 0 && len(s.Settings.Secrets) == 0 {
		p.add("path", "needs basicAuth or secrets: without the token in the URL nothing else proves a request")
	}
}

func sparkpostRules(p *problems, s *source.Source) { unsignedRules(p, s) }

func postmarkRules(p *problems, s *source.Source) { unsignedRules(p, s) }

func genericRules(p *problems, s *source.Source) {
	for i, secret := range s.Settings.Secrets {
		if _, err := provider.ParseWebhookSecret(secret); err != nil {
			p.add(fmt.Sprintf("settings.secrets[%d]", i), "%v", err)
		}
	}
	if len(s.Settings.Secrets) == 0 {
		p.add("settings.secrets", "must have a secret of Standard Webhooks: whsec_ and the Base64 of 24 to 64 random bytes "+
			"(echo whsec_$(openssl rand -base64 32)), or whpk_ and the Base64 of an Ed25519 public key")
	}
}
