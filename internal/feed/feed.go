// Package feed provides the live feed: the log of events as it grows, read once and told to many readers. It never
// imports the store: it declares the few calls it makes.
package feed

import (
	"context"
	"log/slog"
	"slices"
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
	Text  []byte // what every reader is sent, made once for all
}

// Options are what a hub is made from.
type Options struct {
	// Follow returns the events of a project after a position in the order of the log, at most limit; fewer mean that
	// there are no more yet.
	Follow func(ctx context.Context, project string, after Position, limit int) ([]Entry, error)
	// End is the position after which Follow returns what is committed from now on.
	End func(ctx context.Context) (Position, error)
	// Most is how many may read at once; 0 means 1,000. When so many do, a project of which at least two fewer read than
	// of another one is given the place of one of those.
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
	CodePlaceTaken     = "place_taken"
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
	r := &Reader{hub: h, match: match, gone: make(chan struct{})}
	if err := h.join(ctx, project, r); err != nil {
		return nil, err
	}
	if r.at = r.stream.head(); after != nil {
		r.at = *after
	}
	return r, nil
}

// join counts a reader in, and sets the stream of its project going.
func (h *Hub) join(ctx context.Context, project string, r *Reader) error {
	if err := h.enter(project, nil, r); r.stream != nil || err != nil {
		return err
	}
	end, err := h.End(ctx) // not under the lock: it asks the database
	if err != nil {
		return err
	}
	return h.enter(project, &end, r)
}

// enter counts a reader in where its project has a stream, or where end says from where on one is to go.
func (h *Hub) enter(project string, end *Position, r *Reader) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return errClosing()
	}
	s := h.streams[project]
	if s == nil && end == nil {
		return nil // the caller brings an end
	}
	if h.readers >= h.Most && !h.makePlace(s) {
		return fault.New(fault.RateLimited, CodeTooManyReaders, "%d read the feed already", h.readers).
			WithHint("end a reader that is not needed, or let the server take more: --feed-readers")
	}
	if s == nil {
		s = newStream(h, project, *end)
		h.streams[project] = s
		h.done.Go(s.run)
	}
	h.readers++
	s.members = append(s.members, r)
	r.stream = s
	return nil
}

// makePlace sends away the newest reader of the project that has the most, where the stream's, nil for none, would still
// have no more than that one keeps.
func (h *Hub) makePlace(mine *stream) bool {
	have := 0
	if mine != nil {
		have = len(mine.members)
	}
	var most *stream
	for _, s := range h.streams {
		if most == nil || len(s.members) > len(most.members) {
			most = s
		}
	}
	if most == nil || len(most.members) < have+2 {
		return false
	}
	last := most.members[len(most.members)-1]
	most.members = most.members[:len(most.members)-1]
	h.readers--
	close(last.gone)
	return true
}

// leave counts a reader out, where it was not sent away before. The last one of a project ends its stream.
func (h *Hub) leave(r *Reader) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := r.stream
	i := slices.Index(s.members, r)
	if i < 0 {
		return
	}
	h.readers--
	s.members = slices.Delete(s.members, i, i+1)
	if len(s.members) == 0 {
		delete(h.streams, s.project)
		s.stop()
	}
}

func errClosing() error {
	return fault.New(fault.Unavailable, CodeClosing, "the server is shutting down").WithHint("connect again in some seconds")
}

func errPlaceTaken() error {
	return fault.New(fault.RateLimited, CodePlaceTaken, "so many read the feed that another project was given the place").
		WithHint("connect again later, with fewer readers of this project, or let the server take more: --feed-readers")
}
