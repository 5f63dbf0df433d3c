package app

import (
	"context"
	"time"

	"tidings/internal/receipt"
)

// announceEvery is how often other nodes are told of commits, at most.
const announceEvery = 50 * time.Millisecond

// commit stores entries and tells whoever follows the log, here and on other nodes.
func (a *App) commit(ctx context.Context, entries []*receipt.Entry) error {
	err := a.store.Commit(ctx, entries)
	a.grown()
	select {
	case a.committed <- struct{}{}:
	default:
	}
	return err
}

// announce tells other nodes of our commits until ctx is done.
func (a *App) announce(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.committed:
		}
		// The others look by themselves each second: a failure only makes them late.
		if err := a.store.Notify(ctx); err != nil && ctx.Err() == nil {
			a.log.DebugContext(ctx, "other nodes were not told of a commit", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(announceEvery):
		}
	}
}
