package control

import (
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/fault"
)

const codeBadTime = "bad_time"

// parseWhen reads a time (RFC 3339) or a date, which means its first moment in UTC. Empty is the zero time.
func parseWhen(field, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && event.ValidTime(t) {
			return t.UTC(), nil
		}
	}
	bad := fault.New(fault.Invalid, codeBadTime,
		"%.60q is neither a time such as 2026-05-04T10:12:00Z nor a date such as 2026-05-04", s).WithField(field)
	if strings.Contains(s, " ") {
		bad = bad.WithHint("a plus sign in a URL is written %%2B")
	}
	return time.Time{}, bad
}

// span reads two times that bound a range. The first is part of it, the second is not.
func (p *problems) span(from, to string) (time.Time, time.Time) {
	return p.spanOf("from", from, "to", to)
}

// spanOf is span of fields with other names.
func (p *problems) spanOf(fromField, from, toField, to string) (time.Time, time.Time) {
	f, err := parseWhen(fromField, from)
	p.addError(err)
	t, err := parseWhen(toField, to)
	p.addError(err)
	if !f.IsZero() && !t.IsZero() && !f.Before(t) {
		p.add(toField, "must be later than %s", fromField)
	}
	return f, t
}
