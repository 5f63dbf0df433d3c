package control

import (
	"crypto/x509"
	"fmt"
	"math"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"tidings/internal/auth"
	"tidings/internal/compose"
	"tidings/internal/pull"
	"tidings/internal/send"
	"tidings/internal/sender"
)

const (
	maxDKIM        = 4
	maxConnections = 50
	maxPerConn     = 10_000
	maxSMTPTimeout = 600
	maxHost        = 253
	smtpPort       = 587
	smtpsPort      = 465
)

var (
	hostName = regexp.MustCompile(`(?i)^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?)*\.?$`)
	// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_CreateConfigurationSet.html
	configurationSet = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	accessKey        = regexp.MustCompile(`^[A-Za-z0-9]{16,128}$`)
	messageStream    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,30}$`)
)

// presetHosts are where the services take mail by SMTP, and as whom. SES has a host in each region.
var presetHosts = map[string]struct{ host, user string }{
	send.PresetSendGrid:  {"smtp.sendgrid.net", "apikey"},
	send.PresetMailgun:   {"smtp.mailgun.org", ""},
	send.PresetSparkPost: {"smtp.sparkpostmail.com", "SMTP_Injection"},
	send.PresetPostmark:  {"smtp.postmarkapp.com", ""},
}

// senderURL reads smtp://user:password@host:port?tls=…&preset=… into settings.
func (p *problems) senderURL(text string, s *send.Settings) {
	const want = "smtps://user:password@host:465 or smtp://user:password@host:587"
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" || strings.Trim(u.Path, "/") != "" {
		p.add("url", "is not of the form %s (with %%40 for an @ in the password)", want) // the text itself holds the password
		return
	}
	s.Host, s.Port, s.TLS = u.Hostname(), smtpPort, ""
	if u.Scheme == "smtps" {
		s.Port, s.TLS = smtpsPort, send.TLSImplicit
	}
	if port := u.Port(); port != "" {
		s.Port, _ = strconv.Atoi(port) // url.Parse lets digits through alone
	}
	s.User = u.User.Username()
	s.Password, _ = u.User.Password()
	query := u.Query()
	for _, x := range [...]struct {
		name string
		to   *string
	}{{"tls", &s.TLS}, {"preset", &s.Preset}, {"auth", &s.Auth}} {
		if query.Has(x.name) {
			*x.to = query.Get(x.name)
			query.Del(x.name)
		}
	}
	if len(query) > 0 {
		p.add("url", "has more behind its ? than tls, preset and auth")
	}
}

// sender checks a sender as a whole, and fills what its preset says.
func (p *problems) sender(x *send.Sender) {
	p.text("name", x.Name, 1, maxSenderName)
	if strings.HasPrefix(x.Name, senderPrefix) {
		p.add("name", "must not begin like an id (%s)", senderPrefix)
	}
	if x.Kind == "" {
		p.add("kind", "is required: one of %s", strings.Join(send.Kinds(), ", "))
	}
	p.oneOf("kind", x.Kind, send.Kinds())
	if x.From.Address != "" {
		p.says("from.email", compose.AddressProblem(x.From.Address))
	} else if x.From.Name != "" {
		p.add("from.email", "is required beside a name")
	}
	p.text("from.name", x.From.Name, 0, maxSenderName)
	if x.ReplyTo != "" {
		p.says("replyTo", compose.AddressProblem(x.ReplyTo))
	}
	if math.IsNaN(x.Rate) || x.Rate < 0 || x.Rate > maxSenderRate || x.Rate > 0 && x.Rate < 0.001 {
		p.add("rate", "must be between 0.001 and %d emails a second, or 0 for no limit", maxSenderRate)
	}
	switch s := &x.Settings; x.Kind {
	case send.KindSMTP:
		p.smtp(s)
	case send.KindSES:
		p.sesSender(s)
	case send.KindFile, send.KindConsole:
		p.others(x.Kind, s, smtpFields, awsFields, setFields)
	}
}

func (p *problems) says(field, problem string) {
	if problem != "" {
		p.add(field, "%s", problem)
	}
}

// settingField is a setting by its name; given tells whether it has a value.
type settingField struct {
	name  string
	given func(*send.Settings) bool
}

var (
	smtpFields = []settingField{
		{"preset", func(s *send.Settings) bool { return s.Preset != "" }},
		{"host", func(s *send.Settings) bool { return s.Host != "" }},
		{"port", func(s *send.Settings) bool { return s.Port != 0 }},
		{"tls", func(s *send.Settings) bool { return s.TLS != "" }},
		{"plaintext", func(s *send.Settings) bool { return s.Plaintext }},
		{"ca", func(s *send.Settings) bool { return s.CA != "" }},
		{"user", func(s *send.Settings) bool { return s.User != "" }},
		{"password", func(s *send.Settings) bool { return s.Password != "" }},
		{"auth", func(s *send.Settings) bool { return s.Auth != "" }},
		{"helo", func(s *send.Settings) bool { return s.Helo != "" }},
		{"connections", func(s *send.Settings) bool { return s.Connections != 0 }},
		{"perConnection", func(s *send.Settings) bool { return s.PerConnection != 0 }},
		{"timeoutSeconds", func(s *send.Settings) bool { return s.TimeoutSeconds != 0 }},
		{"dkim", func(s *send.Settings) bool { return len(s.DKIM) > 0 }},
		{"returnPath", func(s *send.Settings) bool { return s.ReturnPath != "" }},
		{"stream", func(s *send.Settings) bool { return s.Stream != "" }},
	}
	awsFields = []settingField{
		{"region", func(s *send.Settings) bool { return s.Region != "" }},
		{"accessKeyId", func(s *send.Settings) bool { return s.AccessKeyID != "" }},
		{"secretAccessKey", func(s *send.Settings) bool { return s.SecretAccessKey != "" }},
	}
	setFields = []settingField{
		{"configurationSet", func(s *send.Settings) bool { return s.ConfigurationSet != "" }},
		{"untrackedSet", func(s *send.Settings) bool { return s.UntrackedSet != "" }},
	}
)

// others refuses settings of other kinds: they would do nothing, and nobody would see why.
func (p *problems) others(what string, s *send.Settings, lists ...[]settingField) {
	for _, list := range lists {
		for _, f := range list {
			if f.given(s) {
				p.add("settings."+f.name, "does not go with %s", what)
			}
		}
	}
}

func (p *problems) smtp(s *send.Settings) {
	p.oneOf("settings.preset", s.Preset, send.Presets())
	p.preset(s)
	switch {
	case s.Host == "":
		p.add("settings.host", "is required: the name of the server, or url")
	case len(s.Host) > maxHost || !hostName.MatchString(s.Host) && net.ParseIP(s.Host) == nil:
		p.add("settings.host", "is not the name or the IP address of a server")
	}
	p.between("settings.port", s.Port, math.MaxUint16)
	p.between("settings.connections", s.Connections, maxConnections)
	p.between("settings.perConnection", s.PerConnection, maxPerConn)
	p.between("settings.timeoutSeconds", s.TimeoutSeconds, maxSMTPTimeout)
	p.oneOf("settings.tls", s.TLS, []string{send.TLSImplicit, send.TLSRequired, send.TLSOpportunistic, send.TLSNone})
	if s.TLS == send.TLSNone && !s.Plaintext && !sender.OnThisMachine(s.Host) {
		p.add("settings.tls", "none sends mail for everybody on the way to read: that takes plaintext, too, but on this machine")
	}
	p.oneOf("settings.auth", s.Auth, []string{send.AuthPlain, send.AuthLogin, send.AuthXOAUTH2})
	p.text("settings.user", s.User, 0, maxSecret)
	p.text("settings.password", s.Password, 0, maxKey)
	if (s.User == "") != (s.Password == "") {
		p.add("settings.password", "and settings.user go together: give both or none")
	}
	if s.Helo != "" && (len(s.Helo) > maxHost || !hostName.MatchString(s.Helo)) {
		p.add("settings.helo", "is not the name of a machine")
	}
	if s.CA != "" && (len(s.CA) > maxPEM || !x509.NewCertPool().AppendCertsFromPEM([]byte(s.CA))) {
		p.add("settings.ca", "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)")
	}
	p.returnPath(s)
	p.dkim(s)
}

// returnPath checks the address that reports come back to, which grows by the id of a send.
func (p *problems) returnPath(s *send.Settings) {
	const field = "settings.returnPath"
	switch {
	case s.ReturnPath == "":
	case s.Preset != "":
		p.add(field, "does not go with a preset: %s takes reports itself, and tells of them in its events", s.Preset)
	case compose.AddressProblem(s.ReturnPath) != "":
		p.add(field, "%s", compose.AddressProblem(s.ReturnPath))
	case compose.AddressProblem(send.ReturnPath(s.ReturnPath, auth.NewID(send.IDPrefix))) != "":
		p.add(field, "takes no id: before the @ it grows by + and the id of each mail, and may have 64 bytes there then")
	}
}

// preset fills and checks what goes with a service.
func (p *problems) preset(s *send.Settings) {
	if known, ok := presetHosts[s.Preset]; ok {
		if s.Host == "" {
			s.Host = known.host
		}
		if s.User == "" && s.Password != "" {
			s.User = known.user
		}
	}
	if s.Preset == send.PresetSES {
		if s.Host == "" && s.Region != "" {
			s.Host = "email-smtp." + s.Region + ".amazonaws.com"
		}
		p.sesSets(s)
		if s.Region != "" {
			p.wrong("settings.region", pull.CheckRegion(s.Region))
		}
		p.others("smtp: it has user and password", s, awsFields[1:])
	} else {
		p.others("smtp without the preset ses", s, awsFields, setFields)
	}
	switch {
	case s.Stream == "":
	case s.Preset != send.PresetPostmark:
		p.add("settings.stream", "is of the preset postmark alone")
	case !messageStream.MatchString(s.Stream):
		p.add("settings.stream", "is not the id of a message stream")
	}
}

func (p *problems) dkim(s *send.Settings) {
	if s.Preset != "" && len(s.DKIM) > 0 {
		p.add("settings.dkim", "does not go with a preset: %s changes what would be signed, and signs itself; set it up there",
			s.Preset)
		return
	}
	if len(s.DKIM) > maxDKIM {
		p.add("settings.dkim", "may have %d keys, not %d", maxDKIM, len(s.DKIM))
		return
	}
	for i, k := range s.DKIM {
		at := fmt.Sprintf("settings.dkim[%d].", i)
		for _, x := range [...]struct{ field, name string }{{"domain", k.Domain}, {"selector", k.Selector}} {
			if len(x.name) > maxHost || !hostName.MatchString(x.name) {
				p.add(at+x.field, "is required, as DNS has it (s1, acme.test)")
			}
		}
		if len(k.PrivateKey) > maxPEM {
			p.add(at+"privateKey", "is longer than %d bytes", maxPEM)
		} else if _, err := compose.NewSigner(k); err != nil {
			p.wrong(at+"privateKey", err)
		}
	}
}

func (p *problems) sesSender(s *send.Settings) {
	p.others("ses, which is no server but an API: take the kind smtp with the preset ses", s, smtpFields)
	p.sesSets(s)
	if s.Region != "" {
		p.wrong("settings.region", pull.CheckRegion(s.Region))
	}
	if (s.AccessKeyID == "") != (s.SecretAccessKey == "") {
		p.add("settings.secretAccessKey", "and settings.accessKeyId go together: give both, or none, then the server's environment "+
			"says who it is")
	}
	if s.AccessKeyID != "" && !accessKey.MatchString(s.AccessKeyID) {
		p.add("settings.accessKeyId", "is not the id of an access key")
	}
	p.text("settings.secretAccessKey", s.SecretAccessKey, 0, maxSecret)
}

func (p *problems) sesSets(s *send.Settings) {
	for _, x := range [...]struct{ field, name string }{
		{"configurationSet", s.ConfigurationSet}, {"untrackedSet", s.UntrackedSet},
	} {
		if x.name != "" && !configurationSet.MatchString(x.name) {
			p.add("settings."+x.field, "is not the name of a configuration set: 1 to 64 letters, digits, _ and -")
		}
	}
}

func (p *problems) wrong(field string, err error) {
	if err != nil {
		p.add(field, "%v", err)
	}
}

func (p *problems) between(field string, n, most int) {
	if n < 0 || n > most {
		p.add(field, "must be between 1 and %d, or left out", most)
	}
}
