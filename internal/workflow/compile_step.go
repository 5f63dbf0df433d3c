package workflow

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"tidings/internal/attribute"
	"tidings/internal/rule"
)

const (
	maxVariants = 20
	maxTries    = 20
	maxHeaders  = 50
	maxKeys     = 100
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// action checks what a step does.
func (c *compiler) action(at string, n *node) {
	switch {
	case n.Send != nil:
		c.send(at, n.Send)
	case n.Wait != nil:
		c.wait(at, n)
	case n.WaitFor != nil:
		c.waitFor(at, n)
	case n.Choice != nil:
		c.choice(at, n)
	case n.Condition != nil:
		c.ask(at, n)
	case n.Split != nil:
		c.split(at, n.Split)
	case n.Update != nil:
		c.update(at, n.Update)
	case n.Webhook != nil:
		c.webhook(at, n.Webhook)
	case n.Exit != nil:
		c.text(at+".reason", n.Exit.Reason, maxText)
	}
}

func (c *compiler) send(at string, s *Send) {
	switch {
	case s.Template == "" && len(s.Variants) == 0:
		c.wrong(at+".template", "is required: the key or the id of a template")
	case s.Template != "" && len(s.Variants) > 0:
		c.wrong(at, "must have a template or variants, not both")
	}
	c.refer(OfTemplate, s.Template, at+".template")
	c.refer(OfSender, s.Sender, at+".sender")
	c.refer(OfTopic, s.Topic, at+".topic")
	c.subject(at+".subject", s.Subject)
	c.address(at+".from", s.From)
	c.address(at+".replyTo", s.ReplyTo)
	if isLiquid(s.To) {
		c.liquid(at+".to", s.To)
	} else {
		c.address(at+".to", s.To)
	}
	c.variants(at+".variants", s.Variants)
}

func (c *compiler) subject(at, text string) {
	if strings.ContainsAny(text, "\r\n") {
		c.wrong(at, "must be one line")
	}
	c.text(at, text, maxText)
	c.liquid(at, text)
}

func (c *compiler) variants(at string, list []Variant) {
	if len(list) == 1 || len(list) > maxVariants {
		c.wrong(at, "must have 2 to %d entries", maxVariants)
	}
	known := make(map[string]bool)
	for i := range list {
		v, here := &list[i], place(at, i)
		if v.Template == "" {
			c.wrong(here+".template", "is required: the key or the id of a template")
		}
		c.refer(OfTemplate, v.Template, here+".template")
		c.subject(here+".subject", v.Subject)
		name := v.name(i)
		if known[name] {
			c.wrong(here+".name", "%.100q is the name of a variant before it, too", name)
		}
		known[name] = true
		c.text(here+".name", name, maxName)
		c.weight(here+".weight", v.Weight)
	}
}

// maxWeight bounds weights so that their sum can be reckoned with.
const maxWeight = 1_000_000

func (c *compiler) weight(at string, n int) {
	if n < 0 || n > maxWeight {
		c.wrong(at, "must be 0 to %d, not %d", maxWeight, n)
	}
}

func (c *compiler) wait(at string, n *node) {
	w := n.Wait
	if w.For == "" && w.At == "" && w.Until == "" {
		c.wrong(at, "must have a length of time (for), a time of day (at) or a field with a time (until)")
	}
	if d, err := w.For.Duration(); w.Until == "" {
		c.maySpan(at+".for", w.For, maxWait)
	} else if err != nil {
		c.wrong(at+".for", "%v", err)
	} else if d.Abs() > maxWait {
		c.wrong(at+".for", "must be at most %s, not %.60q", string(SpanOf(maxWait)), string(w.For))
	}
	if w.At != "" {
		c.clock(at+".at", w.At)
	} else {
		if len(w.Days) > 0 {
			c.wrong(at+".days", "goes with a time of day (at) alone")
		}
		if w.Zone != "" {
			c.wrong(at+".zone", "goes with a time of day (at) alone")
		}
	}
	c.days(at+".days", w.Days)
	n.zone = c.zone(at+".zone", w.Zone)
	if w.Until != "" {
		if !isTimeField(w.Until) {
			c.wrong(at+".until", "%.100q is no field with a time: want data.<key>, %s, event.<key> or workflow.<key>", w.Until,
				strings.Join(timeFields(), ", "))
		}
		n.needs.Contact = !isRunField(w.Until)
	}
}

func (c *compiler) waitFor(at string, n *node) {
	m, problems := rule.CompileMatch(n.WaitFor.On, at+".on")
	c.add(problems)
	if m != nil {
		n.match = m
		c.g.wanted.add(m)
		c.g.waits.add(m)
	}
	c.maySpan(at+".timeout", n.WaitFor.Timeout, 0)
}

// branchNames checks the names of branches, which are outcomes.
func (c *compiler) branchNames(at string, names []string) {
	if len(names) == 0 || len(names) > maxBranches {
		c.wrong(at, "must have 1 to %d entries, not %d", maxBranches, len(names))
	}
	known := make(map[string]bool)
	for i, name := range names {
		here := place(at, i) + ".name"
		switch {
		case name == "":
			c.wrong(here, "is required: what the way is called")
		case known[name]:
			c.wrong(here, "%.100q is the name of a branch before it, too", name)
		case name == Else || name == OnFailed:
			c.wrong(here, "must not be %s, which has a meaning", name)
		}
		known[name] = true
		c.text(here, name, maxName)
	}
}

func (c *compiler) ask(at string, n *node) {
	x := n.Condition
	if x.If == nil && x.Sent == "" && x.Opened == "" && x.Clicked == "" {
		c.wrong(at, "must ask something: if, sent, opened or clicked")
	}
	n.rule = c.condition(at+".if", x.If)
	if n.rule != nil {
		n.needs = n.rule.Needs()
	}
	for _, t := range [...][2]string{{"sent", x.Sent}, {"opened", x.Opened}, {"clicked", x.Clicked}} {
		if t[1] != AnyTemplate {
			c.refer(OfTemplate, t[1], join(at, t[0]))
		}
	}
}

func (c *compiler) split(at string, s *Split) {
	branches := join(at, "branches")
	names, total := make([]string, len(s.Branches)), 0
	for i, b := range s.Branches {
		names[i] = b.Name
		c.weight(place(branches, i)+".weight", b.Weight)
		total += max(b.Weight, 0)
	}
	c.branchNames(branches, names)
	if total == 0 && len(names) > 0 {
		c.wrong(branches, "must have a weight above 0")
	}
	c.text(at+".seed", s.Seed, maxText)
}

func (c *compiler) update(at string, u *Update) {
	if len(u.Attributes)+len(u.Tags)+len(u.Untag)+len(u.Topics) == 0 && !u.Subscribe && !u.Unsubscribe {
		c.wrong(at, "must change something: attributes, tags, untag, subscribe, unsubscribe or topics")
	}
	if u.Subscribe && u.Unsubscribe {
		c.wrong(at, "must not subscribe and unsubscribe at once")
	}
	if len(u.Attributes) > maxKeys {
		c.wrong(at+".attributes", "must have at most %d entries", maxKeys)
	}
	for _, key := range sortedKeys(u.Attributes) {
		here := join(at+".attributes", key)
		if key == "" || len(key) > attribute.MaxPath {
			c.wrong(here, "must be called by 1 to %d characters", attribute.MaxPath)
		}
		var text string
		if json.Unmarshal(u.Attributes[key], &text) == nil {
			c.liquid(here, text)
		}
	}
	c.tags(at+".tags", u.Tags)
	c.tags(at+".untag", u.Untag)
	for _, topic := range sortedKeys(u.Topics) {
		c.refer(OfTopic, topic, join(at+".topics", topic))
	}
}

func (c *compiler) tags(at string, tags []string) {
	for i, tag := range tags {
		if strings.TrimSpace(tag) == "" || len(tag) > maxName {
			c.wrong(place(at, i), "must have 1 to %d characters", maxName)
		}
	}
}
