package sender

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	gosmtp "github.com/wneessen/go-mail/smtp"

	"tidings/internal/compose"
	"tidings/internal/send"
)

// conn is a connection to an SMTP server that was greeted and told who we are. One goroutine uses it at a time.
type conn struct {
	raw     net.Conn
	client  *gosmtp.Client
	timeout time.Duration
	handed  int  // emails
	used    bool // it lay idle before
	broken  bool // nothing can follow
	timer   *time.Timer
}

// errStale is the failure of a connection that lay idle and turns out to be ended.
var errStale = errors.New("the connection was ended while it lay idle")

// lastWords is how long the answer to a whole email is waited for after the work was stopped: without it, nobody knows
// whether the email was taken.
const lastWords = 10 * time.Second

// connect makes a connection that is ready for mail. Its failures are the sender's, whatever the email.
func (s *smtpSender) connect(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	raw, err := s.deps.Dial(ctx, "tcp", s.address())
	if err != nil {
		return nil, unusable("", "connect to %s: %v", s.address(), err)
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })
	c, err := s.greet(ctx, raw)
	if !stop() && err == nil {
		err = unusable("", "%s took too long to let us in", s.address())
	}
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	return c, nil
}

func (s *smtpSender) greet(ctx context.Context, raw net.Conn) (*conn, error) {
	c := &conn{raw: raw, timeout: s.timeout()}
	wire := raw
	if s.settings.TLS == send.TLSImplicit {
		encrypted := tls.Client(raw, s.tls)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return nil, unusable("", "TLS with %s: %v", s.address(), err)
		}
		wire = encrypted
	}
	client, err := gosmtp.NewClient(wire, s.settings.Host)
	if err != nil {
		return nil, failureOf(err, stageGreeting)
	}
	c.client = client
	if err := client.Hello(cmp.Or(s.settings.Helo, s.deps.Hostname, "localhost")); err != nil {
		return nil, failureOf(err, stageGreeting)
	}
	if err := s.encrypt(client, raw); err != nil {
		return nil, err
	}
	return c, s.identify(client, raw)
}

// encrypt begins TLS where that is how it goes.
func (s *smtpSender) encrypt(client *gosmtp.Client, raw net.Conn) error {
	offered, _ := client.Extension("STARTTLS")
	switch s.settings.TLS {
	case send.TLSImplicit:
		return nil
	case send.TLSNone:
		if !s.settings.Plaintext && !loopback(raw) {
			return unusable("", "%s is not on this machine, and mail goes over the network only encrypted, unless the sender allows "+
				"otherwise (plaintext)", s.address())
		}
		return nil
	case send.TLSRequired:
		if !offered {
			return unusable("", "%s offers no encryption (STARTTLS), and the sender asks for it (tls)", s.address())
		}
	}
	if !offered {
		return nil
	}
	if err := client.StartTLS(s.tls); err != nil {
		return unusable("", "TLS with %s: %v", s.address(), err)
	}
	return nil
}

// identify says who we are, where there is a password, and never where others could read it.
func (s *smtpSender) identify(client *gosmtp.Client, raw net.Conn) error {
	set := &s.settings
	if set.User == "" {
		return nil
	}
	if _, err := client.GetTLSConnectionState(); err != nil && !set.Plaintext && !loopback(raw) {
		return unusable("", "the connection to %s is not encrypted, so the password was not sent", s.address())
	}
	offered, words := client.Extension("AUTH")
	if !offered {
		return unusable("", "%s asks for no password (AUTH): remove user and password, or take its port for submission (587, 465)",
			s.address())
	}
	auth, err := s.auth(strings.Fields(strings.ToUpper(words)))
	if err != nil {
		return err
	}
	if err := client.Auth(auth); err != nil {
		return failureOf(err, stageAuth)
	}
	return nil
}

func loopback(c net.Conn) bool {
	tcp, ok := c.RemoteAddr().(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// auth is how we say who we are: as the settings have it, else the first that is offered of those that need nothing but a
// name and a password.
func (s *smtpSender) auth(offered []string) (gosmtp.Auth, error) {
	set := &s.settings
	switch set.Auth {
	case send.AuthXOAUTH2:
		return gosmtp.XOAuth2Auth(set.User, set.Password), nil
	case send.AuthPlain:
		return gosmtp.PlainAuth("", set.User, set.Password, set.Host, true), nil
	case send.AuthLogin:
		return gosmtp.LoginAuth(set.User, set.Password, set.Host, true), nil
	}
	for _, word := range offered {
		switch word {
		case "PLAIN":
			return gosmtp.PlainAuth("", set.User, set.Password, set.Host, true), nil
		case "LOGIN":
			return gosmtp.LoginAuth(set.User, set.Password, set.Host, true), nil
		}
	}
	return nil, unusable("", "%s offers none of our ways to say who we are (PLAIN, LOGIN), but %s", s.address(),
		shortened(strings.Join(offered, " ")))
}

// end says goodbye, without waiting long for the answer.
func (c *conn) end() {
	_ = c.raw.SetDeadline(time.Now().Add(time.Second))
	if !c.broken {
		_ = c.client.Quit()
	}
	_ = c.raw.Close()
}

// command sends one and reads the answer, which is to begin with a digit or number.
func (c *conn) command(expect int, format string, args ...any) (string, error) {
	if err := c.raw.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return "", err
	}
	if err := c.client.Text.PrintfLine(format, args...); err != nil {
		return "", err
	}
	_, text, err := c.client.Text.ReadResponse(expect)
	return text, err
}

// deliver hands one email over and returns the other side's words.
func (c *conn) deliver(ctx context.Context, l compose.Letter, id string) (string, error) {
	stop := context.AfterFunc(ctx, func() { _ = c.raw.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := c.fits(l); err != nil {
		return "", err
	}
	if _, err := c.command(25, "%s", c.mailFrom(l, id)); err != nil {
		return "", c.failed(ctx, err, stageMail)
	}
	if _, err := c.command(25, "RCPT TO:<%s>", l.To); err != nil {
		return "", c.failed(ctx, err, stageRcpt)
	}
	if _, err := c.command(354, "DATA"); err != nil {
		return "", c.failed(ctx, err, stageData)
	}
	dot := c.client.Text.DotWriter()
	_, err := dot.Write(l.Bytes)
	if err == nil {
		err = c.client.Text.W.Flush()
	}
	if err == nil && !stop() {
		err = ctx.Err() // the dot is not written: the email is not taken
	}
	if err != nil {
		return "", c.failed(ctx, err, stageBody)
	}
	return c.finish(ctx, dot.Close)
}

// finish writes the dot that ends an email. From here on, whoever does not hear the answer does not know.
func (c *conn) finish(ctx context.Context, dot func() error) (string, error) {
	if err := c.raw.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return "", c.failed(ctx, err, stageBody)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.raw.SetDeadline(time.Now().Add(lastWords)) })
	defer stop()
	if err := dot(); err != nil {
		return "", c.failed(ctx, err, stageEnd)
	}
	_, text, err := c.client.Text.ReadResponse(25)
	if err != nil {
		return "", c.failed(ctx, err, stageEnd)
	}
	c.handed++
	return text, nil
}

func (c *conn) mailFrom(l compose.Letter, id string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "MAIL FROM:<%s>", l.From)
	if ok, _ := c.client.Extension("SIZE"); ok {
		fmt.Fprintf(&b, " SIZE=%d", len(l.Bytes))
	}
	if l.UTF8 {
		b.WriteString(" BODY=8BITMIME SMTPUTF8")
	}
	if ok, _ := c.client.Extension("DSN"); ok {
		// Reports then name the email even where they return none of its headers (RFC 3461).
		fmt.Fprintf(&b, " RET=HDRS ENVID=%s", xtext(id))
	}
	return b.String()
}

// fits refuses what the server says beforehand that it does not take.
func (c *conn) fits(l compose.Letter) error {
	if ok, _ := c.client.Extension("SMTPUTF8"); l.UTF8 && !ok {
		return &send.Failure{
			Kind: send.Permanent, Reason: ReasonUnwritable,
			Detail: "the address has letters outside ASCII before the @, and the server takes none (SMTPUTF8)",
		}
	}
	_, size := c.client.Extension("SIZE")
	if most, err := strconv.Atoi(size); err == nil && most > 0 && len(l.Bytes) > most {
		return tooLarge(len(l.Bytes), most)
	}
	return nil
}

// failed sorts a failure, and gets the connection ready for the next email where that is possible.
func (c *conn) failed(ctx context.Context, err error, at stage) error {
	f := failureOf(err, at)
	stale := at == stageMail && c.used && (f.SMTPCode == 0 || f.SMTPCode == 421)
	c.broken = f.SMTPCode == 0 || f.SMTPCode == 421 || f.SMTPCode == 503 || at == stageBody
	if !c.broken && at != stageEnd {
		if _, err := c.command(25, "RSET"); err != nil {
			c.broken = true
		}
	}
	switch {
	case ctx.Err() != nil && at != stageEnd && f.SMTPCode == 0:
		return temporary(ReasonStopped, "the work was stopped before the email was handed over")
	case stale:
		return errStale
	}
	return f
}

// xtext writes a text as parameters of commands have it (RFC 3461, section 4).
func xtext(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < '!' || c > '~' || c == '+' || c == '=' {
			fmt.Fprintf(&b, "+%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
