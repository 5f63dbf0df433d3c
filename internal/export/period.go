package export

import "time"

// Every is how often an export is due.
type Every string

// The periods, in UTC. The empty one is Hour.
const (
	Hour Every = "hour"
	Day  Every = "day"
)

// Grace is how long after the end of a period its run begins, so that what was under way has been stored.
const Grace = 15 * time.Second

func (e Every) length() time.Duration {
	if e == Day {
		return 24 * time.Hour
	}
	return time.Hour
}

// Last is the last period that is over: from its begin until its end.
func (e Every) Last(now time.Time) (from, to time.Time) {
	to = now.Add(-Grace).UTC().Truncate(e.length())
	return to.Add(-e.length()), to
}

// Next is when the period that a moment is in is over and due.
func (e Every) Next(now time.Time) time.Time {
	_, to := e.Last(now)
	return to.Add(e.length() + Grace)
}

// Label names the run of a period, and its files: "2026-11-22_13-00" is the hour from 13:00 on, "2026-11-22" a day.
func (e Every) Label(from time.Time) string {
	if e == Day {
		return from.UTC().Format("2006-01-02")
	}
	return from.UTC().Format("2006-01-02_15-04")
}

// ByHand names a run that somebody asked for, by its time to the millisecond.
func ByHand(now time.Time) string {
	return now.UTC().Format("2006-01-02_15-04-05") + "-" + now.UTC().Format(".000")[1:]
}

// Again is how long after the n-th failure in a row a run is tried again: from a minute to an hour.
func Again(failures int) time.Duration {
	return min(time.Minute<<min(max(failures-1, 0), 10), time.Hour)
}

// StuckAfter is how long an export may fail before it is said to be stuck. It is tried on all the same.
const StuckAfter = 24 * time.Hour
