package workflow

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// flat is the list of steps that a file's nested ones make.
type flat struct {
	problems
	moves
	steps []Step
	start string

	ids    map[*fileStep]string
	taken  map[string]bool
	counts map[string]int
	at     map[string]string // where each step stands in the file
}

// flatten makes a list of the steps of a file, which stand at a place, each with the ways on: to what it says itself, else to
// what stands behind it, else to what stands behind the step that it lies in.
func flatten(at string, steps []fileStep) *flat {
	f := &flat{
		ids: make(map[*fileStep]string), taken: make(map[string]bool), counts: make(map[string]int), at: make(map[string]string),
	}
	f.eachStep(steps, func(s *fileStep) { f.taken[s.ID] = true })
	f.eachStep(steps, func(s *fileStep) { f.name(s) })
	f.sequence(at, steps, "")
	if len(steps) > 0 && steps[0].Goto != "" {
		f.start = steps[0].Goto
	}
	return f
}

// placed is where a place of the definition stands in the file: that of a step, or another.
func (f *flat) placed(other, at string) string {
	if !strings.HasPrefix(at, "steps[") {
		return other
	}
	return f.moves.placed(other, at)
}

// eachStep goes through all steps in the order of the file.
func (f *flat) eachStep(steps []fileStep, do func(*fileStep)) {
	for i := range steps {
		s := &steps[i]
		if s.Goto == "" {
			do(s)
		}
		for _, w := range s.nested() {
			f.eachStep(w.steps, do)
		}
	}
}

var noID = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

const maxMadeID = 40

// name gives a step the id that it has, or one of what it does: the same one for the same file.
func (f *flat) name(s *fileStep) {
	if s.ID != "" {
		f.ids[s] = s.ID
		return
	}
	plain := s.plain()
	word := map[string]string{"waitFor": "wait-for", "": "step"}[plain.Word()]
	if word == "" {
		word = plain.Word()
	}
	id := ""
	if s.Send != nil {
		template := s.Send.Template
		if len(s.Send.Variants) > 0 {
			template = s.Send.Variants[0].Template
		}
		template = strings.Trim(noID.ReplaceAllString(template, "-"), "-")
		word = strings.TrimRight("send-"+template[:min(len(template), maxMadeID)], "-")
		id = word
		f.counts[word] = max(f.counts[word], 1) // which is the one without a number
	}
	for id == "" || f.taken[id] {
		f.counts[word]++
		id = word + "-" + strconv.Itoa(f.counts[word])
	}
	f.taken[id], f.ids[s] = true, id
}

// entry is where a list of steps begins; what stands behind it, where it is empty.
func (f *flat) entry(steps []fileStep, behind string) string {
	switch {
	case len(steps) == 0:
		return behind
	case steps[0].Goto != "":
		return steps[0].Goto
	}
	return f.ids[&steps[0]]
}

func (f *flat) sequence(at string, steps []fileStep, behind string) {
	for i := range steps {
		here := place(at, i)
		if s := &steps[i]; s.Goto == "" {
			f.step(here, s, f.entry(steps[i+1:], behind), gotoAt(at, steps, i+1))
		} else if plain := s.plain(); plain.Word() != "" || s.Next != nil || len(s.nested()) > 0 {
			f.wrong(here, "must have a goto or something to do, not both")
		}
	}
}

// gotoAt is where the goto stands that follows; empty: something else does.
func gotoAt(at string, steps []fileStep, i int) string {
	if i < len(steps) && steps[i].Goto != "" {
		return place(at, i) + ".goto"
	}
	return ""
}

// step adds a step, and the steps of its ways.
func (f *flat) step(at string, s *fileStep, behind, behindAt string) {
	i := len(f.steps)
	in := place("steps", i)
	f.moves.add(in, at)
	if behindAt != "" {
		f.moves.add(in+".next", behindAt)
	}
	f.short(in, at, s)
	plain := s.plain()
	plain.ID = f.ids[s]
	f.steps = append(f.steps, plain)
	if s.Next != nil {
		behind = s.Next.ways[Always]
		f.moves.add(in+".next", at+".next")
	}
	next := make(map[string]string)
	nested := s.nested()
	for _, w := range nested {
		f.way(in, at, s, w, behind, next)
	}
	if s.Next != nil {
		for outcome, to := range s.Next.ways {
			next[outcome] = to
		}
	} else if behind != "" && plain.Exit == nil && (plain.fails() || !plain.named(next)) {
		next[Always] = behind
	}
	if len(next) > 0 {
		f.steps[i].Next = next
	}
	for _, w := range nested {
		f.sequence(join(at, w.at), w.steps, behind)
	}
}

// way notes where an outcome leads that has steps of its own.
func (f *flat) way(in, at string, s *fileStep, w nestedWay, behind string, next map[string]string) {
	if w.outcome == noWay {
		f.wrong(join(at, w.at), "does not belong to a step of this kind")
		return
	}
	if s.Next != nil {
		if _, both := s.Next.ways[w.outcome]; both && w.outcome != Always {
			f.wrong(join(at, w.at), "leads on, and so does next.%s", w.outcome)
		}
	}
	if _, twice := next[w.outcome]; twice {
		return // two branches of one name, which is told elsewhere
	}
	if to := f.entry(w.steps, behind); to != "" || behind != "" || w.outcome == OnFailed {
		next[w.outcome] = to
	}
	f.moves.add(join(in+".next", w.outcome), join(at, w.at))
}

// named reports whether every outcome has a way of its own.
func (s *Step) named(next map[string]string) bool {
	outcomes := s.Outcomes()
	return len(outcomes) > 0 && !slices.ContainsFunc(outcomes, func(o string) bool { _, there := next[o]; return !there })
}

// short notes where the parts of a step stand that were written short.
func (f *flat) short(in, at string, s *fileStep) {
	for _, x := range []struct {
		is       bool
		from, to string
	}{
		{s.Send != nil && s.Send.short, "send.template", "send"},
		{s.Wait != nil && s.Wait.short, "wait.for", "wait"},
		{s.WaitFor != nil && s.WaitFor.On == nil, "waitFor.on", "waitFor"},
		{s.If != nil, "condition", "if"},
		{s.If != nil && s.If.Logic != "" || s.If != nil && s.If.Groups != nil, "condition.if", "if"},
		{s.Condition != nil && (s.Condition.Logic != "" || s.Condition.Groups != nil), "condition.if", "condition"},
		{s.Webhook != nil && s.Webhook.short, "webhook.url", "webhook"},
		{s.Exit.short, "exit.reason", "exit"},
	} {
		if x.is {
			f.moves.add(join(in, x.from), join(at, x.to))
		}
	}
	for _, both := range []struct {
		is   bool
		at   string
		says string
	}{
		{s.If != nil && s.Condition != nil, "if", "is another word for condition: must have one of them"},
		{s.WaitFor != nil && s.WaitFor.twice(), "waitFor", "says in two places for which events it is: under on, and beside it"},
		{s.condition() != nil && s.condition().twice(), s.conditionKey(), "says its condition twice: under if, and beside it"},
	} {
		if both.is {
			f.wrong(join(at, both.at), "%s", both.says)
		}
	}
}

func (w *fileWaitFor) twice() bool {
	_, _, both := matchOf(w.On, w.Match)
	return both
}

func (c *fileCondition) twice() bool { return c.If != nil && (c.Logic != "" || c.Groups != nil) }

func (s *fileStep) conditionKey() string {
	if s.If != nil {
		return "if"
	}
	return "condition"
}

// condition is what the step asks; nil: nothing.
func (s *fileStep) condition() *fileCondition {
	if s.If != nil {
		return s.If
	}
	return s.Condition
}

// valueName calls a branch by its value.
func valueName(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}
