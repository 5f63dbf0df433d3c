package simulate

import "time"

// Expected is what Run of the options sums up of the world, without what it counts of posting.
func Expected(o Options) Summary {
	w := &world{opts: o.withDefaults(time.Now())}
	e, s := newExpectation(w), stream{world: w}
	for range o.Events {
		e.add(s.pull())
	}
	return e.summary()
}
