package dispatch

import (
	"net/http"
	"strconv"
	"time"
)

// pauses are the longest ones before the second try, the third, and so on; the last is that of all after it. A pause is
// anything up to them (full jitter), so that endpoints which failed together are not tried together.
var pauses = [...]time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour,
	6 * time.Hour,
}

const (
	minPause = time.Second
	// MaxRetryAfter is how far away a receiver can put the next try: it cannot make itself forgotten.
	MaxRetryAfter = 6 * time.Hour
)

// Again is when a dispatch is tried again whose try with a number (from 1) failed at a time. random is 0 to 1. after is what
// the receiver asked for, zero where it did not. ok is false where that would be too late: it is given up.
func Again(try int, failed, first time.Time, within time.Duration, after time.Time, random float64) (due time.Time, ok bool) {
	most := pauses[min(max(try, 1), len(pauses))-1]
	due = failed.Add(max(time.Duration(random*float64(most)), minPause))
	if after.After(due) {
		due = after
	}
	last := first.Add(within)
	switch {
	case !due.After(last):
		return due, true
	case failed.Before(last): // one last try when time is up
		return last, true
	}
	return time.Time{}, false
}

// RetryAfter reads when a receiver wants to be asked again: a number of seconds, or a time (RFC 9110, 10.2.3). Zero: it does not
// say, or nothing that makes sense. What is further away than most is that far away.
func RetryAfter(text string, now time.Time, most time.Duration) time.Time {
	until := time.Time{}
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		until = now.Add(time.Duration(n) * time.Second)
	} else if t, err := http.ParseTime(text); err == nil && t.After(now) {
		until = t.UTC()
	}
	if last := now.Add(most); until.After(last) {
		return last
	}
	return until
}
