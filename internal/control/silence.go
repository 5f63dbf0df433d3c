package control

import "time"

const (
	// leastSilence is the shortest pause that is called a silence, whatever is usual.
	leastSilence = 6 * time.Hour
	// silenceFactor is how many times the longest usual pause must pass: twice a weekend is a long weekend and a day.
	silenceFactor = 2
	// A source has habits once it has sent for a week, so that a weekend is in it, on three days at least: what comes
	// once a month has none.
	habitSpan = 7 * 24
	habitDays = 3
)

// Silence is whether a source that used to send has stopped.
type Silence struct {
	Silent bool
	// Known tells that the source has sent long enough to have habits; else it is never silent.
	Known bool
	Since time.Time     // the newest request; zero: none ever came
	Usual time.Duration // the longest pause between hours with requests, in its last two weeks of sending
	Limit time.Duration // from when a pause is a silence
}

// silence judges the pause of a source. hours are those in which requests came, ascending, as hours since 1970, of the two
// weeks that end with the newest; newest is its time, where that is known to more than the hour.
func silence(hours []int64, newest, now time.Time) Silence {
	if len(hours) == 0 {
		return Silence{}
	}
	first, last := hours[0], hours[len(hours)-1]
	s := Silence{Since: time.Unix(last*3600, 0).UTC()}
	if newest.After(s.Since) {
		s.Since = newest
	}
	days := map[int64]bool{}
	longest := int64(0)
	for i, h := range hours {
		days[h/24] = true
		if i > 0 {
			longest = max(longest, h-hours[i-1])
		}
	}
	s.Usual = time.Duration(longest) * time.Hour
	s.Limit = max(leastSilence, silenceFactor*s.Usual)
	s.Known = last-first >= habitSpan && len(days) >= habitDays
	s.Silent = s.Known && now.Sub(s.Since) > s.Limit
	return s
}
