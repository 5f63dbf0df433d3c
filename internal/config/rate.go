package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rate is so many at once, and as many again within a time; the zero value is no limit. It is written COUNT/TIME.
type Rate struct {
	Count int
	Each  time.Duration
}

// maxRate keeps a rate within what anybody can mean.
const maxRate = 1_000_000

// UnmarshalText reads the written form; "0" is no limit.
func (r *Rate) UnmarshalText(b []byte) error {
	text := string(b)
	if text == "0" {
		*r = Rate{}
		return nil
	}
	wrong := fmt.Errorf("%q: write COUNT/TIME, as in 120/1m, or 0 for no limit", text)
	count, each, found := strings.Cut(text, "/")
	n, err := strconv.Atoi(count)
	if err != nil || !found || n < 1 || n > maxRate {
		return wrong
	}
	d, err := ParseDuration(each)
	if err != nil || d <= 0 {
		return wrong
	}
	*r = Rate{Count: n, Each: d}
	return nil
}

// String is the written form.
func (r Rate) String() string {
	if r.Count == 0 {
		return "0"
	}
	each := Duration(r.Each).String()
	if strings.HasSuffix(each, "m0s") {
		each = strings.TrimSuffix(each, "0s")
	}
	return strconv.Itoa(r.Count) + "/" + each
}
