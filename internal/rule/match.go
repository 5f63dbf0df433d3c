package rule

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/segment"
)

// Rule is a definition that was checked. It is never changed, and may be used by several goroutines.
type Rule struct {
	Definition
	*Matcher                // of On
	Condition *segment.Rule // of If; nil: it holds for everybody

	mapper *Mapper
	sends  []*Mapper // of each of Do that sends
}

// Wants reports whether the rule may be for events of a name. It is for whoever has to decide fast.
func (r *Rule) Wants(name event.Name) bool { return !r.Disabled && r.Matcher.Wants(name) }

// Matches reports whether the rule is for an event.
func (r *Rule) Matches(e *Event) bool { return !r.Disabled && r.Matcher.Matches(e) }

// Often is how often the rule acts for one contact within an hour.
func (r *Rule) Often() int64 { return int64(cmp.Or(r.PerHour, DefaultPerHour)) }

// Wants reports whether there may be events of a name that fit. It is for whoever has to decide fast.
func (m *Matcher) Wants(name event.Name) bool {
	return slices.Contains(m.names, name) ||
		slices.ContainsFunc(m.starts, func(s string) bool { return strings.HasPrefix(string(name), s) })
}

// Names are the exact names of the events that fit; nil where all fit that begin with something, too.
func (m *Matcher) Names() []event.Name {
	if len(m.starts) > 0 {
		return nil
	}
	return slices.Clone(m.names)
}

// Starts are what the names of events begin with that fit beside exact ones.
func (m *Matcher) Starts() []string { return slices.Clone(m.starts) }

// Exact are the exact names of events that fit, whatever else does.
func (m *Matcher) Exact() []event.Name { return slices.Clone(m.names) }

// InTime reports whether an event is young enough to act on.
func (m *Matcher) InTime(e *event.Event, now time.Time) bool {
	return now.Sub(e.OccurredAt) <= m.within
}

// Matches reports whether an event fits. Events about which it is not sure whom they are of never do.
func (m *Matcher) Matches(e *Event) bool {
	return (e.Attribution != event.Candidates || e.Name == event.EmailComplaint) && m.fits(e, m.verdicts(e))
}

// Tells reports whether an event fits for whoever is only told of it, and does not act: there the verdict is asked of events
// that have one, and without a word of it machines count, too.
func (m *Matcher) Tells(e *Event) bool {
	var verdicts Words
	if e.verdict() != "" {
		verdicts = m.on.Verdict
	}
	return m.fits(e, verdicts)
}

func (m *Matcher) fits(e *Event, verdicts Words) bool {
	if !m.Wants(e.Name) {
		return false
	}
	for _, t := range [...]struct {
		wanted Words
		has    []string
	}{
		{m.on.Bus, e.buses()},
		{m.on.App, []string{e.app()}},
		{m.on.Source, []string{e.sourceID(), e.SourceName}},
		{m.on.Template, e.ofMessage(func(m *event.Message) string { return m.Template })},
		{m.on.Workflow, e.ofMessage(func(m *event.Message) string { return m.Workflow })},
		{m.on.Link, []string{e.link()}},
		{m.on.Tag, e.tags()},
		{m.on.Class, []string{e.class()}},
		{verdicts, []string{e.verdict()}},
	} {
		if len(t.wanted) > 0 && !t.wanted.fit(t.has) {
			return false
		}
	}
	return m.where.Holds(e.occurrence())
}

// fit reports whether one of the texts is wanted.
func (w Words) fit(has []string) bool {
	for _, text := range has {
		if text != "" && slices.ContainsFunc(w, func(wanted string) bool { return glob(wanted, text) }) {
			return true
		}
	}
	return false
}

// glob compares with a word that may end in a star.
func glob(wanted, text string) bool {
	if start, open := strings.CutSuffix(wanted, "*"); open {
		return strings.HasPrefix(text, start)
	}
	return wanted == text
}

// verdicts are those that fit, where the event has one: without a word of it all but a machine's.
func (m *Matcher) verdicts(e *Event) Words {
	if e.verdict() == "" || len(m.on.Verdict) > 0 {
		return m.on.Verdict
	}
	return Words{string(event.Human), string(event.Proxy), string(event.Unsure)}
}

func (e *Event) ofMessage(field func(*event.Message) string) []string {
	if e.Message == nil {
		return nil
	}
	return []string{field(e.Message)}
}

func (e *Event) tags() []string {
	if e.Message == nil {
		return nil
	}
	return e.Message.Tags
}

func (e *Event) link() string {
	if e.Click == nil {
		return ""
	}
	return e.Click.URL
}

func (e *Event) class() string {
	if e.Bounce == nil {
		return ""
	}
	return string(e.Bounce.Class)
}

func (e *Event) verdict() string {
	if e.Automation == nil {
		return ""
	}
	return string(e.Automation.Verdict)
}
