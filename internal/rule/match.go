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
	Condition *segment.Rule // of If; nil: it holds for everybody

	within time.Duration
	names  []event.Name // exact ones
	starts []string     // what names begin with
	where  segment.EventTest
	paths  paths
	sends  []paths // of each of Do that sends by a mapping of its own
}

// Wants reports whether the rule may be for events of a name. It is for whoever has to decide fast.
func (r *Rule) Wants(name event.Name) bool {
	if r.Disabled {
		return false
	}
	return slices.Contains(r.names, name) ||
		slices.ContainsFunc(r.starts, func(s string) bool { return strings.HasPrefix(string(name), s) })
}

// Names are the exact names that the rule is for; nil where it is for all that begin with something, too.
func (r *Rule) Names() []event.Name {
	if len(r.starts) > 0 {
		return nil
	}
	return slices.Clone(r.names)
}

// InTime reports whether an event is young enough to act on.
func (r *Rule) InTime(e *event.Event, now time.Time) bool { return now.Sub(e.OccurredAt) <= r.within }

// Often is how often the rule acts for one contact within an hour.
func (r *Rule) Often() int64 { return int64(cmp.Or(r.PerHour, DefaultPerHour)) }

// Matches reports whether the rule is for an event. Events about which it is not sure whom they are of never are.
func (r *Rule) Matches(e *Event) bool {
	if !r.Wants(e.Name) || e.Attribution == event.Candidates && e.Name != event.EmailComplaint {
		return false
	}
	for _, t := range [...]struct {
		wanted Words
		has    []string
	}{
		{r.On.Bus, e.buses()},
		{r.On.App, []string{e.app()}},
		{r.On.Source, []string{e.sourceID(), e.SourceName}},
		{r.On.Template, e.ofMessage(func(m *event.Message) string { return m.Template })},
		{r.On.Workflow, e.ofMessage(func(m *event.Message) string { return m.Workflow })},
		{r.On.Link, []string{e.link()}},
		{r.On.Tag, e.tags()},
		{r.On.Class, []string{e.class()}},
		{r.verdicts(e), []string{e.verdict()}},
	} {
		if len(t.wanted) > 0 && !t.wanted.fit(t.has) {
			return false
		}
	}
	return r.where.Holds(e.occurrence())
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

// verdicts are those that the rule is for, where the event has one: without a word of it all but a machine's.
func (r *Rule) verdicts(e *Event) Words {
	if e.verdict() == "" || len(r.On.Verdict) > 0 {
		return r.On.Verdict
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
