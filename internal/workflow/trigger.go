package workflow

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"tidings/internal/rule"
	"tidings/internal/segment"
)

// segmentID tells the id of a segment from a slug.
var segmentID = regexp.MustCompile(`^seg_[0-9a-z]{16}$`)

// The parts of the names of the events of those who come into a segment: its slug stands between them.
const (
	segmentEvents = "segment."
	segmentEntry  = ".entry"
)

// Entry is what events begin or end runs, and of whom.
type Entry struct {
	*rule.Matcher
	Mapper *rule.Mapper

	ends string // what the names of the events end with, too
}

// Matches reports whether an event begins or ends runs.
func (e *Entry) Matches(x *rule.Event) bool {
	return strings.HasSuffix(string(x.Name), e.ends) && e.Matcher.Matches(x)
}

// segmentMatch is what the events are of those who enter a segment. They are named after its slug, and tell its id.
func segmentMatch(idOrSlug string) rule.Match {
	if !segmentID.MatchString(idOrSlug) {
		return rule.Match{Event: rule.Words{segmentEvents + idOrSlug + segmentEntry}}
	}
	id, err := json.Marshal(idOrSlug)
	if err != nil { // a text has a JSON form
		panic(err)
	}
	return rule.Match{
		Event: rule.Words{segmentEvents + "*"},
		Where: []segment.Where{{Field: "data.segmentId", Operator: segment.Equals, Value: id}},
	}
}

// enters makes the trigger of those who enter a segment.
func (c *compiler) enters(at, idOrSlug string) {
	c.refer(OfSegment, idOrSlug, at)
	if idOrSlug == "" {
		return
	}
	entry := c.entry(segmentMatch(idOrSlug), rule.Mapping{}, at, at)
	entry.ends = segmentEntry
	c.g.trigger = &entry
}

// missedAfter is how late the turn of a schedule may begin, where the definition does not say.
const missedAfter = time.Hour

// NextAt is when a workflow lets the contacts of its schedule enter next; zero: it has no schedule, or is not enabled. The
// definition was checked.
func NextAt(d *Definition, enabled bool, now time.Time) time.Time {
	if !enabled || d.Trigger.Schedule == nil {
		return time.Time{}
	}
	return d.Trigger.Schedule.Next(now)
}

// Missed reports whether a turn of the schedule that was due at a time is left out, as it is too late for it: by Late.After,
// or an hour. A workflow that says that what is late runs leaves none out.
func (d *Definition) Missed(due, now time.Time) bool {
	after := missedAfter
	if d.Late.After != "" {
		after = d.Late.After.of()
	}
	return d.Late.Then != LateRun && now.Sub(due) > after
}

// Same reports whether two schedules are the same; nil is no schedule.
func (s *Schedule) Same(other *Schedule) bool {
	if s == nil || other == nil {
		return s == other
	}
	return s.Segment == other.Segment && s.At == other.At && s.Zone == other.Zone && slices.Equal(s.Days, other.Days) &&
		slices.Equal(s.Dates, other.Dates)
}
