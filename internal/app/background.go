package app

import (
	"context"
	"time"
)

// retainEvery is the pause between two passes of retention.
const retainEvery = time.Hour

// background is the periodic work of a server. It ends with ctx.
func (a *App) background(ctx context.Context) error {
	tick := time.NewTicker(retainEvery)
	defer tick.Stop()
	for {
		a.retain(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// retain removes what is older than it has to be kept, in small transactions, so that ingest beside it does not wait.
func (a *App) retain(ctx context.Context) {
	for more := true; more && ctx.Err() == nil; {
		removed, err := a.store.Retain(ctx, time.Now())
		if err != nil {
			if ctx.Err() == nil {
				a.log.ErrorContext(ctx, "retention", "error", err)
			}
			return
		}
		more = removed.More
		if removed.Events+removed.Receipts+removed.Messages > 0 {
			a.log.InfoContext(ctx, "retention removed what was kept long enough",
				"events", removed.Events, "receipts", removed.Receipts, "messages", removed.Messages)
		}
	}
}
