package sender_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tidings/event"
	"tidings/internal/send"
	"tidings/internal/sender"
	"tidings/test/smtppeer"
)

func email() *send.Mail {
	return &send.Mail{
		ID: "snd_1", Project: "prj_default", MessageID: "snd_1@send.test", From: send.Mailbox{Name: "App", Address: "app@send.test"},
		To: send.Mailbox{Address: "ann@acme.test"}, Subject: "Hi", Text: "Hello\n.\n..\nBye", HTML: "<p>Hello</p>",
	}
}

// way makes an SMTP sender of a peer.
func way(t *testing.T, p *smtppeer.Peer, change func(*send.Settings)) sender.Sender {
	t.Helper()
	s := send.Settings{Host: p.Host, Port: p.Port, TLS: send.TLSNone, TimeoutSeconds: 5}
	if change != nil {
		change(&s)
	}
	x, err := sender.New(send.KindSMTP, s, sender.Deps{Hostname: "we.test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.(io.Closer).Close() })
	return x
}

func failure(t *testing.T, err error) *send.Failure {
	t.Helper()
	f, ok := errors.AsType[*send.Failure](err)
	if !ok {
		t.Fatalf("%v is no failure of a hand-over", err)
	}
	return f
}

func TestMailGoesOverAnSMTPConnectionThatIsUsedAgain(t *testing.T) {
	t.Parallel()
	p := smtppeer.Start(t, smtppeer.Options{DSN: true})
	x := way(t, p, func(s *send.Settings) { s.PerConnection = 3 })
	for range 7 {
		m := email()
		m.ReturnPath = "b+snd_1@bounce.send.test"
		h, err := x.Send(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		if h.Provider != "smtp" || h.MessageID != "snd_1@send.test" || h.At.IsZero() || h.Response == "" {
			t.Errorf("handed %+v", h)
		}
	}
	mails := p.Mails()
	if len(mails) != 7 || p.Connections() != 3 {
		t.Fatalf("%d mails over %d connections", len(mails), p.Connections())
	}
	m := mails[0]
	if m.From != "b+snd_1@bounce.send.test" || m.To != "ann@acme.test" || m.Options.EnvelopeID != "snd_1@send.test" ||
		m.Options.Return != smtp.DSNReturnHeaders {
		t.Errorf("envelope %+v", m)
	}
	if !strings.Contains(string(m.Data), "\r\nHello\r\n.\r\n..\r\nBye") {
		t.Errorf("dots did not survive: %s", m.Data)
	}
}

func TestPasswordsAreSaidInEachWayAndOnlyWhereNobodyElseHears(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, mechanism string
		peer            smtppeer.Options
		set             func(*send.Settings)
		fails           string
	}{
		{name: "plain over TLS from the first byte", peer: smtppeer.Options{Implicit: true}, set: func(s *send.Settings) { s.TLS = send.TLSImplicit }},
		{name: "plain over STARTTLS", peer: smtppeer.Options{STARTTLS: true}, set: func(s *send.Settings) { s.TLS = send.TLSRequired }},
		{name: "login", mechanism: "LOGIN", peer: smtppeer.Options{STARTTLS: true}, set: func(s *send.Settings) { s.TLS = send.TLSRequired }},
		{
			name: "xoauth2", mechanism: "XOAUTH2", peer: smtppeer.Options{STARTTLS: true},
			set: func(s *send.Settings) { s.TLS, s.Auth = send.TLSRequired, send.AuthXOAUTH2 },
		},
		{name: "on this machine", set: func(*send.Settings) {}},
		{
			name: "a wrong password", set: func(s *send.Settings) { s.Password = "other" }, fails: "535",
		},
		{
			name: "a mechanism that we have not", mechanism: "GSSAPI", set: func(*send.Settings) {}, fails: "GSSAPI",
		},
		{
			name: "no encryption where it is asked for", set: func(s *send.Settings) { s.TLS = send.TLSRequired }, fails: "offers no encryption",
		},
		{
			name: "a certificate that nobody trusts", peer: smtppeer.Options{STARTTLS: true},
			set: func(s *send.Settings) { s.TLS, s.CA = send.TLSRequired, "" }, fails: "certificate",
		},
		{
			name: "a certificate that nobody looks at", peer: smtppeer.Options{STARTTLS: true},
			set: func(s *send.Settings) { s.TLS, s.CA = send.TLSOpportunistic, "" },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.peer.Users = map[string]string{"lea": "secret"}
			if c.mechanism != "" {
				c.peer.Mechanisms = []string{c.mechanism}
			}
			p := smtppeer.Start(t, c.peer)
			x := way(t, p, func(s *send.Settings) {
				s.User, s.Password, s.CA = "lea", "secret", p.CA
				c.set(s)
			})
			told, err := x.(sender.Tester).Test(t.Context())
			_, sendErr := x.Send(t.Context(), email())
			if c.fails == "" {
				if err != nil || sendErr != nil || !strings.Contains(told, "as lea") || p.Mails()[0].User != "lea" {
					t.Errorf("%q %v %v", told, err, sendErr)
				}
				return
			}
			for _, err := range []error{err, sendErr} {
				if f := failure(t, err); f.Kind != send.Unusable || !strings.Contains(f.Detail, c.fails) || strings.Contains(f.Detail, "secret") {
					t.Errorf("%+v", f)
				}
			}
			if len(p.Mails()) > 0 {
				t.Error("mail was sent")
			}
		})
	}
}

func TestNeitherPasswordNorMailGoesOverAnOpenConnectionThatLeavesTheMachine(t *testing.T) {
	t.Parallel()
	p := smtppeer.Start(t, smtppeer.Options{Users: map[string]string{"lea": "secret"}})
	away := func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		return elsewhere{c}, err
	}
	for _, c := range []struct {
		tls   string
		plain bool
		ok    bool
	}{{send.TLSNone, false, false}, {send.TLSOpportunistic, false, false}, {send.TLSNone, true, true}} {
		x, err := sender.New(send.KindSMTP, send.Settings{
			Host: p.Host, Port: p.Port, TLS: c.tls, Plaintext: c.plain, User: "lea", Password: "secret",
		}, sender.Deps{Dial: away})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = x.Send(t.Context(), email()); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
		if !c.ok && strings.Contains(p.Said(), "AUTH PLAIN AG") {
			t.Error("the password went over the wire")
		}
		_ = x.(io.Closer).Close()
	}
}

// elsewhere is a connection that seems to lead to another machine.
type elsewhere struct{ net.Conn }

func (elsewhere) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25} }

func reply(code int, enhanced [3]int, text string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}

func TestEachAnswerOfAServerMeansWhatItSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		fault  smtppeer.Fault
		kind   send.FailureKind
		reason string
		retry  time.Duration
		taken  bool
	}{
		{name: "no such user", fault: smtppeer.Fault{At: "rcpt", Reply: reply(550, [3]int{5, 1, 1}, "no such user")}, kind: send.Permanent, reason: event.ReasonNoSuchUser},
		{name: "mailbox full for now", fault: smtppeer.Fault{At: "rcpt", Reply: reply(452, [3]int{4, 2, 2}, "full")}, kind: send.Temporary, reason: event.ReasonMailboxFull},
		{name: "greylisted", fault: smtppeer.Fault{At: "rcpt", Reply: reply(450, [3]int{4, 7, 1}, "Greylisted, see you later")}, kind: send.Temporary, retry: 5 * time.Minute, reason: event.ReasonOfSMTP(450, "4.7.1")},
		{name: "throttled", fault: smtppeer.Fault{At: "mail", Reply: reply(421, [3]int{4, 7, 28}, "unusual rate")}, kind: send.Throttled, reason: event.ReasonThrottled},
		{name: "throttled by SES", fault: smtppeer.Fault{At: "data", Reply: reply(454, [3]int{-1, -1, -1}, "Throttling failure: Maximum sending rate exceeded.")}, kind: send.Throttled, reason: event.ReasonThrottled},
		{name: "over the daily quota", fault: smtppeer.Fault{At: "data", Reply: reply(454, [3]int{-1, -1, -1}, "Throttling failure: Daily message quota exceeded.")}, kind: send.Throttled, reason: event.ReasonThrottled, retry: time.Hour},
		{name: "closing down", fault: smtppeer.Fault{At: "mail", Reply: reply(421, [3]int{4, 3, 2}, "shutting down")}, kind: send.Temporary, reason: event.ReasonOfSMTP(421, "4.3.2")},
		{name: "refused content", fault: smtppeer.Fault{At: "data", Reply: reply(554, [3]int{5, 6, 0}, "no")}, kind: send.Permanent, reason: event.ReasonOfSMTP(554, "5.6.0")},
		{name: "a password is asked for", fault: smtppeer.Fault{At: "mail", Reply: reply(530, [3]int{5, 7, 0}, "who are you?")}, kind: send.Unusable, reason: event.ReasonOfSMTP(530, "5.7.0")},
		{name: "no service at all", fault: smtppeer.Fault{At: "connect", Reply: reply(554, [3]int{5, 7, 1}, "go away")}, kind: send.Unusable, reason: event.ReasonOfSMTP(554, "5.7.1")},
		{name: "cut before the email", fault: smtppeer.Fault{At: "rcpt"}, kind: send.Temporary},
		{name: "cut before the dot", fault: smtppeer.Fault{At: "body"}, kind: send.Temporary},
		{name: "cut after the dot", fault: smtppeer.Fault{At: "data", Taken: true}, kind: send.Uncertain, taken: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := smtppeer.Start(t, smtppeer.Options{})
			p.Fail(c.fault)
			m := email()
			m.Text = strings.Repeat("x", 8<<20) // more than fits between the two, so that the cut is seen
			if c.fault.At != "body" {
				m.Text = "x"
			}
			x := way(t, p, nil)
			_, err := x.Send(t.Context(), m)
			f := failure(t, err)
			if f.Kind != c.kind || f.Reason != c.reason || f.RetryAfter != c.retry || f.Detail == "" {
				t.Errorf("%+v", f)
			}
			if c.fault.Reply != nil && f.SMTPCode != c.fault.Reply.Code {
				t.Errorf("code %d %q", f.SMTPCode, f.EnhancedCode)
			}
			p.Mend()
			if _, err := x.Send(t.Context(), email()); err != nil {
				t.Errorf("the next email: %v", err)
			}
			if got := len(p.Mails()); got != map[bool]int{false: 1, true: 2}[c.taken] {
				t.Errorf("%d emails arrived", got)
			}
		})
	}
}

func TestAnEmailThatIsNotAnsweredInTimeIsUncertain(t *testing.T) {
	t.Parallel()
	p := smtppeer.Start(t, smtppeer.Options{})
	hang := make(chan struct{})
	defer close(hang)
	p.Fail(smtppeer.Fault{At: "data", Wait: hang, Taken: true})
	x := way(t, p, func(s *send.Settings) { s.TimeoutSeconds = 1 })
	_, err := x.Send(t.Context(), email())
	if f := failure(t, err); f.Kind != send.Uncertain {
		t.Errorf("%+v", f)
	}
}

func TestWorkThatIsStoppedBeforeTheDotIsNoMailAndSaysSo(t *testing.T) {
	t.Parallel()
	p := smtppeer.Start(t, smtppeer.Options{})
	hang := make(chan struct{})
	defer close(hang)
	p.Fail(smtppeer.Fault{At: "rcpt", Wait: hang})
	x := way(t, p, nil)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := x.Send(ctx, email())
	if f := failure(t, err); f.Kind != send.Temporary || f.Reason != sender.ReasonStopped {
		t.Errorf("%+v", f)
	}
}

func TestAConnectionThatEndedWhileItLayIdleCostsNoEmail(t *testing.T) {
	t.Parallel()
	p := smtppeer.Start(t, smtppeer.Options{})
	x := way(t, p, nil)
	for i, f := range []*smtppeer.Fault{nil, {At: "mail", Times: 1}, {At: "mail", Times: 1, Reply: reply(421, [3]int{4, 4, 2}, "idle")}} {
		if f != nil {
			p.Fail(*f)
		}
		if _, err := x.Send(t.Context(), email()); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	if len(p.Mails()) != 3 || p.Connections() != 3 {
		t.Errorf("%d mails, %d connections", len(p.Mails()), p.Connections())
	}
}

func TestNoMoreConnectionsThanAllowedAreMade(t *testing.T) {
	t.Parallel()
	p := smtppeer.Start(t, smtppeer.Options{})
	x := way(t, p, func(s *send.Settings) { s.Connections = 2 })
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if _, err := x.Send(t.Context(), email()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if len(p.Mails()) != 20 || p.Connections() > 2 {
		t.Errorf("%d mails over %d connections", len(p.Mails()), p.Connections())
	}
}

func TestAddressesOutsideASCIITakeAServerThatKnowsThem(t *testing.T) {
	t.Parallel()
	m := email()
	m.To.Address = "jürgen@müller.test"
	old, young := smtppeer.Start(t, smtppeer.Options{}), smtppeer.Start(t, smtppeer.Options{UTF8: true})
	_, err := way(t, old, nil).Send(t.Context(), m)
	if f := failure(t, err); f.Kind != send.Permanent || f.Reason != sender.ReasonUnwritable {
		t.Errorf("%+v", f)
	}
	if _, err := way(t, young, nil).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := young.Mails()[0]; got.To != "jürgen@xn--mller-kva.test" || !got.Options.UTF8 {
		t.Errorf("%+v", got)
	}
}

func TestAServerThatSaysHowMuchItTakesIsNotSentMore(t *testing.T) {
	t.Parallel()
	p := smtppeer.Start(t, smtppeer.Options{MaxBytes: 1000})
	m := email()
	m.Text = strings.Repeat("long ", 1000)
	_, err := way(t, p, nil).Send(t.Context(), m)
	if f := failure(t, err); f.Kind != send.Permanent || f.Reason != event.ReasonMessageTooLarge {
		t.Errorf("%+v", f)
	}
}

func TestEachPresetFindsTheIDThatItsEventsWillName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ preset, says, id string }{
		{send.PresetSES, "Ok 0102019a1f6e8d2f-8c419b1e-6f0c-2a7d-5e11-6f0c2a7d5e11-000000", "0102019a1f6e8d2f-8c419b1e-6f0c-2a7d-5e11-6f0c2a7d5e11-000000"},
		{send.PresetSendGrid, "Ok: queued as Oc3KkVTTSTKFW2d8mYQ5fg", "Oc3KkVTTSTKFW2d8mYQ5fg"},
		{send.PresetMailgun, "Great success", "snd_1@send.test"},
		{send.PresetSparkPost, "2.0.0 OK 4E/5A-12345-0B1A2D95", "snd_1@send.test"},
		{send.PresetPostmark, "OK 0a129aee-e1cd-480d-b08d-4f48548ff48d", "0a129aee-e1cd-480d-b08d-4f48548ff48d"},
		{send.PresetPostmark, "Ok", "snd_1@send.test"},
	} {
		p := smtppeer.Start(t, smtppeer.Options{Response: c.says})
		h, err := way(t, p, func(s *send.Settings) { s.Preset = c.preset }).Send(t.Context(), email())
		if err != nil || h.Provider != c.preset || h.MessageID != c.id {
			t.Errorf("%s %q: %+v %v", c.preset, c.says, h, err)
		}
		if !strings.Contains(string(p.Mails()[0].Data), "snd_1") {
			t.Errorf("%s: no label in %s", c.preset, p.Mails()[0].Data)
		}
	}
}
