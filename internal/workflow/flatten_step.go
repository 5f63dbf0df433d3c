package workflow

import "tidings/internal/segment"

// nestedWay are the steps of one outcome, which stand within their step.
type nestedWay struct {
	outcome string
	at      string // within the step: "then", "choice.branches[1].steps"
	steps   []fileStep
}

// noWay is the outcome of steps that stand where no outcome leads to them.
const noWay = "\x00"

// nested are the ways that stand within a step.
func (s *fileStep) nested() []nestedWay {
	var list []nestedWay
	add := func(outcome, at string, steps []fileStep) {
		if steps != nil {
			list = append(list, nestedWay{outcome, at, steps})
		}
	}
	then, otherwise := noWay, noWay
	switch {
	case s.condition() != nil:
		then, otherwise = Yes, No
	case s.WaitFor != nil:
		then, otherwise = OnEvent, OnTimeout
	case s.Send != nil, s.Update != nil, s.Webhook != nil:
		otherwise = OnFailed
	}
	add(then, "then", s.Then)
	add(otherwise, "else", s.Else)
	if c := s.Choice; c != nil {
		for i := range c.Branches {
			add(c.Branches[i].name(), place("choice.branches", i)+".steps", c.Branches[i].Steps)
		}
		add(Else, "choice.default", c.Default)
	}
	if c := s.Split; c != nil {
		for i, b := range c.Branches {
			add(shareName(i, b.Name), place("split.branches", i)+".steps", b.Steps)
		}
	}
	return list
}

func (b *fileBranch) name() string {
	if b.Name != "" {
		return b.Name
	}
	return valueName(b.Value)
}

// shareName is what a way of a split is called: a, b, c, … where it has no name.
func shareName(i int, name string) string {
	v := Variant{Name: name}
	return v.name(i)
}

// plain is the step without its ways and without an id.
func (s *fileStep) plain() Step {
	p := Step{Name: s.Name, At: s.At, Update: s.Update}
	if s.Send != nil {
		p.Send = &s.Send.Send
	}
	if s.Wait != nil {
		p.Wait = &s.Wait.Wait
	}
	if w := s.WaitFor; w != nil {
		p.WaitFor = &WaitFor{Timeout: w.Timeout}
		if on, _, _ := matchOf(w.On, w.Match); on != nil {
			p.WaitFor.On = *on
		}
	}
	if c := s.Choice; c != nil {
		p.Choice = &Choice{Field: c.Field}
		for i := range c.Branches {
			b := &c.Branches[i]
			p.Choice.Branches = append(p.Choice.Branches, Branch{
				ID: b.ID, Name: b.name(), Operator: b.Operator, Value: b.Value, Unit: b.Unit,
			})
		}
	}
	if c := s.condition(); c != nil {
		asked := c.Condition
		if c.If == nil && (c.Logic != "" || c.Groups != nil) {
			asked.If = &segment.Condition{Logic: c.Logic, Groups: c.Groups}
		}
		p.Condition = &asked
	}
	if c := s.Split; c != nil {
		p.Split = &Split{Seed: c.Seed}
		for i, b := range c.Branches {
			p.Split.Branches = append(p.Split.Branches, Share{Name: shareName(i, b.Name), Weight: b.Weight})
		}
	}
	if s.Webhook != nil {
		p.Webhook = &s.Webhook.Webhook
	}
	if s.Exit.set {
		p.Exit = &s.Exit.Leave
	}
	return p
}
