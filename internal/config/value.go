package config

import (
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time that may be written in days: "30d", "36h", "1d12h", "0".
type Duration time.Duration

// Std returns the duration as the standard library knows it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String writes whole days as days.
func (d Duration) String() string {
	const day = 24 * time.Hour
	if t := time.Duration(d); t != 0 && t%day == 0 {
		return strconv.FormatInt(int64(t/day), 10) + "d"
	}
	return time.Duration(d).String()
}

// UnmarshalText reads a duration, see ParseDuration.
func (d *Duration) UnmarshalText(b []byte) error {
	t, err := ParseDuration(string(b))
	*d = Duration(t)
	return err
}

// maxDays keeps a duration well within what time.Duration can hold: 100 years.
const maxDays = 36525

// ParseDuration reads a length of time, in days too. It is never negative.
func ParseDuration(s string) (time.Duration, error) {
	wrong := fmt.Errorf("%q is no length of time: write 30d, 12h or 90m", s)
	if s == "0" {
		return 0, nil
	}
	var total time.Duration
	rest := s
	if days, after, found := strings.Cut(s, "d"); found {
		n, err := strconv.ParseUint(days, 10, 32)
		if err != nil || n > maxDays {
			return 0, wrong
		}
		total, rest = time.Duration(n)*24*time.Hour, after
		if rest == "" {
			return total, nil
		}
	}
	t, err := time.ParseDuration(rest)
	if err != nil || t < 0 || t > maxDays*24*time.Hour {
		return 0, wrong
	}
	return total + t, nil
}

// DatabaseURL is a path or a postgres:// URL. It may hold a password, which no way of printing it shows; convert it
// to a string to connect.
type DatabaseURL string

// Postgres reports whether it is a URL of PostgreSQL rather than a path.
func (d DatabaseURL) Postgres() bool {
	return strings.HasPrefix(string(d), "postgres://") || strings.HasPrefix(string(d), "postgresql://")
}

// String is what may be shown: the password is replaced.
func (d DatabaseURL) String() string {
	if !d.Postgres() {
		return string(d)
	}
	u, err := url.Parse(string(d))
	if err != nil {
		return "postgres://[unreadable]"
	}
	q := u.Query()
	for key := range q {
		if strings.Contains(strings.ToLower(key), "password") {
			q.Set(key, "redacted")
			u.RawQuery = q.Encode()
		}
	}
	if _, has := u.User.Password(); has {
		u.User = url.UserPassword(u.User.Username(), "redacted")
	}
	return u.String()
}

// GoString is String, so that %#v does not show the password either.
func (d DatabaseURL) GoString() string { return strconv.Quote(d.String()) }

// LogValue is String.
func (d DatabaseURL) LogValue() slog.Value { return slog.StringValue(d.String()) }

// MarshalText is String.
func (d DatabaseURL) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText takes the value as it is.
func (d *DatabaseURL) UnmarshalText(b []byte) error {
	*d = DatabaseURL(b)
	return nil
}
