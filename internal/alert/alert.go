// Package alert provides when a team is told that something is wrong, as functions of values: rules about rates and other
// figures, when one raises an alert and when that is over, and the words that tell of it.
package alert

import (
	"slices"
	"time"

	"tidings/internal/stats"
	"tidings/internal/workflow"
)

// Kind is what a rule looks at.
type Kind string

// The kinds.
const (
	BounceRate      Kind = "bounce_rate"       // emails that bounced for good, of those sent
	ComplaintRate   Kind = "complaint_rate"    // emails that were complained of, of those delivered
	Silence         Kind = "silence"           // a source that used to tell of events has stopped
	Refusals        Kind = "refusals"          // requests to a source's URL that were refused
	EndpointFailing Kind = "endpoint_failing"  // an endpoint that takes nothing, was given up, or has dead letters
	Suppressions    Kind = "suppression_surge" // more new suppressions than usual
)

// Kinds lists them.
func Kinds() []Kind {
	return []Kind{BounceRate, ComplaintRate, Silence, Refusals, EndpointFailing, Suppressions}
}

// What rates are of: words of the statistics.
const (
	ByProject  = "project"
	BySource   = "source"
	ByDomain   = "domain" // of recipients
	ByTemplate = "template"
)

// Rule is a rule as people write it. Zero fields say the default of the kind.
type Rule struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Kind        Kind   `json:"kind"`
	// By says what rates are of: of all email, or of each source, recipient domain or template by itself.
	By     string        `json:"by,omitempty"`
	Window workflow.Span `json:"window,omitempty"` // the time up to now that is looked at
	// Least is how many emails a rate, or suppressions a surge, must be of.
	Least int64 `json:"least,omitempty"`
	// Warn and Severe are from where on there is an alert: shares of emails (0.05), requests, minutes of nothing but
	// failures, or times of the usual.
	Warn   float64 `json:"warn,omitempty"`
	Severe float64 `json:"severe,omitempty"`
	// Below is what the figure must fall under for an alert to end, and Hold for how long.
	Below float64       `json:"below,omitempty"`
	Hold  workflow.Span `json:"hold,omitempty"`

	Disabled bool `json:"disabled,omitempty"`
	// Channels are the ids or names of those that are told; none: all.
	Channels []string `json:"channels,omitempty"`
}

// Live is a rule that was checked, with its defaults.
type Live struct {
	Rule
	ID           string // alr_…
	Window, Hold time.Duration
	Warn, Severe float64
	Below        float64
	Least        int64
	Every        time.Duration // how often it is looked at
	BuiltIn      bool          // every project has it, without making it
	Changed      bool          // of one that is built in: somebody changed it
}

// IsRate reports whether a kind is about a share of emails.
func (k Kind) IsRate() bool { return k == BounceRate || k == ComplaintRate }

// rates are the names that the statistics have for rates.
var rates = map[Kind]string{BounceRate: "bounce", ComplaintRate: "complaint"}

// Rate is the name of the rate in the statistics; empty: the kind is of none.
func (k Kind) Rate() string { return rates[k] }

// defaults are what a rule of a kind has where it says nothing.
type defaults struct {
	window, hold time.Duration
	warn, severe float64
	least        int64
}

const day = 24 * time.Hour

func defaultsOf(k Kind) defaults {
	switch k {
	case BounceRate, ComplaintRate:
		warn, severe := stats.Limits(k.Rate())
		return defaults{window: day, hold: time.Hour, warn: warn, severe: severe, least: 100}
	case Refusals:
		return defaults{window: time.Hour, hold: time.Hour, warn: 10, severe: 100}
	case EndpointFailing:
		return defaults{window: time.Hour, hold: 10 * time.Minute, warn: 15, severe: 60}
	case Suppressions:
		return defaults{window: day, hold: time.Hour, warn: 3, severe: 10, least: 20}
	case Silence:
	}
	return defaults{}
}

// easeParts of easeOf is what is left of a threshold that a figure must fall below, where a rule does not say.
const easeParts, easeOf = 4, 5

// Usual are the rules that every project has without making them.
func Usual() []*Live {
	list := []struct {
		id   string
		rule Rule
	}{
		{"alr_bounces", Rule{Name: "Bounces", Kind: BounceRate, By: ByProject}},
		{"alr_complaints", Rule{Name: "Complaints", Kind: ComplaintRate, By: ByProject}},
		{"alr_template_bounces", Rule{Name: "Bounces of a template", Kind: BounceRate, By: ByTemplate, Window: "7d"}},
		{"alr_template_complaints", Rule{Name: "Complaints of a template", Kind: ComplaintRate, By: ByTemplate, Window: "7d"}},
		{"alr_silence", Rule{Name: "Silent source", Kind: Silence}},
		{"alr_refusals", Rule{Name: "Refused requests", Kind: Refusals}},
		{"alr_endpoints", Rule{Name: "Failing endpoint", Kind: EndpointFailing}},
		{"alr_suppressions", Rule{Name: "Many new suppressions", Kind: Suppressions}},
	}
	out := make([]*Live, len(list))
	for i, x := range list {
		live, _ := Compile(x.rule)
		live.ID, live.BuiltIn = x.id, true
		out[i] = live
	}
	return out
}

// IsUsual reports whether an id is one of a rule that every project has.
func IsUsual(id string) bool {
	return slices.ContainsFunc(Usual(), func(x *Live) bool { return x.ID == id })
}

// How often a rule is looked at: a longer window moves more slowly, and costs more to read.
const (
	looks      = 288 // in a window
	mostOften  = time.Minute
	leastOften = time.Hour
)

func every(window time.Duration) time.Duration {
	return min(max((window/looks).Truncate(time.Minute), mostOften), leastOften)
}
