package workflow

import "slices"

// nest writes the steps with their ways within them. ok is false where they do not come together again, or go round.
func nest(d *Definition) (steps []wStep, ok bool) {
	n := &nesting{steps: make(map[string]*Step, len(d.Steps)), done: make(map[string]bool), joins: make(map[string]joinSet)}
	for i := range d.Steps {
		n.steps[d.Steps[i].ID] = &d.Steps[i]
	}
	if len(d.Steps) == 0 || len(n.steps) != len(d.Steps) {
		return nil, false
	}
	start := d.Start
	if start == "" {
		start = d.Steps[0].ID
	}
	if !n.order(start, make(map[string]bool)) {
		return nil, false
	}
	steps = n.list(start, theEnd)
	return steps, !n.failed && len(n.done) == len(d.Steps)
}

// theEnd is where a run is through, as a place to come together at; it is no id.
const theEnd = ""

// joinSet are the places that every way from a step comes through, nearest first; nil: no way goes on.
type joinSet []string

// nesting is a graph on its way to nested steps.
type nesting struct {
	steps  map[string]*Step
	joins  map[string]joinSet // of each step, itself first
	done   map[string]bool
	failed bool
}

// order finds where the ways from a step come together, and from all behind it; false: they go round, or lead to nothing.
func (n *nesting) order(id string, open map[string]bool) bool {
	if _, known := n.joins[id]; known || id == theEnd {
		return true
	}
	s := n.steps[id]
	if s == nil || open[id] {
		return false
	}
	open[id] = true
	var common, exiting joinSet
	for _, to := range s.targets() {
		if !n.order(to, open) {
			return false
		}
		if to == theEnd || n.through(to) {
			common = n.common(common, to)
		} else {
			exiting = n.common(exiting, to)
		}
	}
	open[id] = false
	if common == nil {
		common = exiting // where every way ends by an exit they may share what leads to it
	}
	n.joins[id] = append(joinSet{id}, common...)
	return true
}

// common are the places of a set that a step comes through, too; nil is the set of all. A way that ends by an exit comes together
// with any that does not.
func (n *nesting) common(set joinSet, to string) joinSet {
	other := n.joins[to]
	if to == theEnd {
		other = joinSet{theEnd}
	}
	if set == nil {
		return slices.Clone(other)
	}
	return slices.DeleteFunc(slices.Clone(set), func(id string) bool { return !slices.Contains(other, id) })
}

// through reports whether a way from a step reaches the end other than by an exit.
func (n *nesting) through(id string) bool { return slices.Contains(n.joins[id], theEnd) }

// targets are where every way from a step leads, the end among them.
func (s *Step) targets() []string {
	var list []string
	for _, to := range s.allWays() {
		if !slices.Contains(list, to) {
			list = append(list, to)
		}
	}
	slices.Sort(list)
	return list
}

// list writes the steps from one up to where its list ends.
func (n *nesting) list(id, until string) []wStep {
	out := []wStep{}
	for id != until && id != theEnd && !n.failed {
		if n.done[id] {
			n.failed = true
			break
		}
		n.done[id] = true
		s := n.steps[id]
		join := theEnd
		if set := n.joins[id]; len(set) > 1 {
			join = set[1]
		} else if s.Exit == nil && !n.through(id) {
			join = until // every way exits: what stands behind does not matter
		}
		w := writtenStep(s)
		n.ways(s, &w, join)
		if join == theEnd && until != theEnd && s.Exit == nil {
			w.Next = map[string]string{}
		}
		out = append(out, w)
		if s.Exit != nil {
			break
		}
		id = join
	}
	return out
}

// ways writes the ways of a step, each up to where they come together.
func (n *nesting) ways(s *Step, w *wStep, join string) {
	of := func(outcome string) (steps []wStep) {
		to, there := s.Next[outcome]
		if !there {
			if outcome == OnFailed {
				return nil
			}
			to = s.Next[Always]
		}
		if steps = n.list(to, join); len(steps) == 0 && outcome != OnFailed {
			return nil // which says the same; of what failed it says that the run goes on
		}
		return steps
	}
	switch {
	case s.Condition != nil:
		w.Then, w.Else = of(Yes), of(No)
	case s.WaitFor != nil:
		w.Then, w.Else = of(OnEvent), of(OnTimeout)
	case s.fails():
		w.Else = of(OnFailed)
	case s.Choice != nil:
		for i := range w.Choice.Branches {
			w.Choice.Branches[i].Steps = of(w.Choice.Branches[i].Name)
		}
		w.Choice.Default = of(Else)
	case s.Split != nil:
		for i := range w.Split.Branches {
			w.Split.Branches[i].Steps = of(w.Split.Branches[i].Name)
		}
	}
}
