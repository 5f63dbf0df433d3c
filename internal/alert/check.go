package alert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tidings/internal/rule"
	"tidings/internal/workflow"
)

// Problem is one thing that is wrong with a rule, with its place.
type Problem = rule.Problem

// The bounds of a rule.
const (
	maxName        = 100
	maxDescription = 1_000
	minWindow      = time.Hour
	maxWindow      = 30 * day
	maxSurge       = 2 * day // times fifteen is what is counted
	maxHold        = 7 * day
	maxLeast       = 1_000_000_000
	maxChannels    = 20
)

// Compile checks a rule. All that is wrong is told at once; with problems there is no rule.
func Compile(r Rule) (*Live, []Problem) {
	p := &problems{}
	r.Name, r.Description = strings.TrimSpace(r.Name), strings.TrimSpace(r.Description)
	p.text("name", r.Name, 1, maxName)
	p.text("description", r.Description, 0, maxDescription)
	if !slices.Contains(Kinds(), r.Kind) {
		p.wrong("kind", "%.60q is not known: want one of %s", string(r.Kind), words(Kinds()))
		return nil, p.list
	}
	if r.Kind.IsRate() {
		r.By = cmp.Or(r.By, ByProject)
	}
	d := defaultsOf(r.Kind)
	x := &Live{Rule: r}
	p.by(&r)
	p.window(x, d)
	x.Hold = p.span("hold", r.Hold, d.hold, 0, maxHold)
	p.thresholds(x, d)
	if x.Least = cmp.Or(r.Least, d.least); x.Least < 0 || x.Least > maxLeast {
		p.wrong("least", "must be 1 to %d, not %d", maxLeast, r.Least)
	} else if r.Least != 0 && d.least == 0 {
		p.wrong("least", "is of rates and surges alone")
	}
	if len(r.Channels) > maxChannels {
		p.wrong("channels", "must have at most %d entries", maxChannels)
	}
	for i, word := range r.Channels {
		p.text(fmt.Sprintf("channels[%d]", i), word, 1, maxName)
	}
	if len(p.list) > 0 {
		return nil, p.list
	}
	return x, nil
}

func words[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = string(x)
	}
	return strings.Join(out, ", ")
}

// problems are all that is wrong, by its place.
type problems struct{ list []Problem }

func (p *problems) wrong(at, format string, args ...any) {
	p.list = append(p.list, Problem{At: at, Says: fmt.Sprintf(format, args...)})
}

func (p *problems) text(at, s string, least, most int) {
	n := utf8.RuneCountInString(s)
	switch {
	case !utf8.ValidString(s):
		p.wrong(at, "is not valid UTF-8")
	case strings.ContainsFunc(s, unicode.IsControl):
		p.wrong(at, "must be one line")
	case n < least:
		p.wrong(at, "is required")
	case n > most:
		p.wrong(at, "has %d characters, at most %d are taken", n, most)
	}
}

func (p *problems) span(at string, text workflow.Span, otherwise, least, most time.Duration) time.Duration {
	if text == "" {
		return otherwise
	}
	d, err := text.Duration()
	switch {
	case err != nil:
		p.wrong(at, "%s", err)
	case d < least || d > most:
		p.wrong(at, "must be %s to %s, not %.60q", cmp.Or(workflow.SpanOf(least), "0s"), workflow.SpanOf(most), string(text))
	}
	return d
}

func (p *problems) by(r *Rule) {
	known := []string{ByProject, BySource, ByDomain, ByTemplate}
	switch {
	case r.By == "":
	case !r.Kind.IsRate():
		p.wrong("by", "is of rates alone")
	case !slices.Contains(known, r.By):
		p.wrong("by", "%.60q is not known: want one of %s", r.By, strings.Join(known, ", "))
	}
}

// window reads the window. Domains and templates are counted by the day, suppressions in fifteen windows at once.
func (p *problems) window(x *Live, d defaults) {
	least, most := minWindow, maxWindow
	switch {
	case x.Kind == Silence:
		if x.Rule.Window != "" {
			p.wrong("window", "is not of silence: a source is silent after twice its longest usual pause")
		}
		x.Every = every(0)
		return
	case x.By == ByDomain, x.By == ByTemplate:
		least = day
	case x.Kind == Suppressions:
		most = maxSurge
	}
	x.Window = p.span("window", x.Rule.Window, d.window, least, most)
	x.Every = every(x.Window)
}

// thresholds reads from where on there is an alert, and where it ends.
func (p *problems) thresholds(x *Live, d defaults) {
	r := &x.Rule
	if r.Kind == Silence {
		if r.Warn != 0 || r.Severe != 0 || r.Below != 0 {
			p.wrong("warn", "is not of silence, and neither are severe and below: a source is silent, or it is not")
		}
		return
	}
	x.Warn = or(r.Warn, d.warn)
	x.Severe = or(r.Severe, max(d.severe, x.Warn))
	x.Below = or(r.Below, x.Warn*easeParts/easeOf)
	most := float64(maxLeast)
	if r.Kind.IsRate() {
		most = 1
	}
	for _, f := range [...]struct {
		at    string
		value float64
	}{{"warn", x.Warn}, {"severe", x.Severe}, {"below", x.Below}} {
		if !(f.value > 0 && f.value <= most) { // NaN is neither
			p.wrong(f.at, "must be more than 0, and at most %v", most)
		}
	}
	if x.Severe < x.Warn {
		p.wrong("severe", "must not be less than warn, which is %v", x.Warn)
	}
	if x.Below > x.Warn {
		p.wrong("below", "must not be more than warn, which is %v", x.Warn)
	}
}

func or(value, otherwise float64) float64 {
	if value == 0 {
		return otherwise
	}
	return value
}
