package workflow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Span is a length of time as people write it: "3d", "2h30m", "1w 2d", "90s", with w, d, h, m and s. A day has 24 hours. A
// minus before all of it makes it negative. Empty is 0.
type Span string

const day = 24 * time.Hour

var spanUnits = map[byte]time.Duration{'w': 7 * day, 'd': day, 'h': time.Hour, 'm': time.Minute, 's': time.Second}

// maxSpan bounds every span: what is as long is a slip.
const maxSpan = 3650 * day

// Duration reads the span.
func (s Span) Duration() (time.Duration, error) {
	rest, negative := strings.CutPrefix(strings.ReplaceAll(string(s), " ", ""), "-")
	if negative && rest == "" {
		return 0, s.unreadable()
	}
	var d time.Duration
	for rest != "" {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if digits == len(rest) || spanUnits[rest[digits]] == 0 {
			return 0, s.unreadable()
		}
		n, err := strconv.ParseInt(rest[:digits], 10, 32)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return 0, s.unreadable()
		}
		unit := spanUnits[rest[digits]]
		if err != nil || n > int64(maxSpan/unit) || d+time.Duration(n)*unit >= maxSpan {
			return 0, fmt.Errorf("must be less than ten years, not %.60q", s)
		}
		d += time.Duration(n) * unit
		rest = rest[digits+1:]
	}
	if negative {
		d = -d
	}
	return d, nil
}

func (s Span) unreadable() error {
	return fmt.Errorf("must be a length of time such as 3d, 2h30m or 1w, not %.60q", s)
}

// of reads a span that was checked.
func (s Span) of() time.Duration {
	d, err := s.Duration()
	if err != nil {
		return 0
	}
	return d
}

// SpanOf writes a length of time, to the second; what is shorter is empty.
func SpanOf(d time.Duration) Span {
	var b strings.Builder
	if d < 0 {
		b.WriteByte('-')
		d = -d
	}
	for _, u := range [...]struct {
		name byte
		d    time.Duration
	}{{'d', day}, {'h', time.Hour}, {'m', time.Minute}, {'s', time.Second}} {
		if n := int64(d / u.d); n > 0 {
			b.WriteString(strconv.FormatInt(n, 10))
			b.WriteByte(u.name)
			d %= u.d
		}
	}
	return Span(b.String())
}
