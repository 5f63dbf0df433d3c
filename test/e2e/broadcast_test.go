package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidings/test/smtppeer"
)

// broadcastVariable is how many contacts the broadcast has that is killed; roundsVariable says how often.
const (
	broadcastVariable = "TIDINGS_E2E_BROADCAST"
	defaultBroadcast  = 1500
	castPatience      = 10 * time.Minute
)

// casts is a server that sends a broadcast to a mail server which counts.
type casts struct {
	*server
	peer *smtppeer.Peer
	id   string
}

// api calls the API with a JSON body, and reads the answer.
func (s *server) api(method, path, body string, into any) {
	s.t.Helper()
	if s.key == "" {
		_, s.key = s.apiKey("secret")
	}
	r, err := s.do(method, path, strings.NewReader(body), http.Header{"Content-Type": {"application/json"}})
	must(s.t, err)
	if r.status >= http.StatusMultipleChoices {
		s.t.Fatalf("%s %s: %d %s", method, path, r.status, r.body)
	}
	if into != nil {
		must(s.t, json.Unmarshal(r.body, into))
	}
}

// readers stores contacts that may be mailed.
func (s *server) readers(n int) {
	s.t.Helper()
	_, s.key = s.apiKey("secret")
	var list bytes.Buffer
	list.WriteString("email,subscribed\n")
	for i := range n {
		fmt.Fprintf(&list, "%s,true\n", reader(i))
	}
	r, err := s.do(http.MethodPost, "/contacts/import", &list, http.Header{"Content-Type": {"text/csv"}})
	must(s.t, err)
	if r.status != http.StatusOK {
		s.t.Fatalf("import: %d %s", r.status, r.body)
	}
}

func reader(i int) string { return fmt.Sprintf("reader%05d@acme.test", i) }

// mailed counts what the mail server took, by recipient.
func (c *casts) mailed() map[string]int {
	counts := make(map[string]int)
	for _, m := range c.peer.Mails() {
		counts[strings.Trim(m.To, "<>")]++
	}
	return counts
}

func TestABroadcastThatIsKilledMailsNobodyTwiceAndLeavesNobodyOut(t *testing.T) {
	t.Parallel()
	rounds, size := setting(t, roundsVariable, defaultRounds), setting(t, broadcastVariable, defaultBroadcast)
	db := database(t, "sqlite")
	allow := filepath.Join(t.TempDir(), "tidings.json")
	must(t, os.WriteFile(allow, []byte(`{"netguard":{"allow":["127.0.0.1/32"]}}`), 0o600))
	start := func() *server {
		return serve(t, db, func(cmd *exec.Cmd) { cmd.Args = append(cmd.Args, "--config", allow) })
	}
	c := &casts{server: start(), peer: smtppeer.Start(t, smtppeer.Options{})}
	c.readers(size)
	key := c.key
	ask(t, &struct{}{}, "sender", "create", "--db", db, "--name", "peer", "--kind", "smtp", "--host", c.peer.Host,
		"--port", strconv.Itoa(c.peer.Port), "--tls", "none", "--plaintext", "--from", "news@send.test", "--default")
	var made struct{ Data struct{ ID string } }
	c.api(http.MethodPost, "/campaigns",
		`{"name":"News","subject":"Hi","body":"<p>Hi {{ email }}</p>","from":"news@send.test","audienceType":"ALL"}`, &made)
	c.id = made.Data.ID
	c.api(http.MethodPost, "/campaigns/"+c.id+"/send", "{}", nil)
	for round := range rounds {
		c.killAmid(size, rounds, round)
		c.server = start()
		c.key = key
	}
	stats := c.awaitSent()
	c.check(size, stats)
}

// killAmid kills the server some time after it dealt with its part of the emails, the first times before it handed over any. What was
// in its hands when it was killed before is uncertain, and may never come.
func (c *casts) killAmid(size, rounds, round int) {
	c.t.Helper()
	if want := size * round / (rounds + 1); round > 0 {
		c.slowly("some emails came", func() bool {
			var answer struct{ Data castCounts }
			c.get("/campaigns/"+c.id+"/stats", &answer)
			return answer.Data.Status == "SENT" || len(c.peer.Mails())+answer.Data.UncertainCount >= want
		})
	}
	<-time.After(rand.N(200 * time.Millisecond))
	c.kill()
}

// slowly is until, for work that takes as long as a broadcast.
func (c *casts) slowly(what string, done func() bool) {
	c.t.Helper()
	for end := time.Now().Add(castPatience); !done(); {
		if time.Now().After(end) {
			c.t.Fatalf("it did not come to this: %s\n%s", what, c.log())
		}
		<-time.After(20 * time.Millisecond)
	}
}

type castCounts struct {
	Status                                                                             string
	TotalRecipients, SentCount, UncertainCount, QueuedCount, WaitingCount, FailedCount int
}

func (c *casts) awaitSent() (stats castCounts) {
	c.t.Helper()
	var answer struct{ Data castCounts }
	c.slowly("the broadcast is sent", func() bool {
		c.get("/campaigns/"+c.id+"/stats", &answer)
		return answer.Data.Status == "SENT"
	})
	return answer.Data
}

// check compares what the mail server took with what the server knows.
func (c *casts) check(size int, stats castCounts) {
	c.t.Helper()
	mailed, uncertain := c.mailed(), c.uncertain()
	for _, to := range slices.Sorted(maps.Keys(mailed)) {
		if mailed[to] != 1 {
			c.t.Errorf("%s was mailed %d times", to, mailed[to])
		}
	}
	missing := 0
	for i := range size {
		if to := reader(i); mailed[to] == 0 && !uncertain[to] {
			missing++
		}
	}
	if missing > 0 {
		c.t.Errorf("%d were neither mailed nor are listed as uncertain", missing)
	}
	if stats.TotalRecipients != size || stats.SentCount+stats.UncertainCount != size || stats.UncertainCount != len(uncertain) {
		c.t.Errorf("%d uncertain are listed, and the numbers are %+v", len(uncertain), stats)
	}
	c.t.Logf("%d contacts: %d mailed, %d uncertain", size, len(mailed), len(uncertain))
	c.kill()
	if v := verify(c.t, c.db); len(v.Differences) > 0 {
		c.t.Errorf("a recount differs: %+v", v)
	}
}

// uncertain are those who may have been mailed.
func (c *casts) uncertain() map[string]bool {
	c.t.Helper()
	list := make(map[string]bool)
	for cursor := ""; ; {
		var page struct {
			Sends      []struct{ Recipient string }
			NextCursor string
		}
		c.get("/sends?status=uncertain&limit=1000&broadcast="+c.id+"&cursor="+cursor, &page)
		for _, x := range page.Sends {
			list[x.Recipient] = true
		}
		if cursor = page.NextCursor; cursor == "" {
			return list
		}
	}
}
