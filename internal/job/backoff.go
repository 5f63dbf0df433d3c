package job

import (
	"errors"
	"time"
)

const (
	backoffBase = time.Second
	backoffCap  = time.Hour
)

// Backoff is the pause after a failed attempt, the first being 1: a random part of one second that doubles with each
// attempt, up to one hour. random is from 0 to just below 1. All of it is random ("full jitter"), so that jobs that
// failed together do not come back together.
func Backoff(attempt int, random float64) time.Duration {
	most := backoffCap
	if doublings := max(attempt, 1) - 1; doublings < 12 {
		most = min(backoffBase<<doublings, backoffCap)
	}
	return time.Duration(random * float64(most))
}

// Cancel marks an error that no further attempt can mend: the job is parked at once. A nil error stays nil.
func Cancel(err error) error {
	if err == nil {
		return nil
	}
	return &cancelled{err}
}

type cancelled struct{ err error }

func (c *cancelled) Error() string { return c.err.Error() }
func (c *cancelled) Unwrap() error { return c.err }

func isCancelled(err error) bool {
	_, is := errors.AsType[*cancelled](err)
	return is
}
