// Package smtppeer gives tests a real SMTP server over a socket, which keeps what it is handed and misbehaves when told to.
package smtppeer

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Mail is an email that was handed over.
type Mail struct {
	From, To   string
	Options    smtp.MailOptions
	Data       []byte
	TLS        bool
	User       string // whoever proved to be it; empty: nobody
	Connection int    // which one it came over, from 1
}

// Fault is what goes wrong with an email.
type Fault struct {
	// At is where: "connect", "mail", "rcpt", "data" (when the email is whole), or "body" (in the middle of it).
	At string
	// Reply is the answer; nil: the connection is cut. Cut after the email was taken is At "data" with Taken.
	Reply *smtp.SMTPError
	Taken bool // the email is kept all the same
	Wait  <-chan struct{}
	Times int // how often; 0: always
}

// Options make the server.
type Options struct {
	Implicit, STARTTLS bool
	Users              map[string]string // passwords; nil: nobody is asked
	Mechanisms         []string          // nil: PLAIN and LOGIN
	UTF8, DSN          bool
	MaxBytes           int64
	Response           string // to an email that is taken; empty: the server's own words
}

// Peer is a server. It ends with the test.
type Peer struct {
	Host string
	Port int
	CA   string // PEM, of its certificate for Host and "localhost"

	options     Options
	mu          sync.Mutex
	mails       []Mail
	faults      []*Fault
	connections int
	last        *smtp.Conn
	commands    bytes.Buffer
}

// Start runs a server on 127.0.0.1.
func Start(t testing.TB, o Options) *Peer {
	t.Helper()
	p := &Peer{options: o, Host: "127.0.0.1"}
	certificate := p.certificate(t)
	var listening net.ListenConfig
	l, err := listening.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	p.Port, _ = strconv.Atoi(port)
	s := smtp.NewServer(smtp.BackendFunc(p.session))
	s.Domain, s.AllowInsecureAuth, s.EnableSMTPUTF8, s.EnableDSN = "peer.test", true, o.UTF8, o.DSN
	s.MaxMessageBytes = o.MaxBytes
	s.ErrorLog = log.New(io.Discard, "", 0)
	s.Debug = &lockedWriter{p}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if o.STARTTLS {
		s.TLSConfig = config
	}
	if o.Implicit {
		l = tls.NewListener(l, config)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Serve(l) // it ends when the server is closed
	}()
	t.Cleanup(func() {
		_ = s.Close()
		<-ended
	})
	return p
}

type lockedWriter struct{ p *Peer }

func (w *lockedWriter) Write(b []byte) (int, error) {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	return w.p.commands.Write(b)
}

// Said is all that went over the wire, in both directions, as far as it was not TLS's own.
func (p *Peer) Said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.commands.String()
}

// Mails are what was handed over so far.
func (p *Peer) Mails() []Mail {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Mail{}, p.mails...)
}

// Connections is how many there were.
func (p *Peer) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.connections
}

// Fail lets something go wrong, in the order of calls.
func (p *Peer) Fail(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, &f)
}

// Mend ends all faults.
func (p *Peer) Mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
}

func (p *Peer) fault(at string) *Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, f := range p.faults {
		if f.At != at {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				p.faults = append(p.faults[:i], p.faults[i+1:]...)
			}
		}
		return f
	}
	return nil
}

func (p *Peer) session(c *smtp.Conn) (smtp.Session, error) {
	p.mu.Lock()
	if p.last != c { // a client that is refused at EHLO tries HELO
		p.connections++
	}
	p.last = c
	s := &session{peer: p, conn: c, n: p.connections}
	p.mu.Unlock()
	if err := s.meet("connect"); err != nil {
		return nil, err
	}
	return s, nil
}

// session is one connection.
type session struct {
	peer *Peer
	conn *smtp.Conn
	n    int
	user string
	mail Mail
}

var errCut = errors.New("cut")

// meet meets the fault of a place, if there is one.
func (s *session) meet(at string) error {
	f := s.peer.fault(at)
	if f == nil {
		return nil
	}
	return s.suffer(f)
}

func (s *session) suffer(f *Fault) error {
	if f.Wait != nil {
		<-f.Wait
	}
	if f.Reply != nil {
		return f.Reply
	}
	if f.Wait != nil {
		return nil
	}
	_ = s.conn.Conn().Close()
	return errCut
}

// Mail begins an email.
func (s *session) Mail(from string, o *smtp.MailOptions) error {
	if err := s.meet("mail"); err != nil {
		return err
	}
	if s.peer.options.Users != nil && s.user == "" {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	_, encrypted := s.conn.TLSConnectionState()
	s.mail = Mail{From: from, TLS: encrypted, User: s.user, Connection: s.n}
	if o != nil {
		s.mail.Options = *o
	}
	return nil
}

// Rcpt names its recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.To = to
	return s.meet("rcpt")
}

// Data takes it.
func (s *session) Data(r io.Reader) error {
	if f := s.peer.fault("body"); f != nil {
		_, _ = io.CopyN(io.Discard, r, 16)
		return s.suffer(f)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.Data = b
	f := s.peer.fault("data")
	if f == nil || f.Taken {
		s.peer.mu.Lock()
		s.peer.mails = append(s.peer.mails, s.mail)
		s.peer.mu.Unlock()
	}
	if f != nil {
		return s.suffer(f)
	}
	if s.peer.options.Response != "" {
		return &smtp.SMTPError{Code: 250, EnhancedCode: smtp.NoEnhancedCode, Message: s.peer.options.Response}
	}
	return nil
}

// Reset forgets an email.
func (s *session) Reset() { s.mail = Mail{} }

// Logout ends.
func (s *session) Logout() error { return nil }

// AuthMechanisms are how one may say who one is.
func (s *session) AuthMechanisms() []string {
	switch {
	case s.peer.options.Users == nil:
		return nil
	case s.peer.options.Mechanisms != nil:
		return s.peer.options.Mechanisms
	}
	return []string{sasl.Plain, sasl.Login}
}

// Auth proves who one is.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		if want, known := s.peer.options.Users[user]; !known || want != password {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
	case sasl.Login:
		return &login{check: check}, nil
	case "XOAUTH2":
		return &xoauth2{check: check}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

// login is AUTH LOGIN: it asks for a name, then for a password.
type login struct {
	check func(user, password string) error
	user  *string
}

func (l *login) Next(response []byte) ([]byte, bool, error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case l.user == nil:
		l.user = new(string(response))
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(*l.user, string(response))
}

// xoauth2 is Google's: user=NAME^Aauth=Bearer TOKEN^A^A.
type xoauth2 struct {
	check func(user, password string) error
}

func (x *xoauth2) Next(response []byte) ([]byte, bool, error) {
	user, rest, _ := bytes.Cut(bytes.TrimPrefix(response, []byte("user=")), []byte{1})
	token := bytes.TrimSuffix(bytes.TrimPrefix(rest, []byte("auth=Bearer ")), []byte{1, 1})
	return nil, true, x.check(string(user), string(token))
}

func (p *Peer) certificate(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "peer.test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	p.CA = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
