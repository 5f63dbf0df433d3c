package e2e_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	eventsVariable    = "TIDINGS_E2E_EVENTS" // how many events go to an endpoint that fails while the server is killed
	defaultTold       = 1500
	defaultTellRounds = 3
	tellPatience      = 10 * time.Minute
)

// script is the shell script of docs/endpoints.md that checks a signature.
func script(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/endpoints.md")
	must(t, err)
	_, rest, found := strings.Cut(string(text), "```sh\n")
	code, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatal("docs/endpoints.md has no script")
	}
	if n := strings.Count(code, "\n"); n > 15 {
		t.Errorf("the script has %d lines: fifteen are promised", n)
	}
	path := filepath.Join(t.TempDir(), "verify.sh")
	must(t, os.WriteFile(path, []byte(code), 0o700)) //nolint:gosec // it is run
	return path
}

func TestAScriptWithOpenSSLChecksTheSignaturesOfRequests(t *testing.T) {
	t.Parallel()
	o := serveOutlets(t, filepath.Join(t.TempDir(), "tidings.db"))
	r := newHooks(t)
	r.keep = true
	secret := o.endpoint("crm", r.url, "")
	o.orders(0, 1)
	o.until("the event is there", func() bool { return r.requests() == 1 })
	verify, got := script(t), r.whole[0]
	run := func(secret string, at string, body []byte) error {
		file := filepath.Join(t.TempDir(), "body")
		must(t, os.WriteFile(file, body, 0o600))
		h := got.header
		out, err := exec.CommandContext(t.Context(), "sh", verify, secret, h.Get("webhook-id"), at, h.Get("webhook-signature"), file).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	at := got.header.Get("webhook-timestamp")
	if err := run(secret, at, got.body); err != nil {
		t.Errorf("a true request: %v", err)
	}
	if err := run(secret, at, append(slices.Clone(got.body), ' ')); err == nil || !strings.Contains(err.Error(), "no signature fits") {
		t.Errorf("another body: %v", err)
	}
	if err := run("whsec_"+strings.Repeat("A", 43)+"=", at, got.body); err == nil {
		t.Error("another secret")
	}
	if err := run(secret, "1700000000", got.body); err == nil || !strings.Contains(err.Error(), "seconds away") {
		t.Errorf("an old request: %v", err)
	}
}

// The promise of endpoints: whatever fails on either side, each event arrives, with one id, and both sides know of the same tries.
func TestEveryEventArrivesUnderOneIDThoughTheReceiverFailsAndTheServerIsKilled(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			size, rounds := setting(t, eventsVariable, defaultTold), setting(t, roundsVariable, defaultTellRounds)
			o := serveOutlets(t, database(t, engine))
			r := newHooks(t)
			r.answer = func(int) int { // it fails three times of ten
				if rand.IntN(10) < 3 {
					return []int{http.StatusInternalServerError, http.StatusTooManyRequests, http.StatusNotFound}[rand.IntN(3)]
				}
				return http.StatusOK
			}
			// It asks for the orders, or it would be told, too, of the alert that it fails.
			o.endpoint("crm", r.url, `,"concurrency":32,"for":"1m","on":{"event":["order.*"]}`)
			o.killWhileItTells(r, size, rounds)
			o.finish(r, size)
			o.agrees(r, size)
			o.replaysADay(r, size)
		})
	}
}

// killWhileItTells kills the server again and again while events come and go out.
func (o *outlets) killWhileItTells(r *hooks, size, rounds int) {
	o.t.Helper()
	for i := range rounds {
		var tracked sync.WaitGroup
		tracked.Go(func() { o.orders(size*i/rounds, size*(i+1)/rounds) })
		goal := size * (2*i + 1) / (2 * rounds)
		o.until("half of this round was told", func() bool {
			told, _ := r.ids()
			return told >= goal
		})
		tracked.Wait()
		o.kill()
		o.again()
	}
}

// finish waits until every event was taken. What was given up is sent again, as an operator would.
func (o *outlets) finish(r *hooks, size int) {
	o.t.Helper()
	began := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	for end := time.Now().Add(tellPatience); ; {
		told, taken := r.ids()
		if taken == size {
			return
		}
		if time.Now().After(end) {
			o.t.Fatalf("%d of %d ids are taken, %d were told:\n%s", taken, size, told, o.log())
		}
		if size == defaultTold { // nobody waits for pauses: somebody is asked to send again what waits
			for _, d := range o.dispatches("&state=waiting") {
				_, err := o.do(http.MethodPost, "/dispatches/"+d.ID+"/retry", strings.NewReader(""), nil)
				must(o.t, err)
			}
		}
		if len(o.dispatches("&state=dead")) > 0 && !o.replaying() {
			o.api(http.MethodPost, "/endpoints/crm/replays", `{"since":"`+began+`","onlyDead":true,"perSecond":0}`, nil)
		}
		<-time.After(500 * time.Millisecond)
	}
}

// replaying reports whether a replay goes on.
func (o *outlets) replaying() bool {
	o.t.Helper()
	var list struct{ Replays []struct{ EndedAt string } }
	o.get("/endpoints/crm/replays", &list)
	return len(list.Replays) > 0 && list.Replays[0].EndedAt == ""
}

// agrees compares what the server knows of its tries with what the receiver saw.
func (o *outlets) agrees(r *hooks, size int) {
	t := o.t
	t.Helper()
	o.until("nothing waits", func() bool {
		return len(o.dispatches("&state=waiting")) == 0 && len(o.dispatches("&state=sending")) == 0
	})
	list := o.dispatches("")
	if len(list) != size {
		t.Errorf("%d dispatches for %d events", len(list), size)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.log) != size {
		t.Errorf("%d ids for %d events", len(r.log), size)
	}
	wrong, tries := 0, 0
	for _, d := range list {
		known := []attempt{{1, d.Status, d.Problem}}
		if d.Tries > 1 {
			known = o.attempts(d.ID)
		}
		tries += len(known)
		if problem := disagree(known, r.log[d.WebhookID]); d.State != "delivered" || problem != "" {
			if wrong++; wrong <= 5 {
				t.Errorf("%s is %s after %d tries: %s\nserver   %+v\nreceiver %+v", d.WebhookID, d.State, d.Tries, problem, known, r.log[d.WebhookID])
			}
		}
	}
	if wrong > 5 {
		t.Errorf("and %d more", wrong-5)
	}
	t.Logf("%d events, %d tries known to the server, %d requests at the receiver", size, tries, r.n)
}

// disagree says where the two logs of tries differ. Of a try that was cut off by a kill the server does not know what became of it.
func disagree(server []attempt, receiver []heard) string {
	left := slices.Clone(receiver)
	for i, a := range server {
		if a.Try != i+1 {
			return fmt.Sprintf("try %d is called %d", i+1, a.Try)
		}
		n := slices.IndexFunc(left, func(h heard) bool { return h.try == a.Try && (h.status == a.Status || a.Status == 0) })
		if n < 0 && a.Status != 0 {
			return fmt.Sprintf("the receiver did not answer try %d with %d", a.Try, a.Status)
		}
		if n >= 0 {
			left = slices.Delete(left, n, n+1)
		}
	}
	if len(left) > 0 {
		return fmt.Sprintf("the server does not know of %+v", left)
	}
	return ""
}

// replaysADay sends everything again and finds no new id.
func (o *outlets) replaysADay(r *hooks, size int) {
	o.t.Helper()
	r.mu.Lock()
	r.answer = nil
	before := make(map[string]int, len(r.log))
	for id, list := range r.log {
		before[id] = len(list)
	}
	r.mu.Unlock()
	o.api(http.MethodPost, "/endpoints/crm/replays",
		`{"since":"`+time.Now().Add(-24*time.Hour).UTC().Format(time.RFC3339)+`","perSecond":0}`, nil)
	again := func() (n int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for id, list := range r.log {
			if len(list) > before[id] {
				n++
			}
		}
		return n
	}
	for end := time.Now().Add(tellPatience); again() < size; <-time.After(50 * time.Millisecond) {
		if time.Now().After(end) {
			o.t.Fatalf("%d of %d were sent again:\n%s", again(), size, o.log())
		}
	}
	if told, _ := r.ids(); told != size {
		o.t.Errorf("%d ids after the replay, %d before", told, size)
	}
}

func TestAnEndpointThatIsGoneIsDisabledAndTheOthersAreTold(t *testing.T) {
	t.Parallel()
	o := serveOutlets(t, filepath.Join(t.TempDir(), "tidings.db"))
	gone, other := newHooks(t), newHooks(t)
	gone.answer = func(int) int { return http.StatusGone }
	other.keep = true
	o.endpoint("old", gone.url, "")
	o.endpoint("ops", other.url, `,"on":{"event":["endpoint.*","alert.*"]}`)
	o.orders(0, 3)
	o.until("the other one is told", func() bool { return other.requests() == 1 })
	var told struct {
		Type string
		Data struct {
			Endpoint struct{ ID, Name string }
			Reason   string
		}
	}
	must(t, json.Unmarshal(other.whole[0].body, &told))
	if told.Type != "endpoint.disabled" || told.Data.Endpoint.Name != "old" || !strings.Contains(told.Data.Reason, "410") {
		t.Errorf("told %s", other.whole[0].body)
	}
	var x struct {
		Enabled        bool
		DisabledReason string
	}
	o.get("/endpoints/old", &x)
	if x.Enabled || x.DisabledReason != told.Data.Reason {
		t.Errorf("the endpoint is %+v", x)
	}
	var acts struct {
		Acts []struct{ By, Target, Note string }
	}
	o.get("/audit?operation=disableEndpoint", &acts)
	if len(acts.Acts) != 1 || acts.Acts[0].By != "server" || acts.Acts[0].Note != told.Data.Reason {
		t.Errorf("noted %+v", acts)
	}
}

func TestWhatIsSecretOfAnEndpointIsNotInTheDatabase(t *testing.T) {
	t.Parallel()
	o := serveOutlets(t, filepath.Join(t.TempDir(), "tidings.db"))
	r := newHooks(t)
	secret := o.endpoint("crm", r.url, `,"headers":{"X-Canary":"canary-header"}`)
	o.orders(0, 1)
	o.until("the event is there", func() bool { return r.requests() == 1 })
	if code := o.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	files, err := filepath.Glob(o.db + "*")
	must(t, err)
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	must(t, err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		must(t, err)
		for _, hidden := range [][]byte{[]byte("canary-header"), []byte(secret), []byte(strings.TrimPrefix(secret, "whsec_")), raw} {
			if bytes.Contains(b, hidden) {
				t.Errorf("%s holds %q", f, hidden)
			}
		}
	}
}
