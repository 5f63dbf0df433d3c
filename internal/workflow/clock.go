package workflow

import (
	"slices"
	"strings"
	"time"
)

// contactZone is the word for the time zone of the contact.
const contactZone = "contact"

// weekdays are the words for days, as people write them.
var weekdays = map[string]time.Weekday{
	"mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday, "fri": time.Friday,
	"sat": time.Saturday, "sun": time.Sunday,
}

// hour is a time of day.
type hour struct{ hour, minute int }

// hourOf reads "09:00", which was checked.
func hourOf(text string) hour {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return hour{}
	}
	return hour{t.Hour(), t.Minute()}
}

// zoneOf is the time zone of a name that was checked. Where the name is empty or the contact's, it is the contact's.
func zoneOf(name string, contact *time.Location) *time.Location {
	if name != "" && name != contactZone {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone
		}
	}
	if contact == nil {
		return time.UTC
	}
	return contact
}

// daySet are days on which something happens.
type daySet struct {
	days  []time.Weekday // empty: every one
	dates []int          // of the month, -1 is the last; empty: every one
}

func daysOf(words []string, dates []int) daySet {
	d := daySet{dates: dates}
	for _, w := range words {
		d.days = append(d.days, weekdays[strings.ToLower(w)])
	}
	return d
}

// has reports whether a date, given by its midnight in UTC, is one of the days.
func (d daySet) has(date time.Time) bool {
	if len(d.days) > 0 && !slices.Contains(d.days, date.Weekday()) {
		return false
	}
	last := date.AddDate(0, 0, 1).Day() == 1
	return len(d.dates) == 0 || slices.Contains(d.dates, date.Day()) || last && slices.Contains(d.dates, -1)
}

// maxSearch bounds how many days are looked through: a 29th of February that is a Monday comes every 28 years, but for a turn
// of the century.
const maxSearch = 41 * 366

// next is the first time of day on one of the days that is not over at a time: a minute goes on for a minute. Zero: there is
// none.
func next(at hour, days daySet, zone *time.Location, after time.Time) time.Time {
	y, m, d := after.In(zone).Date()
	date := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	for range maxSearch {
		if days.has(date) {
			if t := local(date, at, zone); t.Add(time.Minute).After(after) {
				return t
			}
		}
		date = date.AddDate(0, 0, 1)
	}
	return time.Time{}
}

// local is when a clock in a zone shows a time of day on a date (its midnight in UTC). A time that is left out as clocks are
// put forward is the first moment after it; of one that comes twice it is the first.
func local(date time.Time, at hour, zone *time.Location) time.Time {
	shown := date.Add(time.Duration(at.hour)*time.Hour + time.Duration(at.minute)*time.Minute)
	// The zone's periods from well before are looked through, each with its own distance from UTC.
	t := shown.Add(-26 * time.Hour).In(zone)
	for {
		_, distance := t.Zone()
		begins, ends := t.ZoneBounds()
		found := shown.Add(-time.Duration(distance) * time.Second)
		if !begins.IsZero() && found.Before(begins) {
			return begins.UTC()
		}
		if ends.IsZero() || found.Before(ends) {
			return found
		}
		t = ends.In(zone)
	}
}

// Until is when the quiet hours that hold at a time are over; zero: none hold.
func (q *Quiet) Until(now time.Time, contact *time.Location) time.Time {
	zone := zoneOf(q.Zone, contact)
	here := now.In(zone)
	minute := here.Hour()*60 + here.Minute()
	from, to := hourOf(q.From).minutes(), hourOf(q.To).minutes()
	quiet := minute >= from && minute < to
	if to < from {
		quiet = minute >= from || minute < to
	}
	if !quiet {
		return time.Time{}
	}
	// Where clocks are not put on before then it is this; the hour that comes twice is told apart by it, too.
	soon := now.Truncate(time.Minute).Add(time.Duration((to-minute+24*60)%(24*60)) * time.Minute)
	if there := soon.In(zone); there.Hour()*60+there.Minute() == to {
		return soon
	}
	return nextAfter(hourOf(q.To), daySet{}, zone, now)
}

func (h hour) minutes() int { return h.hour*60 + h.minute }

// nextAfter is the first time of day on one of the days after a time; zero: there is none.
func nextAfter(at hour, days daySet, zone *time.Location, after time.Time) time.Time {
	t := next(at, days, zone, after)
	if t.IsZero() || t.After(after) {
		return t
	}
	return next(at, days, zone, t.Add(time.Minute))
}

// Next is the first time after another at which the schedule lets contacts enter; zero: there is none. The schedule was
// checked.
func (s *Schedule) Next(after time.Time) time.Time {
	return nextAfter(hourOf(s.At), daysOf(s.Days, s.Dates), zoneOf(s.Zone, time.UTC), after)
}
