package store

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// PlaceAt is a position in the log after which all events lie that were stored at a time or later. What is committed at about
// the same moment may stand in another order than that of the clock: ask for a time that is a little earlier, and look at
// ReceivedAt.
func (s *Store) PlaceAt(ctx context.Context, when time.Time) (at Position, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		f := &finder{ctx: ctx, c: c, log: s.engine.walk()}
		at, err = f.place(ms(when))
		return err
	})
	if err != nil {
		return at, fmt.Errorf("find a place in the log: %w", err)
	}
	return at, nil
}

// finder finds a place by halves: the log has no index by time, and needs none.
type finder struct {
	ctx context.Context //nolint:containedctx // it lives for one read
	c   conn
	log logOrder
}

type mark struct {
	at       Position
	number   int64 // what the order begins with
	received int64
}

func (f *finder) row(rest string, args ...any) (m mark, found bool, err error) {
	var transaction string
	found, err = one(f.ctx, f.c, `SELECT `+f.log.place+`, `+f.log.number+`, e.received_at FROM events e WHERE `+rest+` LIMIT 1`,
		args,
		&transaction, &m.at.Seq, &m.number, &m.received)
	if err != nil || !found {
		return m, found, err
	}
	m.at.Transaction, err = strconv.ParseUint(transaction, 10, 64)
	return m, true, err
}

func (f *finder) place(when int64) (Position, error) {
	first, found, err := f.row(`1 = 1 ORDER BY ` + f.log.order)
	if err != nil || !found || first.received >= when {
		return Position{}, err
	}
	last, _, err := f.row(`1 = 1 ORDER BY ` + f.log.newest)
	if err != nil || last.received < when {
		return last.at, err
	}
	before, low, high := first, first.number+1, last.number // the first that is late enough has a number of low to high
	for low < high {
		middle := low + (high-low)/2
		m, found, err := f.row(f.log.from+` ORDER BY `+f.log.order, f.log.args(Position{Transaction: uint64(middle), Seq: middle})[0])
		if err != nil {
			return Position{}, err
		}
		if !found || m.received >= when {
			high = middle
			continue
		}
		before, low = m, m.number+1
	}
	return before.at, nil
}
