package e2e_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/test/smtppeer"
)

const (
	runsVariable    = "TIDINGS_E2E_RUNS" // how many contacts go through a workflow while servers are killed
	defaultRuns     = 1000
	secondsVariable = "TIDINGS_E2E_RUNS_SECONDS" // for how long a server is killed every few seconds, while contacts enter
)

// longWorkflow mails everybody twice, with a wait and a condition between.
const longWorkflow = `{"workflow":"welcome","enabled":true,"trigger":{"event":"signed.up"},"from":"news@send.test","steps":[
	{"send":"hello"},{"wait":"2s"},{"if":{"sent":"hello","run":true},"then":[{"send":"bye"}],"else":[{"exit":"not mailed"}]}]}`

// flows are nodes on one database, and a mail server that counts what they hand over.
type flows struct {
	t     testing.TB
	db    string
	peer  *smtppeer.Peer
	key   string
	allow string

	mu    sync.Mutex
	nodes []*server
}

func TestRunsOfWorkflowsEndRightThoughServersAreKilled(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		engine string
		nodes  int
	}{{"sqlite", 1}, {"postgres", 3}} {
		t.Run(x.engine, func(t *testing.T) {
			t.Parallel()
			size, rounds := setting(t, runsVariable, defaultRuns), setting(t, roundsVariable, defaultRounds)
			f := newFlows(t, x.engine, x.nodes)
			if seconds := setting(t, secondsVariable, 0); seconds > 0 {
				f.killForAWhile(size, time.Duration(seconds)*time.Second)
			} else {
				f.signUp(0, size)
				for round := range rounds {
					f.killOne(2*size*round/(rounds+1), round%x.nodes)
				}
			}
			f.await(size)
			f.check(size)
		})
	}
}

func newFlows(t testing.TB, engine string, n int) *flows {
	t.Helper()
	f := &flows{
		t: t, db: database(t, engine), peer: smtppeer.Start(t, smtppeer.Options{}),
		allow: filepath.Join(t.TempDir(), "tidings.json"),
	}
	must(t, os.WriteFile(f.allow, []byte(`{"netguard":{"allow":["127.0.0.1/32"]}}`), 0o600))
	for range n {
		f.nodes = append(f.nodes, f.start())
	}
	s := f.nodes[0]
	_, f.key = s.apiKey("secret")
	for _, x := range f.nodes {
		x.key = f.key
	}
	ask(t, &struct{}{}, "sender", "create", "--db", f.db, "--name", "peer", "--kind", "smtp", "--host", f.peer.Host,
		"--port", strconv.Itoa(f.peer.Port), "--tls", "none", "--plaintext", "--from", "news@send.test", "--default")
	for _, key := range []string{"hello", "bye"} {
		s.api(http.MethodPost, "/templates", fmt.Sprintf(`{"key":%q,"name":%q,"subject":"This is %s","type":"MARKETING",
			"body":"<p>Hi {{ email }}</p>","from":"news@send.test"}`, key, key, key), nil)
	}
	s.api(http.MethodPost, "/workflows", longWorkflow, nil)
	return f
}

func (f *flows) start() *server {
	s := serve(f.t, f.db, func(cmd *exec.Cmd) { cmd.Args = append(cmd.Args, "--config", f.allow) })
	s.key = f.key
	return s
}

// node is one of those that run, or ran a moment ago.
func (f *flows) node() *server {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.nodes[rand.N(len(f.nodes))]
}

// signUp tracks the events that begin runs, all of them twice.
func (f *flows) signUp(from, to int) {
	f.t.Helper()
	for i := from; i < to; i += 500 {
		for range 2 {
			if answer, err := f.track(i, min(i+500, to)); err != nil || answer.status != http.StatusOK {
				f.t.Fatalf("track: %v, %d %s", err, answer.status, answer.body)
			}
		}
	}
}

func (f *flows) track(from, to int) (reply, error) {
	var body bytes.Buffer
	for i := from; i < to; i++ {
		fmt.Fprintf(&body, `,{"email":%q,"event":"signed.up","subscribed":true}`, reader(i))
	}
	text := `{"events":[` + strings.TrimPrefix(body.String(), ",") + `]}`
	return f.node().do(http.MethodPost, "/v1/track/batch", strings.NewReader(text), http.Header{
		"Content-Type": {"application/json"}, "Idempotency-Key": {fmt.Sprint(from)},
	})
}

// killForAWhile kills one node after the other, every few seconds, while contacts enter: they are tracked until that is acknowledged.
func (f *flows) killForAWhile(size int, span time.Duration) {
	f.t.Helper()
	entered := make(chan struct{})
	go func() {
		defer close(entered)
		const step = 100
		tick := time.NewTicker(max(span*step/time.Duration(size), time.Millisecond))
		defer tick.Stop()
		for i := 0; i < size && f.t.Context().Err() == nil; {
			<-tick.C
			if answer, err := f.track(i, min(i+step, size)); err == nil && answer.status == http.StatusOK {
				i += step
			}
		}
	}()
	kills := 0
	for end := time.Now().Add(span); time.Now().Before(end); kills++ {
		<-time.After(time.Second + rand.N(3*time.Second))
		f.replace(kills % len(f.nodes))
	}
	<-entered
	f.t.Logf("%d kills in %v", kills, span)
}

// killOne kills a node some time after so many emails were handed over, and starts another one in its place.
func (f *flows) killOne(mails, i int) {
	f.t.Helper()
	f.slowly("emails came", func() bool { return len(f.peer.Mails()) >= mails })
	<-time.After(rand.N(300 * time.Millisecond))
	f.replace(i)
}

// replace kills a node and starts another one.
func (f *flows) replace(i int) {
	f.nodes[i].kill()
	next := f.start()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nodes[i] = next
}

func (f *flows) slowly(what string, done func() bool) {
	f.t.Helper()
	for end := time.Now().Add(castPatience); !done(); {
		if time.Now().After(end) {
			f.t.Fatalf("it did not come to this: %s\n%s", what, f.nodes[0].log())
		}
		<-time.After(50 * time.Millisecond)
	}
}

// runFigures are those of the workflow.
type runFigures struct{ Started, Open, FailedNow, Completed, Exited int }

// await waits until every run has ended and every email was handed over, or may have been.
func (f *flows) await(size int) {
	f.t.Helper()
	var x runFigures
	f.slowly("all runs end", func() bool {
		f.nodes[0].get("/workflows/welcome/figures", &x)
		return x.Started == size && x.Open == 0
	})
	if x.Completed != size {
		f.t.Errorf("%+v", x)
	}
	f.slowly("no email waits", func() bool { return len(f.sends("queued")) == 0 })
}

// sends are the emails with a status, by recipient and template.
func (f *flows) sends(status string) map[string]bool {
	f.t.Helper()
	list := make(map[string]bool)
	for cursor := ""; ; {
		var page struct {
			Sends      []struct{ Recipient, Template string }
			NextCursor string
		}
		f.nodes[0].get("/sends?status="+status+"&limit=1000&cursor="+cursor, &page)
		for _, x := range page.Sends {
			list[x.Recipient+" "+x.Template] = true
		}
		if cursor = page.NextCursor; cursor == "" {
			return list
		}
	}
}

// check compares what the mail server took with what the nodes know.
func (f *flows) check(size int) {
	f.t.Helper()
	// What a node had that was killed is uncertain once another may be sure that nobody has it any more.
	mailed, uncertain := make(map[string]int), f.sends("uncertain")
	maps.Copy(uncertain, f.sends("handing"))
	for _, m := range f.peer.Mails() {
		for _, key := range []string{"hello", "bye"} {
			if bytes.Contains(m.Data, []byte("This is "+key)) {
				mailed[strings.Trim(m.To, "<>")+" "+key]++
			}
		}
	}
	missing := 0
	for i := range size {
		for _, key := range []string{"hello", "bye"} {
			switch to := reader(i) + " " + key; {
			case mailed[to] > 1:
				f.t.Errorf("%s was mailed %d times", to, mailed[to])
			case mailed[to] == 0 && !uncertain[to]:
				missing++
			}
		}
	}
	if missing > 0 {
		f.t.Errorf("%d emails were neither handed over nor are listed as uncertain", missing)
	}
	f.t.Logf("%d runs: %d emails, %d uncertain", size, len(mailed), len(uncertain))
	for _, s := range f.nodes {
		s.kill()
	}
	if v := verify(f.t, f.db); len(v.Differences) > 0 {
		f.t.Errorf("a recount differs: %+v", v)
	}
}
