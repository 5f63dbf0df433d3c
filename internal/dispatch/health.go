package dispatch

import (
	"net/http"
	"time"
)

// Health is how an endpoint does. The zero value is one that nothing was sent to. Times that are zero have not been.
type Health struct {
	LastSuccess time.Time `json:"lastSuccess,omitzero"`
	LastFailure time.Time `json:"lastFailure,omitzero"`
	// Failing is since when every try failed.
	Failing time.Time `json:"failing,omitzero"`
	Row     int       `json:"row,omitempty"`     // how many tries failed in a row
	Problem string    `json:"problem,omitempty"` // of the last one
	// Until is when the endpoint is asked again; before it is left alone. It is probed with one request then.
	Until time.Time `json:"until,omitzero"`
	// Probing is the pause before the next probe; 0: the endpoint is not left alone because it fails.
	Probing time.Duration `json:"probing,omitempty"`
}

// The breaker: after so many failures in a row an endpoint is probed with one request at a time, after pauses that double.
const (
	breakAfter  = 10
	firstProbe  = 5 * time.Second
	lastProbe   = 5 * time.Minute
	giveUpAfter = 5 * 24 * time.Hour // of nothing but failures, as Svix has it, the endpoint is disabled
	giveUpTries = 20                 // and this many of them
)

// Outcome is how a request ended.
type Outcome struct {
	At      time.Time
	Status  int       // of the answer; 0: there was none
	Problem string    // why it failed; empty: it did not
	After   time.Time // when the receiver wants to be asked again; zero: it did not say
}

// OK reports whether the receiver took what it was told.
func (o *Outcome) OK() bool { return o.Problem == "" }

// Throttled reports whether the receiver only asks for fewer requests: that is no failure of the endpoint.
func (o *Outcome) Throttled() bool { return o.Status == http.StatusTooManyRequests }

// Gone reports whether the receiver wants nothing any more: the endpoint is disabled.
func (o *Outcome) Gone() bool { return o.Status == http.StatusGone }

// After is the health after a request, and why the endpoint is disabled now; empty: it is not.
func (h Health) After(o Outcome) (now Health, disabled string) {
	if o.OK() {
		return Health{LastSuccess: later(h.LastSuccess, o.At), LastFailure: h.LastFailure}, ""
	}
	h.LastFailure, h.Problem = later(h.LastFailure, o.At), o.Problem
	if o.Throttled() {
		if h.Until.Before(o.After) {
			h.Until = o.After
		}
		return h, ""
	}
	h.Row++
	if h.Failing.IsZero() {
		h.Failing = o.At
	}
	if h.Row >= breakAfter && !h.Until.After(o.At) {
		h.Probing = min(max(2*h.Probing, firstProbe), lastProbe)
		h.Until = o.At.Add(h.Probing)
	}
	switch {
	case o.Gone():
		return h, "it answered 410 Gone: it wants no more"
	case h.Row >= giveUpTries && o.At.Sub(h.Failing) >= giveUpAfter:
		return h, "nothing but failures for five days, the last: " + o.Problem
	}
	return h, ""
}

// Room is how many requests may begin at a time, where so many are under way of at most so many at once. An endpoint that is
// probed gets one.
func (h *Health) Room(now time.Time, underWay, most int) int {
	switch {
	case now.Before(h.Until):
		return 0
	case h.Probing > 0:
		most = 1
	}
	return max(most-underWay, 0)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
