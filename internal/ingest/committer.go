package ingest

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tidings/internal/fault"
	"tidings/internal/receipt"
)

// CommitterOptions say how entries are put into transactions. Zero values have the defaults below.
type CommitterOptions struct {
	// Commit stores entries in one transaction and fills their outcomes; an error means that nothing was stored.
	// Giving it the same entry again must be harmless.
	Commit func(context.Context, []*receipt.Entry) error
	// Workers is how many transactions may run at once: 1 for a database with one writer.
	Workers int
	// MaxEvents and MaxBytes bound one transaction. An entry that is larger gets a transaction of its own.
	MaxEvents, MaxBytes int
	// QueueEntries and QueueBytes bound what waits. Over either, Submit refuses at once.
	QueueEntries, QueueBytes int
	// MaxWait is how long the oldest entry may have waited before new ones are refused: a stuck disk must not make
	// providers time out.
	MaxWait time.Duration
	// Deadline bounds one transaction with all its retries.
	Deadline time.Duration

	Log   *slog.Logger // nil: none
	Meter Meter        // nil: none
}

const (
	defaultMaxEvents    = 1000
	defaultMaxBytes     = 1 << 20
	defaultQueueEntries = 4096
	defaultQueueBytes   = 64 << 20
	defaultMaxWait      = 2 * time.Second
	defaultDeadline     = 10 * time.Second
	eventOverhead       = 512 // bytes that an event in memory takes beside its texts, about
)

// Committer stores entries in groups, because the price of a transaction is one fsync however much is in it. It
// commits at once when one request comes at a time and gathers for up to 5 ms when several do. Make it with
// NewCommitter.
type Committer struct {
	CommitterOptions

	mu     sync.Mutex
	queue  []*waiting
	events int // in the queue
	bytes  int // in the queue
	closed bool
	pace   pace
	wanted int           // queue length from which a gathering worker wants to be woken; 0: nobody gathers
	wake   chan struct{} // capacity 1; to the one worker that leads
	lead   chan struct{} // holds a token: who has it takes the next batch

	stop    context.CancelFunc
	workers sync.WaitGroup
}

// waiting is one entry in the queue.
type waiting struct {
	entry  *receipt.Entry
	events int
	bytes  int
	since  time.Time
	done   chan error // capacity 1
}

// NewCommitter starts the workers. Close stops them.
func NewCommitter(o CommitterOptions) *Committer {
	defaults(&o.Workers, 1)
	defaults(&o.MaxEvents, defaultMaxEvents)
	defaults(&o.MaxBytes, defaultMaxBytes)
	defaults(&o.QueueEntries, defaultQueueEntries)
	defaults(&o.QueueBytes, defaultQueueBytes)
	defaults(&o.MaxWait, defaultMaxWait)
	defaults(&o.Deadline, defaultDeadline)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Meter == nil {
		o.Meter = noMeter{}
	}
	ctx, stop := context.WithCancel(context.Background())
	c := &Committer{
		CommitterOptions: o, stop: stop, wake: make(chan struct{}, 1), lead: make(chan struct{}, 1),
	}
	c.lead <- struct{}{}
	for range o.Workers {
		c.workers.Go(func() { c.work(ctx) })
	}
	return c
}

// Submit waits until an entry is on disk, its Outcome filled, or was refused. It returns Unavailable where there is too
// much already or the committer closes. When ctx ends first it returns a Timeout, and the entry may be stored all the
// same: the caller must leave it alone.
func (c *Committer) Submit(ctx context.Context, e *receipt.Entry) error {
	w := &waiting{entry: e, since: time.Now(), done: make(chan error, 1)}
	w.events, w.bytes = weigh(e)
	if err := c.enqueue(w); err != nil {
		return err
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return fault.Wrap(fault.Timeout, "gave_up", ctx.Err(), "the request ended before it was stored")
	}
}

// weigh returns how many events an entry counts for, at least one, and about how many bytes it takes.
func weigh(e *receipt.Entry) (events, bytes int) {
	bytes = len(e.Keep) + eventOverhead
	for i := range e.Events {
		bytes += len(e.Events[i].Detail) + len(e.Events[i].Info) + eventOverhead
	}
	return max(1, len(e.Events)), bytes
}

func (c *Committer) enqueue(w *waiting) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return fault.New(fault.Unavailable, CodeShuttingDown, "the server is shutting down")
	case len(c.queue) >= c.QueueEntries, len(c.queue) > 0 && c.bytes+w.bytes > c.QueueBytes:
		return overloaded("too many requests wait to be stored")
	case len(c.queue) > 0 && w.since.Sub(c.queue[0].since) > c.MaxWait:
		return overloaded("storing takes too long at the moment")
	}
	c.queue = append(c.queue, w)
	c.events += w.events
	c.bytes += w.bytes
	if c.wanted > 0 && c.ripe(c.wanted) {
		c.signal()
	}
	return nil
}

func overloaded(message string) error {
	return fault.New(fault.Unavailable, CodeOverloaded, "%s", message)
}

// ripe tells whether a batch should be taken now, where n entries were hoped for.
func (c *Committer) ripe(n int) bool {
	return len(c.queue) >= n || c.events >= c.MaxEvents || c.bytes >= c.MaxBytes || c.closed
}

func (c *Committer) signal() {
	select {
	case c.wake <- struct{}{}:
	default: // it is awake already
	}
}

// work takes batches and commits them, one after the other, until the committer is closed and its queue is empty.
func (c *Committer) work(ctx context.Context) {
	for {
		<-c.lead
		batch := c.gather()
		c.lead <- struct{}{}
		if batch == nil {
			return
		}
		start := time.Now()
		c.commit(ctx, batch)
		took := time.Since(start)
		c.mu.Lock()
		c.pace.learn(len(batch), len(c.queue), took)
		c.mu.Unlock()
		c.Meter.Committed(len(batch), took)
	}
}

// gather waits for the first entry, then for as many more as the pace lets hope for, and takes them. It returns nil
// when the committer is closed and nothing is left.
func (c *Committer) gather() []*waiting {
	c.await(1, nil)
	c.mu.Lock()
	hope, patience := c.pace.next()
	c.mu.Unlock()
	if hope > 1 {
		timer := time.NewTimer(patience)
		c.await(hope, timer.C)
		timer.Stop()
	}
	return c.take()
}

// await returns when the queue is ripe for n entries, or at the deadline; nil means none.
func (c *Committer) await(n int, deadline <-chan time.Time) {
	for {
		c.mu.Lock()
		ready := c.ripe(n)
		c.wanted = n
		if ready {
			c.wanted = 0
		}
		c.mu.Unlock()
		if ready {
			return
		}
		select {
		case <-c.wake: // the queue may have been taken since: look again
		case <-deadline:
			c.mu.Lock()
			c.wanted = 0
			c.mu.Unlock()
			return
		}
	}
}

func (c *Committer) take() []*waiting {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, events, bytes := 0, 0, 0
	for _, w := range c.queue {
		if n > 0 && (events+w.events > c.MaxEvents || bytes+w.bytes > c.MaxBytes) {
			break
		}
		n, events, bytes = n+1, events+w.events, bytes+w.bytes
	}
	if n == 0 {
		return nil
	}
	batch := append([]*waiting(nil), c.queue[:n]...)
	rest := copy(c.queue, c.queue[n:])
	clear(c.queue[rest:])
	c.queue = c.queue[:rest]
	c.events -= events
	c.bytes -= bytes
	return batch
}

// Queue tells how many entries wait for a place in a transaction, and how much memory they take, about.
func (c *Committer) Queue() (entries, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queue), c.bytes
}

// Close refuses new entries, waits until all that wait are committed, and stops the workers. When ctx ends first, what
// is left fails with an error and Close returns why.
func (c *Committer) Close(ctx context.Context) error {
	c.mu.Lock()
	c.closed = true
	c.signal()
	c.mu.Unlock()
	drained := make(chan struct{})
	go func() { c.workers.Wait(); close(drained) }()
	defer c.stop()
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
		c.stop()
		<-drained
		return fault.Wrap(fault.Timeout, CodeShuttingDown, ctx.Err(), "not everything could be stored before the end")
	}
}

// defaults sets a zero option.
func defaults[T int | int64 | time.Duration](option *T, value T) {
	if *option == 0 {
		*option = value
	}
}
