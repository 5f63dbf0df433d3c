package ingest

import "sync/atomic"

// load bounds what is worked on at once, so that a flood is turned away before it takes memory.
type load struct {
	maxRequests, maxBytes int64
	requests, bytes       atomic.Int64
}

// admit lets a request of at most size bytes in, or refuses it. The caller calls release when it is done.
func (l *load) admit(size int64) (release func(), err error) {
	release = func() {
		l.requests.Add(-1)
		l.bytes.Add(-size)
	}
	requests, bytes := l.requests.Add(1), l.bytes.Add(size)
	// A body as large as the whole bound is let in when it is alone.
	if requests > l.maxRequests || bytes > l.maxBytes && requests > 1 {
		release()
		return nil, overloaded("too many requests at once")
	}
	return release, nil
}
