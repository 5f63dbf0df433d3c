package workflow

import (
	"slices"
	"strings"
)

// shape checks the graph as a whole: every step can be reached, and no circle goes round without a wait.
func (c *compiler) shape() {
	if !c.lost {
		reached := c.reached()
		for i := range c.g.Steps {
			if s := &c.g.Steps[i]; !reached[s.ID] {
				c.wrong(place("steps", i), "%s can't be reached from the first step", s.ID)
			}
		}
	}
	c.circles()
}

func (c *compiler) reached() map[string]bool {
	reached := make(map[string]bool, len(c.g.Steps))
	open := []string{c.g.first.ID}
	for len(open) > 0 {
		id := open[len(open)-1]
		open = open[:len(open)-1]
		if !reached[id] {
			reached[id] = true
			open = append(open, c.g.nodes[id].ways()...)
		}
	}
	return reached
}

// stops reports whether time passes in a step however often it is entered. A time of day that has just come, and a time that
// is over, are not waited for; of events that were waited for each counts once.
func (s *Step) stops() bool {
	return s.WaitFor != nil || s.Wait != nil && s.Wait.Until == "" && s.Wait.For.of() > 0
}

// circles finds the steps that lead to themselves without a wait. Of circles that share steps the shortest through the first of
// them is told.
func (c *compiler) circles() {
	told := make(map[string]bool)
	for i := range c.g.Steps {
		s := &c.g.Steps[i]
		if told[s.ID] || s.stops() {
			continue
		}
		circle := c.circle(s.ID)
		for _, id := range circle {
			told[id] = true
		}
		if circle != nil {
			c.wrong(place("steps", i), "goes round without a wait: %s", strings.Join(append(circle, s.ID), " → "))
		}
	}
}

// circle is the shortest way from a step to itself on which nothing stops; nil: there is none.
func (c *compiler) circle(id string) []string {
	before := map[string]string{id: ""}
	for queue := []string{id}; len(queue) > 0; queue = queue[1:] {
		for _, to := range c.g.nodes[queue[0]].ways() {
			if to == id {
				return trace(before, queue[0])
			}
			next := c.g.nodes[to]
			if _, seen := before[to]; !seen && next != nil && !next.stops() {
				before[to] = queue[0]
				queue = append(queue, to)
			}
		}
	}
	return nil
}

// trace is the way to a step.
func trace(before map[string]string, id string) []string {
	var way []string
	for ; id != ""; id = before[id] {
		way = append(way, id)
	}
	slices.Reverse(way)
	return way
}
