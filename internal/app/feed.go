package app

import (
	"context"
	"fmt"
	"time"

	"tidings/internal/api"
	"tidings/internal/feed"
	"tidings/internal/receipt"
	"tidings/internal/store"
)

// announceEvery is how often other nodes are told of commits, at most.
const announceEvery = 50 * time.Millisecond

// newFeed makes the live feed over the log of a store.
func (a *App) newFeed() *feed.Hub {
	return feed.NewHub(feed.Options{
		Follow: func(ctx context.Context, project string, after feed.Position, limit int) ([]feed.Entry, error) {
			list, err := a.store.Follow(ctx, project, store.Position(after), limit)
			if err != nil {
				return nil, fmt.Errorf("follow the log: %w", err)
			}
			entries := make([]feed.Entry, len(list))
			for i := range list {
				entries[i] = feed.Entry{At: feed.Position(list[i].At), Event: &list[i].Event}
			}
			return entries, nil
		},
		End: func(ctx context.Context) (feed.Position, error) {
			end, err := a.store.End(ctx)
			return feed.Position(end), err
		},
		Encode: api.EncodeEvent, Most: a.config.FeedReaders, Log: a.log,
	})
}

// commit stores entries and tells whoever follows the log, here and on other nodes.
func (a *App) commit(ctx context.Context, entries []*receipt.Entry) error {
	err := a.store.Commit(ctx, entries)
	a.feed.Wake()
	select {
	case a.committed <- struct{}{}:
	default:
	}
	return err
}

// announce tells other nodes of our commits until ctx is done.
func (a *App) announce(ctx context.Context) error {
	rest := time.NewTicker(announceEvery)
	defer rest.Stop()
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
		case <-rest.C:
		}
	}
}
