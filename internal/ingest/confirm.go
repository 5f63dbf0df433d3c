package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"tidings/internal/fault"
	"tidings/internal/netguard"
	"tidings/internal/source"
)

// ConfirmationStore is where subscriptions that ask to be confirmed are stored.
type ConfirmationStore interface {
	// Confirmations lists those of a source, newest first.
	Confirmations(ctx context.Context, sourceRef int64) ([]source.Confirmation, error)
	// MarkConfirmed notes how a try ended: confirmed at a time, or with a problem.
	MarkConfirmed(ctx context.Context, id int64, at time.Time, problem string) error
}

const (
	confirmBytes   = 64 << 10
	confirmTimeout = 10 * time.Second
	confirmAtOnce  = 4
)

// Confirmer tells providers that a subscription is wanted. Make it with NewConfirmer.
type Confirmer struct {
	client *netguard.Client
	store  ConfirmationStore
	now    func() time.Time
	log    *slog.Logger

	ctx     context.Context // of what goes on behind the requests; ends when Close can't wait any longer
	stop    context.CancelFunc
	slots   chan struct{}
	running sync.WaitGroup
}

// NewConfirmer makes a Confirmer that asks through client. Close it.
func NewConfirmer(client *netguard.Client, store ConfirmationStore, now func() time.Time, log *slog.Logger) *Confirmer {
	ctx, stop := context.WithCancel(context.Background())
	return &Confirmer{
		client: client, store: store, now: now, log: log, ctx: ctx, stop: stop, slots: make(chan struct{}, confirmAtOnce),
	}
}

// Fetch calls the URL of a subscription, which confirms it. It notes nothing. Confirming twice is harmless. A refusal by
// the provider is a Conflict; what may work later is Unavailable.
func (c *Confirmer) Fetch(ctx context.Context, s source.Confirmation) error {
	resp, err := c.client.Get(ctx, s.URL, confirmBytes)
	switch {
	case err != nil:
		return fmt.Errorf("confirm subscription: %w", err)
	case resp.Status >= http.StatusOK && resp.Status < http.StatusMultipleChoices:
		return nil
	case resp.Status >= http.StatusInternalServerError:
		return fault.New(fault.Unavailable, "confirmation_failed", "the provider answered with status %d", resp.Status)
	}
	return fault.New(fault.Conflict, "confirmation_refused", "the provider answered with status %d", resp.Status).
		WithHint("a request to confirm is good for three days: subscribe again")
}

// Later confirms a subscription that was stored, behind the caller's back, and notes how it ended. One that is already
// confirmed stays as it is. Where too much goes on already it is left for a person, who finds it with the source.
func (c *Confirmer) Later(ctx context.Context, s source.Confirmation) {
	select {
	case c.slots <- struct{}{}:
	default:
		c.log.WarnContext(ctx, "too many subscriptions ask to be confirmed at once, this one waits for a person", "topic", s.Topic)
		return
	}
	c.running.Go(func() {
		defer func() { <-c.slots }()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), confirmTimeout)
		defer cancel()
		defer context.AfterFunc(c.ctx, cancel)() //nolint:contextcheck // the Confirmer's end, beside the request's own
		if err := c.confirm(ctx, s); err != nil {
			c.log.WarnContext(ctx, "subscription not confirmed", "topic", s.Topic, "error", err)
		}
	})
}

func (c *Confirmer) confirm(ctx context.Context, s source.Confirmation) error {
	list, err := c.store.Confirmations(ctx, s.SourceRef)
	if err != nil {
		return fmt.Errorf("list confirmations: %w", err)
	}
	for _, stored := range list {
		if stored.Key != s.Key {
			continue
		}
		if !stored.ConfirmedAt.IsZero() {
			return nil
		}
		return c.note(ctx, stored.ID, c.Fetch(ctx, s))
	}
	return fault.Missing("the subscription is not among the stored ones")
}

func (c *Confirmer) note(ctx context.Context, id int64, outcome error) error {
	at, problem := c.now(), ""
	if outcome != nil {
		at, problem = time.Time{}, outcome.Error()
	}
	if err := c.store.MarkConfirmed(context.WithoutCancel(ctx), id, at, problem); err != nil {
		return fmt.Errorf("note confirmation: %w", err)
	}
	return outcome
}

// Close waits for what goes on, until ctx ends; then it breaks it off.
func (c *Confirmer) Close(ctx context.Context) {
	defer context.AfterFunc(ctx, c.stop)()
	c.running.Wait()
	c.stop()
}
