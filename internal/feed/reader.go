package feed

import (
	"context"
	"sync"

	"tidings/event"
)

// Reader is somebody who reads the feed. One goroutine uses it.
type Reader struct {
	hub    *Hub
	stream *stream
	match  func(*event.Event) bool
	at     Position
	gone   chan struct{} // closed when another project was given the place
	once   sync.Once
}

// At is the position up to which everything was returned or did not match.
func (r *Reader) At() Position { return r.at }

// Next returns the next events that match, in the order of the log. It waits until there are some or ctx is done; then,
// and when the hub is closed or another project was given the place, the error says so. A reader that is far behind catches
// up from the store: between two of its pages Next may return no event and no error.
func (r *Reader) Next(ctx context.Context) ([]Entry, error) {
	for {
		if err := r.over(ctx); err != nil {
			return nil, err
		}
		list, grown, ok := r.stream.after(r.at)
		if !ok {
			return r.catchUp(ctx)
		}
		if len(list) == 0 {
			select {
			case <-grown:
			case <-ctx.Done():
			case <-r.gone:
			case <-r.hub.ctx.Done():
			}
			continue
		}
		r.at = list[len(list)-1].At
		if list = r.filtered(list); len(list) > 0 {
			return list, nil
		}
	}
}

func (r *Reader) over(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.hub.ctx.Err() != nil {
		return errClosing()
	}
	select {
	case <-r.gone:
		return errPlaceTaken()
	default:
		return nil
	}
}

// catchUp reads a page of the store.
func (r *Reader) catchUp(ctx context.Context) ([]Entry, error) {
	list, err := r.stream.past(ctx, r.at)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 { // what lay before the ring is gone
		r.stream.mu.RLock()
		r.at = r.stream.floor
		r.stream.mu.RUnlock()
		return nil, nil
	}
	r.at = list[len(list)-1].At
	return r.filtered(list), nil
}

func (r *Reader) filtered(list []Entry) []Entry {
	if r.match == nil {
		return list
	}
	var some []Entry
	for _, e := range list {
		if r.match(e.Event) {
			some = append(some, e)
		}
	}
	return some
}

// Close ends the reader.
func (r *Reader) Close() { r.once.Do(func() { r.hub.leave(r) }) }
