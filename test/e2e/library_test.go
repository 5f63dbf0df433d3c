package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidings/provider/ses/snssign"
)

// libraryProgram is the program that docs/library.md shows.
var libraryProgram = regexp.MustCompile("(?s)```go\n(package main\n.*?)```\n")

// receiver is the page's program, built in a module of its own outside the repository, and running.
type receiver struct {
	t      *testing.T
	base   string
	output *bufio.Scanner
}

// buildReceiver writes the module and builds it, with nothing but what the repository needs, too.
func buildReceiver(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/library.md")
	must(t, err)
	program := libraryProgram.FindSubmatch(page)
	if program == nil {
		t.Fatal("docs/library.md shows no program")
	}
	if lines := bytes.Count(program[1], []byte("\n")); lines > 40 {
		t.Errorf("the program has %d lines, want about 30", lines)
	}
	root, err := filepath.Abs("../..")
	must(t, err)
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	must(t, err)
	dir := t.TempDir()
	for name, text := range map[string][]byte{
		"main.go": program[1],
		"go.mod": []byte("module example.test/receiver\n\ngo 1.26.0\n\nrequire tidings v0.0.0\n\n" +
			"replace tidings => " + strconv.Quote(root) + "\n"),
		"go.sum": sums,
	} {
		must(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", "receiver", ".")
	build.Dir = dir
	build.Env = append(environment(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the page's program: %v\n%s", err, out)
	}
	return filepath.Join(dir, "receiver")
}

// receive runs the program until the test ends.
func receive(t *testing.T, env ...string) *receiver {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*patience)
	cmd := exec.CommandContext(ctx, buildReceiver(t))
	cmd.Env = append(append(environment(), "LISTEN=127.0.0.1:0"), env...)
	out, err := cmd.StdoutPipe()
	must(t, err)
	log, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(log).ReadString('\n')
	_, address, ok := strings.Cut(strings.TrimSpace(line), "receiving at ")
	if err != nil || !ok {
		t.Fatalf("the program said %q, %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, log) }()
	return &receiver{t: t, base: "http://" + address, output: bufio.NewScanner(out)}
}

func (r *receiver) post(path string, body []byte, header http.Header) int {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.base+path, bytes.NewReader(body))
	must(r.t, err)
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	must(r.t, err)
	defer response.Body.Close()
	return response.StatusCode
}

// line is the next line that the program prints, without the event's id.
func (r *receiver) line() string {
	r.t.Helper()
	if !r.output.Scan() {
		r.t.Fatalf("the program ended: %v", r.output.Err())
	}
	return strings.Join(strings.Fields(r.output.Text())[1:], " ")
}

func TestTheProgramOfTheLibrarysPageReceivesAndVerifiesOutsideTheRepository(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	must(t, err)
	sns, err := snssign.NewSigner(snssign.Config{})
	must(t, err)
	r := receive(t, "SNS_TOPIC="+topic, "SNS_CERTIFICATE="+string(sns.PEM()), "SENDGRID_KEY="+base64.StdEncoding.EncodeToString(public))

	batch := []byte(`[{"email":"ann@acme.test","timestamp":1777888800,"event":"delivered","sg_event_id":"e1","sg_message_id":"m1"}]` + "\r\n")
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	sum := sha256.Sum256(append([]byte(stamp), batch...))
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	must(t, err)
	sendgrid := http.Header{
		"Content-Type":                           {"application/json"},
		"X-Twilio-Email-Event-Webhook-Timestamp": {stamp},
		"X-Twilio-Email-Event-Webhook-Signature": {base64.StdEncoding.EncodeToString(signature)},
	}
	notification := sns.Notification(topic, "22b80b92-fdea-4c2c-8f9d-000000000009", `{"eventType":"Bounce",`+
		`"mail":{"timestamp":"2026-05-04T10:11:58.000Z","messageId":"m2","destination":["ghost@acme.test"]},`+
		`"bounce":{"bounceType":"Permanent","bounceSubType":"NoEmail","timestamp":"2026-05-04T10:12:00.120Z",`+
		`"bouncedRecipients":[{"emailAddress":"ghost@acme.test"}],"feedbackId":"f1"}}`, time.Now())
	amazon := http.Header{"X-Amz-Sns-Message-Type": {"Notification"}}
	for _, c := range []struct {
		name, path string
		body       []byte
		header     http.Header
		status     int
		prints     string
	}{
		{"SendGrid, forged", "/sendgrid", bytes.Replace(batch, []byte("ann@"), []byte("bob@"), 1), sendgrid, 401, ""},
		{"SendGrid", "/sendgrid", batch, sendgrid, 200, "email.delivery ann@acme.test"},
		{"SES, forged", "/ses", bytes.Replace(notification, []byte("ghost@"), []byte("alive@"), 2), amazon, 403, ""},
		{"SES", "/ses", notification, amazon, 200, "email.bounce ghost@acme.test"},
		{"SES, unsigned", "/ses", []byte(`{"eventType":"Bounce"}`), http.Header{}, 403, ""},
	} {
		if status := r.post(c.path, slices.Clone(c.body), c.header); status != c.status {
			t.Errorf("%s: status %d, want %d", c.name, status, c.status)
		}
		if c.prints == "" {
			continue
		}
		if got := r.line(); got != c.prints { // and nothing of the forged one before
			t.Errorf("%s: printed %q, want %q", c.name, got, c.prints)
		}
	}
}
