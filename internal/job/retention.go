package job

import (
	"context"
	"log/slog"
	"time"
)

// RetentionKind is the kind of the job that removes what was kept long enough.
const RetentionKind = "retention"

// Pass is what one bounded pass of retention removed.
type Pass struct {
	Receipts int64
	Events   int64
	Messages int64
	Sends    int64
	More     bool // there is more: another pass is needed
}

// Retention does the work of RetentionKind: it calls Retain until nothing is left.
type Retention struct {
	Retain func(ctx context.Context, now time.Time) (Pass, error)
	Now    func() time.Time
	Log    *slog.Logger
}

const (
	// minPause is the least time between two passes in which others get at the database.
	minPause         = 10 * time.Millisecond
	retentionTimeout = 6 * time.Hour
)

// Handler returns the handler. What a run removed is logged once, at its end, also where it was broken off.
func (r Retention) Handler() Handler {
	return Handler{
		Run:     func(ctx context.Context, _ Job) error { return r.run(ctx) },
		Timeout: retentionTimeout, Concurrency: 1, Interruptible: true,
	}
}

func (r Retention) run(ctx context.Context) error {
	var sum Pass
	defer func() {
		if sum != (Pass{}) {
			r.Log.InfoContext(ctx, "retention removed what was kept long enough",
				"events", sum.Events, "receipts", sum.Receipts, "messages", sum.Messages, "sends", sum.Sends)
		}
	}()
	for {
		began := r.Now()
		p, err := r.Retain(ctx, began)
		if err != nil {
			return err
		}
		sum.Receipts, sum.Events, sum.Messages = sum.Receipts+p.Receipts, sum.Events+p.Events, sum.Messages+p.Messages
		sum.Sends += p.Sends
		if !p.More {
			return nil
		}
		// As long as the pass took: at least half of the time belongs to ingest.
		if err := pause(ctx, max(r.Now().Sub(began), minPause)); err != nil {
			return err
		}
	}
}
