package ingest_test

import (
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/ingest"
	"tidings/internal/receipt"
	"tidings/internal/source"
)

func TestTheServerHasLimitsOnTimeAndSize(t *testing.T) {
	t.Parallel()
	s := ingest.Server(http.NotFoundHandler(), discard())
	got := []any{s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout, s.MaxHeaderBytes}
	want := []any{5 * time.Second, 20 * time.Second, 30 * time.Second, time.Minute, 16 << 10}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestNoMoreConnectionsAreOpenThanAllowed(t *testing.T) {
	t.Parallel()
	l := ingest.Listener(listen(t), 1)
	accepted := make(chan net.Conn, 2)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	for range 2 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
	}
	first := <-accepted
	select {
	case <-accepted:
		t.Error("the second connection was accepted beside the first")
	default:
	}
	first.Close()
	second := <-accepted
	second.Close()
}

// meter records what it is told.
type meter struct {
	mu       sync.Mutex
	accepted []receipt.Outcome
	refused  []string
	answered []int
	commits  int
}

func (m *meter) Accepted(_ string, o receipt.Outcome) {
	m.note(func() { m.accepted = append(m.accepted, o) })
}

func (m *meter) Refused(provider, code string) {
	m.note(func() { m.refused = append(m.refused, provider+" "+code) })
}

func (m *meter) Answered(_ string, status int, _ time.Duration) {
	m.note(func() { m.answered = append(m.answered, status) })
}
func (m *meter) Committed(int, time.Duration) { m.note(func() { m.commits++ }) }

func (m *meter) note(what func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	what()
}

func TestWhatHappensIsMetered(t *testing.T) {
	t.Parallel()
	m := &meter{}
	w := newTown(t, func(_ *source.Source, o *ingest.Options, c *ingest.CommitterOptions) { o.Meter, c.Meter = m, m })
	w.post(in, w.bounce(1))
	w.post(in, w.bounce(1))
	w.post(in, []byte("no"))
	w.post("/in/never-heard/of", nil)
	if err := w.commits.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(m.accepted) != 2 || m.accepted[0].New != 1 || !m.accepted[1].Duplicate {
		t.Errorf("accepted %+v", m.accepted)
	}
	if len(m.refused) != 1 || m.refused[0][:4] != "ses " || m.commits != 2 {
		t.Errorf("refused %v, %d commits", m.refused, m.commits)
	}
	if d := cmp.Diff([]int{200, 200, 400}, m.answered); d != "" {
		t.Error(d)
	}
}
