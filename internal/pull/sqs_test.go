package pull_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"tidings/internal/auth"
	"tidings/internal/ingest"
	"tidings/internal/netguard"
	"tidings/internal/pull"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider"
	"tidings/provider/ses"
	"tidings/provider/ses/snssign"
	"tidings/test/postgres"
	"tidings/test/sqspeer"
)

const (
	topic    = "arn:aws:sns:eu-west-1:123456789012:ses-events"
	patience = 20 * time.Second
)

// station is a server without its doors: a store, ingest before it, and consumers of a queue.
type station struct {
	t       *testing.T
	peer    *sqspeer.Peer
	store   *store.Store
	src     *source.Source
	signer  *snssign.Signer
	commits *ingest.Committer
	handler *ingest.Handler
	refused *ingest.RefusalLog
	meter   *meter
	log     *lines
	down    atomic.Pointer[error] // what every commit fails with
	hides   time.Duration         // how long a receive hides a message; 0: a second
}

// lines is what was logged.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.buf.String(), text)
}

// meter counts.
type meter struct {
	mu     sync.Mutex
	counts map[string]int
}

func (m *meter) add(word string, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[word] += n
}

func (m *meter) Queued(_, what string, n int)       { m.add(what, n) }
func (m *meter) QueueTrouble(_, code string)        { m.add(code, 1) }
func (m *meter) QueueLag(_ string, _ time.Duration) { m.add("lag", 1) }
func (m *meter) QueueHolds(_ string, n int)         { m.add("held", n) }
func (m *meter) of(word string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counts[word]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// onBoth runs a test on both engines.
func onBoth(t *testing.T, run func(*station)) {
	t.Helper()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := filepath.Join(t.TempDir(), "tidings.db")
			if engine == "postgres" {
				url = postgres.Database(t)
			}
			run(newStation(t, url))
		})
	}
}

func newStation(t *testing.T, url string) *station {
	t.Helper()
	s := &station{t: t, peer: sqspeer.Start(), meter: &meter{counts: map[string]int{}}, log: &lines{}}
	t.Cleanup(s.peer.Close)
	log := slog.New(slog.NewTextHandler(s.log, nil))
	var err error
	s.store, err = store.Open(t.Context(), store.Options{URL: url, Exclusive: true, Logger: log, Now: time.Now})
	must(t, err)
	s.signer, err = snssign.NewSigner(snssign.Config{})
	must(t, err)
	codec, err := receipt.NewCodec()
	must(t, err)
	s.commits = ingest.NewCommitter(ingest.CommitterOptions{Commit: s.commit, Log: log})
	s.refused = ingest.NewRefusalLog(s.store, time.Now, log)
	client := (&netguard.Guard{}).Client(time.Second)
	s.handler = ingest.NewHandler(ingest.Options{
		Adapters: []provider.Adapter{ses.Adapter}, Sources: s.store, Builder: receipt.Builder{Codec: codec}, Submit: s.commits.Submit,
		Certificates: ingest.NewCertificates(client, time.Now), Refusals: s.refused, Log: log,
	})
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if err := s.commits.Close(ctx); err != nil {
			t.Error(err)
		}
		s.refused.Close(ctx)
		client.HTTP.CloseIdleConnections()
		if err := s.store.Close(); err != nil {
			t.Error(err)
		}
	})
	s.src = s.create("main", s.peer.Queue)
	return s
}

func (s *station) create(name, queue string) *source.Source {
	s.t.Helper()
	src := &source.Source{
		ID: auth.NewID("src_"), Project: store.DefaultProject, Name: name, Provider: "ses", TokenHash: auth.Hash(auth.Token()),
		Settings:  source.Settings{Topics: []string{topic}, Queue: queue, SigningCertificate: string(s.signer.PEM())},
		CreatedAt: time.Now().UTC(),
	}
	must(s.t, s.store.CreateSource(s.t.Context(), src, act("createSource", src.ID)))
	return src
}

// change changes the source as somebody at the API does.
func (s *station) change(change func(*source.Source)) {
	s.t.Helper()
	src, err := s.store.Source(s.t.Context(), store.DefaultProject, s.src.ID)
	must(s.t, err)
	change(src)
	must(s.t, s.store.UpdateSource(s.t.Context(), src, act("updateSource", src.ID)))
}

func (s *station) commit(ctx context.Context, list []*receipt.Entry) error {
	if err := s.down.Load(); err != nil {
		return *err
	}
	return s.store.Commit(ctx, list)
}

// queues makes a node.
func (s *station) queues(node string) *pull.Queues {
	return &pull.Queues{
		Store: s.store, Take: s.handler.TakeQueued, Node: node, Workers: 4, Visibility: cmp.Or(s.hides, time.Second), Drain: patience,
		Meter: s.meter, Log: slog.New(slog.NewTextHandler(s.log, nil)),
		Client: func(_ context.Context, region string) (*sqs.Client, error) {
			return sqs.New(sqs.Options{
				Region: region, BaseEndpoint: aws.String(s.peer.URL), Retryer: aws.NopRetryer{},
				Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
			}), nil
		},
	}
}

func act(operation, subject string) store.Act {
	return store.Act{At: time.Now(), Project: store.DefaultProject, By: "test", Door: "cli", Operation: operation, Subject: subject}
}

// run starts a node. stop ends it and waits.
func (s *station) run(node string) (stop func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan error, 1)
	go func() { done <- s.queues(node).Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				s.t.Error(err)
			}
		})
	}
	s.t.Cleanup(stop)
	return stop
}

func (s *station) until(what string, done func() bool) {
	s.t.Helper()
	if !s.peer.Until(patience, done) {
		s.log.mu.Lock()
		defer s.log.mu.Unlock()
		s.t.Fatalf("it did not come to this: %s\n%d messages in the queue\n%.8000s", what, s.peer.Len(), s.log.buf.String())
	}
}

func (s *station) empty() {
	s.t.Helper()
	s.until("the queue is empty", func() bool { return s.peer.Len() == 0 })
}

// bounce is a record; n makes it another one.
func bounce(n int) string {
	return fmt.Sprintf(`{"eventType":"Bounce","mail":{"timestamp":"2026-05-04T10:12:00.120Z","messageId":"m-%d",`+
		`"source":"app@send.test","destination":["ghost%d@acme.test"]},"bounce":{"bounceType":"Permanent","bounceSubType":"General",`+
		`"bouncedRecipients":[{"emailAddress":"ghost%d@acme.test"}],"timestamp":"2026-05-04T10:12:02.000Z","feedbackId":"f%d"}}`, n, n, n, n)
}

func uuid(n int) string { return fmt.Sprintf("22b80b92-fdea-4c2c-8f9d-%012x", n) }

func (s *station) signed(n int) string {
	return string(s.signer.Notification(topic, uuid(n), bounce(n), time.Now()))
}

func (s *station) sendSigned(from, to int) (ids []string) {
	var list []string
	for n := from; n < to; n++ {
		list = append(list, s.signed(n))
	}
	return s.peer.Send(list...)
}

// events are the messages of all stored events, each with how many events it has.
func (s *station) events() map[string]int {
	s.t.Helper()
	list, err := s.store.ListEvents(s.t.Context(), store.EventQuery{Project: store.DefaultProject, Limit: 1000})
	must(s.t, err)
	found := map[string]int{}
	for i := range list.Events {
		if m := list.Events[i].Message; m != nil {
			found[m.ID]++
		}
	}
	return found
}

func (s *station) expectEvents(n int) {
	s.t.Helper()
	found := s.events()
	if len(found) != n {
		s.t.Errorf("%d messages have events, want %d", len(found), n)
	}
	for id, count := range found {
		if count != 1 {
			s.t.Errorf("message %s has %d events", id, count)
		}
	}
}
