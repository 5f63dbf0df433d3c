package sender

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tidings/internal/compose"
	"tidings/internal/send"
)

const (
	defaultPort          = 587
	defaultConnections   = 4
	defaultPerConnection = 100 // SparkPost asks for a new connection after so many; others do not mind
	defaultTimeout       = time.Minute
	maxReply             = 500 // bytes of the other side's words that are kept
)

// smtpSender hands mail to an SMTP server over connections that are used again.
type smtpSender struct {
	settings send.Settings
	deps     Deps
	tls      *tls.Config
	keys     []*compose.Signer
	pool     *pool
}

func newSMTP(s send.Settings, d Deps) (*smtpSender, error) {
	s.Port = cmp.Or(s.Port, defaultPort)
	s.TLS = cmp.Or(s.TLS, DefaultTLS(s.Host, s.Port))
	x := &smtpSender{settings: s, deps: d, tls: &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}}
	if s.CA != "" {
		x.tls.RootCAs = x509.NewCertPool()
		if !x.tls.RootCAs.AppendCertsFromPEM([]byte(s.CA)) {
			return nil, errors.New("ca holds no certificate in PEM")
		}
	}
	if s.TLS == send.TLSOpportunistic {
		// Without a promise that there is TLS at all, a certificate proves nothing (RFC 7435).
		x.tls.InsecureSkipVerify = true
	}
	for i, k := range s.DKIM {
		key, err := compose.NewSigner(k)
		if err != nil {
			return nil, fmt.Errorf("dkim[%d].privateKey %w", i, err)
		}
		x.keys = append(x.keys, key)
	}
	x.pool = newPool(cmp.Or(s.Connections, defaultConnections), cmp.Or(s.PerConnection, defaultPerConnection), x.connect)
	return x, nil
}

// DefaultTLS is how a connection is encrypted where the settings do not say: from its first byte on port 465, if it is
// offered on port 25 and on this machine, by STARTTLS anywhere else.
func DefaultTLS(host string, port int) string {
	switch {
	case port == 465:
		return send.TLSImplicit
	case port == 25 || OnThisMachine(host):
		return send.TLSOpportunistic
	}
	return send.TLSRequired
}

// OnThisMachine reports whether a host is this machine by its name or address alone.
func OnThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// Send hands an email over.
func (s *smtpSender) Send(ctx context.Context, m *send.Mail) (send.Handed, error) {
	if s.settings.Preset == send.PresetSES {
		if err := untracked(m, &s.settings); err != nil {
			return send.Handed{}, err
		}
	}
	letter, err := compose.Compose(m, s.deps.Now(), compose.Labels(s.settings.Preset, m, &s.settings))
	if err == nil && len(s.keys) > 0 {
		letter.Bytes, err = compose.Sign(letter.Bytes, m.From.Address, s.keys)
	}
	if err != nil {
		return send.Handed{}, unwritable(err)
	}
	for {
		c, err := s.pool.get(ctx)
		if err != nil {
			return send.Handed{}, err
		}
		reply, err := c.deliver(ctx, letter, m.MessageID)
		s.pool.put(c)
		if errors.Is(err, errStale) {
			continue // the other side had ended a connection that lay idle: nothing was handed over
		}
		if err != nil {
			return send.Handed{}, err
		}
		return s.handed(m, reply), nil
	}
}

// replies find the id of a service in what it says to an email that it takes.
var replies = map[string]*regexp.Regexp{
	send.PresetSES:      regexp.MustCompile(`(?i)^Ok ([0-9a-f][0-9a-f-]{20,80})\s*$`),
	send.PresetSendGrid: regexp.MustCompile(`(?i)queued as ([A-Za-z0-9_-]{10,100})`),
	send.PresetPostmark: regexp.MustCompile(`(?i)\b([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b`),
}

func (s *smtpSender) handed(m *send.Mail, reply string) send.Handed {
	h := send.Handed{
		Provider: cmp.Or(s.settings.Preset, send.KindSMTP), MessageID: m.MessageID, At: s.deps.Now(), Response: shortened(reply),
	}
	if pattern := replies[s.settings.Preset]; pattern != nil {
		if found := pattern.FindStringSubmatch(strings.TrimPrefix(reply, "2.0.0 ")); found != nil {
			h.MessageID = found[1]
		}
	}
	return h
}

func shortened(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if len(s) > maxReply {
		s = strings.ToValidUTF8(s[:maxReply], "")
	}
	return s
}

// Test connects and says who we are.
func (s *smtpSender) Test(ctx context.Context) (string, error) {
	c, err := s.connect(ctx)
	if err != nil {
		return "", err
	}
	defer c.end()
	how := "without encryption"
	if state, err := c.client.GetTLSConnectionState(); err == nil {
		how = "over " + tls.VersionName(state.Version)
		if s.tls.InsecureSkipVerify {
			how += " (whose certificate was not looked at)"
		}
	}
	who := "without a password"
	if s.settings.User != "" {
		who = "as " + s.settings.User
	}
	return fmt.Sprintf("%s answers %s and takes mail %s", s.address(), how, who), nil
}

func (s *smtpSender) address() string {
	return net.JoinHostPort(s.settings.Host, strconv.Itoa(s.settings.Port))
}

func (s *smtpSender) timeout() time.Duration {
	if s.settings.TimeoutSeconds > 0 {
		return time.Duration(s.settings.TimeoutSeconds) * time.Second
	}
	return defaultTimeout
}

// Close ends the connections that nobody uses; those in use end when their email is handed over.
func (s *smtpSender) Close() error {
	s.pool.close()
	return nil
}
