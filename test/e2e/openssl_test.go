package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
)

// tool runs a program that is none of ours and returns what it prints.
func tool(ctx context.Context, input, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.Output()
	return string(out), err
}

// repeats is how often the one notification comes once more, all at once.
const repeats = 100

func TestWhatOpensslSignsAndCurlPostsIsStoredOnceHoweverOftenItComes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key, certificate, body := filepath.Join(dir, "key.pem"), filepath.Join(dir, "certificate.pem"), filepath.Join(dir, "body.json")
	_, err := tool(t.Context(), "", "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
		"-days", "30", "-subj", "/CN=sns.amazonaws.com")
	must(t, err)
	now := time.Now().UTC().Truncate(time.Second)
	bounced := now.Add(-time.Minute)
	signed, err := tool(t.Context(), bounce(bounced), "bash", "testdata/sign.sh", key, topic, uuid(1), now.Format("2006-01-02T15:04:05.000Z"))
	must(t, err)
	must(t, os.WriteFile(body, []byte(signed), 0o600))
	pem, err := os.ReadFile(certificate)
	must(t, err)

	onBoth(t, func(t *testing.T, db string) {
		s := serve(t, db)
		url := s.base + s.source("openssl", pem).path
		if status := curl(t, url, body); status != "200" {
			t.Fatalf("curl says %s\n%s", status, s.log())
		}
		first := s.lookAtGhost(bounced)
		var group errgroup.Group
		for range repeats {
			group.Go(func() error {
				if status := curl(t, url, body); status != "200" {
					t.Errorf("a repeat was answered %s", status)
				}
				return nil
			})
		}
		must(t, group.Wait())
		if diff := cmp.Diff(first, s.lookAtGhost(bounced)); diff != "" {
			t.Errorf("%d repeats changed something:\n%s", repeats, diff)
		}
		if receipts, came := s.receipts(); receipts != 1 || came != 1+repeats {
			t.Errorf("%d receipts that came %d times, want 1 that came %d times", receipts, came, 1+repeats)
		}
		if v := verify(t, db); v.Events != 1 || v.Messages != 1 || v.Contacts != 1 {
			t.Errorf("verify counts %+v", v)
		}
		forged := filepath.Join(t.TempDir(), "forged.json")
		must(t, os.WriteFile(forged, []byte(strings.ReplaceAll(signed, "Ghost@", "other@")), 0o600))
		if status := curl(t, url, forged); status != "403" {
			t.Errorf("a changed body was answered %s", status)
		}
		if diff := cmp.Diff(first, s.lookAtGhost(bounced)); diff != "" {
			t.Errorf("a forged one changed something:\n%s", diff)
		}
	})
}

// bounce is a record of a bounce that never goes away. Its texts have what has to be escaped.
func bounce(at time.Time) string {
	stamp := at.Format("2006-01-02T15:04:05.000Z")
	return `{"eventType":"Bounce","mail":{"timestamp":"` + stamp + `","messageId":"openssl-1","source":"App \"x\" <app@send.test>",` +
		`"destination":["Ghost@acme.test"],"tags":{"templateKey":["onboarding--welcome"]}},"bounce":{"bounceType":"Permanent",` +
		`"bounceSubType":"NoEmail","bouncedRecipients":[{"emailAddress":"Ghost@acme.test","status":"5.1.1",` +
		`"diagnosticCode":"smtp; 550 5.1.1 \"no\\such user\""}],"timestamp":"` + stamp + `","feedbackId":"f-1"}}`
}

// curl posts a file and returns the status.
func curl(t testing.TB, url, file string) string {
	t.Helper()
	status, err := tool(t.Context(), "", "curl", "--silent", "--max-time", "30", "--output", os.DevNull, "--write-out", "%{http_code}",
		"--header", "Content-Type: text/plain; charset=UTF-8", "--data-binary", "@"+file, url)
	if err != nil {
		t.Errorf("curl: %v", err)
	}
	return status
}

// ghost is everything that the one bounce leaves, as commands and API show it.
type ghost struct {
	Events       []map[string]any // by the command
	Suppressions []map[string]any // by the command
	Event        map[string]any   // by the API
	Contact      map[string]any   // by the API
	Raw          map[string]any
}

// lookAtGhost looks everywhere, checks what it finds and returns it.
func (s *server) lookAtGhost(bounced time.Time) (g ghost) {
	s.t.Helper()
	var events struct{ Events []map[string]any }
	ask(s.t, &events, "events", "list", "--db", s.db, "--contact", "ghost@acme.test", "--provider", "ses")
	var suppressions struct{ Suppressions []map[string]any }
	ask(s.t, &suppressions, "suppressions", "list", "--db", s.db)
	g.Events, g.Suppressions = events.Events, suppressions.Suppressions
	if len(g.Events) != 1 || len(g.Suppressions) != 1 {
		s.t.Fatalf("%d events and %d suppressions, want one of each", len(g.Events), len(g.Suppressions))
	}
	id, _ := g.Events[0]["id"].(string)
	s.get("/events/"+id, &g.Event)
	s.get("/events/"+id+"/raw", &g.Raw)
	s.get("/contacts/ghost@acme.test", &g.Contact)
	got := map[string]any{
		"event's name": g.Event["name"], "recipient": g.Event["recipient"], "as received": g.Event["recipientAs"],
		"occurred": moment(g.Event["occurredAt"]), "class": field(g.Event, "bounce", "class"), "status": field(g.Event, "bounce", "enhancedCode"),
		"diagnostic": field(g.Event, "bounce", "diagnostic"), "template": field(g.Event, "message", "template"),
		"message": field(g.Event, "message", "id"), "email": g.Contact["email"], "suppressed": g.Contact["suppressed"],
		"subscribed": g.Contact["subscribed"], "contact": g.Contact["id"] == g.Event["contactId"],
		"counts": g.Contact["counts"], "reason": g.Suppressions[0]["reason"], "address": g.Suppressions[0]["address"],
		"since": moment(g.Suppressions[0]["since"]), "because": g.Suppressions[0]["event"] == id, "active": g.Suppressions[0]["active"],
		"raw": field(g.Raw, "bounce", "bounceSubType"), "by the command": g.Events[0]["name"],
	}
	want := map[string]any{
		"event's name": "email.bounce", "recipient": "ghost@acme.test", "as received": "Ghost@acme.test",
		"occurred": bounced, "class": "hard", "status": "5.1.1",
		"diagnostic": `smtp; 550 5.1.1 "no\such user"`, "template": "onboarding/welcome",
		"message": "openssl-1", "email": "ghost@acme.test", "suppressed": true,
		"subscribed": false, "contact": true,
		"counts": map[string]any{"email.bounce": 1.0}, "reason": "hard_bounce", "address": "ghost@acme.test",
		"since": bounced, "because": true, "active": true,
		"raw": "NoEmail", "by the command": "email.bounce",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("the bounce is not as it was signed (-want +got):\n%s", diff)
	}
	return g
}

// moment reads a time of JSON.
func moment(text any) time.Time {
	s, _ := text.(string)
	at, _ := time.Parse(time.RFC3339, s) // the zero time is not the one that is wanted
	return at
}

// field is a member of an object within an object.
func field(object map[string]any, name, member string) any {
	inner, _ := object[name].(map[string]any)
	return inner[member]
}
