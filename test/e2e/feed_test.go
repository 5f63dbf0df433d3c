package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/provider/ses/snssign"
)

const (
	feedFacts   = 1200
	feedReaders = 6
	feedEnd     = "feed-end" // the message that is posted when everything else was accepted
)

// nodes are servers on one database. One of them may be away for a while.
type nodes struct {
	key  string // of the API
	http *http.Client

	mu   sync.Mutex
	list []*server
}

func (n *nodes) any() *server {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.list[rand.N(len(n.list))]
}

// replace kills a node amid its work and starts another one in its place.
func (n *nodes) replace(t *testing.T, i int) {
	t.Helper()
	n.list[i].kill()
	fresh := serve(t, n.list[i].db)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list[i] = fresh
}

// post posts a notification, to whichever node, until one accepts it.
func (n *nodes) post(ctx context.Context, path string, body []byte) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		r, err := n.any().post(path, body)
		if err == nil && r.status == http.StatusOK {
			return nil
		}
		if err == nil && r.status != http.StatusServiceUnavailable {
			return fmt.Errorf("%d %s", r.status, r.body)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// follower reads the feed as a browser does: it goes on after the last id it got.
type follower struct {
	nodes *nodes
	query string
	last  string
	got   []storedEvent
	cuts  int
}

// follow reads until the message of the end came, and cuts its connection again and again.
func (f *follower) follow(ctx context.Context) error {
	for !slices.ContainsFunc(f.got, func(e storedEvent) bool { return e.Message.ID == feedEnd }) {
		if err := f.connect(ctx, 1+rand.N(50)); err != nil {
			return fmt.Errorf("after %d events and %d cuts: %w", len(f.got), f.cuts, err)
		}
		f.cuts++
	}
	return nil
}

// connect reads so many blocks from some node. A node that can't be reached, or that dies, is only another cut.
func (f *follower) connect(ctx context.Context, blocks int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.nodes.any().base+"/feed"+f.query, http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+f.nodes.key)
	if f.last != "" {
		req.Header.Set("Last-Event-ID", f.last)
	}
	res, err := f.nodes.http.Do(req)
	if err != nil {
		return ctx.Err()
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the feed answers %s", res.Status)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for ; blocks > 0; blocks-- {
		if over, err := f.block(lines); over || err != nil {
			return err
		}
	}
	return nil
}

// block reads up to an empty line; what is cut off before it counts for nothing. It tells whether that was the end.
func (f *follower) block(lines *bufio.Scanner) (over bool, err error) {
	var id, name, data string
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case field == "id":
			id = value
		case field == "event":
			name = value
		case field == "data":
			data = value
		case lines.Text() == "":
			return f.told(id, name, data)
		}
	}
	return true, nil
}

func (f *follower) told(id, name, data string) (over bool, err error) {
	if id != "" {
		f.last = id
	}
	switch name {
	case "event":
		var e storedEvent
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return true, fmt.Errorf("%w in %s", err, data)
		}
		f.got = append(f.got, e)
		return e.Message.ID == feedEnd, nil
	case "lost":
		return true, errors.New(data)
	}
	return false, nil
}

// scattered makes signed notifications whose facts happened at any time of the last 300 days: nearly each is late.
func scattered(t testing.TB, signer *snssign.Signer, n int) []notice {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Second)
	list := make([]notice, n)
	for i := range list {
		word := []string{"Send", "Delivery", "Open", "Bounce"}[rand.N(4)]
		to, id, ago := fmt.Sprintf("person-%02d@acme.test", rand.N(40)), fmt.Sprintf("feed-%06d", i), rand.N(300*24*time.Hour)
		list[i] = notice{id, to, word, signer.Notification(topic, uuid(i), record(word, id, to, now.Add(-ago)), now)}
	}
	return list
}

// cluster starts a server, and two more where the engine lets several share a database.
func cluster(t *testing.T, db string) *nodes {
	t.Helper()
	n := &nodes{http: &http.Client{}, list: []*server{serve(t, db)}}
	t.Cleanup(n.http.CloseIdleConnections)
	for strings.HasPrefix(db, "postgres") && len(n.list) < 3 {
		n.list = append(n.list, serve(t, db))
	}
	_, n.key = n.list[0].apiKey("secret")
	return n
}

// write posts everything from as many goroutines to all nodes, and tells when half of it was accepted.
func (n *nodes) write(ctx context.Context, path string, list []notice, half func()) error {
	work, failed := make(chan notice), make(chan error, posters)
	var writing sync.WaitGroup
	for range posters {
		writing.Go(func() {
			for x := range work {
				if err := n.post(ctx, path, x.body); err != nil {
					failed <- fmt.Errorf("post %s: %w", x.message, err)
					return
				}
			}
		})
	}
	var err error
	for i, x := range list {
		if i == len(list)/2 {
			half()
		}
		select {
		case work <- x:
		case err = <-failed:
		}
		if err != nil {
			break
		}
	}
	close(work)
	writing.Wait()
	if err == nil && len(failed) > 0 {
		err = <-failed
	}
	return err
}

// Readers of every kind begin at one place, are cut at any moment and go on at any node with the last id they got, while
// facts from long ago are written through all nodes, of which one is killed. They must all be told the same, in the same
// order, of everything, once.
func TestAFeedCutAndResumedMissesNothingAndRepeatsNothingWithLateEventsAmongThem(t *testing.T) {
	t.Parallel()
	signer, err := snssign.NewSigner(snssign.Config{})
	must(t, err)
	list := scattered(t, signer, feedFacts)
	now := time.Now().UTC()
	last := signer.Notification(topic, uuid(feedFacts), record("Bounce", feedEnd, "person-00@acme.test", now.Add(-200*24*time.Hour)), now)
	onBoth(t, func(t *testing.T, db string) {
		n := cluster(t, db)
		path := n.list[0].source("feed", signer.PEM()).path
		ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
		defer cancel()
		begin := follower{nodes: n}
		must(t, begin.connect(ctx, 1)) // the first block tells where the feed begins
		readers := make([]follower, feedReaders)
		ended := make(chan error, len(readers))
		for i := range readers {
			readers[i] = follower{nodes: n, last: begin.last}
			if i == 0 {
				readers[i].query = "?name=bounced"
			}
			go func() { ended <- readers[i].follow(ctx) }()
		}
		var dying sync.WaitGroup
		must(t, n.write(ctx, path, list, func() { dying.Go(func() { n.replace(t, 0) }) }))
		dying.Wait()
		must(t, n.post(ctx, path, last))
		for range readers {
			must(t, <-ended)
		}
		compareFeeds(t, n.list[0], readers)
	})
}

// compareFeeds holds what readers were told against what is stored; the first reader asked for bounces only.
func compareFeeds(t *testing.T, s *server, readers []follower) {
	t.Helper()
	var stored, bounces []string
	facts := 0
	for _, e := range s.events() {
		stored = append(stored, e.ID)
		if !e.followed() {
			facts++
		}
	}
	told := make([][]string, len(readers))
	for i, f := range readers {
		for _, e := range f.got {
			told[i] = append(told[i], e.ID)
		}
		t.Logf("reader %d: %d events, %d cuts", i, len(f.got), f.cuts)
	}
	for _, e := range readers[1].got {
		if e.Name == "email.bounce" {
			bounces = append(bounces, e.ID)
		}
	}
	if d := cmp.Diff(bounces, told[0]); d != "" {
		t.Errorf("the reader of bounces was told (-bounces +told):\n%s", d)
	}
	for i := 2; i < len(readers); i++ {
		if d := cmp.Diff(told[1], told[i]); d != "" {
			t.Errorf("two readers were told different things (-one +other):\n%s", d)
		}
	}
	slices.Sort(stored)
	slices.Sort(told[1])
	if d := cmp.Diff(stored, told[1]); d != "" || facts != feedFacts+1 || facts == len(stored) {
		t.Errorf("%d events of %d facts are stored (-stored +told):\n%s", len(stored), facts, d)
	}
}
