package runmodel

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"
)

// place is a time zone that is known to be there.
func place(zone string) *time.Location {
	l, err := time.LoadLocation(zone)
	if err != nil {
		panic(err) // the model draws no other
	}
	return l
}

// clockOf is what a clock on the wall shows.
func clockOf(t time.Time) string { return t.Format("15:04") }

func dayOf(t time.Time) string { return strings.ToLower(t.Format("Mon")) }

// timeOfDay looks from minute to minute for the first one of a day at which the clock shows a time of day, or has passed it
// over, that is not over at a time.
func timeOfDay(at string, days []string, zone string, after time.Time) time.Time {
	where := place(zone)
	fits := func(t time.Time) bool {
		return (len(days) == 0 || slices.Contains(days, dayOf(t))) && clockOf(t) >= at
	}
	// From before the midnight that the day began with, so that the first of all minutes of this day that fit is found.
	t := after.Truncate(time.Minute).Add(-26 * time.Hour).In(where)
	for before := t; ; before, t = t, t.Add(time.Minute) {
		began := before.Format(time.DateOnly) == t.Format(time.DateOnly) && fits(before)
		first := fits(t) && !began && !passed(at, days, t)
		if first && t.Add(time.Minute).After(after) {
			return t.UTC()
		}
	}
}

// passed reports whether the clock showed the time of day before on this day, and was put back since.
func passed(at string, days []string, t time.Time) bool {
	for m := 1; m <= 3*60; m++ {
		earlier := t.Add(-time.Duration(m) * time.Minute)
		if earlier.Format(time.DateOnly) == t.Format(time.DateOnly) && clockOf(earlier) >= at {
			return true
		}
	}
	return false
}

// quietUntil looks from minute to minute for the end of quiet hours; the zero time: it is not quiet.
func (q *Quiet) quietUntil(now time.Time, zone string) time.Time {
	if q.Zone != "" {
		zone = q.Zone
	}
	quiet := func(t time.Time) bool {
		shown := clockOf(t.In(place(zone)))
		if q.From < q.To {
			return shown >= q.From && shown < q.To
		}
		return shown >= q.From || shown < q.To
	}
	if !quiet(now) {
		return time.Time{}
	}
	t := now.Truncate(time.Minute)
	for quiet(t) {
		t = t.Add(time.Minute)
	}
	return t
}

// drawn is the place among weights that chance gives to an address, for ever the same.
func drawn(email, seed string, weights []int) int {
	sum := sha256.Sum256([]byte(email + ":" + seed))
	n := uint64(binary.BigEndian.Uint32(sum[:4]))
	if slices.Min(weights) == slices.Max(weights) {
		return int(n % uint64(len(weights)))
	}
	total := uint64(0)
	for _, w := range weights {
		total += uint64(w) //nolint:gosec // they are small
	}
	below := uint64(0)
	for i, w := range weights {
		below += uint64(w) //nolint:gosec // they are small
		if n*total < below<<32 {
			return i
		}
	}
	panic(fmt.Sprint("nobody has a share of ", weights))
}
