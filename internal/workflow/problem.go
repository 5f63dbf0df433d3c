package workflow

import (
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"tidings/internal/liquid"
	"tidings/internal/rule"
)

// Problem is one thing that is wrong with a definition.
type Problem = rule.Problem

// problems are all that is wrong, by its place.
type problems struct{ list []Problem }

func (p *problems) wrong(at, format string, args ...any) {
	p.list = append(p.list, Problem{At: at, Says: fmt.Sprintf(format, args...)})
}

// add takes the problems of a part.
func (p *problems) add(list []Problem) { p.list = append(p.list, list...) }

func join(at, rest string) string {
	if at == "" || rest == "" {
		return at + rest
	}
	return at + "." + rest
}

func place(at string, i int) string { return fmt.Sprintf("%s[%d]", at, i) }

// text bounds a text for people.
func (p *problems) text(at, text string, most int) {
	if len(text) > most {
		p.wrong(at, "has %d characters, at most %d are taken", len(text), most)
	}
}

// isLiquid reports whether a text is to be made by Liquid.
func isLiquid(s string) bool { return strings.Contains(s, "{{") || strings.Contains(s, "{%") }

// liquid checks a text of Liquid. The problem names the line and the column within the text.
func (p *problems) liquid(at, text string) {
	_, problems := liquid.Parse(text)
	for _, x := range problems {
		p.wrong(at, "can't be read at its line %d, column %d: %s", x.Line, x.Column, x.Says)
	}
}

// address checks an address, which may stand behind a name.
func (p *problems) address(at, text string) {
	if text == "" {
		return
	}
	if _, err := mail.ParseAddress(text); err != nil {
		p.wrong(at, "%.100q is no address such as App <app@acme.test>", text)
	}
}

// span checks a length of time that is given: more than nothing, and no more than most (0: ten years).
func (p *problems) span(at string, s Span, most time.Duration) {
	switch d, err := s.Duration(); {
	case err != nil:
		p.wrong(at, "%v", err)
	case d <= 0:
		p.wrong(at, "must be more than nothing, not %.60q", string(s))
	case most > 0 && d > most:
		p.wrong(at, "must be at most %s, not %.60q", string(SpanOf(most)), string(s))
	}
}

// maySpan checks a length of time that need not be given.
func (p *problems) maySpan(at string, s Span, most time.Duration) {
	if s != "" {
		p.span(at, s, most)
	}
}

var clock = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9])$`)

func (p *problems) clock(at, text string) {
	if !clock.MatchString(text) {
		p.wrong(at, "must be a time of day such as 09:00, not %.60q", text)
	}
}

// zone reads the name of a time zone; nil: it is not given, or the word for the contact's.
func (p *problems) zone(at, name string) *time.Location {
	if name == "" || name == contactZone {
		return nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		p.wrong(at, "must be a time zone such as Europe/Vienna, not %.60q", name)
	}
	return zone
}

// one checks a word of a few.
func (p *problems) one(at, word string, of ...string) {
	for _, x := range of {
		if x == word {
			return
		}
	}
	p.wrong(at, "must be one of %s, not %.60q", strings.Trim(strings.Join(of, ", "), ", "), word)
}
