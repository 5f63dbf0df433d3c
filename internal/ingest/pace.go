package ingest

import (
	"runtime"
	"time"
)

const (
	minPatience = time.Millisecond
	maxPatience = 5 * time.Millisecond
	probeEvery  = 32
	// lull is how long nothing may have come for the pace to be forgotten.
	lull = 100 * time.Millisecond
)

// pace learns how many requests come at once, to know how long it pays to wait for more before an fsync. One fsync for
// each event is about 8 times slower than one for a hundred, but a fixed wait costs a third of the rate when few clients
// post (make bench, two processors). So a batch waits for as many entries as came together lately,
// and no longer than the last commit took, within 1 to 5 ms. The zero value knows nothing and waits for nobody.
type pace struct {
	crowd  int           // how many came together lately
	took   time.Duration // the last commit
	lonely int           // batches of one in a row
	last   time.Time     // when the last commit ended
}

// learn takes in that a batch was committed, how many entries came meanwhile, and how long it took.
func (p *pace) learn(batch, came int, took time.Duration) {
	seen := batch + came
	// A crowd is believed at once and forgotten a quarter at a time: batches differ in size.
	p.crowd = max(seen, p.crowd-max(1, p.crowd/4))
	p.took, p.last = took, time.Now()
	p.lonely++
	if seen > 1 {
		p.lonely = 0
	}
}

// next returns for how many entries the next batch should wait and for how long. One means not at all.
func (p *pace) next() (hope int, patience time.Duration) {
	if p.last.IsZero() || time.Since(p.last) > lull {
		p.crowd, p.lonely = 1, 0
		return 1, 0
	}
	patience = min(max(p.took, minPatience), maxPatience)
	if p.crowd > 1 {
		return p.hope(), patience
	}
	// On one processor nobody gets to run while a commit does, so a crowd at the door looks like one client that
	// comes again and again. Now and then it pays to stand still and look.
	if p.lonely >= probeEvery {
		p.lonely = 0
		return 2 * probeEvery, patience
	}
	return 1, 0
}

// overlapped is the crowd up to which half of it is waited for, so that one half is read and proved while the other is
// committed: waiting for all makes both take turns. In a larger crowd the pages that a batch shares save more than that
// (make bench, 64 and 256 connections).
const overlapped = 128

// hope is for how many entries to wait, of a crowd.
func (p *pace) hope() int {
	if p.crowd <= overlapped && runtime.GOMAXPROCS(0) > 1 {
		return (p.crowd + 1) / 2
	}
	return p.crowd // one processor does nothing at the same time anyway
}
