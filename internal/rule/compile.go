package rule

import (
	"fmt"
	"net/mail"
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/segment"
)

// The bounds of a rule.
const (
	maxName    = 100
	maxActions = 10
	maxWords   = 50
	maxWord    = 1000
	maxDelay   = 365 * 24 * time.Hour
	maxPerHour = 10_000

	defaultWithin = 24 * time.Hour
	maxWithin     = 30 * 24 * time.Hour
)

// DefaultPerHour is how often a rule acts for one contact within an hour where it does not say.
const DefaultPerHour = 100

// Problem is one thing that is wrong with a rule.
type Problem struct {
	At   string // where: "on.event[1]", "do[0].send.template"
	Says string // "must be …"
}

// Compile checks a definition and makes its rule. All that is wrong is told at once.
func Compile(d Definition) (*Rule, []Problem) {
	c := &compiler{rule: &Rule{Definition: d}}
	c.name()
	c.match()
	c.bounds()
	c.condition()
	c.rule.paths = c.mapping("mapping", d.Mapping)
	c.actions()
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	return c.rule, nil
}

type compiler struct {
	rule     *Rule
	problems []Problem
}

func (c *compiler) wrong(at, format string, args ...any) {
	c.problems = append(c.problems, Problem{at, fmt.Sprintf(format, args...)})
}

func (c *compiler) name() {
	if n := c.rule.Name; strings.TrimSpace(n) == "" || len(n) > maxName {
		c.wrong("name", "must have 1 to %d characters", maxName)
	}
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

func (c *compiler) match() {
	on := &c.rule.On
	if len(on.Event) == 0 {
		c.wrong("on.event", "is required: the name of an event, such as account.created, or several")
	}
	for _, w := range on.words() {
		if len(w.list) > maxWords {
			c.wrong("on."+w.key, "must have at most %d entries", maxWords)
		}
		for i, word := range w.list {
			if word == "" || len(word) > maxWord {
				c.wrong(place("on."+w.key, i), "is empty, or too long")
			}
		}
	}
	for i, word := range on.Event {
		c.event(place("on.event", i), word)
	}
	oneOf(c, "on.class", on.Class, classes)
	oneOf(c, "on.verdict", on.Verdict, verdicts)
	test, problems := segment.CompileWhere(on.Where, "on.where")
	for _, p := range problems {
		c.wrong(p.At, "%s", p.Says)
	}
	c.rule.where = test
}

func oneOf[T ~string](c *compiler, at string, list Words, known []T) {
	for i, word := range list {
		found := false
		names := make([]string, len(known))
		for k, x := range known {
			names[k] = string(x)
			found = found || string(x) == word
		}
		if !found {
			c.wrong(place(at, i), "must be one of %s, not %.60q", strings.Join(names, ", "), word)
		}
	}
}

// event reads a name, in our words or those of other systems.
func (c *compiler) event(at, word string) {
	if start, open := strings.CutSuffix(word, "*"); open {
		c.rule.starts = append(c.rule.starts, start)
		return
	}
	name := event.Canonical(word)
	if !name.Builtin() {
		custom, err := event.CustomName(word)
		if err != nil {
			c.wrong(at, "%.100q: %v", word, err)
			return
		}
		name = custom
	}
	c.rule.names = append(c.rule.names, name)
}

func (c *compiler) bounds() {
	c.rule.within = defaultWithin
	if text := c.rule.On.Within; text != "" {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 || d > maxWithin {
			c.wrong("on.within", "must be a duration up to 720h, such as 72h, not %.60q", text)
		}
		c.rule.within = d
	}
	if n := c.rule.PerHour; n < 0 || n > maxPerHour {
		c.wrong("perHour", "must be 0 to %d", maxPerHour)
	}
}

func (c *compiler) condition() {
	if c.rule.If == nil {
		return
	}
	rule, problems := segment.Compile(*c.rule.If)
	for _, p := range problems {
		c.wrong(joinAt("if", p.At), "%s", p.Says)
	}
	c.rule.Condition = rule
}

func (c *compiler) mapping(at string, m Mapping) (p paths) {
	for _, x := range [...]struct {
		key, text string
		set       func(*paths, string) error
	}{
		{"email", m.Email, func(p *paths, s string) (err error) { p.email, err = parsePath(s); return err }},
		{"firstName", m.FirstName, func(p *paths, s string) (err error) { p.firstName, err = parsePath(s); return err }},
		{"tags", m.Tags, func(p *paths, s string) (err error) { p.tags, err = parsePath(s); return err }},
		{"attributes", m.Attributes, func(p *paths, s string) (err error) { p.attributes, err = parsePath(s); return err }},
	} {
		if err := x.set(&p, x.text); err != nil {
			c.wrong(at+"."+x.key, "%.100q %v", x.text, err)
		}
	}
	return p
}

func (c *compiler) actions() {
	do := c.rule.Do
	if len(do) == 0 || len(do) > maxActions {
		c.wrong("do", "must have 1 to %d entries", maxActions)
	}
	c.rule.sends = make([]paths, len(do))
	for i := range do {
		c.action(place("do", i), i, &do[i])
	}
}

const noWorkflows = "workflows are not there yet: a rule can send, subscribe and unsubscribe"

func (c *compiler) action(at string, i int, a *Action) {
	n := 0
	for _, set := range []bool{a.Send != nil, a.Subscribe != nil, a.Unsubscribe != nil, a.Start != nil, a.Exit != nil} {
		if set {
			n++
		}
	}
	if n != 1 {
		c.wrong(at, "must have exactly one of send, subscribe, unsubscribe, start, exit")
	}
	if a.Send != nil {
		c.rule.sends[i] = c.send(at+".send", a.Send)
	}
	if a.Start != nil {
		c.wrong(at+".start", noWorkflows)
	}
	if a.Exit != nil {
		c.wrong(at+".exit", noWorkflows)
	}
}

func (c *compiler) send(at string, s *Send) paths {
	if s.Template == "" {
		c.wrong(at+".template", "is required: the key or the id of a template")
	}
	for _, x := range [...][2]string{{"from", s.From}, {"replyTo", s.ReplyTo}} {
		if x[1] == "" {
			continue
		}
		if _, err := mail.ParseAddress(x[1]); err != nil {
			c.wrong(at+"."+x[0], "%.100q is no address such as App <app@acme.test>", x[1])
		}
	}
	if _, err := s.After(); err != nil {
		c.wrong(at+".delay", "must be a duration up to a year, such as 2h, not %.60q", s.Delay)
	}
	return c.mapping(at+".mapping", s.Mapping)
}

// After is how long after its event an email is sent.
func (s *Send) After() (time.Duration, error) {
	if s.Delay == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s.Delay)
	if err == nil && (d < 0 || d > maxDelay) {
		err = fmt.Errorf("out of bounds")
	}
	return d, err
}

func place(at string, i int) string { return fmt.Sprintf("%s[%d]", at, i) }

func joinAt(at, rest string) string {
	if rest == "" {
		return at
	}
	return at + "." + rest
}
