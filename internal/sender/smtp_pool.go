package sender

import (
	"context"
	"sync"
	"time"
)

// idleTime is how long a connection is kept that nobody uses. Servers end them after some minutes by themselves.
const idleTime = 20 * time.Second

// pool keeps connections that were used, and bounds how many there are.
type pool struct {
	connect func(context.Context) (*conn, error)
	slots   chan struct{} // one for each connection in use
	most    int           // emails of a connection

	mu     sync.Mutex
	idle   []*conn // the one used last is the last
	closed bool
}

func newPool(connections, perConnection int, connect func(context.Context) (*conn, error)) *pool {
	return &pool{connect: connect, slots: make(chan struct{}, connections), most: perConnection}
}

// get takes the idle connection that was used last, or makes one; it waits while too many are in use.
func (p *pool) get(ctx context.Context) (*conn, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, temporary(ReasonStopped, "all connections were in use when the work was stopped")
	}
	if c := p.take(); c != nil {
		return c, nil
	}
	c, err := p.connect(ctx)
	if err != nil {
		<-p.slots
		return nil, err
	}
	return c, nil
}

func (p *pool) take() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		c := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if c.timer.Stop() { // else it is being ended
			return c
		}
	}
	return nil
}

// put gives a connection back. One that is broken, old or not wanted any more ends.
func (p *pool) put(c *conn) {
	p.mu.Lock()
	keep := !c.broken && c.handed < p.most && !p.closed
	if keep {
		c.used = true
		c.timer = time.AfterFunc(idleTime, func() { p.drop(c) })
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if !keep {
		c.end()
	}
	<-p.slots
}

// drop ends a connection that lay idle.
func (p *pool) drop(c *conn) {
	p.mu.Lock()
	for i, x := range p.idle {
		if x == c {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			break
		}
	}
	p.mu.Unlock()
	c.end()
}

func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, c := range idle {
		if c.timer.Stop() {
			c.end()
		}
	}
}
