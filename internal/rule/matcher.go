package rule

import (
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/segment"
)

// The bounds of a match.
const (
	maxWords = 50
	maxWord  = 1000

	defaultWithin = 24 * time.Hour
	maxWithin     = 30 * 24 * time.Hour
)

// Matcher is a match that was checked. It is never changed, and may be used by several goroutines.
type Matcher struct {
	on     Match
	within time.Duration
	names  []event.Name // exact ones
	starts []string     // what names begin with
	where  segment.EventTest
}

// CompileMatch checks a match that stands at a place. All that is wrong is told at once; with problems there is no matcher.
func CompileMatch(m Match, at string) (*Matcher, []Problem) {
	var p problems
	x := p.matcher(&m, at)
	if len(p.list) > 0 {
		return nil, p.list
	}
	return x, nil
}

// matcher makes a matcher, of what is good of the match.
func (p *problems) matcher(on *Match, at string) *Matcher {
	x := &Matcher{on: *on, within: defaultWithin}
	if len(on.Event) == 0 {
		p.wrong(at+".event", "is required: the name of an event, such as account.created, or several")
	}
	for _, w := range on.words() {
		if len(w.list) > maxWords {
			p.wrong(at+"."+w.key, "must have at most %d entries", maxWords)
		}
		for i, word := range w.list {
			if word == "" || len(word) > maxWord {
				p.wrong(place(at+"."+w.key, i), "is empty, or too long")
			}
		}
	}
	for i, word := range on.Event {
		p.event(x, place(at+".event", i), word)
	}
	oneOf(p, at+".class", on.Class, classes)
	oneOf(p, at+".verdict", on.Verdict, verdicts)
	test, wrong := segment.CompileWhere(on.Where, at+".where")
	for _, w := range wrong {
		p.wrong(w.At, "%s", w.Says)
	}
	x.where = test
	if on.Within != "" {
		d, err := time.ParseDuration(on.Within)
		if err != nil || d <= 0 || d > maxWithin {
			p.wrong(at+".within", "must be a duration up to 720h, such as 72h, not %.60q", on.Within)
		}
		x.within = d
	}
	return x
}

// namedWords are the words of a field.
type namedWords struct {
	key  string
	list Words
}

// words are the fields of a match that are words.
func (m *Match) words() []namedWords {
	return []namedWords{
		{"event", m.Event},
		{"bus", m.Bus},
		{"app", m.App},
		{"source", m.Source},
		{"template", m.Template},
		{"workflow", m.Workflow},
		{"link", m.Link},
		{"tag", m.Tag},
		{"class", m.Class},
		{"verdict", m.Verdict},
	}
}

var classes = []event.BounceClass{event.Hard, event.Soft, event.Block, event.Suppressed, event.AutoReply, event.Undetermined}

var verdicts = []event.Verdict{event.Human, event.Machine, event.Proxy, event.Unsure}

func oneOf[T ~string](p *problems, at string, list Words, known []T) {
	for i, word := range list {
		found := false
		names := make([]string, len(known))
		for k, x := range known {
			names[k] = string(x)
			found = found || string(x) == word
		}
		if !found {
			p.wrong(place(at, i), "must be one of %s, not %.60q", strings.Join(names, ", "), word)
		}
	}
}

// event reads a name, in our words or those of other systems.
func (p *problems) event(x *Matcher, at, word string) {
	if start, open := strings.CutSuffix(word, "*"); open {
		x.starts = append(x.starts, start)
		return
	}
	name := event.Canonical(word)
	if !name.Builtin() {
		custom, err := event.CustomName(word)
		if err != nil {
			p.wrong(at, "%.100q: %v", word, err)
			return
		}
		name = custom
	}
	x.names = append(x.names, name)
}
