package feed

import (
	"context"
	"sort"
	"sync"
	"time"
)

const (
	// page is how many events are read at once.
	page = 500
	// ringEntries and ringBytes bound what is kept for readers that are a little behind; those further behind read the
	// store.
	ringEntries = 4096
	ringBytes   = 16 << 20
	// pastPages are how many pages of the store are kept for others who are behind at the same place.
	pastPages = 4
	// rest is the pause between two looks at the log: what is committed meanwhile is told together. With many readers
	// it is longer, because each look is as many writes as there are readers.
	rest       = 20 * time.Millisecond
	restOfMany = 100 * time.Millisecond
	many       = 50
)

// stream is the newest part of one project's log.
type stream struct {
	hub     *Hub
	project string
	wake    chan struct{}
	ctx     context.Context //nolint:containedctx // of its goroutine
	stop    context.CancelFunc
	members []*Reader // guarded by the hub; the newest is the last

	mu    sync.RWMutex
	floor Position // everything after it up to end is in ring
	end   Position
	ring  []Entry
	bytes int
	grown chan struct{} // closed when end moves

	behind sync.Mutex // held while the store is read for somebody who is behind: they read one after the other
	pages  []pastPage
}

// pastPage is a page of the log that was read for somebody.
type pastPage struct {
	after Position
	list  []Entry
}

func newStream(h *Hub, project string, end Position) *stream {
	s := &stream{
		hub: h, project: project, wake: make(chan struct{}, 1), floor: end, end: end, grown: make(chan struct{}),
	}
	s.ctx, s.stop = context.WithCancel(h.ctx)
	return s
}

// run reads the log until the last reader left.
func (s *stream) run() {
	poll := time.NewTicker(s.hub.Poll)
	defer poll.Stop()
	ill := false
	for {
		more, err := s.advance()
		if err != nil && s.ctx.Err() == nil && !ill {
			s.hub.Log.ErrorContext(s.ctx, "the feed can't read the log, and tries again", "error", err)
		}
		ill = err != nil
		if more {
			if !s.pause(s.rest()) {
				return
			}
			continue
		}
		select {
		case <-s.ctx.Done():
			return
		case <-s.wake:
		case <-poll.C:
		}
		if !s.pause(s.rest()) {
			return
		}
	}
}

func (s *stream) rest() time.Duration {
	if s.hub.Readers() > many {
		return restOfMany
	}
	return rest
}

// pause reports whether there is anything to do after it.
func (s *stream) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}

// advance reads what was committed since, and reports whether there may be more.
func (s *stream) advance() (more bool, err error) {
	list, err := s.hub.Follow(s.ctx, s.project, s.head(), page)
	if err != nil || len(list) == 0 {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ring = append(s.ring, list...)
	for i := range list {
		s.bytes += len(list[i].Text)
	}
	s.end = list[len(list)-1].At
	s.trim()
	close(s.grown)
	s.grown = make(chan struct{})
	return len(list) == page, nil
}

// trim lets go of the oldest entries.
func (s *stream) trim() {
	drop := 0
	for len(s.ring)-drop > ringEntries || s.bytes > ringBytes && drop < len(s.ring)-1 {
		s.bytes -= len(s.ring[drop].Text)
		s.floor = s.ring[drop].At
		drop++
	}
	if drop > 0 {
		s.ring = append(make([]Entry, 0, len(s.ring)-drop+page), s.ring[drop:]...)
	}
}

func (s *stream) head() Position {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.end
}

// after returns what the ring has after a position; ok is false where the ring does not reach back to it. Where there
// is nothing yet, grown tells when there is.
func (s *stream) after(at Position) (list []Entry, grown <-chan struct{}, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if at.less(s.floor) {
		return nil, nil, false
	}
	list = s.ring[following(s.ring, at):]
	return list[:min(len(list), page):min(len(list), page)], s.grown, true
}

// past returns a page of what the store has after a position. All who were cut off together, as by a restart, come back
// together and are at the same place or nearly: the page that was read for the first of them does for all.
func (s *stream) past(ctx context.Context, at Position) ([]Entry, error) {
	s.behind.Lock()
	defer s.behind.Unlock()
	for _, p := range s.pages {
		if !at.less(p.after) && at.less(p.list[len(p.list)-1].At) {
			return p.list[following(p.list, at):], nil
		}
	}
	list, err := s.hub.Follow(ctx, s.project, at, page)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	s.pages = append(s.pages[max(0, len(s.pages)-pastPages+1):], pastPage{at, list})
	return list, nil
}

// following is the index of the first entry after a position.
func following(list []Entry, at Position) int {
	return sort.Search(len(list), func(i int) bool { return at.less(list[i].At) })
}
