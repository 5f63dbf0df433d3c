package template

import "sync"

// Cache keeps compiled templates, so that a thousand emails of one template read it once. It is safe for concurrent use.
type Cache struct {
	most int
	mu   sync.Mutex
	kept map[string]*Compiled
	old  map[string]*Compiled
}

// NewCache makes a cache that keeps most templates at least, and twice as many at most.
func NewCache(most int) *Cache { return &Cache{most: most, kept: map[string]*Compiled{}} }

// Compile is Compile, or what it gave under the same key before: a key must never stand for two sources. An empty key keeps
// nothing.
func (c *Cache) Compile(key string, s Source) (*Compiled, []Problem) {
	if key == "" {
		return Compile(s)
	}
	c.mu.Lock()
	x, ok := c.kept[key]
	if !ok {
		x, ok = c.old[key]
	}
	c.mu.Unlock()
	var problems []Problem
	if !ok {
		x, problems = Compile(s)
	}
	if x != nil {
		c.keep(key, x)
	}
	return x, problems
}

func (c *Cache) keep(key string, x *Compiled) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.kept[key]; ok {
		return
	}
	if len(c.kept) >= c.most {
		c.kept, c.old = map[string]*Compiled{}, c.kept
	}
	c.kept[key] = x
}
