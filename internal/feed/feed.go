// Package feed provides the live feed: the log of events as it grows, read once and told to many readers. It never
// imports the store: it declares the few calls it makes.
package feed

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tidings/event"
	"tidings/internal/fault"
)

// Position is a place in the log. The zero position is before the first event.
type Position struct {
	Transaction uint64
	Seq         int64
}

func (p Position) less(o Position) bool {
	if p.Transaction != o.Transaction {
		return p.Transaction < o.Transaction
	}
	return p.Seq < o.Seq
}

// Entry is an event of the log. Its texts are shared by all readers and must not be changed.
type Entry struct {
	At    Position
	Event *event.Event
	JSON  []byte // what Encode made of it, once for all readers
}

// Options are what a hub is made from.
type Options struct {
	// Follow returns the events of a project after a position in the order of the log, at most limit; fewer mean that
	// there are no more yet. Only At and Event are read.
	Follow func(ctx context.Context, project string, after Position, limit int) ([]Entry, error)
	// End is the position after which Follow returns what is committed from now on.
	End func(ctx context.Context) (Position, error)
	// Encode makes the JSON of an event.
	Encode func(*event.Event) ([]byte, error)
	// Most is how many may read at once; 0 means 1,000.
	Most int
	// Poll is how long a commit may stay unnoticed that nobody called Wake for; 0 means a second.
	Poll time.Duration
	// Log gets the faults of reading the log; nil means none.
	Log *slog.Logger
}

// Hub reads the log once for all readers. It reads only while somebody does. It is safe for concurrent use.
type Hub struct {
	Options
	ctx  context.Context //nolint:containedctx // of the hub's own goroutines
	stop context.CancelFunc
	done sync.WaitGroup

	mu      sync.Mutex
	streams map[string]*stream // by project
	readers int
	closed  bool
}

// The codes of refusals.
const (
	CodeTooManyReaders = "too_many_readers"
	CodeClosing        = "closing"
)

// NewHub makes a hub. Close ends it.
func NewHub(o Options) *Hub {
	if o.Most == 0 {
		o.Most = 1000
	}
	if o.Poll == 0 {
		o.Poll = time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	h := &Hub{Options: o, streams: map[string]*stream{}}
	h.ctx, h.stop = context.WithCancel(context.Background())
	return h
}

// Wake tells that something was committed. It never waits.
func (h *Hub) Wake() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.streams {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// Readers is how many read now.
func (h *Hub) Readers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.readers
}

// Close ends all readers, and returns when the hub reads no more.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.stop()
	h.done.Wait()
}

// Read begins a reader of a project's log: after a position, or, where it is nil, of what is committed from now on.
// It gets what match accepts; nil accepts everything. Close the reader.
func (h *Hub) Read(ctx context.Context, project string, after *Position, match func(*event.Event) bool) (*Reader, error) {
	s, err := h.join(ctx, project)
	if err != nil {
		return nil, err
	}
	r := &Reader{hub: h, stream: s, match: match}
	if r.at = s.head(); after != nil {
		r.at = *after
	}
	return r, nil
}

// join counts a reader in, and sets the stream of its project going.
func (h *Hub) join(ctx context.Context, project string) (*stream, error) {
	if s, err := h.enter(project, nil); s != nil || err != nil {
		return s, err
	}
	end, err := h.End(ctx) // not under the lock: it asks the database
	if err != nil {
		return nil, err
	}
	return h.enter(project, &end)
}

// enter counts a reader in where its project has a stream, or where end says from where on one is to go.
func (h *Hub) enter(project string, end *Position) (*stream, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, fault.New(fault.Unavailable, CodeClosing, "the server is shutting down").WithHint("connect again in some seconds")
	}
	if h.readers >= h.Most {
		return nil, fault.New(fault.RateLimited, CodeTooManyReaders, "%d read the feed already", h.readers).
			WithHint("end a reader that is not needed, or let the server take more: --feed-readers")
	}
	s := h.streams[project]
	if s == nil && end == nil {
		return nil, nil //nolint:nilnil // neither there nor an error: the caller brings an end
	}
	if s == nil {
		s = newStream(h, project, *end)
		h.streams[project] = s
		h.done.Go(s.run)
	}
	h.readers++
	s.readers++
	return s, nil
}

// leave counts a reader out. The last one of a project ends its stream.
func (h *Hub) leave(s *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.readers--
	if s.readers--; s.readers == 0 {
		delete(h.streams, s.project)
		s.stop()
	}
}
