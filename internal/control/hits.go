package control

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"tidings/event"
	"tidings/internal/fault"
	"tidings/internal/link"
	"tidings/internal/receipt"
)

// Hit is an email that was opened, or a link of one that was followed.
type Hit struct {
	Link link.Link
	Visitor
	Prefetch bool // the program says that nobody looks at it yet
}

const (
	defaultHitPatience = 300 * time.Millisecond
	// hitTimeout is how long storing may take.
	hitTimeout = 10 * time.Second
	// maxHits are stored at once; more are not counted, and lead where they lead all the same.
	maxHits = 1024
)

// The signals of machines that only the request itself shows: it said that it fetches ahead, or not what program it is of.
const (
	signalPrefetch = "prefetch"
	signalNoAgent  = "no_user_agent"
)

// hits are those under way.
type hits struct {
	mu     sync.Mutex
	under  sync.WaitGroup
	n      int
	closed bool
}

func (h *hits) begin() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.n >= maxHits {
		return false
	}
	h.n++
	h.under.Add(1)
	return true
}

func (h *hits) end() {
	h.mu.Lock()
	h.n--
	h.mu.Unlock()
	h.under.Done()
}

// CloseHits takes no more hits and waits for those under way, until ctx ends.
func (c *Control) CloseHits(ctx context.Context) {
	c.hits.mu.Lock()
	c.hits.closed = true
	c.hits.mu.Unlock()
	done := make(chan struct{})
	go func() { c.hits.under.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// Count stores a hit as an event. It returns once it is stored, or after HitPatience, while it goes on beside: nobody waits for a
// page because a disk is slow. An error tells why it is not counted.
func (c *Control) Count(ctx context.Context, h Hit) error {
	now := c.Now().UTC().Truncate(time.Millisecond)
	if err := c.LinkUses.take(fmt.Sprint(h.Link.Kind, h.Link.Ref), now, CodeRateLimited, "counted of this email"); err != nil {
		return err
	}
	if !c.hits.begin() {
		return fault.New(fault.Unavailable, "overloaded", "too many opens and clicks wait to be stored")
	}
	stored := make(chan error, 1)
	go func() {
		defer c.hits.end()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hitTimeout)
		defer cancel()
		stored <- c.storeHit(ctx, &h, now)
	}()
	patience := time.NewTimer(cmp.Or(c.HitPatience, defaultHitPatience))
	defer patience.Stop()
	select {
	case err := <-stored:
		return err
	case <-patience.C:
		return nil
	}
}

func (c *Control) storeHit(ctx context.Context, h *Hit, now time.Time) error {
	a, err := c.Store.Addressee(ctx, h.Link.Project, h.Link.Contact)
	if err != nil || a.Address == "" {
		return err
	}
	e := event.Event{Name: event.EmailOpen, OccurredAt: now, Open: &event.Engagement{}, Client: h.client()}
	if h.Link.Kind == link.Click {
		e.Name, e.Open, e.Click = event.EmailClick, nil, &event.Engagement{URL: h.Link.Target, LinkTags: h.Link.Tags}
	}
	client := event.Client{}
	if e.Client != nil {
		client = *e.Client
	}
	signal := ""
	switch {
	case h.Prefetch:
		signal = signalPrefetch
	case client.UserAgent == "": // a provider may not tell it, but we saw the request
		signal = signalNoAgent
	}
	if signal != "" {
		e.Automation = &event.Automation{Verdict: event.Machine, Signals: []string{signal}}
	}
	entry, err := c.linkEntry(ctx, &a, h.Link.Ref, e, client.IP, client.UserAgent, h.Link.Target, signal)
	if err != nil {
		return err
	}
	return c.submitLink(ctx, entry)
}

func (c *Control) submitLink(ctx context.Context, entry *receipt.Entry) error {
	if err := c.Submit(ctx, entry); err != nil {
		return fmt.Errorf("store what a link said: %w", err)
	}
	return nil
}
