package control

import (
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"tidings/internal/source"
	"tidings/provider"
)

const (
	maxTopics  = 100
	maxSecrets = 4
	maxSecret  = 500
	maxKey     = 4000 // characters of a secret, which may be a public key in PEM
	maxPEM     = 64 << 10
	maxAge     = 10 * 365 * 24 * 3600 // seconds: ten years
)

var (
	// https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html has the letters of a name.
	topicARN = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$`)
	// https://docs.aws.amazon.com/ses/latest/APIReference/API_MessageTag.html, and the colon of SES's own tags.
	tagName   = regexp.MustCompile(`^[A-Za-z0-9_:.-]{1,256}$`)
	fixedPath = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$`)
	account   = regexp.MustCompile(`^[0-9]{12}$`)
)

// providerRules are what a provider asks of a source's settings beyond what holds for all.
var providerRules = map[string]func(*problems, *source.Source){
	"brevo":      brevoRules,
	"dsn":        dsnRules,
	"generic":    genericRules,
	"inbound":    inboundRules,
	"mailersend": mailersendRules,
	"mailgun":    mailgunRules,
	"mailjet":    mailjetRules,
	"mailtrap":   mailtrapRules,
	"mandrill":   mandrillRules,
	"postal":     postalRules,
	"postmark":   postmarkRules,
	"resend":     resendRules,
	"sendgrid":   sendgridRules,
	"ses":        sesRules,
	"sparkpost":  sparkpostRules,
}

// sourceRules checks a source as a whole, and sets Certificate.
func (c *Control) sourceRules(p *problems, s *source.Source) {
	p.text("name", s.Name, 1, maxName)
	adapter, ok := c.adapter(s.Provider)
	if !ok {
		p.add("provider", "%.60q is not a provider: want one of %s", s.Provider, strings.Join(c.slugs(), ", "))
	}
	if s.Path != "" && !fixedPath.MatchString(s.Path) {
		p.add("path", "must have 1 to 64 lower-case letters, digits and inner dashes")
	}
	p.settings(s, c.Now())
	p.queue(s, adapter.Queue != nil || !ok)
	if rules, ok := providerRules[s.Provider]; ok {
		rules(p, s)
	}
}

func (p *problems) settings(s *source.Source, now time.Time) {
	set := &s.Settings
	s.Certificate = p.certificate(set.SigningCertificate, now)
	for i, pair := range set.BasicAuth {
		user, password, ok := strings.Cut(pair, ":")
		if !ok || user == "" || password == "" || strings.ContainsFunc(pair, unicode.IsControl) || len(pair) > maxSecret {
			p.add(fmt.Sprintf("settings.basicAuth[%d]", i), "must be user:password, at most %d characters", maxSecret)
		}
	}
	for i, secret := range set.Secrets {
		p.text(fmt.Sprintf("settings.secrets[%d]", i), strings.NewReplacer("\r", "", "\n", "").Replace(secret), 1, maxKey)
	}
	if len(set.BasicAuth) > maxSecrets {
		p.add("settings.basicAuth", "must have at most %d entries", maxSecrets)
	}
	if len(set.Secrets) > maxSecrets {
		p.add("settings.secrets", "must have at most %d entries", maxSecrets)
	}
	p.signedURLs(set.SignedURLs)
	if set.MaxAgeSeconds < 0 || set.MaxAgeSeconds > maxAge {
		p.add("settings.maxAgeSeconds", "must be between 0, which means as old as events are kept, and %d", maxAge)
	}
	for _, t := range [...]struct{ field, tag string }{
		{"settings.templateTag", set.TemplateTag}, {"settings.workflowTag", set.WorkflowTag},
	} {
		if t.tag != "" && !tagName.MatchString(t.tag) {
			p.add(t.field, "must be the name of a message tag: letters, digits and _ : . -")
		}
	}
}

// certificate reads a pinned certificate; nil without one.
func (p *problems) certificate(pem string, now time.Time) *x509.Certificate {
	const field = "settings.signingCertificate"
	if pem == "" {
		return nil
	}
	if len(pem) > maxPEM {
		p.add(field, "is longer than %d bytes", maxPEM)
		return nil
	}
	cert, err := provider.ParseCertificate([]byte(pem))
	if err != nil {
		p.add(field, "is not one certificate in PEM (-----BEGIN CERTIFICATE-----): %v", err)
		return nil
	}
	if now.After(cert.NotAfter) {
		p.add(field, "expired at %s", cert.NotAfter.UTC().Format(time.RFC3339))
	}
	return cert
}

func sesRules(p *problems, s *source.Source) {
	set := s.Settings
	for i, arn := range set.Topics {
		if !topicARN.MatchString(arn) {
			p.add(fmt.Sprintf("settings.topics[%d]", i),
				"%.300q is not the ARN of an SNS topic: want arn:aws:sns:REGION:ACCOUNT:NAME", arn)
		} else if slices.Index(set.Topics, arn) != i {
			p.add(fmt.Sprintf("settings.topics[%d]", i), "%s is listed twice", arn)
		}
	}
	if len(set.Topics) > maxTopics {
		p.add("settings.topics", "must have at most %d topics", maxTopics)
	}
	if len(set.Topics) == 0 && set.Queue == "" && (set.AllowRaw || len(set.Secrets)+len(set.BasicAuth) == 0) {
		p.add("settings.topics", "must list the SNS topics that may post here: a good signature alone proves only "+
			"that somebody's topic sent it. A source that takes EventBridge, Firehose or Lambda alone needs no topics, but "+
			"a secret to prove them by (settings.secrets), or a queue (settings.queue)")
	}
	if s.Path != "" && set.AllowRaw && len(set.BasicAuth) == 0 {
		p.add("path", "can't be used with allowRaw alone: a raw delivery has no signature, so it takes the token or basicAuth")
	}
	if set.Account != "" && !account.MatchString(set.Account) {
		p.add("settings.account", "must be an AWS account id of 12 digits")
	}
	if s.Certificate != nil {
		if key, ok := s.Certificate.PublicKey.(*rsa.PublicKey); !ok || key.N.BitLen() < 2048 {
			p.add("settings.signingCertificate", "must have an RSA key of 2048 bits or more")
		}
	}
}
