package simulate

import "math/rand/v2"

// item is one notification on its way out.
type item struct {
	fact     Fact
	identity bool // in the spelling of identity notifications
}

// disorder holds back a window of notifications and lets them go in any order, and puts in what real streams have:
// redelivered notifications, and facts told a second time in another spelling.
type disorder struct {
	window int
	noise  float64
	r      *rand.Rand
	held   []item

	respelled int64 // facts that were told a second time
}

// take adds a notification and passes on those that fall out of the window.
func (d *disorder) take(it item, out func(item) error) error {
	d.held = append(d.held, it)
	if d.r.Float64() < d.noise {
		d.held = append(d.held, it)
	}
	if !it.identity && it.fact.kind.identitySpelling() && d.r.Float64() < d.noise {
		d.held = append(d.held, item{fact: it.fact, identity: true})
		d.respelled++
	}
	for len(d.held) > d.window {
		if err := d.release(out); err != nil {
			return err
		}
	}
	return nil
}

// flush passes on everything that is held.
func (d *disorder) flush(out func(item) error) error {
	for len(d.held) > 0 {
		if err := d.release(out); err != nil {
			return err
		}
	}
	return nil
}

func (d *disorder) release(out func(item) error) error {
	i, last := d.r.IntN(len(d.held)), len(d.held)-1
	it := d.held[i]
	d.held[i] = d.held[last]
	d.held = d.held[:last]
	return out(it)
}
