package e2e_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tidings/provider/ses/snssign"
)

const (
	defaultRounds = 4
	loadPerRound  = 600
	posters       = 16
)

// ledger is what a client knows: what it has sent and what was acknowledged, with how often.
type ledger struct {
	mu    sync.Mutex
	next  int
	list  []notice
	open  []int // sent and not acknowledged: to be sent again
	sent  map[int]int64
	acked map[int]int64
	odd   map[string]int // answers that were neither 200 nor 503
	first chan struct{}  // closed at the first 200 of a load
}

func newLedger(list []notice) *ledger {
	return &ledger{list: list, sent: map[int]int64{}, acked: map[int]int64{}, odd: map[string]int{}}
}

// take is the next notification to send: what has no answer yet, then new ones, then old ones once more.
func (l *ledger) take() (int, notice) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.next
	switch {
	case len(l.open) > 0:
		i = l.open[0]
		l.open = l.open[1:]
	case l.next < len(l.list):
		l.next++
	default:
		i = rand.N(len(l.list))
	}
	l.sent[i]++
	return i, l.list[i]
}

func (l *ledger) note(i int, r reply, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil && r.status == http.StatusOK:
		if l.acked[i]++; l.first != nil {
			close(l.first)
			l.first = nil
		}
		return
	case err == nil && r.status != http.StatusServiceUnavailable:
		l.odd[fmt.Sprintf("%d %s", r.status, r.body)]++
	}
	l.open = append(l.open, i)
}

// load posts until the server is gone. It returns when the first post was acknowledged.
func (l *ledger) load(s *server, path string) (wait func()) {
	s.t.Helper()
	first := make(chan struct{})
	l.first = first
	var group sync.WaitGroup
	for range posters {
		group.Go(func() {
			for {
				i, n := l.take()
				r, err := s.post(path, n.body)
				l.note(i, r, err)
				if err != nil {
					return
				}
			}
		})
	}
	select {
	case <-first:
	case <-time.After(patience):
		s.t.Fatalf("nothing was acknowledged:\n%s", s.log())
	}
	return group.Wait
}

func TestWhatWasAcknowledgedSurvivesKill9AndNothingIsInvented(t *testing.T) {
	t.Parallel()
	rounds := setting(t, roundsVariable, defaultRounds)
	signer, err := snssign.NewSigner(snssign.Config{})
	must(t, err)
	list := notices(t, signer, "kill", rounds*loadPerRound)
	onBoth(t, func(t *testing.T, db string) {
		l := newLedger(list)
		s := serve(t, db)
		path := s.source("load", signer.PEM()).path
		for round := range rounds {
			s.killAmidLoad(l, path, round)
			s = serve(t, db)
		}
		s.finish(l, path)
		l.check(s)
	})
}

// killAmidLoad kills a server that is at work; now and then one that was asked to stop and is at it.
func (s *server) killAmidLoad(l *ledger, path string, round int) {
	s.t.Helper()
	wait := l.load(s, path)
	<-time.After(50*time.Millisecond + rand.N(350*time.Millisecond))
	if round%4 == 3 {
		s.signal(syscall.SIGTERM)
		<-time.After(rand.N(20 * time.Millisecond))
	}
	s.kill()
	wait()
}

// finish posts what is still without an answer.
func (s *server) finish(l *ledger, path string) {
	s.t.Helper()
	for _, i := range l.open {
		l.sent[i]++
		r, err := s.post(path, l.list[i].body)
		if err != nil || r.status != http.StatusOK {
			s.t.Fatalf("post of what was cut off: %v, %d %s", err, r.status, r.body)
		}
		l.acked[i]++
	}
	l.open = nil
}

// check holds the server's contents against what the client knows.
func (l *ledger) check(s *server) {
	s.t.Helper()
	if len(l.odd) > 0 {
		s.t.Errorf("answers other than 200 and 503: %v", l.odd)
	}
	byMessage := map[string]int{}
	for i := range l.sent {
		byMessage[l.list[i].message] = i
	}
	stored := map[int]bool{}
	for _, e := range s.facts() {
		i, known := byMessage[e.Message.ID]
		switch {
		case !known:
			s.t.Errorf("event %s of message %s was never sent", e.ID, e.Message.ID)
		case stored[i]:
			s.t.Errorf("message %s has two events", e.Message.ID)
		case e.Recipient != l.list[i].recipient:
			s.t.Errorf("message %s is about %s, not %s", e.Message.ID, e.Recipient, l.list[i].recipient)
		}
		stored[i] = true
	}
	held := suppressed(s.t, s.db, "hard_bounce")
	var sent, acked int64
	for i, n := range l.list {
		sent, acked = sent+l.sent[i], acked+l.acked[i]
		if l.acked[i] > 0 && !stored[i] {
			s.t.Errorf("message %s was acknowledged and is not there", n.message)
		}
		if l.acked[i] > 0 && n.suppresses() && !held[n.recipient] {
			s.t.Errorf("the bounce of %s was acknowledged and does not suppress", n.recipient)
		}
	}
	receipts, came := s.receipts()
	if receipts != len(stored) || came < acked || came > sent {
		s.t.Errorf("%d receipts of %d requests, with %d events, %d requests acknowledged and %d sent",
			receipts, came, len(stored), acked, sent)
	}
	if v := verify(s.t, s.db); v.Events != int64(len(stored)) || v.Messages != v.Events {
		s.t.Errorf("verify counts %d events of %d messages, the list has %d", v.Events, v.Messages, len(stored))
	}
	if strings.Contains(s.log(), `"level":"ERROR"`) {
		s.t.Errorf("the server met an error:\n%s", s.log())
	}
	s.t.Logf("%d events, %d requests sent, %d acknowledged", len(stored), sent, acked)
}

func TestAServerThatIsKilledWhileItBootsBootsTheNextTime(t *testing.T) {
	t.Parallel()
	rounds := 2 * setting(t, roundsVariable, defaultRounds)
	onBoth(t, func(t *testing.T, db string) {
		for range rounds {
			s := launch(t, db)
			<-time.After(rand.N(120 * time.Millisecond)) // the tables are being made
			s.kill()
		}
		signer, err := snssign.NewSigner(snssign.Config{})
		must(t, err)
		s := serve(t, db)
		n := notices(t, signer, "boot", 1)[0]
		if refused := s.insist(s.source("boot", signer.PEM()).path, n); refused > 0 {
			t.Errorf("refused %d times", refused)
		}
		if v := verify(t, db); v.Events != 1 {
			t.Errorf("%d events", v.Events)
		}
	})
}

func TestSIGTERMAnswersWhatIsUnderWayAndLosesNothing(t *testing.T) {
	t.Parallel()
	signer, err := snssign.NewSigner(snssign.Config{})
	must(t, err)
	list := notices(t, signer, "term", loadPerRound)
	slow := notices(t, signer, "slow", loadPerRound+1)[loadPerRound]
	onBoth(t, func(t *testing.T, db string) {
		l := newLedger(list)
		s := serve(t, db)
		path := s.source("load", signer.PEM()).path
		wait := l.load(s, path)
		answer := s.postSlowly(path, slow.body)
		<-time.After(100 * time.Millisecond)
		s.signal(syscall.SIGTERM)
		s.await("stopping")
		if status := answer(); status != http.StatusOK {
			t.Errorf("the request under way was answered %d", status)
		}
		wait()
		if code := s.exit(); code != 0 {
			t.Errorf("exit code %d\n%s", code, s.log())
		}
		if strings.Contains(s.log(), `"level":"ERROR"`) {
			t.Errorf("an error on the way down:\n%s", s.log())
		}
		after := serve(t, db)
		after.finish(l, path)
		l.list = append(l.list[:len(l.list):len(l.list)], slow)
		l.sent[len(l.list)-1], l.acked[len(l.list)-1] = 1, 1
		l.check(after)
	})
}

// postSlowly sends half of a request, of which the server has begun to read the body. What it returns sends the other
// half and returns the status of the answer.
func (s *server) postSlowly(path string, body []byte) (finish func() int) {
	s.t.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(s.t.Context(), "tcp", strings.TrimPrefix(s.base, "http://"))
	must(s.t, err)
	s.t.Cleanup(func() { conn.Close() })
	must(s.t, conn.SetDeadline(time.Now().Add(patience)))
	answers := bufio.NewReader(conn)
	answer := func() int {
		res, err := http.ReadResponse(answers, nil)
		must(s.t, err)
		defer res.Body.Close()
		return res.StatusCode
	}
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: sns.test\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n"+
		"Expect: 100-continue\r\n\r\n", path, len(body))
	must(s.t, err)
	if status := answer(); status != http.StatusContinue {
		s.t.Fatalf("the server does not want the body: %d", status)
	}
	half := len(body) / 2
	_, err = conn.Write(body[:half])
	must(s.t, err)
	return func() int {
		_, err := conn.Write(body[half:])
		must(s.t, err)
		return answer()
	}
}
