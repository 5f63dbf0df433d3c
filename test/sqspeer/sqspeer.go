// Package sqspeer provides the other side of queues: an SQS over HTTP that keeps its messages in memory and does what
// queues do on bad days, for tests. It speaks the JSON protocol of AWS and checks no signatures.
package sqspeer

import (
	"crypto/md5" //nolint:gosec // SQS's checksum of a body
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault is what a queue does wrong from now on. The zero value is a queue that works.
type Fault struct {
	Status      int           // of every answer, where it is not 0
	Code        string        // of every answer: "AccessDenied"; with Status 0 it is a 400
	Only        string        // the operation that is hurt: "DeleteMessageBatch"; empty: all
	Slow        time.Duration // before every answer
	Cut         bool          // the connection ends without an answer
	Twice       bool          // messages that are received stay to be received
	KeepDeleted int           // so many deletions of a batch fail, of the next batches until none is left
}

// Peer is one queue. Make it with Start.
type Peer struct {
	URL   string // the endpoint
	Queue string // the queue's URL

	server   *httptest.Server
	mu       sync.Mutex
	now      func() time.Time
	messages []*message
	fault    Fault
	next     int
	calls    map[string]int
	handles  int
	receives map[string]int
	changed  chan struct{}
}

type message struct {
	id, body, handle string
	sent, hidden     time.Time
}

// Start listens. Close ends it.
func Start() *Peer {
	p := &Peer{
		now: time.Now, calls: map[string]int{}, receives: map[string]int{}, changed: make(chan struct{}),
		Queue: "https://sqs.eu-west-1.amazonaws.com/123456789012/events",
	}
	p.server = httptest.NewServer(p)
	p.URL = p.server.URL
	return p
}

// Close stops listening.
func (p *Peer) Close() {
	p.server.CloseClientConnections()
	p.server.Close()
}

// Send puts messages into the queue and returns their ids.
func (p *Peer) Send(bodies ...string) (ids []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, body := range bodies {
		p.next++
		id := fmt.Sprintf("5fea7756-0ea4-451a-a703-%012x", p.next)
		ids = append(ids, id)
		p.messages = append(p.messages, &message{id: id, body: body, sent: p.now()})
	}
	p.wake()
	return ids
}

// Break makes the queue do something wrong; the zero Fault mends it.
func (p *Peer) Break(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
	p.wake()
}

// Len is how many messages are in the queue, hidden ones too.
func (p *Peer) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.messages)
}

// Visible is how many messages could be received now.
func (p *Peer) Visible() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.messages {
		if !m.hidden.After(p.now()) {
			n++
		}
	}
	return n
}

// Calls is how often an operation was called: "ReceiveMessage".
func (p *Peer) Calls(operation string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[operation]
}

// Received is how often a message was handed out.
func (p *Peer) Received(id string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.receives[id]
}

// Until waits until something holds, and tells whether it came to that in time. It is asked at every call of the queue
// and every few milliseconds.
func (p *Peer) Until(within time.Duration, done func() bool) bool {
	deadline := time.After(within)
	for !done() {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-time.After(5 * time.Millisecond):
		case <-deadline:
			return done()
		}
	}
	return true
}

// wake tells all that wait. The caller holds mu.
func (p *Peer) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}

type request struct {
	QueueURL            string `json:"QueueUrl"`
	MaxNumberOfMessages int
	WaitTimeSeconds     int
	VisibilityTimeout   int
	Entries             []struct {
		ID                string `json:"Id"`
		ReceiptHandle     string
		VisibilityTimeout int
	}
}

// ServeHTTP answers one call.
func (p *Peer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	var in request
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "SerializationException")
		return
	}
	p.mu.Lock()
	p.calls[operation]++
	fault := p.fault
	p.wake()
	p.mu.Unlock()
	if fault.Only != "" && fault.Only != operation {
		fault = Fault{}
	}
	if fault.Slow > 0 {
		select {
		case <-time.After(fault.Slow):
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case fault.Cut:
		panic(http.ErrAbortHandler)
	case fault.Status != 0:
		refuse(w, fault.Status, "ServiceUnavailable")
		return
	case fault.Code != "":
		refuse(w, http.StatusBadRequest, fault.Code)
		return
	case in.QueueURL != p.Queue:
		refuse(w, http.StatusBadRequest, "com.amazonaws.sqs#QueueDoesNotExist")
		return
	}
	switch operation {
	case "ReceiveMessage":
		p.receive(w, r, in, fault)
	case "DeleteMessageBatch":
		p.each(w, in, func(m *message, _ int) bool {
			if p.fault.KeepDeleted > 0 {
				p.fault.KeepDeleted--
				return false
			}
			p.drop(m)
			return true
		})
	case "ChangeMessageVisibilityBatch":
		p.each(w, in, func(m *message, seconds int) bool {
			m.hidden = p.now().Add(time.Duration(seconds) * time.Second)
			return true
		})
	default:
		refuse(w, http.StatusBadRequest, "InvalidAction")
	}
}

func (p *Peer) drop(gone *message) {
	for i, m := range p.messages {
		if m == gone {
			p.messages = append(p.messages[:i], p.messages[i+1:]...)
			return
		}
	}
}

// receive waits for messages as long as it was asked to.
func (p *Peer) receive(w http.ResponseWriter, r *http.Request, in request, fault Fault) {
	deadline := time.After(time.Duration(in.WaitTimeSeconds) * time.Second)
	for {
		p.mu.Lock()
		list := p.hand(in, fault.Twice)
		changed := p.changed
		p.mu.Unlock()
		if len(list) > 0 {
			answer(w, map[string]any{"Messages": list})
			return
		}
		select {
		case <-changed:
		case <-time.After(50 * time.Millisecond): // a message may be visible again
		case <-r.Context().Done():
			return
		case <-deadline:
			answer(w, map[string]any{})
			return
		}
	}
}

// hand hands out what is visible. The caller holds mu.
func (p *Peer) hand(in request, twice bool) (list []map[string]any) {
	for _, m := range p.messages {
		if len(list) == in.MaxNumberOfMessages {
			break
		}
		if m.hidden.After(p.now()) {
			continue
		}
		if !twice {
			m.hidden = p.now().Add(time.Duration(in.VisibilityTimeout) * time.Second)
		}
		p.handles++
		p.receives[m.id]++
		m.handle = m.id + "#" + strconv.Itoa(p.handles)
		sum := md5.Sum([]byte(m.body)) //nolint:gosec // as above
		list = append(list, map[string]any{
			"MessageId": m.id, "ReceiptHandle": m.handle, "Body": m.body, "MD5OfBody": hex.EncodeToString(sum[:]),
			"Attributes": map[string]string{"SentTimestamp": strconv.FormatInt(m.sent.UnixMilli(), 10)},
		})
	}
	return list
}

// each does something with every message of a batch, by its newest handle or an older one.
func (p *Peer) each(w http.ResponseWriter, in request, do func(m *message, seconds int) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.wake()
	done, failed := []map[string]any{}, []map[string]any{}
	for _, e := range in.Entries {
		id, _, _ := strings.Cut(e.ReceiptHandle, "#")
		ok := true
		for _, m := range p.messages {
			if m.id == id {
				ok = do(m, e.VisibilityTimeout)
				break
			}
		}
		if ok {
			done = append(done, map[string]any{"Id": e.ID})
			continue
		}
		failed = append(failed, map[string]any{"Id": e.ID, "Code": "InternalError", "Message": "try again", "SenderFault": false})
	}
	answer(w, map[string]any{"Successful": done, "Failed": failed})
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": "said by the peer"})
}
