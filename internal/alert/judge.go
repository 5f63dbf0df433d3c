package alert

import (
	"time"

	"tidings/internal/stats"
)

// Figures are what a rule saw of one subject. Only what the kind has is set.
type Figures struct {
	Part int64   `json:"part,omitempty"` // of a rate: emails that bounced or were complained of
	Of   int64   `json:"of,omitempty"`   // of all of those
	Rate float64 `json:"rate,omitempty"` // Part / Of
	Low  float64 `json:"low,omitempty"`  // and its bounds, with 95 % confidence
	High float64 `json:"high,omitempty"`
	Few  bool    `json:"few,omitempty"` // too few to speak of a rate

	Count int64   `json:"count,omitempty"` // requests refused, dead letters, or new suppressions
	Usual float64 `json:"usual,omitempty"` // new suppressions in a window, the median of fourteen

	// Since is when a silent source told the last thing, or since when every try at an endpoint failed.
	Since    time.Time `json:"since,omitzero"`
	Pause    int64     `json:"pause,omitempty"`    // seconds: the longest usual pause of a source
	Silent   bool      `json:"silent,omitempty"`   // the source is
	Disabled bool      `json:"disabled,omitempty"` // the server gave the endpoint up
	Detail   string    `json:"detail,omitempty"`   // the last problem, in words from outside
}

// RateFigures are those of a rate, of at least so many emails.
func RateFigures(r stats.Rate, least int64) Figures {
	return Figures{Part: r.Part, Of: r.Of, Rate: r.Value, Low: r.Low, High: r.High, Few: r.Of < least}
}

// Level is what figures are now, whatever was before. A rate is judged by its lower bound: 1 of 10 is not 10 %.
func (x *Live) Level(f *Figures, now time.Time) stats.Level {
	switch x.Kind {
	case BounceRate, ComplaintRate:
		if !f.Few {
			return x.level(f.Low)
		}
	case Silence:
		if f.Silent {
			return stats.Severe
		}
	case Refusals:
		return x.level(float64(f.Count))
	case EndpointFailing:
		return x.endpoint(f, now)
	case Suppressions:
		if f.Count >= x.Least {
			return x.level(float64(f.Count) / x.usual(f))
		}
	}
	return stats.Fine
}

func (x *Live) level(value float64) stats.Level {
	switch {
	case value >= x.Severe:
		return stats.Severe
	case value >= x.Warn:
		return stats.Warn
	}
	return stats.Fine
}

func (x *Live) endpoint(f *Figures, now time.Time) stats.Level {
	if f.Disabled {
		return stats.Severe
	}
	level := stats.Fine
	if !f.Since.IsZero() {
		level = x.level(now.Sub(f.Since).Minutes())
	}
	if level == stats.Fine && f.Count > 0 {
		return stats.Warn
	}
	return level
}

// usual is what suppressions are compared with. Where there were none before, the least number is as much as a warning.
func (x *Live) usual(f *Figures) float64 { return max(f.Usual, float64(x.Least)/x.Warn) }

// Clear reports whether figures are good enough for an alert to end. A rate is compared by itself, not by its upper bound:
// that of few emails is above every threshold for days, though nothing is wrong any more, and an alert that does not end is
// soon overlooked. What keeps it from flapping is that it must fall below a lower threshold, and for some time. Where there
// are too few emails to speak of a rate there is nothing to warn of, either.
func (x *Live) Clear(f *Figures) bool {
	switch x.Kind {
	case BounceRate, ComplaintRate:
		return f.Few || f.Rate < x.Below
	case Silence:
		return !f.Silent
	case Refusals:
		return float64(f.Count) < x.Below
	case EndpointFailing:
		return !f.Disabled && f.Since.IsZero() && f.Count == 0
	case Suppressions:
		return f.Count < x.Least || float64(f.Count)/x.usual(f) < x.Below
	}
	return true
}

// State is what is known of an alert from one look to the next. The zero value: there is none.
type State struct {
	Level  stats.Level // empty: there is no alert
	Since  time.Time   // when it was raised
	SeenAt time.Time   // when it was looked at last
	// Clearing tells that the last look found it clear, Clear for how long looks have.
	Clearing bool
	Clear    time.Duration
}

// Raised reports whether there is an alert.
func (s State) Raised() bool { return s.Level == stats.Warn || s.Level == stats.Severe }

// Change is what a look changed.
type Change string

// The changes. The empty one: nothing.
const (
	Raised    Change = "raised"
	Escalated Change = "escalated" // from warn to severe
	Resolved  Change = "resolved"
)

// Judge is one look at a subject. An alert is raised, and escalated, at once. It ends when looks have found it clear for as
// long as the rule says: time in which nobody looked, or by which the clock was put forward, counts as no more than two
// pauses between looks. Until then it keeps its highest level, so that a figure that goes up and down about a threshold is
// told once.
func Judge(x *Live, f *Figures, was State, now time.Time) (State, Change) {
	level := x.Level(f, now)
	if !was.Raised() {
		if level == stats.Fine {
			return State{}, ""
		}
		return State{Level: level, Since: now, SeenAt: now}, Raised
	}
	s := was
	s.SeenAt = now
	if level == stats.Severe && was.Level == stats.Warn {
		s.Level, s.Clearing, s.Clear = stats.Severe, false, 0
		return s, Escalated
	}
	if level != stats.Fine || !x.Clear(f) {
		s.Clearing, s.Clear = false, 0
		return s, ""
	}
	if was.Clearing {
		s.Clear += min(max(now.Sub(was.SeenAt), 0), 2*x.Every)
	}
	s.Clearing = true
	if s.Clear >= x.Hold {
		return State{}, Resolved
	}
	return s, ""
}
