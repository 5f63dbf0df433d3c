package control_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/receipt"
	"tidings/internal/send"
	"tidings/internal/sender"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider"
	"tidings/provider/all"
	"tidings/test/database"
	"tidings/test/smtppeer"
)

// mailer is a server that sends by an SMTP peer, with a clock of its own.
type mailer struct {
	*control.Control
	t    *testing.T
	peer *smtppeer.Peer

	mu   sync.Mutex
	now  time.Time
	down func() // called at every attempt to connect, which fails; nil: the peer is reached

	reached func() // called when it is
}

func newMailer(t *testing.T, settings control.SettingsEdit) *mailer {
	t.Helper()
	m := &mailer{t: t, now: now, peer: smtppeer.Start(t, smtppeer.Options{DSN: true})}
	s, err := store.Open(t.Context(), store.Options{URL: database.New(t, "sqlite"), Now: m.clock})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	codec, err := receipt.NewCodec()
	must(t, err)
	m.Control = &control.Control{
		Store: s, Adapters: all.Adapters(), Now: m.clock, PublicURL: "https://tidings.test/", BasePath: "/in",
		Builder: receipt.Builder{Codec: codec}, Commit: s.Commit,
		Confirm: func(context.Context, source.Confirmation) error { return nil },
		Ways:    sender.Deps{Dial: m.dial, Now: m.clock, Hostname: "we.test"},
	}
	m.Outgoing = sender.NewRegistry(s, m.Ways)
	t.Cleanup(m.Outgoing.Close)
	settings.Host, settings.Port, settings.TLS = &m.peer.Host, &m.peer.Port, new(send.TLSNone)
	_, err = m.CreateSender(t.Context(), operator, send.KindSMTP, control.SenderEdit{
		Name: new("main"), From: new("app@send.test"), Settings: settings,
	})
	must(t, err)
	return m
}

func (m *mailer) clock() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// jump puts the clock forward, or back.
func (m *mailer) jump(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}

func (m *mailer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	m.mu.Lock()
	down, reached := m.down, m.reached
	m.mu.Unlock()
	if down != nil {
		down()
		return nil, errors.New("connection refused")
	}
	if reached != nil {
		reached()
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// ask queues an email.
func (m *mailer) ask(to string) string {
	m.t.Helper()
	list, _, err := m.SendEmails(m.t.Context(), operator, &control.SendRequest{
		To: []send.Mailbox{{Address: to}}, Subject: "Hi", HTML: "<p>Hello</p>",
	})
	must(m.t, err)
	return list[0].ID
}

func (m *mailer) run() {
	m.t.Helper()
	must(m.t, m.RunSends(m.t.Context()))
}

func (m *mailer) sent(id string) store.SendItem {
	m.t.Helper()
	x, err := m.GetSend(m.t.Context(), operator, id)
	must(m.t, err)
	return x
}

// events lists the names of a contact's events.
func (m *mailer) events(address string) (names []string) {
	m.t.Helper()
	page, err := m.Store.ListEvents(m.t.Context(), store.EventQuery{Project: store.DefaultProject, Contact: address, Limit: 50})
	must(m.t, err)
	for _, e := range page.Events {
		names = append(names, string(e.Name))
	}
	slices.Sort(names)
	return names
}

func TestAMailWhoseSenderIsDownForAnHourIsSentOnceWhenItIsBack(t *testing.T) {
	t.Parallel()
	m := newMailer(t, control.SettingsEdit{})
	began := m.clock()
	id := m.ask("ann@acme.test")
	tries := 0
	for m.clock().Sub(began) < time.Hour {
		ctx, cancel := context.WithCancel(t.Context())
		m.down = func() { tries++; cancel() }
		must(t, m.RunSends(ctx))
		cancel()
		x := m.sent(id)
		if x.Status != send.StatusQueued || x.Problem == "" || !x.DueAt.After(m.clock()) {
			t.Fatalf("after %d tries it is %+v", tries, x)
		}
		m.jump(x.DueAt.Sub(m.clock()))
	}
	if tries < 5 || tries > 12 {
		t.Errorf("%d tries in an hour", tries)
	}
	m.down = nil
	m.run()
	if x := m.sent(id); x.Status != send.StatusSent || len(m.peer.Mails()) != 1 {
		t.Errorf("it is %s, and %d mails came", x.Status, len(m.peer.Mails()))
	}
	if got := m.events("ann@acme.test"); !slices.Equal(got, []string{"email.queued", "email.sent"}) {
		t.Errorf("events %q", got)
	}
}

func TestAMailIsGivenUpAfterADay(t *testing.T) {
	t.Parallel()
	m := newMailer(t, control.SettingsEdit{})
	id := m.ask("ann@acme.test")
	began := m.clock()
	for x := m.sent(id); x.Status == send.StatusQueued; x = m.sent(id) {
		m.jump(x.DueAt.Sub(m.clock()))
		ctx, cancel := context.WithCancel(t.Context())
		m.down = cancel
		must(t, m.RunSends(ctx))
		cancel()
	}
	// A try that was stopped by the end of the work, rather than by the sender, is no reason to give up: the next one is up to two
	// hours later.
	const most = 32 * time.Hour
	x, after := m.sent(id), m.clock().Sub(began)
	if x.Status != send.StatusFailed || x.Reason != "expired" || after < 20*time.Hour || after > most {
		t.Errorf("it is %s (%s) after %s", x.Status, x.Reason, after)
	}
	if got := m.events("ann@acme.test"); !slices.Equal(got, []string{"email.failure", "email.queued"}) {
		t.Errorf("events %q", got)
	}
}

// The lease of a hand-over is shorter than the jump: another run takes the mail for lost, and it was not.
func TestAClockThatJumpsForwardWhileAMailIsHandedOverSendsItOnce(t *testing.T) {
	t.Parallel()
	m := newMailer(t, control.SettingsEdit{})
	reached, goOn := make(chan struct{}), make(chan struct{})
	m.peer.Fail(smtppeer.Fault{At: "data", Wait: goOn, Times: 1, Taken: true})
	id := m.ask("ann@acme.test")
	m.reached = func() { close(reached) }
	done := make(chan error, 1)
	go func() { done <- m.RunSends(t.Context()) }()
	<-reached
	m.jump(10 * time.Minute)
	m.run()
	if x := m.sent(id); x.Status != send.StatusUncertain {
		t.Errorf("after the jump it is %s", x.Status)
	}
	close(goOn)
	must(t, <-done)
	m.run()
	if x := m.sent(id); x.Status != send.StatusSent || len(m.peer.Mails()) != 1 {
		t.Errorf("it is %s, and %d mails came", x.Status, len(m.peer.Mails()))
	}
}

func TestAClockThatJumpsBackLosesNoMail(t *testing.T) {
	t.Parallel()
	m := newMailer(t, control.SettingsEdit{})
	id := m.ask("ann@acme.test")
	m.jump(-10 * time.Minute)
	m.run()
	if x := m.sent(id); x.Status != send.StatusQueued {
		t.Errorf("before it is due it is %s", x.Status)
	}
	m.jump(10 * time.Minute)
	m.run()
	m.jump(-10 * time.Minute)
	m.run()
	m.jump(20 * time.Minute)
	m.run()
	if x := m.sent(id); x.Status != send.StatusSent || len(m.peer.Mails()) != 1 {
		t.Errorf("it is %s, and %d mails came", x.Status, len(m.peer.Mails()))
	}
}

// reports are what mail servers write to the return path of a mail that they could not deliver.
var reports = map[string]string{
	"Postfix, with the mail": `From: MAILER-DAEMON@mx.test (Mail Delivery System)
Date: Tue,  5 May 2026 12:01:03 +0000 (UTC)
Message-ID: <20260505120103.4ZQ1@mx.test>
Subject: Undelivered Mail Returned to Sender
To: {path}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test
Original-Envelope-Id: {envid}
Arrival-Date: Tue,  5 May 2026 12:01:01 +0000 (UTC)

Final-Recipient: rfc822; ann@acme.test
Original-Recipient: rfc822;ann@acme.test
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <ann@acme.test>: Recipient address rejected: User unknown

--b1
Content-Type: text/rfc822-headers

{head}
--b1--
`,
	"Exchange, of an alias, without the mail": `From: postmaster@outlook.test
To: <{path}>
Date: Tue, 5 May 2026 12:01:04 +0000
Message-ID: <ndr-1@outlook.test>
Subject: Undeliverable: Hi
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="_000_"

--_000_
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01MB0001.eurprd01.prod.outlook.test

Final-recipient: rfc822;ann.long-gone@hosted.acme.test
Action: failed
Status: 5.1.10
Diagnostic-code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found

--_000_--
`,
}

func TestAReportThatComesBackToAMailsOwnReturnPathBouncesThatMail(t *testing.T) {
	t.Parallel()
	for name, report := range reports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMailer(t, control.SettingsEdit{ReturnPath: new("bounces@send.test")})
			id, other := m.ask("ann@acme.test"), m.ask("bob@acme.test")
			m.run()
			mails := m.peer.Mails()
			i := slices.IndexFunc(mails, func(x smtppeer.Mail) bool { return x.To == "ann@acme.test" })
			if len(mails) != 2 || mails[i].From != "bounces+"+id+"@send.test" {
				t.Fatalf("mails %+v", mails)
			}
			head, _, _ := bytes.Cut(mails[i].Data, []byte("\r\n\r\n"))
			text := strings.NewReplacer("{path}", mails[i].From, "{envid}", mails[i].Options.EnvelopeID,
				"{head}", strings.ReplaceAll(string(head), "\r\n", "\n")+"\n").Replace(report)
			src, err := m.CreateSource(t.Context(), operator, control.NewSource{Name: "bounces", Provider: "dsn"})
			must(t, err)
			for range 2 { // the same report again says nothing new
				_, err = m.TakeReport(t.Context(), operator, src.ID, []byte(text))
				must(t, err)
			}
			if got := m.events("ann@acme.test"); !slices.Equal(got, []string{"email.bounce", "email.queued", "email.sent"}) {
				t.Errorf("events %q", got)
			}
			for address, want := range map[string]string{"ann@acme.test": "bounced " + id, "bob@acme.test": "sent " + other} {
				k, err := m.Store.Contact(t.Context(), store.DefaultProject, address)
				must(t, err)
				page, err := m.Store.ListEvents(t.Context(), store.EventQuery{
					Project: store.DefaultProject, Contact: address, Limit: 10,
				})
				must(t, err)
				got := "sent "
				if len(k.Suppressions) > 0 {
					got = "bounced "
				}
				for _, e := range page.Events {
					if !strings.HasPrefix(e.Message.ID, strings.Fields(want)[1]) || e.EmailID != page.Events[0].EmailID {
						t.Errorf("%s: the event %s is of %s", address, e.Name, e.Message.ID)
					}
				}
				if got += strings.TrimSuffix(page.Events[0].Message.ID, "@send.test"); got != want {
					t.Errorf("%s: %s, want %s", address, got, want)
				}
			}
			again := m.ask("ann@acme.test")
			if x := m.sent(again); x.Status != send.StatusSkipped || x.Reason != string(send.Suppressed) {
				t.Errorf("the next mail is %s (%s)", x.Status, x.Reason)
			}
		})
	}
}

func TestAnAnswerToAMailOfOursIsOfThatMail(t *testing.T) {
	t.Parallel()
	m := newMailer(t, control.SettingsEdit{})
	m.ask("bob@acme.test")
	id := m.ask("ann@acme.test")
	m.run()
	src, err := m.CreateSource(t.Context(), operator, control.NewSource{
		Name: "replies", Provider: "inbound", Settings: source.Settings{Topics: []string{topic}},
	})
	must(t, err)
	text := fmt.Sprintf(`{"notificationType":"Received","mail":{"timestamp":"2026-05-05T12:10:00.000Z","messageId":"in-1","source":"ann@acme.test",
		"headers":[{"name":"In-Reply-To","value":"<%s@send.test>"}],"commonHeaders":{"from":["Ann <ann@acme.test>"],"subject":"Re: Hi"}},
		"receipt":{"recipients":["app@send.test"]}}`, id)
	adapter := slices.IndexFunc(m.Adapters, func(a provider.Adapter) bool { return a.Slug == "inbound" })
	res, err := m.Adapters[adapter].Import([]byte(text), src.ForProvider(true, 0))
	must(t, err)
	entry := m.Builder.Build(src.Source, res, []byte(text), m.clock())
	must(t, m.Commit(t.Context(), []*receipt.Entry{entry}))
	if got := m.events("ann@acme.test"); !slices.Equal(got, []string{"email.queued", "email.received", "email.reply", "email.sent"}) {
		t.Errorf("events %q", got)
	}
	if got := m.events("bob@acme.test"); slices.Contains(got, string(event.EmailReply)) {
		t.Errorf("the mail to another one was answered: %q", got)
	}
}
