package provider

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"tidings/event"
)

// ErrFull is what Background returns while too much waits. A handler answers it as Overloaded, with Retry-After, and the
// provider sends the request again later.
var ErrFull error = &Refusal{
	Cause: Overloaded, Code: "overloaded",
	Message: "the queue of events that wait for the listener is full: it takes them slower than they come",
}

// ErrClosed is what Background returns after Close was called, and what Failed is told of events that Close gave up.
var ErrClosed = errors.New("the background listener is closed")

const defaultQueue = 1024

// BackgroundOptions are what a Background takes. The zero value is ready to use, but tells nobody of failures.
type BackgroundOptions struct {
	// Queue is how many events may wait; 0 means 1,024. A request is taken whole or not at all: as long as fewer than
	// Queue wait, so that at most Queue events and those of one request do.
	Queue int
	// Workers is how many events are worked on at once; 0 means 1. Only a single worker keeps the order of arrival.
	Workers int
	// Failed gets each event that the listener returned an error for or panicked on, and those that Close gave up. The
	// event is not tried again. It may be called from several goroutines at once. Nil: nobody is told.
	Failed func(event.Event, error)
}

// Background tells a listener of events after the provider was answered, so that slow work does not keep it waiting. What
// waits is in memory: it is lost in a crash, and an event that fails is not sent again by the provider. What must not be
// lost is dealt with before, in a Handle of its own. It is safe for concurrent use. Every Background must be closed.
type Background struct {
	listener Listener
	failed   func(event.Event, error)
	limit    int
	work     context.Context // ends when Close gives up
	giveUp   context.CancelFunc
	drained  chan struct{} // closed by the last worker to end

	mu      sync.Mutex
	more    sync.Cond // the queue grew, or was closed
	queue   []waiting
	closed  bool
	workers int // that have not ended
}

// waiting is an event in the queue, with the context that it came with.
type waiting struct {
	ctx   context.Context
	event event.Event
}

// NewBackground starts the workers. They end by Close.
func NewBackground(l Listener, opt BackgroundOptions) *Background {
	if opt.Queue <= 0 {
		opt.Queue = defaultQueue
	}
	if opt.Failed == nil {
		opt.Failed = func(event.Event, error) {}
	}
	b := &Background{
		listener: Recover(l), failed: opt.Failed, limit: opt.Queue,
		drained: make(chan struct{}), workers: max(opt.Workers, 1),
	}
	b.more.L = &b.mu
	b.work, b.giveUp = context.WithCancel(context.Background())
	for range b.workers {
		go b.run()
	}
	return b
}

// Handle is a function of type Handle that queues the events of a request, all or none, and does not wait for anything.
// It returns ErrFull or ErrClosed. The listener gets the values of ctx, but not its end.
func (b *Background) Handle(ctx context.Context, events []event.Event) error {
	ctx = context.WithoutCancel(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return ErrClosed
	case len(b.queue) >= b.limit:
		return ErrFull
	}
	for _, e := range events {
		b.queue = append(b.queue, waiting{ctx, e})
	}
	b.more.Broadcast()
	return nil
}

// Listen is a Listener that queues one event, for use behind middleware that works before the provider is answered. It
// returns ErrFull or ErrClosed. Where it takes only some events of a request, the others come again together with them.
func (b *Background) Listen(ctx context.Context, e event.Event) error {
	return b.Handle(ctx, []event.Event{e})
}

// Close takes no more events and returns when those that wait were worked on. Where ctx ends before, it ends the context
// of the listeners that still run, hands what waits to Failed with ErrClosed, and returns an error that says how many
// those are. Call it after the HTTP server was shut down. Calling it again is allowed.
func (b *Background) Close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	b.more.Broadcast()
	b.mu.Unlock()
	select {
	case <-b.drained:
		b.giveUp()
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock() // what waits is taken first: a listener whose context ends must not begin the next event
	left, running := b.queue, b.workers
	b.queue = nil
	b.mu.Unlock()
	b.giveUp()
	for _, w := range left {
		b.failed(w.event, ErrClosed)
	}
	if len(left) == 0 && running == 0 {
		return nil
	}
	return fmt.Errorf("close background listener: %d events not begun, %d workers still busy: %w",
		len(left), running, context.Cause(ctx))
}

func (b *Background) run() {
	for {
		w, ok := b.next()
		if !ok {
			return
		}
		b.tell(w)
	}
}

// next waits for an event. It is false once the queue is closed and empty, and the worker then counts as ended.
func (b *Background) next() (waiting, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.queue) == 0 {
		if b.closed {
			if b.workers--; b.workers == 0 {
				close(b.drained)
			}
			return waiting{}, false
		}
		b.more.Wait()
	}
	w := b.queue[0]
	b.queue[0] = waiting{} // a request's body is held no longer than its events
	b.queue = b.queue[1:]
	return w, true
}

func (b *Background) tell(w waiting) {
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	defer context.AfterFunc(b.work, cancel)()
	if err := b.listener(ctx, w.event); err != nil {
		b.failed(w.event, err)
	}
}
