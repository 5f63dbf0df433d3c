package rule

import (
	"fmt"
	"net/mail"
	"strings"
	"time"

	"tidings/internal/segment"
	"tidings/internal/yamlfile"
)

// The bounds of a rule.
const (
	maxName    = 100
	maxActions = 10
	maxDelay   = 365 * 24 * time.Hour
	maxPerHour = 10_000
)

// DefaultPerHour is how often a rule acts for one contact within an hour where it does not say.
const DefaultPerHour = 100

// Problem is one thing that is wrong with a rule.
type Problem = yamlfile.Problem

// problems are all that is wrong.
type problems struct{ list []Problem }

func (p *problems) wrong(at, format string, args ...any) {
	p.list = append(p.list, Problem{At: at, Says: fmt.Sprintf(format, args...)})
}

// Compile checks a definition and makes its rule. All that is wrong is told at once.
func Compile(d Definition) (*Rule, []Problem) {
	c := &compiler{rule: &Rule{Definition: d}}
	c.name()
	c.rule.Matcher = c.matcher(&d.On, "on")
	if n := d.PerHour; n < 0 || n > maxPerHour {
		c.wrong("perHour", "must be 0 to %d", maxPerHour)
	}
	c.condition()
	c.rule.mapper = c.mapping(d.Mapping, "mapping")
	c.actions()
	if len(c.list) > 0 {
		return nil, c.list
	}
	return c.rule, nil
}

type compiler struct {
	problems
	rule *Rule
}

func (c *compiler) name() {
	if n := c.rule.Name; strings.TrimSpace(n) == "" || len(n) > maxName {
		c.wrong("name", "must have 1 to %d characters", maxName)
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

func (c *compiler) actions() {
	do := c.rule.Do
	if len(do) == 0 || len(do) > maxActions {
		c.wrong("do", "must have 1 to %d entries", maxActions)
	}
	c.rule.sends = make([]*Mapper, len(do))
	for i := range do {
		c.action(place("do", i), i, &do[i])
	}
}

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
		c.workflow(at+".start", a.Start.Workflow)
	}
	if a.Exit != nil {
		c.workflow(at+".exit", a.Exit.Workflow)
	}
}

// workflow wants a name; whether a workflow has it is for those to say who know them.
func (c *compiler) workflow(at, key string) {
	if strings.TrimSpace(key) == "" {
		c.wrong(at+".workflow", "is required: the key of a workflow")
	}
}

func (c *compiler) send(at string, s *Send) *Mapper {
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
	return c.mapping(s.Mapping, at+".mapping")
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
