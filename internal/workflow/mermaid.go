package workflow

import (
	"fmt"
	"slices"
	"strings"

	"tidings/internal/rule"
)

// Mermaid draws the workflow as a flowchart in the language of Mermaid.
func Mermaid(d *Definition) string {
	var b strings.Builder
	b.WriteString("flowchart TD\n")
	ids := make(map[string]string, len(d.Steps))
	for i := range d.Steps {
		ids[d.Steps[i].ID] = fmt.Sprintf("s%d", i)
	}
	start := d.Start
	if start == "" && len(d.Steps) > 0 {
		start = d.Steps[0].ID
	}
	fmt.Fprintf(&b, "  begin([%s])\n", label(d.Trigger.Describe()))
	if ids[start] != "" {
		fmt.Fprintf(&b, "  begin --> %s\n", ids[start])
	}
	for i := range d.Steps {
		s := &d.Steps[i]
		open, closing := shapeOf(s)
		fmt.Fprintf(&b, "  s%d%s%s%s\n", i, open, label(s.Describe()), closing)
	}
	ends := false
	for i := range d.Steps {
		ends = arrows(&b, &d.Steps[i], fmt.Sprintf("s%d", i), ids) || ends
	}
	if ends {
		b.WriteString("  through([\"End\"])\n")
	}
	return b.String()
}

// arrows draws the ways on from a step; ends tells that one leads to the end.
func arrows(b *strings.Builder, s *Step, from string, ids map[string]string) (ends bool) {
	if s.Exit != nil {
		return false
	}
	arrow := func(outcome, to string) {
		target := ids[to]
		if to == "" {
			target, ends = "through", true
		}
		if target == "" {
			return
		}
		if outcome == Always {
			fmt.Fprintf(b, "  %s --> %s\n", from, target)
		} else {
			fmt.Fprintf(b, "  %s -- %s --> %s\n", from, label(outcome), target)
		}
	}
	outcomes := s.Outcomes()
	rest := len(outcomes) == 0 || s.fails()
	for _, o := range outcomes {
		if to, there := s.Next[o]; there {
			arrow(o, to)
		} else if o != OnFailed && (o != OnTimeout || s.WaitFor.Timeout != "") {
			rest = true
		}
	}
	if rest {
		arrow(Always, s.Next[Always])
	}
	return ends
}

// shapeOf is what a step is drawn in: questions are diamonds, waits are round, ends are pills.
func shapeOf(s *Step) (open, closing string) {
	switch {
	case s.Choice != nil, s.Condition != nil, s.Split != nil:
		return "{", "}"
	case s.Wait != nil, s.WaitFor != nil:
		return "(", ")"
	case s.Exit != nil:
		return "([", "])"
	}
	return "[", "]"
}

var mermaidText = strings.NewReplacer(
	"#", "#35;", "&", "#amp;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "`", "#96;", "\n", " ", "\r", " ",
)

// maxLabel bounds a text in a drawing.
const maxLabel = 80

// label is a text as Mermaid takes it.
func label(s string) string {
	if runes := []rune(s); len(runes) > maxLabel {
		s = string(runes[:maxLabel-1]) + "…"
	}
	return `"` + mermaidText.Replace(s) + `"`
}

// Describe says in a few words who enters.
func (t *Trigger) Describe() string {
	switch {
	case t.Name != "":
		return t.Name
	case t.On != nil:
		return strings.Join(t.On.Event, ", ")
	case t.Segment != "":
		return "enters segment " + t.Segment
	case t.Schedule != nil:
		return strings.Join(slices.Concat(t.Schedule.Days, []string{t.Schedule.At, t.Schedule.Segment}), " ")
	}
	return "by hand"
}

// Describe says in a few words what a step does.
func (s *Step) Describe() string {
	if s.Name != "" {
		return s.Name
	}
	switch {
	case s.Send != nil && len(s.Send.Variants) > 0:
		list := make([]string, len(s.Send.Variants))
		for i := range s.Send.Variants {
			list[i] = s.Send.Variants[i].Template
		}
		return "Send one of " + strings.Join(list, ", ")
	case s.Send != nil:
		return "Send " + s.Send.Template
	case s.Wait != nil:
		return s.Wait.describe()
	case s.WaitFor != nil:
		return waitForWords(s.WaitFor)
	case s.Choice != nil:
		return s.Choice.Field
	case s.Condition != nil:
		return s.Condition.describe()
	case s.Split != nil:
		return "Split"
	case s.Update != nil:
		return "Update contact"
	case s.Webhook != nil:
		return "Call " + s.Webhook.URL
	case s.Exit != nil:
		return strings.TrimSuffix("Exit: "+s.Exit.Reason, ": ")
	}
	return s.ID
}

func (w *Wait) describe() string {
	words := []string{"Wait"}
	switch before, early := strings.CutPrefix(string(w.For), "-"); {
	case w.Until == "" && w.For != "":
		words = append(words, string(w.For))
	case w.Until == "":
	case early:
		words = append(words, "until", before, "before", w.Until)
	case w.For != "":
		words = append(words, "until", before, "after", w.Until)
	default:
		words = append(words, "until", w.Until)
	}
	if w.At != "" {
		words = append(words, "until")
		words = append(words, w.Days...)
		words = append(words, w.At)
	}
	return strings.Join(words, " ")
}

func waitForWords(w *WaitFor) string {
	words := "Wait for " + eventWords(&w.On)
	if w.Timeout != "" {
		words += ", at most " + string(w.Timeout)
	}
	return words
}

func eventWords(m *rule.Match) string { return strings.Join(m.Event, " or ") }

func (c *Condition) describe() string {
	var words []string
	for _, x := range [...][2]string{{"sent", c.Sent}, {"opened", c.Opened}, {"clicked", c.Clicked}} {
		if x[1] == AnyTemplate {
			words = append(words, x[0]+" any email")
		} else if x[1] != "" {
			words = append(words, x[0]+" "+x[1])
		}
	}
	if c.If != nil {
		words = append(words, "condition")
		if f, ok := onlyFilter(&Condition{If: c.If}); ok {
			words[len(words)-1] = strings.TrimSpace(f.Field + " " + string(f.Operator) + " " + valueName(f.Value))
		}
	}
	return strings.Join(words, ", ") + "?"
}
