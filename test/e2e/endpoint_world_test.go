package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// hooks is the other side of endpoints: it keeps what it was told, and answers as it is told to.
type hooks struct {
	url    string
	answer func(n int) int // the status of the n-th answer, from 1; nil: 200
	keep   bool            // requests are kept whole
	block  chan struct{}   // until it is closed nothing is answered; nil: everything at once

	mu     sync.Mutex
	n      int
	log    map[string][]heard // by webhook-id
	whole  []request
	change chan struct{} // closed and made anew at each request
}

// heard is one try as the receiver had it.
type heard struct {
	try, status int
	at          time.Time
}

type request struct {
	header http.Header
	body   []byte
}

func newHooks(t testing.TB) *hooks {
	t.Helper()
	r := &hooks{log: make(map[string][]heard), change: make(chan struct{})}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	r.url = s.URL + "/hooks"
	return r
}

// ServeHTTP implements http.Handler.
func (r *hooks) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return // whoever asked is gone
	}
	if r.block != nil {
		<-r.block
	}
	try, _ := strconv.Atoi(q.Header.Get("webhook-attempt"))
	r.mu.Lock()
	r.n++
	status := http.StatusOK
	if r.answer != nil {
		status = r.answer(r.n)
	}
	id := q.Header.Get("webhook-id")
	r.log[id] = append(r.log[id], heard{try, status, time.Now()})
	if r.keep {
		r.whole = append(r.whole, request{q.Header.Clone(), body})
	}
	close(r.change)
	r.change = make(chan struct{})
	r.mu.Unlock()
	w.WriteHeader(status)
}

// ids is how many ids were told, and how many of them were taken.
func (r *hooks) ids() (told, taken int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, list := range r.log {
		for _, h := range list {
			if h.status/100 == 2 {
				taken++
				break
			}
		}
	}
	return len(r.log), taken
}

func (r *hooks) requests() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n
}

// outlets is a server that sends to receivers on this machine.
type outlets struct {
	*server
	allow string
}

func serveOutlets(t testing.TB, db string) *outlets {
	t.Helper()
	o := &outlets{allow: filepath.Join(t.TempDir(), "tidings.json")}
	must(t, os.WriteFile(o.allow, []byte(`{"netguard":{"allow":["127.0.0.1/32"]}}`), 0o600))
	o.server = o.start(t, db)
	_, o.key = o.apiKey("secret")
	return o
}

func (o *outlets) start(t testing.TB, db string) *server {
	t.Helper()
	key := filepath.Join(filepath.Dir(o.allow), "seal.key")
	if _, err := os.Stat(key); err != nil { // on PostgreSQL an operator makes it
		must(t, os.WriteFile(key, []byte("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"), 0o600))
	}
	return serve(t, db, func(cmd *exec.Cmd) {
		cmd.Args = append(cmd.Args, "--config", o.allow, "--endpoint-http", "--seal-key-file", key)
	})
}

// again starts the server anew after a kill.
func (o *outlets) again() {
	key := o.key
	o.server = o.start(o.t, o.db)
	o.key = key
}

// endpoint makes an endpoint, with more fields of its JSON where wanted, and returns its secret.
func (o *outlets) endpoint(name, url, more string) (secret string) {
	o.t.Helper()
	var made struct{ Secret string }
	o.api(http.MethodPost, "/endpoints", fmt.Sprintf(`{"name":%q,"url":%q%s}`, name, url, more), &made)
	return made.Secret
}

// orders tracks events of orders with these numbers, in batches, until each is acknowledged.
func (o *outlets) orders(from, to int) {
	o.t.Helper()
	for i := from; i < to; i += 500 {
		for {
			answer, err := o.order(i, min(i+500, to))
			if err == nil && answer.status == http.StatusOK && bytes.Contains(answer.body, []byte(`"success":true,"results"`)) {
				break
			}
			if err == nil && answer.status/100 != 5 {
				o.t.Errorf("track: %d %s", answer.status, answer.body)
				return
			}
			if o.t.Context().Err() != nil {
				return
			}
			<-time.After(50 * time.Millisecond) // it is being started anew
		}
	}
}

func (o *outlets) order(from, to int) (reply, error) {
	var body bytes.Buffer
	for i := from; i < to; i++ {
		fmt.Fprintf(&body, `,{"email":"c%d@acme.test","event":"order.paid","data":{"order":%d}}`, i%1000, i)
	}
	text := `{"events":[` + strings.TrimPrefix(body.String(), ",") + `]}`
	return o.do(http.MethodPost, "/v1/track/batch", strings.NewReader(text), http.Header{
		"Content-Type": {"application/json"}, "Idempotency-Key": {fmt.Sprint("orders-", from)},
	})
}

// dispatches lists all dispatches in some states.
func (o *outlets) dispatches(query string) (list []dispatchRow) {
	o.t.Helper()
	for cursor := ""; ; {
		var page struct {
			Dispatches []dispatchRow
			NextCursor string
		}
		o.get("/dispatches?limit=1000"+query+cursor, &page)
		list = append(list, page.Dispatches...)
		if page.NextCursor == "" {
			return list
		}
		cursor = "&cursor=" + page.NextCursor
	}
}

type dispatchRow struct {
	ID, WebhookID, State string
	Tries, Status        int
	Problem              string
}

type attempt struct {
	Try, Status int
	Problem     string
}

func (o *outlets) attempts(id string) []attempt {
	o.t.Helper()
	var d struct{ Attempts []attempt }
	o.get("/dispatches/"+id, &d)
	return d.Attempts
}
